"""Owns how long a recording must and may be kept, and because of which rule; pure, every time is epoch seconds.

R32, R33; PIPL art. 19 and 47: as long as the rules ask, no longer than they allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, Literal

from recordings.naming import SHANGHAI

Klass = Literal["ordinary", "ticket", "complaint", "emergency", "training"]
CLASSES: Final[tuple[Klass, ...]] = ("complaint", "ticket", "emergency", "training", "ordinary")  # of two alike the first is told
FOREVER: Final = float("inf")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Years and months of the calendar."""

    years: int = 0
    months: int = 0

    @property
    def total(self) -> int:
        """In months."""
        return self.years * 12 + self.months


@dataclass(frozen=True, slots=True)
class Rule:
    """What one edition asks for one class: kept at least, gone at most; `most` is never shorter than `least`."""

    klass: Klass
    least: Period
    most: Period
    source: str


@dataclass(frozen=True, slots=True)
class Edition:
    """The rules that hold from midnight of a day in Shanghai on."""

    since: date
    name: str
    rules: Mapping[Klass, Rule]

    def begins_at(self) -> float:
        """That midnight."""
        return _midnight(self.since)

    @property
    def key(self) -> str:
        """As it is written in the rows."""
        return f"{self.since:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A work order that the call belongs to; `closed_at` None while it is open."""

    number: str
    is_complaint: bool
    closed_at: float | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a recording; `profile_years` is what the policy profile of its line asks at least, 0 if nothing."""

    started_at: float
    is_emergency: bool = False
    training_since: float | None = None  # when it was taken as training material
    tickets: tuple[Ticket, ...] = ()
    profile_years: int = 0


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason to keep it: from when, not deleted before `least_until`, gone by `most_until` (FOREVER while a ticket is open)."""

    klass: Klass
    edition: str
    source: str
    kept_from: float
    least_until: float
    most_until: float
    ticket: str = ""
    profile_years: int = 0


@dataclass(frozen=True, slots=True)
class Keeping:
    """The answer; `ground` is the one that holds longest, `grounds` are all."""

    ground: Ground
    grounds: tuple[Ground, ...]

    @property
    def klass(self) -> Klass:
        """Of the longest ground."""
        return self.ground.klass

    @property
    def keep_until(self) -> float:
        """Its deletion is due then, and never before."""
        return self.ground.least_until

    @property
    def most_until(self) -> float:
        """It is kept too long from then on, unless it is held."""
        return max(ground.most_until for ground in self.grounds)

    @property
    def rule(self) -> str:
        """The rule's name in the rows: edition and class."""
        return f"{self.ground.edition}/{self.ground.klass}"


def judge(facts: Facts, editions: Sequence[Edition], now: float) -> Keeping:
    """How long this recording is kept as it stands now; `editions` must not be empty.

    The least of every edition that was in force while the recording lay here holds: a rule that was made shorter later takes
    nothing away from what was promised. The most is that of the newest edition in force, and never before the least.
    """
    grounds = tuple(_grounds(facts, in_force(editions, facts.started_at, now)))
    longest = max(grounds, key=lambda ground: (ground.least_until, -CLASSES.index(ground.klass)))
    return Keeping(longest, grounds)


def in_force(editions: Sequence[Edition], since: float, now: float) -> tuple[Edition, ...]:
    """The editions that held at any time from `since` to `now`, oldest first; the first of all where none is that old."""
    begun = sorted((edition for edition in editions if edition.begins_at() <= max(since, now)), key=lambda edition: edition.since)
    if not begun:
        return (min(editions, key=lambda edition: edition.since),)
    before = [edition for edition in begun if edition.begins_at() <= since]
    return tuple(begun[max(0, len(before) - 1) :])


def _grounds(facts: Facts, editions: Sequence[Edition]) -> Iterator[Ground]:
    yield _ground("ordinary", facts.started_at, editions, facts)
    if facts.is_emergency:
        yield _ground("emergency", facts.started_at, editions, facts)
    if facts.training_since is not None:
        yield _ground("training", max(facts.training_since, facts.started_at), editions, facts)
    for ticket in facts.tickets:
        klass: Klass = "complaint" if ticket.is_complaint else "ticket"
        kept_from = FOREVER if ticket.closed_at is None else max(ticket.closed_at, facts.started_at)
        yield _ground(klass, kept_from, editions, facts, ticket.number)


def _ground(klass: Klass, kept_from: float, editions: Sequence[Edition], facts: Facts, ticket: str = "") -> Ground:
    newest = editions[-1]
    strictest = max(editions, key=lambda edition: (_least(edition.rules[klass], facts).total, edition.since))
    rule = strictest.rules[klass]
    if kept_from == FOREVER:
        return Ground(klass, strictest.key, rule.source, facts.started_at, FOREVER, FOREVER, ticket, facts.profile_years)
    least, allowed = _least(rule, facts).total, newest.rules[klass]
    raised = least - allowed.least.total  # by an older rule, or by the line's profile
    most = allowed.most.total + raised if least > rule.least.total else max(allowed.most.total, least)
    least_until, most_until = (after(kept_from, Period(months=months)) for months in (least, most))
    return Ground(klass, strictest.key, rule.source, kept_from, least_until, most_until, ticket, facts.profile_years)


def _least(rule: Rule, facts: Facts) -> Period:
    return max(rule.least, Period(years=facts.profile_years), key=lambda period: period.total)


def after(moment: float, period: Period) -> float:
    """Midnight in Shanghai after the last day of a period that begins on the day of `moment`.

    The day itself does not count; where the last month has no such day, the first of the next one is taken: later, never earlier.
    """
    day = datetime.fromtimestamp(moment, SHANGHAI).date()
    months = day.year * 12 + day.month - 1 + period.total
    year, month = divmod(months, 12)
    try:
        last = date(year, month + 1, day.day)
    except ValueError:  # 29 February, or the 31st
        year, month = divmod(months + 1, 12)
        last = date(year, month + 1, 1)
    return _midnight(last) + 86_400.0  # no summer time in Shanghai: each day is that long


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), SHANGHAI).timestamp()
