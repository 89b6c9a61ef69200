"""Owns the arithmetic of time limits: from a rule and a start to the last second in time, with every day counted and skipped; pure.

Working and calendar days and months end with their last day; a day counts when the clock runs at its end, so that the day on which
a suspension begins does not count and the one on which it ends does. An extension counts on from where the limit before it ended.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import inf
from typing import Final

from hotline_core.errors import BadInput
from tickets.limits import DAYS, LONGEST, SHANGHAI, Due, Limit, Rule, Skipped, StartRule, WorkingCalendar
from tickets.ticket import Pause

_DAY: Final = timedelta(days=1)
_HOUR_S: Final = 3600
_OFFICE_OPENS: Final = time(9)  # reminders counted in working days come then
_FURTHEST: Final = 20_000  # days looked at, at most: a calendar with no working days at all must not hang anybody


@dataclass(frozen=True, slots=True)
class _Sum:
    """How far the counting is: `at` the last second in time so far, `day_ended` whether it is the end of a day."""

    at: float
    day_ended: bool = False
    counted: tuple[date, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def due(
    rule: Rule,
    started_at: float,
    calendar: WorkingCalendar,
    *,
    pauses: Sequence[Pause] = (),
    extended: Sequence[Limit] = (),
    override: int | None = None,
) -> Due:
    """When what the rule limits is due; times in epoch seconds.

    `pauses` do not count (they may overlap); one without an end makes `at` infinite unless the limit ended before it. `extended`
    are granted extensions, in order. `override` is another law's limit in working days in place of the rule's (R50). BadInput
    `bad_limit` when an amount is less than 1 or beyond LONGEST (0 with at_once alone).
    """
    base = rule.limit if override is None else Limit(override, "working_days")
    parts = (base, *extended)
    if any(not (part.measure == "at_once" or 1 <= part.amount <= LONGEST) for part in parts):
        raise BadInput("bad_limit", field="amount", most=LONGEST)
    stops = _merged(pauses)
    total = _Sum(started_at)
    for number, part in enumerate(parts):
        start: StartRule = rule.start if number == 0 else "next_day"
        total = _added(total, part, start, calendar, stops, is_first=number == 0)
        if total.at == inf:
            break
    unpublished = _unpublished(total, parts, calendar)
    return Due(
        at=total.at,
        rule=rule,
        started_at=started_at,
        counted=total.counted,
        skipped=total.skipped,
        is_provisional=unpublished is not None,
        parts=parts,
        pauses=tuple(stop for stop in stops if stop.since <= total.at and (stop.until is None or stop.until > started_at)),
        is_override=override is not None,
        unpublished=unpublished,
    )


def _unpublished(total: _Sum, parts: Sequence[Limit], calendar: WorkingCalendar) -> int | None:
    """The first year without holidays that the counting asked the calendar about; None when all it asked was published."""
    if not any(part.measure in ("working_days", "rolling_hours") for part in parts):
        return None
    asked = {*total.counted, *(each.day for each in total.skipped)}
    asked |= {day_of(total.at)} if total.at != inf else set()
    for day in sorted(asked):
        if not calendar.is_published(day):  # at the end of December it may be next year's notice that is missing
            return day.year + 1 if calendar.is_published(date(day.year, 6, 1)) else day.year
    return None


def _added(
    total: _Sum, part: Limit, start: StartRule, calendar: WorkingCalendar, stops: Sequence[Pause], *, is_first: bool
) -> _Sum:
    if part.measure == "at_once":
        return total
    if part.measure in DAYS:
        return _days_added(total, part, start, calendar, stops, is_first=is_first)
    began = total.at + 1 if total.day_ended else total.at  # a day ends at 24:00, told as 23:59:59
    at = _running(began, part.amount * _HOUR_S, stops)
    if part.measure == "hours" or at == inf:
        return _Sum(at, False, total.counted, total.skipped)
    return _rolled(at, calendar, stops, total)


def _running(began: float, seconds: float, stops: Sequence[Pause]) -> float:
    """The moment when the clock has run so long since `began`, standing still in every stop."""
    at = began + seconds
    for stop in stops:
        if stop.until is not None and stop.until <= began:
            continue
        if stop.since > at or (stop.since == at and at > began):
            break
        if stop.until is None:
            return inf
        at += stop.until - max(stop.since, began)
    return at


def _rolled(at: float, calendar: WorkingCalendar, stops: Sequence[Pause], total: _Sum) -> _Sum:
    """The same hour of the next working day; a suspension on the way moves it on by its length.

    The rule itself (B art. 19) makes 24 hours from a Saturday morning end before 24 hours from the Friday afternoon before.
    """
    skipped: list[Skipped] = []
    for _ in range(_FURTHEST):
        day = day_of(at)
        if calendar.is_working(day):
            return _Sum(at, False, total.counted, (*total.skipped, *skipped))
        skipped.append(_skip(day, calendar))
        at = _running(at, _DAY.total_seconds(), stops)
        if at == inf:
            return _Sum(inf, False, total.counted, (*total.skipped, *skipped))
    raise BadInput("bad_limit", field="calendar")


def _days_added(
    total: _Sum, part: Limit, start: StartRule, calendar: WorkingCalendar, stops: Sequence[Pause], *, is_first: bool
) -> _Sum:
    began = day_of(total.at)
    counted, skipped = list(total.counted), list(total.skipped)
    day = began
    if start == "next_day":
        if is_first:
            skipped.append(Skipped(began, "first_day"))
        day += _DAY
    left, stood = part.amount, 0
    for _ in range(_FURTHEST):
        stop = _stop_at(_end_of(day), stops)
        if stop is not None and stop.until is None:
            return _Sum(inf, True, tuple(counted), tuple(skipped))
        if stop is not None:
            skipped.append(Skipped(day, "suspended"))
            stood += 1
        elif part.measure == "working_days" and not calendar.is_working(day):
            skipped.append(_skip(day, calendar))
        else:
            counted.append(day)
            left -= 1
            ended = left == 0 if part.measure != "months" else day >= _month_end(began + stood * _DAY, part.amount, start)
            if ended:
                return _Sum(_end_of(day), True, tuple(counted), tuple(skipped))
        day += _DAY
    raise BadInput("bad_limit", field="calendar")


def _month_end(began: date, amount: int, start: StartRule) -> date:
    """The last day of so many months: the day of the same number, without one the month's last (civil code, art. 202).

    Months that were suspended end as if they had begun so many days later, so that who begins later never ends earlier: counted in
    days, a month from 30 January is one longer than a month from the 31st, and both end on 28 February.
    """
    index = began.year * 12 + began.month - 1 + amount
    year, month = divmod(index, 12)
    length = months.monthrange(year, month + 1)[1]
    end = date(year, month + 1, min(began.day, length))
    return end if start == "next_day" or began.day > length else end - _DAY  # a first day that counts ends them a day sooner


def _skip(day: date, calendar: WorkingCalendar) -> Skipped:
    name = calendar.name_of(day)
    return Skipped(day, "holiday", name) if name else Skipped(day, "weekend")


def _stop_at(moment: float, stops: Sequence[Pause]) -> Pause | None:
    return next((stop for stop in stops if stop.since <= moment and (stop.until is None or moment < stop.until)), None)


def _merged(pauses: Sequence[Pause]) -> tuple[Pause, ...]:
    """The pauses in order, those that overlap or touch as one."""
    merged: list[Pause] = []
    for pause in sorted(pauses, key=lambda each: each.since):
        if pause.until is not None and pause.until <= pause.since:
            continue
        last = merged[-1] if merged else None
        if last is not None and (last.until is None or pause.since <= last.until):
            until = None if last.until is None or pause.until is None else max(last.until, pause.until)
            merged[-1] = Pause(last.since, until, last.reason)
        else:
            merged.append(pause)
    return tuple(merged)


def day_of(moment: float) -> date:
    """The day in Shanghai at that moment (epoch seconds)."""
    return datetime.fromtimestamp(moment, UTC).astimezone(SHANGHAI).date()


def _end_of(day: date) -> float:
    return datetime.combine(day, time(23, 59, 59), SHANGHAI).timestamp()


def before(at: float, offset: Limit, calendar: WorkingCalendar) -> float:
    """The moment to remind, so long before `at`: hours on the clock; days at 9:00 of that working (calendar) day."""
    return _off(at, offset, calendar, -1)


def after(at: float, offset: Limit, calendar: WorkingCalendar) -> float:
    """The moment so long after `at`: hours on the clock; days at 9:00 of that working (calendar) day."""
    return _off(at, offset, calendar, 1)


def _off(at: float, offset: Limit, calendar: WorkingCalendar, way: int) -> float:
    if offset.measure not in DAYS:
        return at + way * offset.amount * _HOUR_S
    day, left = day_of(at), offset.amount
    for _ in range(_FURTHEST):
        if left == 0:
            return datetime.combine(day, _OFFICE_OPENS, SHANGHAI).timestamp()
        day += way * _DAY
        left -= 1 if offset.measure != "working_days" or calendar.is_working(day) else 0
    raise BadInput("bad_limit", field="calendar")


def explain(due: Due) -> Mapping[str, object]:
    """The arithmetic as plain facts, fit for JSON: whoever adds them up again comes to the same `at`."""
    return {
        "key": due.rule.key,
        "source": due.rule.source,
        "start": due.rule.start,
        "parts": [{"amount": part.amount, "measure": part.measure} for part in due.parts],
        "is_override": due.is_override,
        "started_at": due.started_at,
        "counted": [day.isoformat() for day in due.counted],
        "skipped": [{"day": each.day.isoformat(), "why": each.why, "name": each.name} for each in due.skipped],
        "pauses": [{"since": each.since, "until": each.until} for each in due.pauses],
        "at": None if due.is_suspended else due.at,
        "is_provisional": due.is_provisional,
        "unpublished": due.unpublished,
    }
