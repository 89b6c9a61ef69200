"""docs/limits.md: the examples worked by hand and the table of places, against the engine and the profiles."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.test_docs import rows
from tickets.calendar_data import load_calendar
from tickets.catalogue import load_catalogue
from tickets.limits import SHANGHAI, Due, Limit, Measure, What
from tickets.profile import Profile
from tickets.profile_data import load_profiles
from tickets.reckoning import due
from tickets.ticket import Content, Pause

pytestmark = pytest.mark.unit

PROFILES = {profile.key: profile for profile in load_profiles().values()}
CALENDAR = load_calendar(None)
CLASSES = tuple(load_catalogue().classes_of("12345"))
MEASURES: dict[str, Measure] = {"工作日": "working_days", "天": "calendar_days", "小时": "hours", "顺延小时": "rolling_hours"}
WORKED = rows("limits.md", heading="手工算例", columns=9)
PLACES = rows("limits.md", heading="各地规定", columns=10)


def limit_of(text: str) -> Limit:
    amount, _, unit = text.partition(" ")
    return Limit(int(amount), MEASURES[unit])


def moment(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI).timestamp()


def contents(matter: str) -> list[Content]:
    """What "complaint", "all enterprise" or "all complex" stand for."""
    klass, *more = matter.split()
    classes = CLASSES if klass == "all" else (klass,)
    return [
        Content(klass=each, is_complex="complex" in more, caller_kind="enterprise" if "enterprise" in more else "citizen")
        for each in classes
    ]


def days(cell: str, after: date) -> list[tuple[date, str]]:
    """The days of a cell, each with its reason; months without a year are the first such day not before the start."""
    found = []
    for run in filter(None, cell.split("、")):
        span, _, why = run.partition(" ")
        first, _, last = span.partition("…")
        begin, end = (_dated(each, after) for each in (first, last or first))
        found += [(begin + timedelta(days=number), why) for number in range((end - begin).days + 1)]
    return found


def _dated(text: str, after: date) -> date:
    day = date.fromisoformat(f"{after.year}-{text}")
    return day if day >= after else day.replace(year=after.year + 1)


def reckoned(cells: list[str], content: Content) -> Due:
    """The row as the engine sees it: its profile's rule with what the row adds."""
    key, _, what, started, _, more, *_ = cells
    rule = PROFILES[key.strip("`")].rule(what, content)  # type: ignore[arg-type] # the documents' words are the code's
    assert rule is not None
    extended = (limit_of(more[1:]),) if more.startswith("+") else ()
    override = int(more.removeprefix("law ")) if more.startswith("law ") else None
    pauses: tuple[Pause, ...] = ()
    if more.startswith("中止"):
        since, until = more.removeprefix("中止 ").split(" 至 ")
        pauses = (Pause(moment(since), moment(until)),)
    return due(rule, moment(started), CALENDAR, pauses=pauses, extended=extended, override=override)


def words(found: Due) -> list[tuple[date, str]]:
    """The skipped days in the words of the document."""
    told = {"weekend": "周末", "first_day": "当日", "suspended": "中止"}
    return [(each.day, each.name or told[each.why]) for each in found.skipped]


@pytest.mark.parametrize("cells", WORKED, ids=[f"{cells[0]} {cells[1]} {cells[2]} {cells[3]}" for cells in WORKED])
def test_the_engine_agrees_with_every_example_worked_by_hand(cells: list[str]) -> None:
    """Days counted, days skipped with their reasons, and the last second in time; for each class that the row names."""
    _, matter, _, started, length, more, counted, skipped, until = cells
    start = date.fromisoformat(started[:10])
    for content in contents(matter):
        found = reckoned(cells, content)
        assert found.rule.limit == limit_of(length)
        assert list(found.counted) == [day for day, _ in days(counted, start)]
        assert words(found) == days(skipped, start)
        assert found.at == moment(until)
        assert found.is_provisional is (more == "暂定")


def test_an_example_stands_there_for_every_profile_limit_class_and_extension_that_has_a_rule() -> None:
    """No place and no class without one worked by hand; the occasions of the issue are all there."""
    worked = {(cells[0].strip("`"), cells[2], content) for cells in WORKED for content in contents(cells[1])}
    kinds = [content for matter in ("all", "all enterprise", "all complex") for content in contents(matter)]
    for key, profile in PROFILES.items():
        ruled = {
            (what, row.rule.key) for what, rows_ in profile.rows.items() for row in rows_ if row.rule and not _is_lane(row.rule.key)
        }
        shown = {(what, rule.key) for k, what, content in worked if k == key and (rule := profile.rule(what, content))}  # type: ignore[arg-type]
        assert shown == ruled, key
        for content in kinds:
            rule = profile.rule("reply", content)
            same = [each for k, what, each in worked if (k, what, each.klass) == (key, "reply", content.klass)]
            assert rule is None or rule in [profile.rule("reply", each) for each in same], (key, content.klass)
        has_extension = any(cells[0].strip("`") == key and cells[5].startswith("+") for cells in WORKED)
        assert has_extension is (profile.extension is not None), key
    skipped = " ".join(cells[7] for cells in WORKED)
    assert all(name in skipped for name in ("春节", "国庆节", "元旦", "周末", "中止", "当日"))
    counted = {day for cells in WORKED for day, _ in days(cells[6], date.fromisoformat(cells[3][:10]))}
    assert {date(2026, 2, 14), date(2026, 2, 28), date(2026, 9, 20), date(2026, 10, 10), date(2026, 1, 4)} <= counted


def _is_lane(key: str) -> bool:
    return key in ("dispatch.safety", "dispatch.urgent", "dispatch.topic")


def test_the_table_of_places_says_what_their_files_say() -> None:
    """docs/limits.md, 各地规定: every profile, every limit, what is extended and who is asked afterwards."""
    assert [cells[1].strip("`") for cells in PLACES] == _order()
    for cells in PLACES:
        profile = PROFILES[cells[1].strip("`")]
        assert cells[0] == profile.name
        whats: tuple[What, ...] = ("dispatch", "sign", "contact", "return")
        for what, cell in zip(whats, (*cells[3:6], cells[8]), strict=True):
            own = [row.rule for row in profile.rows[what] if row.rule and not _is_lane(row.rule.key)]
            assert cell == (_told(own[0].limit) if own else "—"), (profile.key, what)
        assert cells[6] == _replies(profile), profile.key
        extension = profile.extension
        assert cells[7] == (f"{_told(Limit(extension.amount, extension.measure))}，{extension.approver}" if extension else "—")
        assert cells[9].startswith("全部" if profile.following_up.share == "all" else "抽查"), profile.key
        starts = {row.rule.start for row in profile.rows["reply"] if row.rule}
        assert starts <= {"same_day" if cells[2] == "当日" else "next_day"}, profile.key


def _order() -> list[str]:
    text = (Path(__file__).resolve().parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| [^|]+ \| `([a-z0-9-]+)` \|", text, re.MULTILINE)
    assert sorted(found) == sorted(PROFILES)
    return found


def _told(limit: Limit) -> str:
    return f"{limit.amount} " + next(word for word, measure in MEASURES.items() if measure == limit.measure)


def _replies(profile: Profile) -> str:
    told = []
    for row in profile.rows["reply"]:
        assert row.rule is not None
        who = "、".join(row.when.klass) if len(row.when.klass) < len(CLASSES) else ""
        who += {"enterprise": "企业", "citizen": "市民"}.get(row.when.caller_kind or "", "") + (
            "复杂" if row.when.is_complex else ""
        )
        told.append(f"{who} {_told(row.rule.limit)}".strip())
    return "；".join(told) or "—"
