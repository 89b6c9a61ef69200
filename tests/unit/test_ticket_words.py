"""The words of tickets as data: the catalogue with what a city changes, and the sentence that says why something is due then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from hotline_core.errors import SettingsError
from tests.unit.ticket_kit import at, policy, put
from tickets.catalogue import Catalogue, Phrase, load_catalogue
from tickets.limits import WHATS, Limit, Measure
from tickets.reckoning import due
from tickets.ticket import Content, Pause

pytestmark = pytest.mark.unit


# -- catalogue ------------------------------------------------------------------------------------------------------


def test_classes_fields_sources_and_refusals_are_those_of_the_documents() -> None:
    """R35, R36, R38, R39."""
    catalogue = load_catalogue()
    assert dict(catalogue.classes_of("12328")) == {"consult": "信息咨询", "complaint": "投诉举报", "suggestion": "意见建议"}
    assert list(catalogue.classes_of("12345")) == ["consult", "help", "complaint", "report", "suggestion", "praise"]
    assert catalogue.classes_of("") == catalogue.classes_of("12345")
    assert list(catalogue.fields_of("12328").values()) == [
        "公路", "水路", "道路运输", "城市客运", "海事", "救助打捞", "水上（海上）搜救", "高速公路"]  # fmt: skip
    assert {"phone", "internet_supervision", "good_bad_review", "mayor_mailbox", "media", "higher_level", "police_110"} <= set(
        catalogue.sources
    )
    assert list(catalogue.refusals) == [f"N{number}" for number in range(1, 10)]
    assert all(each.name and each.basis and each.sentence for each in catalogue.refusals.values())
    assert (catalogue.class_name("12328", "complaint"), catalogue.class_name("12328", "praise")) == ("投诉举报", "")
    assert (catalogue.field_name("12328", "road"), catalogue.field_name("12345", "road")) == ("公路", "")


def test_a_city_adds_changes_and_takes_away_entries(tmp_path: Path) -> None:
    """By files of the same names; a line of its own gets classes of its own; the order is ours, then theirs."""
    put(tmp_path, "areas.yaml", {"central": "埇桥区", "east": None, "lingbi": "灵璧县"})
    put(tmp_path, "fields.yaml", {"12328": {"salvage": None, "ferry": "渡口"}})
    put(tmp_path, "classes.yaml", {"96588": {"consult": "问询"}, "other": {"praise": None}})
    put(tmp_path, "refusals.yaml", {"N9": None, "N10": {"name": "其他", "basis": "本市规定", "sentence": "不能受理。"}})
    greet, ours = {"moment": "answer", "say": "{line}，您好。"}, {"moment": "record", "write": "已核对。"}
    put(tmp_path, "phrases.yaml", {"greet": greet, "rude": None, "ours": ours})
    catalogue = load_catalogue(tmp_path / "tickets")
    assert catalogue.phrases["greet"] == Phrase("greet", "answer", "{line}，您好。", is_written=False)
    assert (catalogue.phrases["ours"].is_written, "rude" in catalogue.phrases) == (True, False)
    assert next(iter(catalogue.areas.items())) == ("central", "埇桥区")
    assert "east" not in catalogue.areas
    assert list(catalogue.areas)[-1] == "lingbi"
    assert ("salvage" in catalogue.fields_of("12328"), catalogue.field_name("12328", "ferry")) == (False, "渡口")
    assert dict(catalogue.classes_of("96588")) == {"consult": "问询"}
    assert ("praise" in catalogue.classes_of(""), "praise" in catalogue.classes_of("12345")) == (False, True)
    assert (list(catalogue.refusals)[-1], "N9" in catalogue.refusals) == ("N10", False)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("areas", ["central"]),
        ("areas", {"Central": "中心"}),
        ("areas", {"central": ""}),
        ("areas", {"central": 7}),
        ("fields", {"12328": "公路"}),
        ("refusals", {"N1": {"name": "其他"}}),
        ("refusals", {"X1": {"name": "其他", "basis": "无", "sentence": "无"}}),
        ("sources", "phone: ["),
        ("phrases", {"greet": "您好"}),
        ("phrases", {"greet": {"moment": "sometime", "say": "您好"}}),
        ("phrases", {"greet": {"moment": "answer", "say": "您好", "write": "您好"}}),
        ("phrases", {"greet": {"moment": "answer", "say": 7}}),
    ],
)
def test_a_wrong_list_is_named_with_its_mistake(tmp_path: Path, name: str, data: object) -> None:
    """By file."""
    path = put(tmp_path, f"{name}.yaml", data)
    with pytest.raises(SettingsError) as raised:
        load_catalogue(tmp_path / "tickets")
    assert raised.value.facts["file"] == str(path)


# -- why is it due then ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "content", "what", "started", "sentence"),
    [
        (
            "ah-suzhou-2023@2023-01-01", Content(klass="complaint"), "reply", "2026-09-28T09:15:00",
            "应在2026年10月15日（周四）23:59:59前答复。依据：宿州市 12328 热线规定（2023）第二十条，10 个工作日。"
            "2026年9月28日（周一）09:15开始，从当日算起。"
            "计入9月28日至30日、10月8日至9日、10月10日（补班）、10月12日至15日，共 10 天。"
            "不计10月1日至7日（国庆节）、10月11日（周末）。",
        ),
        (
            "ah-suzhou-2023@2023-01-01", Content(klass="consult"), "contact", "2026-11-20T15:00:00",
            "应在2026年11月23日（周一）15:00前联系来电人。依据：宿州市 12328 热线规定（2023）第十九条，"
            "24 小时，届满时不是工作日的顺延到下一个工作日的同一时刻。"
            "2026年11月20日（周五）15:00开始，连续计算。不计11月21日至22日（周末）。",
        ),
        (
            "js-suqian-2020@2020-01-01", Content(klass="consult"), "reply", "2026-12-31T22:00:00",
            "应在2027年1月1日（周五）02:00前答复。依据：宿迁市 12345 热线规定（2020）第十条第二项，4 小时。"
            "2026年12月31日（周四）22:00开始，连续计算。",
        ),
        (
            "mot-2014@2014-01-01", Content(klass="complaint"), "reply", "2026-12-07T18:40:30",
            "应在2027年1月15日（周五）23:59:59前答复。依据：交运发〔2014〕249号第十九条，30 个工作日。"
            "2026年12月7日（周一）18:40:30开始，从当日算起。"
            "计入12月7日至11日、12月14日至18日、12月21日至25日、12月28日至2027年1月1日、"
            "2027年1月4日至8日、2027年1月11日至15日，共 30 天。不计周末 10 天。"
            "2027 年的放假安排尚未公布，那里暂按周一至周五上班推算，公布后自动重算。",
        ),
        (
            "gs-lanzhou-2021@2021-01-01", Content(is_safety=True), "dispatch", "2026-10-01T03:00:00",
            "应当立即派发。依据：安全生产事项立即转办（宿州规定第十八条；兰州方案二（二）2）。",
        ),
    ],
    ids=["working days", "hours that roll", "hours", "provisional", "at once"],
)  # fmt: skip
def test_why_it_is_due_then_is_a_sentence_with_rule_and_arithmetic(
    tmp_path: Path, profile: str, content: Content, what: Any, started: str, sentence: str
) -> None:
    """As the desk shows it; every day is in it."""
    ours = policy(tmp_path)
    rule = ours.profile(profile).rule(what, content)
    assert rule is not None
    assert ours.sentence(due(rule, at(started), ours.calendar)) == sentence


def test_the_sentence_names_extension_suspension_and_another_law(tmp_path: Path) -> None:
    """Sixty working days are told by their ends, with each make-up day; what is suspended has no end."""
    ours = policy(tmp_path)
    rule = ours.profile("mot-2014@2014-01-01").rule("reply", Content(klass="complaint"))
    assert rule is not None
    start = at("2026-03-02T09:00:00")
    longer = ours.sentence(due(rule, start, ours.calendar, extended=(Limit(30, "working_days"),)))
    assert longer.startswith(
        "应在2026年5月27日（周三）23:59:59前答复。依据：交运发〔2014〕249号第十九条，30 个工作日，延期 30 个工作日。"
    )
    assert (
        "计入3月2日至5月27日的工作日、5月9日（补班），共 60 天。不计4月4日至6日（清明）、5月1日至5日（劳动节）、周末 19 天。"
        in longer
    )
    law = ours.sentence(due(rule, start, ours.calendar, override=5))
    assert law.startswith(
        "应在2026年3月6日（周五）23:59:59前答复。依据：交运发〔2014〕249号第十九条，5 个工作日（法律、法规另有规定的从其规定）。"
    )
    alone = ours.sentence(due(replace(rule, source=""), start, ours.calendar, override=5))
    assert "答复。依据：其他法律法规，5 个工作日。2026年3月2日" in alone
    stop = Pause(at("2026-03-03T10:00:00"), at("2026-03-05T10:00:00"))
    stopped = ours.sentence(due(rule, start, ours.calendar, override=5, pauses=(stop,)))
    assert "不计3月3日至4日（中止）、3月7日至8日（周末）。其间中止 1 次，中止的时间不计。" in stopped
    standing = ours.sentence(due(rule, start, ours.calendar, pauses=(Pause(stop.since),)))
    assert standing.startswith("答复的时限已中止，恢复后接着计算。")


def test_every_limit_and_measure_has_its_words(tmp_path: Path) -> None:
    """No key without a word, whatever a city's profile asks for."""
    ours = policy(tmp_path)
    assert set(ours.wording.texts["verbs"]) == set(WHATS)
    assert set(ours.wording.texts["measures"]) == set(get_args(Measure))
    assert [ours.wording.limit(Limit(2, measure)) for measure in get_args(Measure)][-1] == "2 个月"


def test_one_catalogue_is_shared_by_both_lines(tmp_path: Path) -> None:
    """Both lines share one pool: sources, areas, refusals and grounds are the same for all."""
    catalogue: Catalogue = policy(tmp_path).catalogue
    assert catalogue.sources["phone"] == "来电"
    assert set(catalogue.classes_of("12328")) <= set(catalogue.classes_of("12345"))
