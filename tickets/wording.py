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
_MOST_RUNS: Final = 6  # runs of counted days that are listed one by one
_MOST_WEEKENDS: Final = 3  # likewise weekends


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of texts.yaml."""

    texts: Mapping[str, Any]

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
        what = str(self.texts["verbs"][due.rule.key.partition(".")[0]])
        if due.rule.limit.measure == "at_once" and len(due.parts) <= 1 and not due.is_override:
            return self._say("at_once", what=what, source=due.rule.source)
        basis, arithmetic = self._basis(due), self._arithmetic(due)
        if due.is_suspended:
            return self._say("suspended", what=what, basis=basis, arithmetic=arithmetic)
        told = self._say("sentence", due=self.moment(due.at), what=what, basis=basis, arithmetic=arithmetic)
        return told + (self._say("provisional", year=due.unpublished) if due.is_provisional else "")

    def _basis(self, due: Due) -> str:
        first, *more = due.parts or (due.rule.limit,)
        told = self.limit(first)
        for part in more:
            told = self._say("extension", limit=told, more=self.limit(part))
        if not due.is_override:
            return self._say("basis", source=due.rule.source, limit=told)
        return self._say("basis_of_law" if due.rule.source else "basis_of_law_alone", source=due.rule.source, limit=told)

    def _arithmetic(self, due: Due) -> str:
        parts = due.parts or (due.rule.limit,)
        started, year = self.moment(due.started_at), day_of(due.started_at).year
        if parts[0].measure in DAYS:
            told = self._say("of_days", started=started, start=self.texts["start"][due.rule.start])
        else:
            told = self._say("of_hours", started=started)
        if due.counted:
            is_work = all(part.measure not in ("calendar_days", "months") for part in parts)
            told += self._say("counted", days=self._counted(due.counted, year, is_work=is_work), count=len(due.counted))
        if skipped := self._skipped(due, year):
            told += self._say("skipped", days=skipped)
        return told + (self._say("pauses", count=len(due.pauses)) if due.pauses else "")

    def _counted(self, days: Sequence[date], year: int, *, is_work: bool) -> str:
        """Every day that counts; of many runs of working days only the first and the last, and each make-up day."""
        made_up = [day for day in days if is_work and day.weekday() >= _SATURDAY]
        runs = list(_runs([(day, "make_up" if day in made_up else "") for day in days]))
        if is_work and len(runs) > _MOST_RUNS:
            told = [self._say("many", days=self._days(days[0], days[-1], year))]
            runs = [run for run in runs if run[2]]
        else:
            told = []
        for first, last, kind in runs:
            named = self._days(first, last, year)
            told.append(self._say("make_up", date=named) if kind else named)
        return self._listed(told)

    def _skipped(self, due: Due, year: int) -> str:
        """Every day that does not count, by reason; of many weekends only how many days they are."""
        whys = [(each.day, each.name or each.why) for each in due.skipped if each.why != "first_day"]
        runs = list(_runs(whys))
        told = []
        weekends = sum(kind == "weekend" for _, _, kind in runs)
        for first, last, kind in runs:
            if kind != "weekend" or weekends <= _MOST_WEEKENDS:
                why = self.texts["why"].get(kind, kind)
                told.append(self._say("skipped_run", days=self._days(first, last, year), why=why))
        if weekends > _MOST_WEEKENDS:
            told.append(self._say("weekends", count=sum(kind == "weekend" for _, kind in whys)))
        return self._listed(told)

    def _days(self, first: date, last: date, year: int) -> str:
        told = self._date(first, year)
        if first == last:
            return told
        if (first.year, first.month) == (last.year, last.month):
            return self._say("to_day", first=told, day=last.day)
        return self._say("to_date", first=told, last=self._date(last, year))

    def _date(self, day: date, year: int | None) -> str:
        """The date; with its year unless that is the one everybody has in mind."""
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
