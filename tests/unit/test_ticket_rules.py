"""The rules of tickets as data: calendar and profiles, the policy made of them, and what a city changes."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
import yaml

from hotline_core.errors import NotFound, SettingsError
from tests.unit.ticket_kit import at, policy, put, told
from tickets.calendar_data import load_calendar
from tickets.catalogue import load_catalogue
from tickets.limits import DAYS, WHATS, Limit, Measure
from tickets.profile_data import load_profiles
from tickets.reckoning import due
from tickets.standing import standing
from tickets.ticket import Content, Life, Ticket

pytestmark = pytest.mark.unit

KEYS = {
    "mot-2014", "ah-suzhou-2023", "js-suqian-2020", "sd-dezhou-2021", "ar-unnamed", "gen-002c", "gs-lanzhou-2021", "sc-2026",
    "sd-2020", "sd-jinan", "sd-weifang",
}  # fmt: skip


# -- calendar -------------------------------------------------------------------------------------------------------


def test_make_up_days_are_worked_and_holidays_are_not_whatever_the_weekday() -> None:
    """2026: a working Saturday and Sunday before and after National Day, the Wednesday within it off."""
    calendar = load_calendar(None)
    days = {
        date(2026, 9, 20): True,
        date(2026, 10, 10): True,
        date(2026, 10, 7): False,
        date(2026, 10, 8): True,
        date(2026, 10, 11): False,
    }
    assert {day: calendar.is_working(day) for day in days} == days
    assert calendar.name_of(date(2026, 10, 10)) == calendar.name_of(date(2026, 10, 1)) == "国庆节"
    assert calendar.name_of(date(2026, 10, 11)) == ""


def test_the_last_days_of_december_wait_for_next_years_notice() -> None:
    """30 and 31 December 2018 were off by the notice for 2019, the 29th was worked."""
    calendar = load_calendar(None)
    assert [calendar.is_published(date(2026, 12, day)) for day in (28, 29, 31)] == [True, False, False]
    assert calendar.is_published(date(2025, 12, 31))
    assert not calendar.is_published(date(2027, 1, 1))
    assert not calendar.is_working(date(2018, 12, 31))
    assert calendar.is_working(date(2018, 12, 29))


def test_a_limit_into_a_year_that_is_not_published_is_provisional_until_its_file_arrives(tmp_path: Path) -> None:
    """The city puts holidays/2027.yaml; the same limit counted again ends later and stands firm."""
    before = policy(tmp_path)
    rule = before.profiles["ah-suzhou-2023@2023-01-01"].rule("reply", Content(klass="complaint"))
    assert rule is not None
    first = due(rule, at("2026-12-24T14:00:00"), before.calendar)
    assert (told(first.at), first.is_provisional, first.unpublished) == ("2027-01-06 23:59:59", True, 2027)
    assert "2027 年的放假安排尚未公布" in before.sentence(first)
    put(
        tmp_path,
        "holidays/2027.yaml",
        "source: 通知\nholidays:\n  元旦: [2027-01-01/2027-01-03]\n  春节: 2027-02-06\nworkdays:\n  元旦: 2027-01-09\n",
    )
    calendar = policy(tmp_path).calendar
    again = due(rule, at("2026-12-24T14:00:00"), calendar)
    assert (told(again.at), again.is_provisional, again.unpublished) == ("2027-01-07 23:59:59", False, None)
    assert [(each.day.isoformat(), each.name) for each in again.skipped if each.name] == [
        ("2027-01-01", "元旦"), ("2027-01-02", "元旦"), ("2027-01-03", "元旦")]  # fmt: skip
    assert calendar.is_working(date(2027, 1, 9))


def test_a_ticket_counted_anew_when_the_year_arrives_has_its_new_day_and_is_provisional_no_more(tmp_path: Path) -> None:
    """What the worker does with every such ticket; counted anew by the same rules it is the same."""
    start, before = at("2026-12-24T14:00:00"), policy(tmp_path)
    profile = before.profile_of("12328", start).id
    life = Life("in_hand", 4, start, profile, "transport", accepted_at=start, dispatched_at=start, clock_from=start)
    ticket = standing(Ticket("20261224000001", Content("12328", klass="report"), life), before)
    assert (told(ticket.life.stands["reply"]), ticket.life.is_provisional) == ("2027-01-06 23:59:59", True)
    assert standing(ticket, before) == ticket
    put(tmp_path, "holidays/2027.yaml", "holidays: {元旦: 2027-01-01/2027-01-03}\n")
    again = standing(ticket, policy(tmp_path))
    assert (told(again.life.stands["reply"]), again.life.is_provisional) == ("2027-01-07 23:59:59", False)
    assert again.life.version == ticket.life.version


def test_a_short_limit_at_the_years_end_waits_for_the_next_year_by_name() -> None:
    """Ending on 31 December 2026 it is the notice for 2027 that is missing; hours wait for nobody."""
    profiles, calendar = load_profiles(), load_calendar(None)
    rule = profiles["sd-jinan@2020-01-01"].rule("reply", Content(klass="help"))
    hours = profiles["js-suqian-2020@2020-01-01"].rule("reply", Content(klass="help"))
    assert rule is not None
    assert hours is not None
    assert due(rule, at("2026-12-24T09:00:00"), calendar).unpublished == 2027
    assert due(rule, at("2026-12-21T09:00:00"), calendar).unpublished is None
    assert due(rule, at("2028-12-21T09:00:00"), calendar).unpublished == 2028
    assert not due(hours, at("2026-12-31T22:00:00"), calendar).is_provisional


def test_the_citys_file_of_a_year_takes_the_place_of_the_packages(tmp_path: Path) -> None:
    """A correction of the State Council: nothing of the former notice is left; the day before New Year belongs to it."""
    put(
        tmp_path,
        "holidays/2026.yaml",
        {"source": "通知", "holidays": {"国庆节": ["2026-10-01/2026-10-03"], "元旦": ["2025-12-31/2026-01-01"]}},
    )
    calendar = load_calendar(tmp_path / "tickets")
    assert calendar.is_working(date(2026, 10, 6))
    assert not calendar.is_working(date(2026, 10, 10))
    assert not calendar.is_working(date(2025, 12, 31))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("holidays: [", "expected"),
        ("- 2027-01-01", "wants source, holidays and workdays"),
        ("source: 通知", "wants source, holidays and workdays"),
        ("holidays: {元旦: 2027-01-01}\nfree: {}", "wants source, holidays and workdays"),
        ("holidays: {元旦: 一月一日}", "is no day"),
        ("holidays: {元旦: 2026-01-01}", "is not within 2027"),
        ("holidays: {元旦: 2027-01-03/2027-01-01}", "is not within 2027"),
        ("holidays: {春节: 2027-01-01/2027-02-28}", "is not within 2027"),
        ("holidays: {元旦: 2027-01-01}\nworkdays: {元旦: 2027-01-01}", "both a holiday and a workday"),
        ("holidays: 2027-01-01", "wants the holiday's name"),
    ],
)
def test_a_wrong_file_of_holidays_is_named_with_its_mistake(tmp_path: Path, text: str, what: str) -> None:
    """Nobody's limit is counted with half a calendar."""
    path = put(tmp_path, "holidays/2027.yaml", text)
    with pytest.raises(SettingsError) as raised:
        load_calendar(tmp_path / "tickets")
    assert raised.value.facts["file"] == str(path)
    assert what in str(raised.value.facts["what"])


# -- profiles -------------------------------------------------------------------------------------------------------


def test_every_row_of_the_requirements_is_a_profile_with_words_that_exist() -> None:
    """Classes, grounds and limits named in a profile stand in the catalogue; each rule names what a person may look up."""
    profiles, catalogue = load_profiles(), load_catalogue()
    assert {profile.key for profile in profiles.values()} == KEYS
    classes = set(catalogue.classes_of("12345"))
    for profile in profiles.values():
        assert set(profile.rows) == set(WHATS)
        for rows in profile.rows.values():
            assert all(row.rule is not None and row.rule.source for row in rows)
            assert {klass for row in rows for klass in row.when.klass} <= classes
        if profile.extension is not None:
            assert set(profile.extension.grounds) <= set(catalogue.grounds)
        assert set(profile.following_up.by_class) <= classes


def test_safety_urgent_and_named_topics_are_dispatched_at_once_everywhere() -> None:
    """R37, R41, R104; what is none of them by the place's own rule, or by none."""
    for profile in load_profiles().values():
        for content in (Content(is_safety=True), Content(is_urgent=True), Content(topic="gas_safety")):
            rule = profile.rule("dispatch", content)
            assert rule is not None
            assert rule.limit == Limit(0, "at_once")
        rule = profile.rule("dispatch", Content(klass="complaint"))
        assert (rule.limit if rule else None) == (Limit(3, "working_days") if profile.key == "mot-2014" else None)


def test_while_the_class_is_not_chosen_there_is_no_reply_limit() -> None:
    """The desk shows a limit as soon as there is one, not a guess before."""
    assert all(profile.rule("reply", Content()) is None for profile in load_profiles().values())


def test_what_the_places_say_about_extension_return_follow_up_and_keeping() -> None:
    """Section 1 of the requirements, beside the limits."""
    by_key = {profile.key: profile for profile in load_profiles().values()}
    mot, suzhou, suqian, dezhou = (by_key[key] for key in ("mot-2014", "ah-suzhou-2023", "js-suqian-2020", "sd-dezhou-2021"))
    assert mot.extension is not None
    assert (mot.extension.amount, mot.extension.approver, mot.extension.before_expiry) == (30, "unit_head", True)
    assert (mot.keeping.audio_years, mot.keeping.text_years) == (1, 5)
    assert suzhou.extension is None
    assert [suzhou.following_up.share_of(klass) for klass in ("complaint", "report", "consult")] == ["all", "all", "sample"]
    assert suzhou.keeping.text_years == 5
    assert suqian.returning.needs == ("reason", "basis", "suggestion")
    assert suqian.following_up.ladder == ("sms", "person", "rework")
    assert dezhou.returning.is_improper_counted
    assert dezhou.extension is not None
    assert dezhou.extension.grounds == ("complex",)
    assert by_key["gs-lanzhou-2021"].returning.has_dispute_review


def test_reminders_and_the_ladder_watch_every_limit_somebody_must_keep() -> None:
    """Before, at and after; unit, its head, centre, leadership; nothing chases a return, which is a window and no duty."""
    for profile in load_profiles().values():
        alerts = (*profile.reminders, *profile.escalation)
        assert len({alert.key for alert in alerts}) == len(alerts)
        watched = {what for alert in alerts for what in alert.limits}
        assert watched == set(WHATS) - {"return"}
        assert [alert.kind for alert in profile.escalation if "reply" in alert.limits] == ["overdue", "escalate", "escalate"]
        rungs = {rung for alert in profile.escalation if "reply" in alert.limits for rung in alert.audience}
        assert rungs == {"unit", "head", "centre", "leadership"}
        for alert in alerts:
            kinds = {measure for measure in get_args(Measure) if alert.watches(alert.limits[0], Limit(1, measure))}
            wanted = {"days": DAYS, "hours": set(get_args(Measure)) - DAYS, None: set(get_args(Measure))}
            assert kinds == wanted[alert.of]


def test_a_ticket_keeps_the_edition_of_its_day_and_a_new_one_does_not_touch_it(tmp_path: Path) -> None:
    """A city adds an edition; tickets made before go by the former one, those of its day by the new one."""
    edition = {
        "from": "2026-07-01",
        "source": "新规定",
        "limits": {"reply": [{"key": "consult", "when": {"klass": ["consult"]}, "working_days": 1, "source": "第一条"}]},
    }
    put(
        tmp_path,
        "profiles/ah-suzhou-2023.yaml",
        yaml.safe_dump({"name": "宿州新规定", "editions": [edition]}).replace("'2026-07-01'", "2026-07-01"),
    )
    ours = policy(tmp_path)
    assert ours.profile_of("12328", at("2026-06-30T23:59:59")).id == "ah-suzhou-2023@2023-01-01"
    new = ours.profile_of("12328", at("2026-07-01T00:00:00"))
    assert new.id == "ah-suzhou-2023@2026-07-01"
    rule = new.rule("reply", Content(klass="consult"))
    assert rule is not None
    assert (rule.limit, rule.start, rule.source) == (Limit(1, "working_days"), "next_day", "新规定第一条")
    assert ours.profile("ah-suzhou-2023@2023-01-01").name == "宿州市 12328 热线规定（2023）"
    assert ours.profile_of("12328", 0.0).id == "ah-suzhou-2023@2023-01-01"


def test_a_profile_whose_file_is_gone_is_an_error_with_a_name(tmp_path: Path) -> None:
    """A ticket's limits are never counted by somebody else's rules in silence."""
    with pytest.raises(NotFound, match="unknown_profile"):
        policy(tmp_path).profile("xx-gone@2020-01-01")


def test_a_city_chooses_by_line_and_may_write_a_profile_of_its_own(tmp_path: Path) -> None:
    """What is not chosen stays as shipped; other channels have `other`."""
    own = "name: 本市规定\neditions:\n  - {from: 2026-01-01, source: 本市规定, limits: {sign: [{hours: 2, source: 第二条}]}}\n"
    put(tmp_path, "profiles/own.yaml", own)
    ours = policy(tmp_path, line_12345="own")
    now = at("2026-11-22T10:00:00")
    assert [ours.profile_of(line, now).key for line in ("12328", "12345", "", "96588")] == [
        "ah-suzhou-2023", "own", "ah-suzhou-2023", "ah-suzhou-2023"]  # fmt: skip
    with pytest.raises(SettingsError, match="no profile nowhere"):
        policy(tmp_path, other="nowhere")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("name: 甲\neditions: []", "editions"),
        ("editions: [{from: 2026-01-01, source: 甲}]", "name"),
        ("name: 甲\neditions: [{from: 明天, source: 甲}]", "editions.0.from"),
        ("name: 甲\neditions: [{from: 2026-01-01, source: 甲, limits: {reply: [{source: 乙}]}}]", "wants exactly one of"),
        (
            "name: 甲\neditions: [{from: 2026-01-01, source: 甲, limits: {reply: [{hours: 1, months: 1, source: 乙}]}}]",
            "wants exactly one of",
        ),
        ("name: 甲\neditions: [{from: 2026-01-01, source: 甲, limits: {reply: [{hours: 0, source: 乙}]}}]", "0 is no limit"),
        ("name: 甲\neditions: [{from: 2026-01-01, source: 甲, limits: {answer: []}}]", "limits"),
        ("name: 甲\neditions: [{from: 2026-01-01, source: 甲, limits: {reply: [{hours: 1}]}}]", "source"),
        (
            "name: 甲\neditions: [{from: 2026-01-01, source: 甲, extension: {hours: 1, grounds: [], approver: centre}}]",
            "grounds",
        ),
        ("name: [", "expected"),
    ],
)
def test_a_wrong_profile_is_named_with_its_mistake(tmp_path: Path, text: str, what: str) -> None:
    """File, line and place, before any ticket is counted by it."""
    path = put(tmp_path, "profiles/own.yaml", text)
    with pytest.raises(SettingsError) as raised:
        load_profiles(tmp_path / "tickets")
    assert raised.value.facts["file"] == str(path)
    assert what in str(raised.value.facts["what"])


def test_a_city_has_alerts_of_its_own_and_a_profile_may_too(tmp_path: Path) -> None:
    """HOTLINE_HOME/tickets/alerts.yaml takes the place of ours as a whole."""
    put(
        tmp_path,
        "alerts.yaml",
        "reminders: [{key: early, kind: remind, limits: [reply], calendar_days: 2, audience: [unit, head]}]\n",
    )
    for profile in load_profiles(tmp_path / "tickets").values():
        assert [(alert.key, alert.offset) for alert in profile.reminders] == [("early", Limit(2, "calendar_days"))]
        assert profile.escalation == ()


def test_the_files_shown_to_a_city_are_files_it_could_use(tmp_path: Path) -> None:
    """docs/city.md, 工单的规定: each example put where it says it belongs; the profile is chosen and holds."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "city.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n# HOTLINE_HOME/tickets/(\S+)\n(.*?)```", text, re.DOTALL)
    assert [name for name, _ in examples] == [
        "holidays/2027.yaml", "profiles/our-city.yaml", "alerts.yaml", "areas.yaml", "units.yaml",
    ]  # fmt: skip
    for name, example in examples:
        put(tmp_path, name, example)
    ours = policy(tmp_path, other="our-city")
    assert not ours.calendar.is_working(date(2027, 2, 8))
    assert ours.calendar.is_working(date(2027, 2, 13))
    profile = ours.profile_of("", at("2027-03-01T09:00:00"))
    rules = [
        profile.rule("reply", Content(klass=klass, is_complex=is_complex))
        for klass, is_complex in (("help", True), ("help", False))
    ]
    assert [rule.limit.amount for rule in rules if rule] == [15, 7]
    assert ours.catalogue.areas["lingbi"] == "灵璧县"
    assert [step.minutes for step in (*ours.ladders.phone, *ours.ladders.waits["wait_doubt"])] == [3, 30, 5]
    assert [ours.units["transport-road"].parent, len(ours.units)] == ["transport", 2]


def test_a_mistake_deep_in_a_profile_is_told_with_its_line(tmp_path: Path) -> None:
    """So that whoever wrote it need not search."""
    reply = "      reply:\n        - {hours: 1, source: 乙}\n        - {source: 丙}\n"
    text = f"name: 甲\neditions:\n  - from: 2026-01-01\n    source: 甲\n    limits:\n{reply}"
    put(tmp_path, "profiles/own.yaml", text)
    with pytest.raises(SettingsError) as raised:
        load_profiles(tmp_path / "tickets")
    assert raised.value.facts["line"] == 8
    assert str(raised.value.facts["what"]).startswith("editions.0.limits.reply.1: wants exactly one of at_once, hours")
