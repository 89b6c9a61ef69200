"""What somebody who searches the past means, and how two lists become one whose pages leave nothing out and repeat nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_desktop.history import Entry, Found, Place, Question, merged, place_of, question
from hotline_core.errors import BadInput

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("13855701234", Question(numbers=("13855701234",))),
        ("138 5570 1234", Question(numbers=("13855701234",))),
        ("+86 138-5570-1234", Question(numbers=("8613855701234", "13855701234"))),
        ("3020001", Question(numbers=("3020001", "05573020001"))),
        ("1385", Question(numbers=("1385",))),
        ("20261123000001", Question(numbers=("20261123000001",))),
        ("13", Question(words="13")),
        ("105 路末班车", Question(words="105 路末班车")),
        ("皖L12345", Question(words="皖L12345")),
        ("  ", Question()),
    ],
)
def test_digits_with_separators_are_a_number_and_all_else_is_words(typed: str, meant: Question) -> None:
    """In each form that a number may be kept in."""
    assert question(typed, "0557") == meant


def _found(kind: str, moments: list[int], after: str | None, limit: int) -> Found[str]:
    """As a database answers: what comes after the cursor, one page of it, newest first."""
    if after is None:
        return Found()
    names = [f"{moment:03d}{kind}" for moment in sorted(moments, reverse=True)]
    left = names[names.index(after) + 1 :] if after else names
    return Found([Entry(float(name[:3]), name, name) for name in left[:limit]], has_more=len(left) > limit)


moments = st.lists(st.integers(0, 99), unique=True, max_size=30)


@given(calls=moments, tickets=moments, limit=st.integers(1, 7))
def test_page_after_page_every_call_and_ticket_comes_once_newest_first(calls: list[int], tickets: list[int], limit: int) -> None:
    """Whatever the sizes of lists and pages."""
    place, pages = Place(), 0
    seen: list[str] = []
    while not place.is_end:
        found = (_found("c", calls, place.calls, limit), _found("t", tickets, place.tickets, limit))
        rows, then = merged(*found, place, limit)
        assert len(rows) <= limit
        seen += rows
        place = place_of(then.told())
        pages += 1
        assert pages <= 70, "it ends"
    assert sorted(seen) == sorted([f"{each:03d}c" for each in calls] + [f"{each:03d}t" for each in tickets])
    assert [name[:3] for name in seen] == sorted((name[:3] for name in seen), reverse=True)


def test_a_place_that_no_page_told_is_refused() -> None:
    """A cursor that was typed by hand."""
    with pytest.raises(BadInput, match="bad_cursor"):
        place_of("1|2|3")
