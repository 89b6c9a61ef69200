"""When a citizen who calls again may come with the same matter (R60)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.unit.ticket_kit import at
from tickets.acts import STAGES, Stage
from tickets.repeats import OVER, Repeat, repeat_of
from tickets.store.listing import OVER as OVER_IN_LISTS

pytestmark = pytest.mark.unit


@dataclass(frozen=True)
class Kept:
    """A ticket as far as the rule looks at it."""

    number: str
    stage: Stage
    created_at: float
    closed_at: float | None = None


MADE = at("2026-05-01 10:00")


@pytest.mark.parametrize(
    ("now", "why"),
    [("2026-05-07 10:00", None), ("2026-05-07 10:01", "unsolved"), ("2026-12-01 10:00", "unsolved")],
)
def test_a_matter_not_over_after_more_than_six_days_may_have_come_back(now: str, why: str | None) -> None:
    """Six days to the minute are not more than six days."""
    found = repeat_of([Kept("20260501000001", "in_hand", MADE)], at(now))
    assert (found.why if found else None) == why


@pytest.mark.parametrize(
    ("closed", "now", "is_repeat"),
    [
        ("2026-05-12 14:05", "2026-06-12 14:04", True), ("2026-05-12 14:05", "2026-06-12 14:05", False),
        ("2026-01-31 09:00", "2026-02-28 08:59", True), ("2026-01-31 09:00", "2026-02-28 09:00", False),
        ("2026-12-31 09:00", "2027-01-31 08:59", True),
    ],
)  # fmt: skip
def test_a_matter_closed_less_than_a_calendar_month_ago_may_have_come_back(closed: str, now: str, is_repeat: bool) -> None:
    """The same clock on the same day of the next month, or on its last day."""
    stages: tuple[Stage, ...] = ("closed", "archived")
    for stage in stages:
        found = repeat_of([Kept("20260501000001", stage, MADE, at(closed))], at(now))
        assert found == (Repeat("20260501000001", "closed") if is_repeat else None)


def test_of_several_the_newest_counts_and_what_was_answered_at_once_or_refused_never_does() -> None:
    """An answer given in the call is no matter that was closed."""
    now = at("2026-05-20 10:00")
    at_once: tuple[Stage, ...] = ("answered", "refused", "void", "merged")
    assert repeat_of([Kept(str(n), stage, MADE) for n, stage in enumerate(at_once)], now) is None
    older, newer = Kept("20260501000001", "in_hand", MADE), Kept("20260502000001", "closed", MADE, at("2026-05-19 10:00"))
    assert repeat_of([older, newer], now) == Repeat("20260502000001", "closed")
    assert repeat_of([], now) is None


def test_what_counts_as_over_is_what_lists_call_over() -> None:
    """One stage more there must be thought of here."""
    assert OVER == OVER_IN_LISTS
    assert set(STAGES) >= OVER
