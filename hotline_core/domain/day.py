"""One day's counts of a line and the indicators made of them, each with its numerator and denominator (R7); pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal

DAY_S = 86_400
SHANGHAI_S = 8 * 3600  # Asia/Shanghai has had no daylight saving time since 1991
ServiceFormula = Literal["strict", "early_abandoned_count", "answered_only", "late_abandoned_only"]


@dataclass(frozen=True, slots=True)
class LineDay:
    """The calls of one line that arrived on one day; a sum of counts, so that lines can be added up.

    arrived = asked + in_menu + left_menu + those led from the menu to an outside party.
    asked (for a person) = answered + duty + abandoned + callback + lost + waiting + those an outside party had talked to.
    `within` and `abandoned_within`: at most T seconds after asking. Waits count from the first prompt.
    """

    line: str
    arrived: int = 0
    in_menu: int = 0
    left_menu: int = 0
    asked: int = 0
    waiting: int = 0
    answered: int = 0
    duty: int = 0
    party: int = 0
    abandoned: int = 0
    callback: int = 0
    lost: int = 0
    within: int = 0
    abandoned_within: int = 0
    waited_s: float = 0.0  # by all whom a person answered
    longest_s: float = 0.0  # by anyone who asked for a person and waits no more

    @property
    def by_person(self) -> int:
        """Calls a person answered: an agent, or the one at a duty telephone."""
        return self.answered + self.duty


@dataclass(frozen=True, slots=True)
class Rate:
    """A share that never hides what it is made of."""

    numerator: float
    denominator: float

    @property
    def value(self) -> float | None:
        """Numerator / denominator, None for a denominator of 0."""
        return self.numerator / self.denominator if self.denominator else None


def connect_rate(day: LineDay) -> Rate:
    """Calls answered by a person / calls that asked for one; who still waits is not judged yet."""
    return Rate(day.by_person, day.asked - day.waiting)


def service_level(day: LineDay, formula: ServiceFormula = "strict") -> Rate:
    """Share answered within T seconds of asking, by one of the four formulas in use; the strict one is the default."""
    match formula:
        case "strict":
            return Rate(day.within, day.by_person + day.abandoned)
        case "early_abandoned_count":
            return Rate(day.within + day.abandoned_within, day.by_person + day.abandoned)
        case "answered_only":
            return Rate(day.within, day.by_person)
        case "late_abandoned_only":
            return Rate(day.within, day.by_person + day.abandoned - day.abandoned_within)


def average_wait(day: LineDay) -> Rate:
    """Seconds from the first prompt to a person's answer, on average."""
    return Rate(day.waited_s, day.by_person)


def total(days: Iterable[LineDay]) -> LineDay:
    """All lines as one."""
    found = list(days)
    summed = [one.name for one in fields(LineDay) if one.name not in ("line", "longest_s")]
    sums = {name: sum(getattr(day, name) for day in found) for name in summed}
    return LineDay(line="", longest_s=max((day.longest_s for day in found), default=0.0), **sums)


def day_start(now: float) -> float:
    """Epoch seconds of the midnight in Asia/Shanghai that began the day of `now`."""
    return (now + SHANGHAI_S) // DAY_S * DAY_S - SHANGHAI_S
