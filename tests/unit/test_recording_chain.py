"""The chain of recordings: whatever is altered in it is found, and nothing that is true is ever called altered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from recordings.chain import FIRST_PREV, Break, Day, Fact, Link, breaks, link, read_heads, told_heads
from recordings.naming import Piece

pytestmark = pytest.mark.unit


def chain(*counts: int) -> tuple[list[Day], list[Link]]:
    """Days with so many links."""
    days, links, prev = [], [], FIRST_PREV
    for number, count in enumerate(counts, start=1):
        day, before = f"2026-11-{number:02}", prev
        for position in range(1, count + 1):
            facts: dict[str, Fact] = {"sha256": f"{number}/{position}", "size": 5}
            made = link(prev, day, position, "kept", Piece(f"h1-{number}.{position}"), facts)
            links.append(made)
            prev = made.hash
        days.append(Day(day, before, count, prev))
    return days, links


def test_a_chain_that_nobody_touched_holds() -> None:
    """Days without anything too."""
    assert list(breaks(*chain(3, 0, 5, 1))) == []
    assert list(breaks([], [])) == []


def test_a_rewritten_day_is_found_by_the_day_after_it() -> None:
    """Whoever computes a day anew must compute all that follow, and then the head that was told outside is another."""
    days, links = chain(2, 2, 2)
    other, others = chain(2, 1, 2)
    assert Break("2026-11-03", "prev") in list(breaks([days[0], other[1], days[2]], links[:2] + others[2:3] + links[4:]))
    assert other[2].head != days[2].head


@given(some.lists(some.integers(0, 4), min_size=1, max_size=4), some.data())
def test_every_change_of_every_part_is_found(counts: list[int], data: some.DataObject) -> None:
    """Left out, put in twice, exchanged, or any field changed."""
    days, links = chain(*counts)
    if not links:
        return
    place = data.draw(some.integers(0, len(links) - 1))
    kind = data.draw(some.sampled_from(("gone", "twice", "body", "call", "leg", "kind", "hash", "head", "count", "day")))
    one = links[place]
    changed = {
        "body": replace(one, body=one.body.replace("5", "6")), "call": replace(one, call_id="h1-9.9"), "leg": replace(one, leg=3),
        "kind": replace(one, kind="deleted"), "hash": replace(one, hash="f" * 64),
    }  # fmt: skip
    if kind == "gone":
        links.pop(place)
    elif kind == "twice":
        links.insert(place, one)
    elif kind in changed:
        links[place] = changed[kind]
    else:
        at = data.draw(some.integers(0, len(days) - 1))
        spoilt = {"head": replace(days[at], head="e" * 64), "count": replace(days[at], count=9)}
        if kind == "day" and not counts[at]:
            return  # a day without anything proves nothing and takes nothing with it
        days = days[:at] + ([spoilt[kind]] if kind in spoilt else []) + days[at + 1 :]
    assert list(breaks(days, links))


def test_heads_are_written_outside_and_read_back() -> None:
    """A line a day; what is none is refused."""
    days, _ = chain(1, 2)
    assert read_heads("\n" + told_heads(days)) == {day.day: day.head for day in days}
    for bad in ("2026-11-01", "2026-11-01 abc", "yesterday " + "a" * 64, "2026-11-01 " + "G" * 64):
        with pytest.raises(ValueError, match=r"."):
            read_heads(bad)
