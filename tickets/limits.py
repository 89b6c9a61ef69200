"""The words of time limits: how long, from which day, and what came out with its arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

Measure = Literal["at_once", "hours", "rolling_hours", "working_days", "calendar_days", "months"]
StartRule = Literal["next_day", "same_day"]  # is the first day counted? (接到转办之日起: same_day)


@dataclass(frozen=True, slots=True)
class Limit:
    """So much time: hours are clock hours; rolling_hours that end on a non-working day end at the same hour of the next working
    day (R47; B art. 19); days end at 24:00 of the last one, told as 23:59:59; 0 with at_once."""

    amount: int
    measure: Measure


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit with its place in a profile: `key` is "reply.complaint" or the like, `source` what a person may look up."""

    key: str
    limit: Limit
    start: StartRule
    source: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A day that was not counted: `why` is "weekend", "holiday" (with its `name`), "suspended" or "first_day"."""

    day: date
    why: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due (`at`, epoch seconds) and why: every day counted and every day skipped, in order.

    `is_provisional`: it runs into a year whose holidays are not published, computed with weekdays there.
    """

    at: float
    rule: Rule
    started_at: float
    counted: tuple[date, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    is_provisional: bool = False


class WorkingCalendar(Protocol):
    """What the arithmetic needs to know of days, in Asia/Shanghai."""

    def is_working(self, day: date) -> bool:
        """Whether offices work on this day: make-up working days yes, weekends and public holidays no."""
        ...

    def is_published(self, day: date) -> bool:
        """Whether the State Council's notice for this day's year is known; else weekdays count as working days."""
        ...

    def name_of(self, day: date) -> str:
        """The holiday's or make-up day's name in Chinese, else empty."""
        ...
