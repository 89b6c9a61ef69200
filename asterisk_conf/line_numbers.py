"""The numbers that lead to a line, as the dialplan needs them: every form once, and until when; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from hotline_core.city import City
from hotline_core.domain.numbers import dialled_forms

SHANGHAI = timezone(timedelta(hours=8))  # Asia/Shanghai has had no summer time since 1991


@dataclass(frozen=True, slots=True)
class LineNumber:
    """One form of a number as an extension of context `numbers`; `until` is the last day of a number being retired."""

    extension: str
    line: str
    until: date | None = None

    @property
    def ends_at(self) -> int:
        """Epoch second at which the day after the last begins in Asia/Shanghai; 0 for a number that stays."""
        if self.until is None:
            return 0
        after = self.until + timedelta(days=1)
        return int(datetime(after.year, after.month, after.day, tzinfo=SHANGHAI).timestamp())


def line_numbers(city: City) -> tuple[LineNumber, ...]:
    """All numbers of all lines in the order of the file; of a form that stands there twice the first."""
    found: dict[str, LineNumber] = {}
    for number in _all(city):
        found.setdefault(number.extension, number)
    return tuple(found.values())


def _all(city: City) -> Iterator[LineNumber]:
    for key, line in city.lines.items():
        for number in line.numbers:
            yield from (LineNumber(_extension(form), key) for form in dialled_forms(number, city.area_code))
        for retired in line.retired:
            forms = dialled_forms(retired.number, city.area_code)
            yield from (LineNumber(_extension(form), key, retired.until) for form in forms)


def _extension(form: str) -> str:
    """With a letter in front, so that no number at all is no extension."""
    return f"d{form}" if form.isdigit() else f"_d{form}"
