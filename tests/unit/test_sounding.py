"""Which bytes a range asks for, by RFC 9110, 14: one range, open at either end, beyond the end, or none that can be used."""

from __future__ import annotations

import pytest

from agent_desktop.listening import load_reasons
from agent_desktop.sounding import wanted
from agent_desktop.wording import load_wording

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("header", "piece"),
    [
        (None, (0, 100)), ("bytes=0-", (0, 100)), ("bytes=0-0", (0, 1)), ("bytes=10-19", (10, 20)), ("bytes=90-500", (90, 100)),
        ("bytes=-10", (90, 100)), ("bytes=-500", (0, 100)), ("Bytes= 5-9", (5, 10)),
        ("bytes=100-", None), ("bytes=999999-", None), ("bytes=-0", None),
        ("bytes=20-10", (0, 100)), ("bytes=-", (0, 100)), ("bytes=a-b", (0, 100)), ("bytes=0-1,5-9", (0, 100)),
        ("lines=1-2", (0, 100)),
    ],
)  # fmt: skip
def test_a_range_is_given_as_asked_or_refused_where_it_lies_beyond_the_end(header: str | None, piece: object) -> None:
    """Of a hundred bytes."""
    assert wanted(header, 100) == piece


def test_of_nothing_there_is_no_range() -> None:
    """An empty file has no first byte."""
    assert wanted("bytes=0-", 0) is None
    assert wanted(None, 0) == (0, 0)


def test_each_reason_has_a_name_and_each_refusal_its_sentence() -> None:
    """What a person reads lies in data."""
    reasons = load_reasons()
    assert len({reason.name for reason in reasons}) == len(reasons) >= 8
    assert [reason.key for reason in reasons if reason.for_own] == ["recheck", "other"]
    words = load_wording()
    for code in ("reason_needed", "link_expired", "link_not_yours", "range_beyond", "note_needed", "recordings_down"):
        assert words.sentence(code) != words.sentence("error"), code
