"""Copies that are only read, doubts that a superior decides, real names of named topics, a city's ladders (R18, R41, R45, R104)."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_core.errors import SettingsError
from tests.unit.ticket_floor import AGENT, BUREAU, CLERK, HEAD, SUPERVISOR, Story, actor, at
from tests.unit.ticket_kit import policy, put
from tickets.life import foreseen
from tickets.profile_data import load_profiles
from tickets.store.form import parts
from tickets.ticket import Content

pytestmark = pytest.mark.unit

COPYING = "ah-suzhou-2023"
PROVINCE = actor("unit", "province-12328")
COPIED = ("unit:province-12328", "copied")


# -- copies (R45) ---------------------------------------------------------------------------------------------------


def test_a_complaint_is_copied_to_the_provinces_centre_which_is_told_reads_and_may_do_nothing() -> None:
    story = Story(profile=COPYING).dispatched("city-management", co_units=["water"])
    assert story.life.copies == ("province-12328",)
    assert COPIED in story.told
    assert story.last is not None
    assert story.last.facts["copies"] == ["province-12328"]
    assert parts(story.life)["province-12328"] == "copy"  # so its people find it in their list
    assert story.allowed(PROVINCE) == ()
    assert {story.refusal(act, PROVINCE) for act in ("sign", "note", "reply", "ask_return")} == {"not_your_unit"}
    story.at("2026-05-11T11:00:00").does("sign", actor("unit", "city-management"))
    story.does("reply", actor("unit", "city-management"), facts="属实", process="约谈", basis="规定").does("check", CLERK)
    assert ("unit:province-12328", "copy_closed") in story.does("close", CLERK).told


def test_only_complaints_are_copied_and_only_where_the_profile_says_so() -> None:
    for story in (Story(), Story(profile=COPYING).with_content(klass="consult")):
        story.dispatched()
        assert story.life.copies == ()
        assert COPIED not in story.told


def test_a_consultation_that_turns_out_a_complaint_is_copied_then_and_once() -> None:
    story = Story(profile=COPYING).with_content(klass="consult").dispatched()
    story.does("correct", CLERK, changes={"klass": "complaint"}, reason="实为投诉")
    assert story.life.copies == ("province-12328",)
    assert COPIED in story.told
    assert COPIED not in story.does("correct", CLERK, changes={"title": "出租车拒载老人"}, reason="补充").told


def test_a_copy_stays_readable_when_the_unit_returns_it_and_is_told_of_the_next_unit() -> None:
    story = Story(profile=COPYING).dispatched().does("ask_return", BUREAU, reason="不属于本单位").does("grant_return", CLERK)
    assert story.life.copies == ("province-12328",)
    assert COPIED in story.does("dispatch", CLERK, unit="city-management").told
    assert story.life.copies == ("province-12328",)


def test_a_city_without_that_unit_has_it_kept_in_the_step_that_nobody_got_the_copy(tmp_path: Path) -> None:
    put(tmp_path, "units.yaml", {"transport": {"name": "交通局"}})
    story = Story(profile=COPYING)
    story.policy = policy(tmp_path, line_12328=COPYING, other=COPYING)
    story.dispatched()
    assert story.last is not None
    assert story.last.facts["not_copied"] == ["province-12328"]
    assert story.life.copies == ()


def test_who_only_reads_gets_nothing_to_handle_and_is_never_suggested() -> None:
    story = Story().does("accept", AGENT)
    assert story.refused("dispatch", CLERK, unit="province-12328") == ("unit_only_reads", {"field": "unit"})
    assert story.refusal("dispatch", CLERK, unit="transport", co_units=["province-12328"]) == "unit_only_reads"


# -- violations and enforcement (R41), real names (R104) ------------------------------------------------------------


@pytest.mark.parametrize("topic", ["violation", "enforcement"])
def test_violations_and_enforcement_are_transferred_first_time_by_their_own_basis(topic: str) -> None:
    """At once under every profile, and the sentence names the rule on first-time transfer, not that on named topics."""
    content = Content(line="12328", klass="complaint", field="road_transport", title="a", topic=topic)
    for profile in ("mot-2014", COPYING, "js-suqian-2020"):
        story = Story(content, profile).does("accept", AGENT)
        due = foreseen(content, story.policy, now=story.now)["dispatch"]
        assert story.due("dispatch") == "05-11 10:00"
        assert "第一时间转办" in story.policy.sentence(due)


def test_a_citys_own_topic_has_its_own_basis_and_asks_for_the_name_where_it_says_so(tmp_path: Path) -> None:
    put(tmp_path, "topics.yaml", {"dust": {"name": "渣土车", "basis": "本市方案第三条", "real_name": True}, "gas_safety": "燃气"})
    rules = policy(tmp_path)
    story = Story().with_content(topic="dust")
    story.policy = rules
    assert story.refused("accept", AGENT) == ("missing", {"field": "real_name"})
    due = foreseen(story.ticket.content, rules, now=story.now)["dispatch"]
    assert "本市方案第三条" in rules.sentence(due)
    assert not rules.catalogue.topic_rules["gas_safety"].wants_real_name  # named in the short form: asks for nothing
    put(tmp_path, "topics.yaml", {"dust": {"name": "渣土车", "basis": 3}})
    with pytest.raises(SettingsError):
        policy(tmp_path)


def test_a_named_topic_is_not_taken_on_before_the_caller_was_asked_for_the_real_name() -> None:
    story = Story().with_content(topic="wage_arrears", name="")
    assert story.refused("accept", AGENT) == ("missing", {"field": "real_name"})
    assert story.refused("answer", AGENT, answer="a") == ("missing", {"field": "real_name"})
    story.with_content(real_name="given")
    assert story.refused("accept", AGENT) == ("missing", {"field": "name"})
    assert story.with_content(name="王小明").does("accept", AGENT).life.stage == "accepted"
    assert story.ticket.content.real_name == "given"


def test_a_caller_who_would_rather_not_give_the_name_is_served_and_marked() -> None:
    story = Story().with_content(topic="wage_arrears", name="", real_name="declined").dispatched()
    assert story.life.stage == "dispatched"
    assert story.refusal("correct", CLERK, changes={"real_name": "perhaps"}, reason="a") == "bad_input"
    story.does("correct", CLERK, changes={"real_name": "given", "name": "王小明"}, reason="来电人补充")
    assert story.ticket.content.real_name == "given"


def test_topics_without_a_basis_of_their_own_go_by_that_of_named_topics() -> None:
    for profile in load_profiles().values():
        rule = profile.rule("dispatch", Content(topic="school_bus"))
        assert rule is not None
        assert (rule.key, rule.limit.measure) == ("dispatch.topic", "at_once")


# -- a doubt goes to a superior (R18) -------------------------------------------------------------------------------


def test_an_agents_doubt_goes_to_the_supervisor_who_decides_it_and_the_agent_is_told() -> None:
    story = Story().does("ask_superior", AGENT, question="外地车牌能否受理？")
    assert story.life.stage == "draft"
    assert story.told == {("leadership", "doubt_asked")}
    assert story.refusal("ask_superior", CLERK, question="b") == "doubt_already_asked"
    assert {story.refusal("advise", who, answer="a") for who in (AGENT, CLERK, HEAD)} == {"forbidden"}
    story.at("2026-05-11T10:04:00").does("advise", SUPERVISOR, answer="可以受理，转道路运输")
    assert story.told == {("person:agent1", "doubt_decided")}
    doubt = story.life.doubt
    assert doubt is not None
    assert (doubt.by, doubt.question, doubt.asked_at) == ("agent1", "外地车牌能否受理？", at("2026-05-11T10:00:00"))
    assert (doubt.decided_by, doubt.answer, doubt.decided_at) == (
        "supervisor1", "可以受理，转道路运输", at("2026-05-11T10:04:00"),
    )  # fmt: skip
    assert story.refusal("advise", SUPERVISOR, answer="a") == "no_doubt"


def test_nobody_decides_the_own_doubt() -> None:
    story = Story().does("ask_superior", SUPERVISOR, question="能否受理？")
    assert "advise" not in story.allowed(SUPERVISOR)
    assert story.refusal("advise", SUPERVISOR, answer="a") == "own_doubt"


def test_a_doubt_without_a_question_and_an_advice_without_an_answer_are_refused() -> None:
    assert Story().refused("ask_superior", AGENT) == ("missing", {"field": "question"})
    assert Story().does("ask_superior", AGENT, question="a").refused("advise", SUPERVISOR) == ("missing", {"field": "answer"})


def test_a_clerks_doubt_holds_nothing_up_and_is_chased_until_it_is_decided_or_the_matter_is_over() -> None:
    story = Story().does("accept", AGENT).does("ask_superior", CLERK, question="派哪个单位？")
    ladder = [(mark.kind, mark.audience, mark.at - story.now) for mark in story.marks() if mark.limit == "wait_doubt"]
    assert ladder == [("remind", "leadership", 600), ("overdue", "leadership", 3600)]
    story.does("dispatch", CLERK, unit="transport")
    assert [mark for mark in story.marks() if mark.limit == "wait_doubt"]
    story.does("advise", SUPERVISOR, answer="市交通运输局")
    assert not [mark for mark in story.marks() if mark.limit == "wait_doubt"]
    refused = Story().does("ask_superior", AGENT, question="a").does("refuse", AGENT, code="N1")
    assert not [mark for mark in refused.marks() if mark.limit == "wait_doubt"]


# -- the caller of an extension (R51) -------------------------------------------------------------------------------


def test_a_caller_who_was_not_told_of_the_extension_is_chased_for_until_somebody_reached_them() -> None:
    story = Story().signed().does("ask_extension", BUREAU, ground="evidence", reason="调取监控", amount=5)
    story.does("grant_extension", HEAD)
    assert story.life.caller_duty
    assert [(mark.kind, mark.audience) for mark in story.marks() if mark.limit == "wait_caller"] == [
        ("remind", "unit:transport"), ("escalate", "centre"),
    ]  # fmt: skip
    assert story.does("contact", BUREAU, reached=False, note="无人接听").life.caller_duty
    assert not story.does("contact", BUREAU, reached=True, note="已告知延期和理由").life.caller_duty
    assert not [mark for mark in story.marks() if mark.limit == "wait_caller"]


# -- ladders are data -----------------------------------------------------------------------------------------------


def test_a_city_sets_when_a_missing_telephone_call_is_chased_and_what_it_leaves_out_stays(tmp_path: Path) -> None:
    put(tmp_path, "alerts.yaml", {
        "phone": [{"key": "soon", "kind": "remind", "minutes": 2, "audience": "centre"}],
        "waits": {"wait_check": []},
    })  # fmt: skip
    rules = policy(tmp_path)
    story = Story().with_content(is_urgent=True)
    story.policy = rules
    story.dispatched()
    assert [mark.at - story.now for mark in story.marks() if mark.limit == "phone"] == [120]
    assert rules.ladders.waits["wait_check"] == ()
    assert len(rules.ladders.waits["wait_return"]) == 2


@pytest.mark.parametrize("wrong", [
    {"phone": [{"key": "a", "kind": "remind", "audience": "centre"}]},
    {"phone": [{"key": "a", "kind": "remind", "minutes": 1, "hours": 1, "audience": "centre"}]},
    {"phone": [{"key": "a", "kind": "remind", "minutes": 1, "audience": "everybody"}]},
    {"phone": [{"key": "a", "kind": "remind", "minutes": 0, "audience": "centre"}]},
    {"phone": [{"key": "a", "kind": "remind", "minutes": m, "audience": "centre"} for m in (1, 2)]},
    {"waits": {"wait_for_godot": []}},
])  # fmt: skip
def test_a_ladder_that_means_nothing_is_told_with_its_file(tmp_path: Path, wrong: dict[str, object]) -> None:
    put(tmp_path, "alerts.yaml", wrong)
    with pytest.raises(SettingsError, match=r"alerts\.yaml"):
        policy(tmp_path)
