"""The words of time limits: how long, from which day, and what came out with its arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta, timezone
from typing import Final, Literal, Protocol

from tickets.ticket import Pause

Measure = Literal["at_once", "hours", "rolling_hours", "working_days", "calendar_days", "months"]
StartRule = Literal["next_day", "same_day"]  # is the first day counted? (接到转办之日起: same_day)
What = Literal["dispatch", "sign", "contact", "reply", "return", "follow_up"]
WHATS: Final[tuple[What, ...]] = ("dispatch", "sign", "contact", "reply", "return", "follow_up")
DAYS: Final = frozenset({"working_days", "calendar_days", "months"})  # measures that end with a day
SHANGHAI: Final = timezone(timedelta(hours=8), "Asia/Shanghai")  # the one zone of the law; no summer time since 1991
LONGEST: Final = 3660  # no limit is longer, in whatever measure


@dataclass(frozen=True, slots=True)
class Limit:
    """So much time: hours are clock hours; rolling_hours that end on a non-working day end at the same hour of the next working
    day (R47; B art. 19); days end at 24:00 of the last one, told and stored as 23:59:59; 0 with at_once."""

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
    """When something is due (`at`, epoch seconds: the last one in time) and why: every day counted and every day skipped, in order.

    `at` is infinite while the limit is suspended without an end. `parts` are the limits it was made of: the rule's own, or that of
    another law in its place (`is_override`, R50), then each extension. `pauses` are the suspensions that touched it.
    `is_provisional`: it runs into a year whose holidays are not published (`unpublished`, the first such year), computed with
    weekdays there.
    """

    at: float
    rule: Rule
    started_at: float
    counted: tuple[date, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    is_provisional: bool = False
    parts: tuple[Limit, ...] = ()
    pauses: tuple[Pause, ...] = ()
    is_override: bool = False
    unpublished: int | None = None

    @property
    def is_suspended(self) -> bool:
        """Whether the clock stands still and nobody can say until when."""
        return self.at == float("inf")


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
