"""The arithmetic of time limits: what holds for every rule, start, calendar and suspension, and its odd corners one by one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from hotline_core.errors import BadInput
from tickets.calendar import Calendar
from tickets.calendar_data import load_calendar
from tickets.limits import SHANGHAI, Limit, Measure, Rule, StartRule
from tickets.reckoning import after, before, day_of, due, explain
from tickets.ticket import Pause

pytestmark = pytest.mark.unit

PUBLISHED = load_calendar(None)
DAY = timedelta(days=1)
HOUR = 3600
OFF = ("weekend", "holiday")
MEASURES: tuple[Measure, ...] = ("hours", "rolling_hours", "working_days", "calendar_days", "months")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


def told(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def rule(amount: int, measure: Measure, start: StartRule = "next_day") -> Rule:
    return Rule("reply", Limit(amount, measure), start, "规定第一条")


moments = some.integers(int(at("2015-01-01T00:00:00")), int(at("2027-06-30T23:59:59"))).map(float)
STARTS: tuple[StartRule, ...] = ("next_day", "same_day")
starts = some.sampled_from(STARTS)
long = some.integers(1, 60)
limits = some.builds(Limit, long, some.sampled_from(MEASURES))
january = some.dates(date(2024, 1, 1), date(2024, 12, 31))
invented = some.builds(
    lambda off, worked: Calendar(frozenset({2024}), dict.fromkeys(off, "节日"), dict.fromkeys(worked, "补班")),
    some.sets(january, max_size=40), some.sets(january, max_size=20),
)  # fmt: skip
calendars = some.one_of(some.just(PUBLISHED), invented)


@some.composite
def stretches(draw: some.DrawFn) -> tuple[Pause, ...]:
    """Up to four suspensions with an end, in any order, some of them over each other."""
    found = []
    for _ in range(draw(some.integers(0, 4))):
        since = draw(moments)
        found.append(Pause(since, since + draw(some.integers(1, 40 * 24 * HOUR))))
    return tuple(found)


@some.composite
def cases(draw: some.DrawFn) -> tuple[Rule, float, tuple[Pause, ...], tuple[Limit, ...]]:
    """A rule, a start, suspensions near it and extensions."""
    limit, start, moment = draw(limits), draw(starts), draw(moments)
    pauses = tuple(
        Pause(moment + since, moment + since + length)
        for since, length in draw(some.lists(some.tuples(some.integers(-9, 40), some.integers(1, 20)), max_size=3))
        for since, length in ((since * 20_011, length * 20_011),)
    )
    return Rule("reply", limit, start, ""), moment, pauses, tuple(draw(some.lists(limits, max_size=2)))


@given(long, starts, moments, calendars, stretches(), some.lists(long, max_size=2))
def test_a_limit_in_working_days_never_ends_on_a_day_off(
    amount: int, start: StartRule, moment: float, calendar: Calendar, pauses: tuple[Pause, ...], more: list[int]
) -> None:
    """With extensions and suspensions, in the published calendar and in invented ones; and no counted day is a day off."""
    extended = [Limit(each, "working_days") for each in more]
    found = due(rule(amount, "working_days", start), moment, calendar, pauses=pauses, extended=extended)
    assert calendar.is_working(day_of(found.at))
    assert all(calendar.is_working(day) for day in found.counted)
    assert len(found.counted) == amount + sum(more)


@given(some.integers(1, 90), moments, calendars, stretches())
def test_hours_that_roll_never_end_on_a_day_off(amount: int, moment: float, calendar: Calendar, pauses: tuple[Pause, ...]) -> None:
    """R47: the same hour of the next working day."""
    found = due(rule(amount, "rolling_hours"), moment, calendar, pauses=pauses)
    assert calendar.is_working(day_of(found.at))
    assert pauses or (found.at - moment - amount * HOUR) % (24 * HOUR) == 0


@given(cases(), calendars, some.integers(0, 30))
def test_more_time_never_gives_an_earlier_end(
    case: tuple[Rule, float, tuple[Pause, ...], tuple[Limit, ...]], calendar: Calendar, more: int
) -> None:
    """More of the same measure, one extension more, a later start, another suspension: never earlier."""
    given_rule, moment, pauses, extended = case
    assume(all(part.measure != "rolling_hours" for part in (given_rule.limit, *extended)))
    end = due(given_rule, moment, calendar, pauses=pauses, extended=extended).at
    longer = Rule("reply", Limit(given_rule.limit.amount + more, given_rule.limit.measure), given_rule.start, "")
    assert due(longer, moment, calendar, pauses=pauses, extended=extended).at >= end
    assert due(given_rule, moment, calendar, pauses=pauses, extended=(*extended, Limit(more + 1, "working_days"))).at >= end
    assert due(given_rule, moment + more * HOUR, calendar, pauses=pauses, extended=extended).at >= end
    another = Pause(moment + more * HOUR, moment + 2 * more * HOUR + 1)
    assert due(given_rule, moment, calendar, pauses=(*pauses, another), extended=extended).at >= end
    assert end >= moment


@given(long, some.integers(0, 5), moments, calendars, stretches())
def test_more_days_of_hours_that_roll_never_give_an_earlier_end(
    hours: int, more: int, moment: float, calendar: Calendar, pauses: tuple[Pause, ...]
) -> None:
    """Days, not hours: 12 hours may end at noon of the next working day where 24 end at its midnight, as the same hour wants it."""
    end = due(rule(hours, "rolling_hours"), moment, calendar, pauses=pauses).at
    assert due(rule(hours + 24 * more, "rolling_hours"), moment, calendar, pauses=pauses).at >= end


@given(cases(), calendars)
def test_the_explanation_repeated_by_somebody_else_comes_to_the_same_end(
    case: tuple[Rule, float, tuple[Pause, ...], tuple[Limit, ...]], calendar: Calendar
) -> None:
    """From the facts alone, without rule or calendar: every day stands there once, and adding them up gives `at`."""
    given_rule, moment, pauses, extended = case
    facts = explain(due(given_rule, moment, calendar, pauses=pauses, extended=extended))
    assert repeated(facts) == facts["at"]


def repeated(facts: Mapping[str, Any]) -> float:
    """What a person with pencil and paper makes of an explanation."""
    days = sorted([(day, "") for day in facts["counted"]] + [(each["day"], each["why"]) for each in facts["skipped"]])
    assert len({day for day, _ in days}) == len(days)
    moment, is_evening = facts["started_at"], False
    for number, part in enumerate(facts["parts"]):
        is_next = number > 0 or facts["start"] == "next_day"
        if part["measure"] in ("working_days", "calendar_days", "months"):
            begun = day_of(moment)
            if number == 0 and is_next:
                assert days.pop(0) == (begun.isoformat(), "first_day")
            first, counted, suspended, is_over = begun + DAY if is_next else begun, 0, 0, False
            while not is_over:
                day, why = days.pop(0)
                assert day == first.isoformat()
                counted, suspended, first = counted + (not why), suspended + (why == "suspended"), first + DAY
                last = months_after(begun + suspended * DAY, part["amount"], is_next=is_next).isoformat()
                is_over = not why and (day >= last if part["measure"] == "months" else counted == part["amount"])
            moment, is_evening = datetime.combine(date.fromisoformat(day), time(23, 59, 59), SHANGHAI).timestamp(), True
            continue
        moment = ran(facts, moment + 1 if is_evening else moment, part["amount"] * HOUR)
        is_evening = False
        while part["measure"] == "rolling_hours" and days and days[0] in [(day_of(moment).isoformat(), why) for why in OFF]:
            days.pop(0)
            moment = ran(facts, moment, 24 * HOUR)
    assert not days
    return float(moment)


def months_after(day: date, amount: int, *, is_next: bool) -> date:
    """The day of that number, or the month's last one; a first day that counts ends them before the number comes again."""
    first = date(day.year + (day.month - 1 + amount) // 12, (day.month - 1 + amount) % 12 + 1, 1)
    number = next(found for found in range(day.day, 0, -1) if (first + (found - 1) * DAY).month == first.month)
    return first + (number - 1) * DAY - (DAY if number == day.day and not is_next else timedelta(0))


def ran(facts: Mapping[str, Any], began: float, seconds: float) -> float:
    """When the clock has run so long."""
    moment = began + seconds
    while (later := began + seconds + stood(facts["pauses"], began, moment)) != moment:
        moment = later
    return moment


def stood(pauses: list[dict[str, float]], since: float, until: float) -> float:
    """How many seconds of a stretch the clock stood still."""
    return sum(max(0.0, min(each["until"], until) - max(each["since"], since)) for each in pauses)


@pytest.mark.parametrize(
    ("started", "months", "start", "end"),
    [
        ("2026-01-15T09:00:00", 1, "next_day", "2026-02-15"),
        ("2026-01-15T09:00:00", 1, "same_day", "2026-02-14"),
        ("2026-01-31T09:00:00", 1, "next_day", "2026-02-28"),
        ("2026-01-31T09:00:00", 1, "same_day", "2026-02-28"),
        ("2028-01-31T23:59:59", 1, "next_day", "2028-02-29"),
        ("2026-03-01T00:00:00", 1, "same_day", "2026-03-31"),
        ("2026-12-31T12:00:00", 2, "next_day", "2027-02-28"),
        ("2026-11-30T12:00:00", 12, "next_day", "2027-11-30"),
        ("2026-02-28T12:00:00", 6, "next_day", "2026-08-28"),
    ],
)
def test_months_end_on_the_day_of_the_same_number_or_the_months_last(started: str, months: int, start: StartRule, end: str) -> None:
    """Civil code, art. 202; a first day that counts ends them one day sooner. No holiday matters, so nothing is provisional."""
    found = due(rule(months, "months", start), at(started), PUBLISHED)
    assert told(found.at) == f"{end} 23:59:59"
    assert not found.is_provisional


@pytest.mark.parametrize(
    ("started", "stopped", "resumed", "end"),
    [
        ("2026-01-15T09:00:00", "2026-01-20T10:00:00", "2026-01-23T10:00:00", "2026-02-18"),  # as from the 18th
        ("2026-01-15T09:00:00", "2026-02-15T10:00:00", "2026-02-18T10:00:00", "2026-02-18"),  # its last day
        ("2026-01-15T09:00:00", "2026-02-16T10:00:00", "2026-02-18T10:00:00", "2026-02-15"),  # over before
        ("2026-01-28T09:00:00", "2026-01-30T10:00:00", "2026-01-31T10:00:00", "2026-02-28"),  # as from the 29th
        ("2026-01-29T09:00:00", "2026-02-28T10:00:00", "2026-03-03T10:00:00", "2026-03-03"),  # never on a day of the suspension
    ],
)
def test_months_that_were_suspended_end_as_if_they_had_begun_so_many_days_later(
    started: str, stopped: str, resumed: str, end: str
) -> None:
    """So that a later start, or a longer limit before them, can never end earlier."""
    found = due(rule(1, "months"), at(started), PUBLISHED, pauses=(Pause(at(stopped), at(resumed)),))
    assert told(found.at) == f"{end} 23:59:59"


def test_a_longer_limit_before_suspended_months_ends_no_earlier() -> None:
    """Six days and seven, four months more, a suspension on the day between: February has fewer days than both want."""
    stop = Pause(at("2018-10-29T10:00:00"), at("2018-10-30T10:00:00"))
    six, seven = (
        due(rule(days, "calendar_days"), at("2018-10-22T08:00:00"), PUBLISHED, pauses=(stop,), extended=(Limit(4, "months"),))
        for days in (6, 7)
    )
    assert told(six.at) == told(seven.at) == "2019-02-28 23:59:59"


def test_a_suspension_stops_the_clock_of_hours_and_the_days_at_whose_end_it_lasts() -> None:
    """Hours go on where they stood; the day it begins does not count, the day it ends does; within a day it changes no days."""
    stop = Pause(at("2026-11-23T10:00:00"), at("2026-11-24T16:00:00"))
    assert told(due(rule(4, "hours"), at("2026-11-23T08:00:00"), PUBLISHED, pauses=(stop,)).at) == "2026-11-24 18:00:00"
    assert told(due(rule(2, "hours"), at("2026-11-23T08:00:00"), PUBLISHED, pauses=(stop,)).at) == "2026-11-23 10:00:00"
    days = due(rule(2, "working_days"), at("2026-11-20T08:00:00"), PUBLISHED, pauses=(stop,))
    assert [day.isoformat() for day in days.counted] == ["2026-11-24", "2026-11-25"]
    assert [each.why for each in days.skipped] == ["first_day", "weekend", "weekend", "suspended"]
    lunch = Pause(at("2026-11-23T11:00:00"), at("2026-11-23T14:00:00"))
    assert told(due(rule(1, "working_days"), at("2026-11-20T08:00:00"), PUBLISHED, pauses=(lunch,)).at) == "2026-11-23 23:59:59"


@pytest.mark.parametrize(("since", "until", "end"), [("23:59:58", "23:59:59", "23"), ("23:59:59", "23:59:59.5", "24")])
def test_a_day_counts_when_the_clock_runs_in_its_last_second(since: str, until: str, end: str) -> None:
    """A suspension that ends with that second changes nothing; one that begins with it takes the day."""
    stop = Pause(at(f"2026-11-23T{since}"), at(f"2026-11-23T{until}"))
    found = due(rule(1, "working_days"), at("2026-11-20T08:00:00"), PUBLISHED, pauses=(stop,))
    assert told(found.at) == f"2026-11-{end} 23:59:59"


def test_hours_that_end_in_a_year_that_is_not_published_wait_for_it() -> None:
    """Whether they roll depends on its holidays; plain hours do not."""
    start = at("2026-12-30T10:00:00")
    assert due(rule(24, "rolling_hours"), start, PUBLISHED).unpublished == 2027
    assert due(rule(24, "rolling_hours"), start - 3 * 24 * HOUR, PUBLISHED).unpublished is None
    assert due(rule(24, "hours"), start, PUBLISHED).unpublished is None


def test_suspensions_over_each_other_count_once() -> None:
    """Two that overlap or touch are one; one that ended before the start, or as it began, is none."""
    start = at("2026-11-23T08:00:00")
    hour = [
        Pause(start + HOUR, start + 3 * HOUR),
        Pause(start + 2 * HOUR, start + 4 * HOUR),
        Pause(start + 4 * HOUR, start + 5 * HOUR),
    ]
    none = [Pause(start - HOUR, start), Pause(start + HOUR / 2, start + HOUR / 2)]
    found = due(rule(2, "hours"), start, PUBLISHED, pauses=[*hour, *none])
    assert found.at == start + 6 * HOUR
    assert [(each.since, each.until) for each in found.pauses] == [(start + HOUR, start + 5 * HOUR)]


def test_nobody_can_say_when_a_limit_ends_that_is_suspended_without_an_end() -> None:
    """Until it is resumed; one that had ended before keeps its end."""
    start = at("2026-11-23T08:00:00")
    for measure in MEASURES:
        found = due(rule(2, measure), start, PUBLISHED, pauses=(Pause(start + HOUR),))
        assert found.is_suspended, measure
        assert explain(found)["at"] is None
    ended = due(rule(1, "working_days", "same_day"), start, PUBLISHED, pauses=(Pause(at("2026-11-25T08:00:00")),))
    assert told(ended.at) == "2026-11-23 23:59:59"
    weekend = due(rule(24, "rolling_hours"), at("2026-11-20T15:00:00"), PUBLISHED, pauses=(Pause(at("2026-11-22T08:00:00")),))
    assert weekend.is_suspended


def test_hours_that_go_on_after_days_begin_at_midnight() -> None:
    """A day ends at 24:00, told as 23:59:59."""
    found = due(rule(1, "working_days"), at("2026-11-20T08:00:00"), PUBLISHED, extended=(Limit(2, "hours"),))
    assert told(found.at) == "2026-11-24 02:00:00"


def test_another_law_takes_the_rules_place_but_not_its_first_day() -> None:
    """R50: working days of the other law; an extension goes on from there."""
    found = due(rule(4, "hours", "same_day"), at("2026-11-23T08:00:00"), PUBLISHED, override=3)
    assert found.is_override
    assert told(found.at) == "2026-11-25 23:59:59"
    longer = due(
        rule(4, "hours", "same_day"), at("2026-11-23T08:00:00"), PUBLISHED, override=3, extended=(Limit(6, "calendar_days"),)
    )
    assert told(longer.at) == "2026-12-01 23:59:59"


def test_at_once_is_due_when_it_begins() -> None:
    """Even in the middle of a holiday, with the clock suspended."""
    start = at("2026-10-01T03:00:00")
    assert due(rule(0, "at_once"), start, PUBLISHED, pauses=(Pause(start - 1),)).at == start


@pytest.mark.parametrize("limit", [Limit(0, "working_days"), Limit(-1, "hours"), Limit(3661, "calendar_days")])
def test_an_amount_that_is_no_limit_is_refused(limit: Limit) -> None:
    """As a rule, as an extension, as another law's."""
    with pytest.raises(BadInput, match="bad_limit"):
        due(Rule("reply", limit, "next_day", ""), 0.0, PUBLISHED)
    with pytest.raises(BadInput, match="bad_limit"):
        due(rule(1, "hours"), 0.0, PUBLISHED, extended=(limit,))
    with pytest.raises(BadInput, match="bad_limit"):
        due(rule(1, "hours"), 0.0, PUBLISHED, override=0)


def test_a_calendar_without_a_working_day_hangs_nobody() -> None:
    """Somebody's file may be wrong; the counting ends."""

    class Never(Calendar):
        def is_working(self, day: date) -> bool:
            return False

    for measure in ("working_days", "rolling_hours"):
        with pytest.raises(BadInput, match="bad_limit"):
            due(rule(1, measure), 0.0, Never())
    with pytest.raises(BadInput, match="bad_limit"):
        after(0.0, Limit(1, "working_days"), Never())


@pytest.mark.parametrize(
    ("offset", "back", "on"),
    [
        (Limit(2, "hours"), "2026-10-08 14:30:00", "2026-10-08 18:30:00"),
        (Limit(0, "working_days"), "2026-10-08 09:00:00", "2026-10-08 09:00:00"),
        (Limit(1, "working_days"), "2026-09-30 09:00:00", "2026-10-09 09:00:00"),
        (Limit(3, "working_days"), "2026-09-28 09:00:00", "2026-10-12 09:00:00"),
        (Limit(3, "calendar_days"), "2026-10-05 09:00:00", "2026-10-11 09:00:00"),
    ],
)
def test_reminders_in_days_come_at_nine_of_the_day_before_or_after(offset: Limit, back: str, on: str) -> None:
    """Working days over the National Day week with its make-up day; hours by the clock."""
    end = at("2026-10-08T16:30:00")
    assert told(before(end, offset, PUBLISHED)) == back
    assert told(after(end, offset, PUBLISHED)) == on
