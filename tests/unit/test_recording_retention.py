"""How long recordings are kept: never shorter than any rule asked, never longer than allowed, always with the rule's name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hotline_core.errors import SettingsError
from recordings.explain import Known, explain
from recordings.naming import SHANGHAI
from recordings.plan import AHEAD_S, NOTICE_S, Act, Planned, decide, is_clock_trusted
from recordings.policy_data import load_editions
from recordings.retention import CLASSES, FOREVER, Edition, Facts, Keeping, Klass, Period, Rule, Ticket, after, in_force, judge
from recordings.terminal import explained

pytestmark = pytest.mark.unit

OURS = load_editions(Path("/nowhere"))
DAY_S = 86_400.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


def day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, SHANGHAI):%Y-%m-%d %H:%M}"


def edition(since: str, **months: tuple[int, int]) -> Edition:
    rules: dict[Klass, Rule] = {}
    for klass in CLASSES:
        least, most = (Period(*divmod(count, 12)) for count in months.get(klass, (12, 15)))
        rules[klass] = Rule(klass, least, most, since)
    return Edition(date.fromisoformat(since), since, rules)


CALL = at("2026-11-22T10:00")


def test_an_ordinary_recording_is_kept_a_year_and_gone_three_months_later() -> None:
    """R33: sound at least a year; the day of the call does not count."""
    found = judge(Facts(CALL), OURS, CALL)
    assert (found.klass, day(found.keep_until), day(found.most_until)) == ("ordinary", "2027-11-23 00:00", "2028-02-23 00:00")
    assert found.rule == "2014-09-01/ordinary"


def test_what_belongs_to_a_work_order_is_kept_five_years_from_its_closing_and_without_end_while_it_is_open() -> None:
    """R33: five years; from the closing, because until then nobody knows what is still asked."""
    open_ticket = Ticket("20261122000001", is_complaint=False, closed_at=None)
    assert judge(Facts(CALL, tickets=(open_ticket,)), OURS, CALL).keep_until == FOREVER
    closed = Ticket("20261122000001", is_complaint=False, closed_at=at("2026-12-01T16:00"))
    found = judge(Facts(CALL, tickets=(closed,)), OURS, CALL)
    assert (found.klass, day(found.keep_until), found.ground.ticket) == ("ticket", "2031-12-02 00:00", "20261122000001")


def test_a_complaint_an_emergency_and_a_training_example_have_times_of_their_own() -> None:
    """Five years and half a year to look again; three years, when claims end; two years at most."""
    complaint = Ticket("1", is_complaint=True, closed_at=CALL)
    assert day(judge(Facts(CALL, tickets=(complaint,)), OURS, CALL).most_until) == "2032-05-23 00:00"
    assert day(judge(Facts(CALL, is_emergency=True), OURS, CALL).keep_until) == "2029-11-23 00:00"
    found = judge(Facts(CALL, training_since=CALL + 100 * DAY_S), OURS, CALL)
    assert (found.klass, day(found.keep_until), day(found.most_until)) == ("training", "2028-03-03 00:00", "2029-03-03 00:00")


def test_of_several_reasons_the_longest_holds_and_all_are_told() -> None:
    """An emergency that became a complaint."""
    found = judge(Facts(CALL, is_emergency=True, tickets=(Ticket("1", is_complaint=True, closed_at=CALL),)), OURS, CALL)
    assert found.klass == "complaint"
    assert {ground.klass for ground in found.grounds} == {"ordinary", "emergency", "complaint"}


def test_the_policy_profile_of_the_line_may_ask_for_more_years() -> None:
    """宿州 asks five years of all sound (B art. 27); the spare time after the least stays."""
    found = judge(Facts(CALL, profile_years=5), OURS, CALL)
    assert (day(found.keep_until), day(found.most_until)) == ("2031-11-23 00:00", "2032-02-23 00:00")


def test_a_rule_that_became_shorter_takes_nothing_from_what_was_promised() -> None:
    """Recorded under two years, now one year: two years; what is recorded now one year."""
    editions = (edition("2020-01-01", ordinary=(24, 30)), edition("2027-01-01", ordinary=(12, 15)))
    before = judge(Facts(CALL), editions, at("2028-01-01T00:00"))
    assert (day(before.keep_until), before.rule) == ("2028-11-23 00:00", "2020-01-01/ordinary")
    later = judge(Facts(at("2027-02-01T00:00")), editions, at("2028-01-01T00:00"))
    assert day(later.keep_until) == "2028-02-02 00:00"


def test_a_rule_that_became_longer_holds_for_what_lies_here_and_one_of_the_future_does_not_yet() -> None:
    """From the day it is in force."""
    editions = (edition("2020-01-01", ordinary=(12, 15)), edition("2027-06-01", ordinary=(36, 40)))
    assert day(judge(Facts(CALL), editions, at("2027-05-31T23:59")).keep_until) == "2027-11-23 00:00"
    assert day(judge(Facts(CALL), editions, at("2027-06-01T00:00")).keep_until) == "2029-11-23 00:00"


def test_a_month_that_lacks_the_day_gives_a_day_more_and_never_one_less() -> None:
    """29 February and 31 August."""
    assert day(after(at("2028-02-29T12:00"), Period(1))) == "2029-03-02 00:00"
    assert day(after(at("2026-08-31T12:00"), Period(0, 6))) == "2027-03-02 00:00"


def test_a_city_s_own_rules_take_the_place_of_ours_and_a_mistake_in_them_is_told_with_its_line(tmp_path: Path) -> None:
    """File, line, cure."""
    own = tmp_path / "retention.yaml"
    text = (Path(__file__).parents[2] / "recordings/retention.yaml").read_text(encoding="utf-8")
    own.write_text(text.replace("ordinary: {least: {years: 1}", "ordinary: {least: {years: 2}"), encoding="utf-8")
    with pytest.raises(SettingsError) as told:
        load_editions(own)
    assert "least" in str(told.value.facts["what"])
    assert told.value.facts["line"] == text[: text.index("ordinary:")].count("\n") + 1
    own.write_text(text.replace("most: {years: 1, months: 3}", "most: {years: 2}"), encoding="utf-8")
    assert load_editions(own)[0].rules["ordinary"].most == Period(2)


moments = some.floats(at("2015-01-01T00:00"), at("2045-01-01T00:00"), allow_nan=False)
periods = some.tuples(some.integers(1, 120), some.integers(0, 60)).map(lambda two: (two[0], two[0] + two[1]))
editions_of = some.lists(
    some.tuples(some.dates(date(2014, 1, 1), date(2044, 12, 31)), *(periods for _ in CLASSES)), min_size=1, max_size=4,
    unique_by=lambda each: each[0],
).map(lambda rows: tuple(edition(row[0].isoformat(), **dict(zip(CLASSES, row[1:], strict=True))) for row in rows))  # fmt: skip
tickets = some.lists(some.builds(Ticket, some.just("1"), some.booleans(), some.none() | moments), max_size=3).map(tuple)
facts_of = some.builds(Facts, moments, some.booleans(), some.booleans(), tickets, some.integers(0, 10))


@given(facts_of, editions_of, moments)
def test_whatever_the_rules_no_recording_ends_before_any_rule_that_was_in_force(
    facts: Facts, editions: tuple[Edition, ...], now: float
) -> None:
    """Counted by another arithmetic: whole days of 365 for a year and 28 for a month are always less than the calendar's."""
    found = judge(facts, editions, now)
    for one in in_force(editions, facts.started_at, now):
        for ground in found.grounds:
            least = one.rules[ground.klass].least
            assert ground.least_until >= ground.kept_from + (least.years * 365 + least.months * 28) * DAY_S
    assert found.keep_until == max(ground.least_until for ground in found.grounds)
    assert found.most_until >= found.keep_until > facts.started_at
    assert found.keep_until >= facts.started_at + facts.profile_years * 365 * DAY_S


def keeping(end: float) -> Keeping:
    return judge(Facts(at("2026-11-22T10:00")), (edition("2020-01-01", ordinary=(12, 15)),), end)


def test_a_deletion_is_announced_a_week_before_and_done_on_its_day() -> None:
    """The list that a supervisor can see."""
    found = keeping(CALL)
    end = found.keep_until
    assert decide(found, None, end - AHEAD_S - 1, is_held=False).act is Act.LEAVE
    announced = decide(found, None, end - AHEAD_S, is_held=False)
    assert (announced.act, announced.planned_for) == (Act.ANNOUNCE, end)
    planned = Planned(end - NOTICE_S, end)
    assert decide(found, planned, end - 1, is_held=False).act is Act.LEAVE
    assert decide(found, planned, end, is_held=False).act is Act.DELETE


def test_a_hold_takes_it_off_the_list_and_what_was_found_late_still_has_its_week() -> None:
    """PIPL art. 47: under a hold it is only stored."""
    found = keeping(CALL)
    late = found.most_until + 100 * DAY_S
    assert decide(found, Planned(0, 1), late, is_held=True).act is Act.WITHDRAW
    assert decide(found, None, late, is_held=True).act is Act.LEAVE
    announced = decide(found, None, late, is_held=False)
    assert (announced.act, announced.planned_for, announced.is_overdue) == (Act.ANNOUNCE, late + NOTICE_S, True)


def test_a_list_made_while_the_clock_was_ahead_deletes_nothing() -> None:
    """Set on by two years and back again: off the list, and announced anew when its time comes."""
    found = keeping(CALL)
    ahead = found.keep_until + 300 * DAY_S
    planned = Planned(ahead, ahead + NOTICE_S)
    assert decide(found, planned, CALL + DAY_S, is_held=False).act is Act.WITHDRAW
    assert decide(found, planned, found.keep_until, is_held=False).act is Act.ANNOUNCE
    assert not is_clock_trusted(400 * DAY_S, 60.0)
    assert is_clock_trusted(60.5, 60.0)


@given(facts_of, editions_of, some.lists(some.tuples(some.floats(0, 400 * DAY_S), some.booleans()), max_size=60))
def test_on_every_walk_of_days_and_holds_nothing_is_deleted_early_unseen_or_held(
    facts: Facts, editions: tuple[Edition, ...], walk: list[tuple[float, bool]]
) -> None:
    """The list as the sweep keeps it, over years."""
    planned: Planned | None = None
    now, seen_since = facts.started_at, None
    for wait_s, is_held in walk:
        now += wait_s
        found = judge(facts, editions, now)
        step = decide(found, planned, now, is_held=is_held)
        if step.act is Act.ANNOUNCE:
            planned, seen_since = Planned(now, step.planned_for), now
        elif step.act is Act.WITHDRAW:
            planned = None
        elif step.act is Act.DELETE:
            assert not is_held
            assert now >= found.keep_until
            assert seen_since is not None
            assert now - seen_since >= NOTICE_S
            return


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "保存到 2027-11-22：普通通话，自 2026-11-22 起算（交运发〔2014〕249号第二十四条"),
        ({"keep_until": None, "klass": "ticket", "rule": "2014-09-01/ticket"}, "一直保存，工单还没有办结：属于工单"),
        ({"holds": ["法院-7", "纪检-2"]}, "依法保全（法院-7、纪检-2）"),
        ({"planned_for": at("2027-11-24T03:00")}, "计划 2027-11-24 删除：普通通话，保存到 2027-11-22 期满"),
        ({"state": "deleted", "certified_at": at("2027-11-24T03:00")}, "2027-11-24 已删除"),
        ({"rule": None}, "保存期限今夜核定"),
    ],
)
def test_each_recording_says_until_when_it_is_kept_and_why(more: dict[str, Any], told: str) -> None:
    """In the words of the page, with the rule's source; the last whole day, not the midnight after it."""
    known = Known("ready", "ordinary", CALL, at("2027-11-23T00:00"), "2014-09-01/ordinary")
    assert explained(explain(replace(known, **more), OURS)).startswith(told)
