"""Reads the calendar: the years of the chinesecalendar package, over them the city's holidays/YYYY.yaml; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from chinese_calendar import constants

from hotline_core.errors import SettingsError
from tickets.calendar import Calendar, Year, calendar_of
from tickets.yaml_file import read_yaml

FOLDER: Final = "holidays"
_CURE: Final = "see docs/city.md, holidays"
_LONGEST_HOLIDAY = 20  # days; longer is a slip of the pen


def load_calendar(folder: Path | None = None) -> Calendar:
    """The calendar with the notices of `folder`/holidays (HOTLINE_HOME/tickets), each in place of the package's for its year.

    SettingsError names the file and what is wrong with it.
    """
    own = sorted((folder / FOLDER).glob("[0-9][0-9][0-9][0-9].yaml")) if folder is not None else []
    return calendar_of([*packaged_years(), *(load_year(path) for path in own)])


def packaged_years() -> tuple[Year, ...]:
    """The notices that the package knows, as far as it has the whole year."""
    known = sorted({day.year for day in constants.holidays if day.month == 10})  # National Day: the notice has been published
    return tuple(_packaged(year) for year in known)


def _packaged(year: int) -> Year:
    # the package keeps no notices, only days: each belongs to its own year, the last of December too
    off = {day: _name(word) for day, word in constants.holidays.items() if day.year == year}
    return Year(year, off, {day: _name(word) for day, word in constants.workdays.items() if day.year == year}, "chinesecalendar")


def _name(word: str) -> str:
    return str(constants.Holiday(word).chinese)


def load_year(path: Path) -> Year:
    """One notice from its file; SettingsError when it cannot be used.

    `source` names the notice; `holidays` and `workdays` (make-up days) map the holiday's Chinese name to days, each `2027-01-01` or
    `2027-01-01/2027-01-03` (first and last).
    """
    year = int(path.stem)
    data = read_yaml(path)
    if not isinstance(data, Mapping) or set(data) - {"source", "holidays", "workdays"} or not data.get("holidays"):
        raise SettingsError(file=str(path), line=0, what="wants source, holidays and workdays", cure=_CURE)
    off, worked = (_days(data.get(part) or {}, year, path) for part in ("holidays", "workdays"))
    if both := sorted(set(off) & set(worked)):
        raise SettingsError(file=str(path), line=0, what=f"{both[0]} is both a holiday and a workday", cure=_CURE)
    return Year(year, off, worked, str(data.get("source", "")))


def _days(part: object, year: int, path: Path) -> dict[date, str]:
    if not isinstance(part, Mapping):
        raise SettingsError(file=str(path), line=0, what="wants the holiday's name before its days", cure=_CURE)
    found: dict[date, str] = {}
    for name, spans in part.items():
        for span in spans if isinstance(spans, list) else [spans]:
            first, _, last = str(span).partition("/")
            try:
                begin, end = date.fromisoformat(first), date.fromisoformat(last or first)
            except ValueError as error:
                raise SettingsError(file=str(path), line=0, what=f"{name}: {span} is no day", cure=_CURE) from error
            days = (end - begin).days + 1
            if not 1 <= days <= _LONGEST_HOLIDAY or not date(year - 1, 12, 25) <= begin <= end <= date(year, 12, 31):
                raise SettingsError(file=str(path), line=0, what=f"{name}: {span} is not within {year}", cure=_CURE)
            found |= {begin + timedelta(days=number): str(name) for number in range(days)}
    return found
