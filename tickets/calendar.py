"""Owns which days offices work: weekends, the State Council's holidays and make-up days, and which years are published; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

_SATURDAY = 5
# A notice also rules the last days of December before its year (30 and 31 December 2018 off, the 29th worked).
_LAST_DAYS = (12, 29)


@dataclass(frozen=True, slots=True)
class Year:
    """One notice of the State Council: its days off and its make-up working days, each with the holiday's name in Chinese."""

    year: int
    off: Mapping[date, str]
    worked: Mapping[date, str]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of Asia/Shanghai as far as they are published; beyond that weekdays are taken for working days."""

    years: frozenset[int] = frozenset()
    off: Mapping[date, str] = field(default_factory=dict)
    worked: Mapping[date, str] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        """Whether offices work on this day."""
        if day in self.worked:
            return True
        return day not in self.off and day.weekday() < _SATURDAY

    def is_published(self, day: date) -> bool:
        """Whether the notice that rules this day is known; of the last days of December next year's rules too."""
        if day.year not in self.years:
            return False
        return (day.month, day.day) < _LAST_DAYS or day.year + 1 in self.years

    def name_of(self, day: date) -> str:
        """The name of the holiday that gives this day off or has it worked in exchange, else empty."""
        return self.worked.get(day) or self.off.get(day, "")


def calendar_of(years: Iterable[Year]) -> Calendar:
    """The calendar of these notices; of two for the same year the later one in the order given holds alone."""
    held = {each.year: each for each in years}
    off = {day: name for year in sorted(held) for day, name in held[year].off.items()}
    worked = {day: name for year in sorted(held) for day, name in held[year].worked.items()}
    return Calendar(frozenset(held), off, worked)
