"""How another system is told: signed, again and again with longer pauses, never one dead system in another's way."""

from __future__ import annotations

import hmac
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.courier import LONGEST_WAIT_S, Answer, Reach, Verdict, headers, is_held, step, verdict, wait_s

pytestmark = pytest.mark.unit
NOW = 1_795_300_000.4


def test_whoever_knows_the_secret_can_check_message_moment_and_id() -> None:
    """As docs/operations.md tells the other side to do it."""
    body = b'{"number":"20261122000001"}'
    sent = headers("s3cret", "17", body, NOW)
    assert sent["X-Hotline-Timestamp"] == "1795300000"
    signed = hmac.new(b"s3cret", b"1795300000.17." + body, sha256).hexdigest()
    assert sent["X-Hotline-Signature"] == f"sha256={signed}"
    assert "s3cret" not in "".join(sent.values())


@pytest.mark.parametrize(
    ("status", "found"),
    [(200, "taken"), (204, "taken"), (301, "refused"), (400, "refused"), (404, "refused"), (408, "away"), (429, "away"),
     (500, "away"), (503, "away"), (0, "away"), (101, "away")],
)  # fmt: skip
def test_only_a_success_is_taken_and_only_a_passing_trouble_is_tried_soon(status: int, found: Verdict) -> None:
    """A redirect is not followed: the message was for the address that the administrator wrote."""
    assert verdict(Answer(status)) == found


def test_pauses_double_up_to_an_hour_and_a_success_ends_them() -> None:
    """5 s, 10 s, 20 s, ... 1 h."""
    assert [wait_s(failures) for failures in (1, 2, 3, 10, 11, 500)] == [5.0, 10.0, 20.0, 2560.0, 3600.0, 3600.0]
    reach = Reach()
    for _ in range(3):
        reach, waits = step(reach, "away", NOW)
    assert (reach, waits) == (Reach(3, NOW + 20.0), 20.0)
    assert step(reach, "taken", NOW) == (Reach(), 0.0)


def test_a_message_that_is_refused_holds_nobody_else() -> None:
    """It alone waits an hour; the webhook itself answers."""
    assert step(Reach(2, NOW), "refused", NOW) == (Reach(), LONGEST_WAIT_S)


@given(
    found=st.lists(st.sampled_from(["taken", "refused", "away"]), max_size=40),
    jumps=st.lists(st.floats(-1e6, 1e6), min_size=40, max_size=40),
)
def test_nobody_is_held_for_more_than_an_hour_whatever_the_clock_does(found: list[Verdict], jumps: list[float]) -> None:
    """Also with a clock that jumps back by days."""
    reach, now = Reach(), NOW
    for each, jump in zip(found, jumps, strict=False):
        reach, _ = step(reach, each, now)
        now += jump
        if is_held(reach, now):
            assert not is_held(reach, now + LONGEST_WAIT_S)
    assert not is_held(None, now)
