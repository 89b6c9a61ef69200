"""Owns the Chinese sentence that answers "why is it due then?": the facts of `explain` put into the words of texts.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tickets.limits import DAYS, SHANGHAI, Due, Limit
from tickets.reckoning import day_of
from tickets.yaml_file import read_yaml

TEXTS: Final = Path(__file__).with_name("texts.yaml")
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of texts.yaml."""

    texts: Mapping[str, Any]

    def name_of(self, what: str) -> str:
        """The Chinese name of a limit: its kind, as in "reply" or "reply.complaint"."""
        return str(self.texts["limits"][what.partition(".")[0]])

    def moment(self, at: float) -> str:
        """A moment in Shanghai with date, weekday and clock; seconds only where they are not 0."""
        then = datetime.fromtimestamp(at, UTC).astimezone(SHANGHAI)
        clock = then.strftime("%H:%M:%S" if then.second else "%H:%M")
        weekday = self.texts["weekdays"][then.weekday()]
        return self._say("moment", date=self._date(then.date(), None), weekday=weekday, clock=clock)

    def limit(self, limit: Limit) -> str:
        """How long a limit is."""
        return str(self.texts["measures"][limit.measure]).format(amount=limit.amount)

    def sentence(self, due: Due) -> str:
        """The whole answer: until when, by which rule, which days were counted and which were not, and what is uncertain."""
        what, source = self.name_of(due.rule.key), due.rule.source
        if due.rule.limit.measure == "at_once" and len(due.parts) <= 1 and not due.is_override:
            return self._say("at_once", what=what, source=source)
        limit, arithmetic = self._parts(due), self._arithmetic(due)
        if due.is_suspended:
            return self._say("suspended", what=what, source=source, limit=limit, arithmetic=arithmetic)
        told = self._say("sentence", due=self.moment(due.at), what=what, source=source, limit=limit, arithmetic=arithmetic)
        return told + self._provisional(due)

    def _parts(self, due: Due) -> str:
        first, *more = due.parts or (due.rule.limit,)
        told = self.limit(first)
        if due.is_override:
            told = self._say("override", limit=told)
        for part in more:
            told = self._say("extension", limit=told, more=self.limit(part))
        return told

    def _arithmetic(self, due: Due) -> str:
        first = (due.parts or (due.rule.limit,))[0]
        started = self.moment(due.started_at)
        if first.measure in DAYS:
            told = self._say("of_days", started=started, start=self.texts["start"][due.rule.start])
        else:
            told = self._say("of_hours", started=started)
        year = day_of(due.started_at).year
        if due.counted:
            days = self._listed(
                self._days(first_day, last, year) for first_day, last, _ in _runs([(day, "") for day in due.counted])
            )
            told += self._say("counted", days=days, count=len(due.counted))
        skipped = [(each.day, each.name or self.texts["why"][each.why]) for each in due.skipped if each.why != "first_day"]
        if skipped:
            runs = [(self._days(first_day, last, year), why) for first_day, last, why in _runs(skipped)]
            days = self._listed(self._say("skipped_run", days=run, why=why) for run, why in runs)
            told += self._say("skipped", days=days)
        return told + (self._say("pauses", count=len(due.pauses)) if due.pauses else "")

    def _provisional(self, due: Due) -> str:
        return self._say("provisional", year=day_of(due.at).year) if due.is_provisional else ""

    def _days(self, first: date, last: date, year: int) -> str:
        told = self._date(first, year)
        if first == last:
            return told
        if (first.year, first.month) == (last.year, last.month):
            return told + self._say("to_day", day=last.day)
        return told + self._say("to_date", date=self._date(last, year))

    def _date(self, day: date, year: int | None) -> str:
        """The date; with its year when that is not the one everybody has in mind, None for always."""
        return self._say("date" if day.year == year else "date_with_year", year=day.year, month=day.month, day=day.day)

    def _listed(self, words: Iterable[str]) -> str:
        return str(self.texts["list"]).join(words)

    def _say(self, key: str, **facts: object) -> str:
        return str(self.texts[key]).format(**facts)


def _runs(days: Sequence[tuple[date, str]]) -> Iterator[tuple[date, date, str]]:
    """Neighbouring days of the same kind as one: first, last, kind."""
    begun: tuple[date, date, str] | None = None
    for day, kind in days:
        if begun is not None and begun[1] + _DAY == day and begun[2] == kind:
            begun = (begun[0], day, kind)
            continue
        if begun is not None:
            yield begun
        begun = (day, day, kind)
    if begun is not None:
        yield begun


def load_wording(path: Path = TEXTS) -> Wording:
    """Read the words; SettingsError when the file cannot be read."""
    return Wording(read_yaml(path))
