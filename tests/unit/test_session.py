"""Session tokens: what is believed and what is refused."""

from __future__ import annotations

import pytest

from agent_desktop.session import LIFETIME_S, Session, from_cookies, new_session, read, write

pytestmark = pytest.mark.unit
KEY = "11" * 32
OTHER_KEY = "22" * 32
AGENT = Session(sub="agent1", role="agent", ext="1001", sid="ab" * 16, issued=1000.0)


def test_an_agent_is_recognised_by_the_own_token() -> None:
    """What was signed in comes back whole."""
    assert read(write(AGENT, KEY), KEY, 1000.0) == AGENT


def test_a_token_is_refused_after_twelve_hours() -> None:
    """The last second counts, the next does not."""
    token = write(AGENT, KEY)
    assert read(token, KEY, 1000.0 + LIFETIME_S - 1) == AGENT
    assert read(token, KEY, 1000.0 + LIFETIME_S) is None


def test_a_token_of_another_installation_is_refused() -> None:
    """Signed with another key."""
    assert read(write(AGENT, OTHER_KEY), KEY, 1000.0) is None


def test_a_token_from_the_future_is_refused() -> None:
    """A clock that jumped must not make tokens that live for ever."""
    assert read(write(AGENT, KEY), KEY, 900.0) is None


@pytest.mark.parametrize("position", [0, 5, 20, -1, -10])
def test_a_token_with_one_changed_letter_is_refused(position: int) -> None:
    """Neither payload nor signature can be touched."""
    token = write(AGENT, KEY)
    letter = "A" if token[position] != "A" else "B"
    changed = token[:position] + letter + (token[position + 1 :] if position != -1 else "")
    # The last letter of base64 may hold unused bits: only a token that decodes to the same bytes may pass.
    assert read(changed, KEY, 1000.0) in (None, AGENT if position == -1 else None)


@pytest.mark.parametrize("token", ["", "x", "a.b", "." * 50, "é" * 20, "A" * 5000])
def test_rubbish_is_refused_without_an_error(token: str) -> None:
    """Whatever stands in the cookie."""
    assert read(token, KEY, 1000.0) is None


def test_two_sign_ins_have_two_sids() -> None:
    """Signing out one page leaves the other."""
    assert new_session("a", "agent", "", 1.0).sid != new_session("a", "agent", "", 1.0).sid


def test_the_token_is_found_among_other_cookies() -> None:
    """Browsers send all cookies in one header."""
    assert from_cookies("theme=dark; hotline_session=abc; x=y") == "abc"
    assert from_cookies("theme=dark") == ""


def test_two_different_session_cookies_are_no_session() -> None:
    """A cookie planted beside the real one must not decide who one is."""
    assert from_cookies("hotline_session=abc; hotline_session=evil") == ""
