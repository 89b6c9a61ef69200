"""A ticket's life as the people see it: taken on, sent, signed, extended, returned, replied, checked, closed, put away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.ticket_floor import AGENT, BUREAU, CLERK, COMPLAINT, HEAD, OFFICE, OTHER, SUPERVISOR, Story, clock
from tickets.life import dues
from tickets.ticket import Content

pytestmark = pytest.mark.unit

REPLY = {"facts": "查明属实", "process": "约谈司机", "basis": "管理规定"}
ASKED = {"ground": "evidence", "reason": "司机在外地", "amount": 10}
NOT_OURS = {"reason": "不属我局", "basis": "三定方案", "suggestion": "转城管局"}


def test_a_complaint_goes_from_the_desk_to_the_archive() -> None:
    story = Story().closed()
    assert (story.life.stage, story.life.version) == ("closed", 6)
    story.does("follow_up", CLERK, satisfied=True, solved=True).does("archive", CLERK)
    assert (story.life.stage, story.life.is_satisfied, story.life.is_solved) == ("archived", True, True)


def test_the_reply_is_due_on_the_30th_working_day_from_the_dispatch_on_and_the_step_keeps_it() -> None:
    story = Story().dispatched()
    assert story.due("reply") == "06-22 23:59"  # the 11th counts; 19 June is the dragon boat day
    assert story.last is not None
    assert story.last.facts["limits"] == {"reply": story.life.stands["reply"], "return": story.life.stands["return"]}
    assert ("unit:transport", "dispatched") in story.told


def test_a_question_answered_in_the_call_is_done_with_it() -> None:
    story = Story(Content(line="12328", klass="consult", title="问公交线路")).does("answer", AGENT, answer="乘 3 路")
    assert (story.life.stage, clock(story.life.closed_at)) == ("answered", "05-11 10:00")
    assert story.does("archive", CLERK).life.stage == "archived"


def test_a_matter_that_is_not_taken_on_keeps_its_code() -> None:
    assert Story().refusal("refuse", AGENT, code="N0") == "unknown_reason"
    assert Story().refusal("refuse", AGENT, code="N9") == "missing"  # another law: which?
    assert Story().does("refuse", AGENT, code="N3").life.refusal == "N3"


def test_a_silent_call_is_laid_aside_with_its_kind_and_may_be_taken_up_again() -> None:
    assert Story().refusal("void", AGENT, kind="boring") == "unknown_reason"
    story = Story(Content(line="12345")).does("void", AGENT, kind="silent")
    assert story.life.stage == "void"
    assert story.does("reopen", CLERK, reason="误标").life.stage == "draft"


@pytest.mark.parametrize(("content", "field"), [
    (Content(line="12328", title="x"), "klass"), (Content(line="12328", klass="consult"), "title"),
])  # fmt: skip
def test_what_has_no_class_or_no_title_is_not_taken_on(content: Content, field: str) -> None:
    assert Story(content).refused("accept", AGENT) == ("missing", {"field": field})


def test_a_class_of_another_line_is_not_taken_on() -> None:
    assert Story(Content(line="12328", klass="praise", title="好")).refused("accept", AGENT) == ("unknown_key", {"field": "klass"})


def test_an_agent_takes_it_on_and_a_clerk_sends_it() -> None:
    story = Story().does("accept", AGENT, unit="transport")
    assert story.refusal("dispatch", AGENT, unit="transport") == "forbidden"
    assert story.refusal("dispatch", CLERK, unit="nowhere") == "unknown_unit"
    assert story.refusal("dispatch", CLERK) == "missing"
    assert story.refusal("dispatch", CLERK, unit="transport", co_units=["transport"]) == "bad_input"
    assert story.does("dispatch", SUPERVISOR, unit="transport").life.unit == "transport"


def test_a_unit_that_takes_nothing_new_is_not_sent_anything() -> None:
    story = Story().does("accept", AGENT)
    units = dict(story.policy.units)
    units["water"] = units["water"].model_copy(update={"is_active": False})
    story.policy = replace(story.policy, units=units)
    assert story.refusal("dispatch", CLERK, unit="water") == "unit_not_active"


def test_before_it_is_signed_the_centre_may_name_another_unit_and_the_first_is_told() -> None:
    story = Story().dispatched("city-management", co_units=["water"]).at("2026-05-12T09:00:00")
    story.does("dispatch", CLERK, unit="transport")
    assert {("unit:city-management", "withdrawn"), ("unit:water", "withdrawn"), ("unit:transport", "dispatched")} == story.told
    assert (story.life.chain, clock(story.life.met["dispatch"])) == (("transport",), "05-11 10:00")
    assert story.does("sign", BUREAU).refusal("dispatch", CLERK, unit="water") == "unit_has_it"


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_ticket_of_a_unit_that_is_no_more_is_sent_to_another(is_gone: bool) -> None:
    story = Story().signed()
    units = dict(story.policy.units)
    former = units.pop("transport")
    off = {} if is_gone else {"transport": former.model_copy(update={"is_active": False})}
    story.policy = replace(story.policy, units=units | off)
    assert story.does("dispatch", CLERK, unit="city-management").life.unit == "city-management"


def test_the_helping_units_are_told_and_may_write_notes_but_the_lead_answers() -> None:
    story = Story().dispatched(co_units=["city-management"])
    assert ("unit:city-management", "co_handling") in story.told
    assert story.refusal("sign", OTHER) == "not_your_unit"
    assert story.does("note", OTHER, text="已到现场").life.stage == "dispatched"
    assert "note" not in Story().dispatched().allowed(OTHER)


@pytest.mark.parametrize(("flags", "lane", "is_told"), [
    ({"is_urgent": True}, "urgent", True), ({"is_safety": True}, "safety", True),
    ({"topic": "school_bus", "real_name": "declined"}, "topic", False),
    ({"topic": "enforcement"}, "topic", False),
])  # fmt: skip
def test_a_matter_of_a_lane_waits_for_nobody_and_an_urgent_one_is_told_by_telephone(
    flags: dict[str, object], lane: str, is_told: bool
) -> None:
    story = Story().with_content(**flags).does("accept", AGENT)
    assert story.due("dispatch") == "05-11 10:00"  # at once
    story.does("dispatch", CLERK, unit="transport")
    assert story.last is not None
    assert story.last.facts["lane"] == lane
    assert story.life.phone_duty is is_told
    assert (("centre", "phone_duty") in story.told) is is_told
    if is_told:
        assert story.does("tell_by_phone", CLERK, spoken_to="值班员").life.phone_duty is False
    assert story.refusal("tell_by_phone", CLERK, spoken_to="值班员") == "no_phone_duty"


def test_a_unit_hands_it_down_and_its_office_does_the_rest() -> None:
    story = Story().signed().does("forward", BUREAU, unit="transport-passenger")
    assert (story.life.stage, story.life.unit, story.life.chain) == (
        "dispatched", "transport-passenger", ("transport", "transport-passenger"),
    )  # fmt: skip
    assert story.due("reply") == "06-22 23:59"  # the limit runs on
    assert story.does("sign", OFFICE).does("reply", OFFICE, **REPLY).life.stage == "replied"


def test_a_unit_hands_it_down_only_to_units_below_it_and_takes_it_back() -> None:
    story = Story().signed()
    assert story.refusal("forward", BUREAU, unit="water") == "not_below"
    assert story.refusal("forward", BUREAU, unit="transport") == "not_below"
    story.does("forward", BUREAU, unit="transport-passenger")
    assert "forward" not in story.allowed(OFFICE)
    assert story.refusal("forward", OFFICE, unit="transport-road") == "nowhere_to_forward"
    story.does("forward", BUREAU, unit="transport-road")
    assert story.life.chain == ("transport", "transport-road")
    assert story.does("forward", BUREAU, unit="transport").life.chain == ("transport",)


def test_a_contact_that_failed_is_counted_and_one_that_succeeded_keeps_the_limit() -> None:
    story = Story(profile="ah-suzhou-2023").signed()
    assert story.refusal("contact", BUREAU, reached=False) == "missing"  # what was tried
    story.does("contact", BUREAU, reached=False, note="两次无人接听")
    assert (story.life.stage, story.life.contacts, "contact" in story.life.met) == ("signed", 1, False)
    story.at("2026-05-11T15:00:00").does("contact", BUREAU, reached=True)
    assert (story.life.stage, story.life.contacts, clock(story.life.met["contact"])) == ("in_hand", 2, "05-11 15:00")


def test_an_extension_is_asked_by_the_unit_and_decided_by_its_head() -> None:
    story = Story().signed().does("ask_extension", BUREAU, **ASKED)
    assert story.told == {("head:transport", "extension_asked")}
    assert story.refusal("grant_extension", BUREAU) == "forbidden"
    assert story.refusal("grant_extension", CLERK) == "forbidden"  # here the unit's head decides
    assert story.refusal("ask_extension", BUREAU, **ASKED) == "extension_already_asked"
    story.does("grant_extension", HEAD)
    assert story.due("reply") == "07-06 23:59"
    assert ("centre", "extension_granted") in story.told
    assert story.refusal("ask_extension", BUREAU, **ASKED) == "no_more_extensions"
    assert story.refusal("grant_extension", HEAD) == "nothing_asked"


def test_where_the_profile_says_so_the_centre_decides_the_extension() -> None:
    story = Story(profile="js-suqian-2020").signed().does("ask_extension", BUREAU, **(ASKED | {"amount": 6}))
    assert story.told == {("centre", "extension_asked")}
    assert story.refusal("grant_extension", HEAD) == "forbidden"
    assert story.does("grant_extension", CLERK).due("reply") == "05-17 23:59"


def test_a_refused_extension_leaves_the_limit_and_may_be_asked_again() -> None:
    story = Story().signed().does("ask_extension", BUREAU, **ASKED)
    assert story.refusal("refuse_extension", HEAD) == "missing"
    story.does("refuse_extension", HEAD, reason="不必")
    assert story.due("reply") == "06-22 23:59"
    assert "ask_extension" in story.allowed(BUREAU)


@pytest.mark.parametrize(("changed", "code"), [
    ({"amount": 31}, "extension_too_long"), ({"ground": "lazy"}, "unknown_reason"), ({"reason": " "}, "missing"),
    ({"amount": 0}, "bad_input"), ({"amount": "5"}, "bad_input"), ({"amount": None}, "missing"),
    ({"colour": "red"}, "unknown_fact"),
])  # fmt: skip
def test_an_extension_has_a_ground_a_reason_and_a_length(changed: dict[str, object], code: str) -> None:
    assert Story().signed().refusal("ask_extension", BUREAU, **(ASKED | changed)) == code


def test_an_extension_is_asked_before_the_limit_ends() -> None:
    story = Story().signed().at("2026-06-23T00:00:00")
    assert story.refusal("ask_extension", BUREAU, **ASKED) == "too_late_to_extend"
    assert story.at("2026-06-22T23:59:59").does("ask_extension", BUREAU, **ASKED).life.extension is not None


def test_a_profile_without_extensions_knows_none() -> None:
    assert Story(profile="ah-suzhou-2023").signed().refusal("ask_extension", BUREAU, **ASKED) == "no_extension_here"


def test_a_return_that_is_refused_leaves_everything_as_it_was() -> None:
    story = Story().signed().does("ask_return", BUREAU, **NOT_OURS)
    assert (story.life.stage, story.life.returns) == ("return_asked", 1)
    assert story.allowed(BUREAU) == ("note",)
    story.does("refuse_return", CLERK, reason="属你局职责")
    assert (story.life.stage, story.due("reply")) == ("signed", "06-22 23:59")
    assert story.told == {("unit:transport", "return_refused")}


def test_a_return_that_is_granted_waits_for_another_unit_whose_limits_begin_anew() -> None:
    story = Story().signed().does("ask_return", BUREAU, **NOT_OURS).at("2026-05-13T09:00:00").does("grant_return", CLERK)
    assert (story.life.stage, story.life.unit, story.life.returns) == ("accepted", "", 1)
    assert story.due("dispatch") == "05-15 23:59"
    assert "reply" not in story.life.stands
    story.does("dispatch", CLERK, unit="city-management")
    assert story.due("reply") == "06-24 23:59"


def test_a_return_is_asked_within_its_limit_and_with_what_the_profile_wants_said() -> None:
    story = Story(profile="js-suqian-2020").dispatched()
    assert story.refused("ask_return", BUREAU, reason="不属我局", basis="三定方案")[1] == {"field": "suggestion"}
    assert story.at("2026-05-11T22:00:01").refusal("ask_return", BUREAU, **NOT_OURS) == "too_late_to_return"
    assert story.at("2026-05-11T22:00:00").does("ask_return", BUREAU, **NOT_OURS).life.stage == "return_asked"


def test_a_reply_wants_facts_process_and_basis() -> None:
    story = Story().signed()
    assert story.refused("reply", BUREAU, **(REPLY | {"basis": " "})) == ("reply_incomplete", {"field": "basis"})
    assert story.does("reply", BUREAU, **REPLY).told == {("centre", "replied")}


def test_a_supplement_goes_back_within_the_limit_that_stood() -> None:
    story = Story().replied()
    assert story.last is not None
    story.at("2026-05-20T10:00:00").does("ask_supplement", CLERK, reason="缺依据")
    assert (story.life.stage, story.life.is_supplement, "reply" in story.life.met) == ("in_hand", True, False)
    assert story.due("reply") == "06-22 23:59"
    assert story.does("reply", BUREAU, **REPLY).life.is_supplement is False


def test_who_is_not_content_has_it_done_again_with_a_limit_of_its_own() -> None:
    story = Story().closed().does("follow_up", CLERK, satisfied=False, solved=False).at("2026-06-01T09:00:00")
    story.does("rework", CLERK, reason="未解决")
    assert (story.life.stage, story.life.reworks, story.life.closed_at) == ("in_hand", 1, None)
    assert story.due("reply") == "07-13 23:59"


def test_a_suspension_stops_the_clock_and_its_end_starts_it_again() -> None:
    story = Story().signed().does("suspend", CLERK, reason="等待鉴定")
    assert "reply" not in story.life.stands
    assert story.refusal("suspend", CLERK, reason="再等") == "already_suspended"
    assert story.refusal("ask_extension", BUREAU, **ASKED) == "suspended"
    story.at("2026-05-18T10:00:00").does("resume", CLERK)
    assert story.due("reply") == "06-29 23:59"  # a week later
    assert story.refusal("resume", CLERK) == "not_suspended"


def test_a_reply_in_a_suspension_ends_it() -> None:
    story = Story().signed().does("suspend", CLERK, reason="等待鉴定").at("2026-05-12T10:00:00").does("reply", BUREAU, **REPLY)
    assert clock(story.life.pauses[-1].until) == "05-12 10:00"


def test_another_law_sets_the_limit_where_it_says_so() -> None:
    story = Story().dispatched().does("override", CLERK, days=60, law="《行政处罚法》")
    assert story.due("reply") == "08-03 23:59"
    assert "依据：《行政处罚法》" in story.policy.sentence(dues(story.ticket, story.policy)["reply"])
    assert Story(profile="ar-unnamed").dispatched().does("override", CLERK, days=5, law="某条例").due("reply") == "05-18 23:59"


@pytest.mark.parametrize("days", [0, 100_000, True, 1.5])
def test_another_laws_limit_is_a_number_of_days(days: object) -> None:
    assert Story().dispatched().refusal("override", CLERK, days=days, law="某法") == "bad_input"


def test_where_every_complainant_is_asked_nothing_is_put_away_before() -> None:
    story = Story(profile="ah-suzhou-2023").closed()
    assert story.due("follow_up") == "05-18 23:59"
    assert story.refusal("archive", CLERK) == "follow_up_missing"
    assert "archive" not in story.allowed(CLERK)
    assert story.refusal("follow_up", CLERK, reached=False) == "missing"
    assert story.does("follow_up", CLERK, reached=False, note="三次未接通").does("archive", CLERK).life.stage == "archived"


def test_a_closed_ticket_is_opened_again_as_if_new() -> None:
    story = Story().closed().at("2026-07-01T09:00:00").does("reopen", CLERK, reason="问题复发")
    assert (story.life.stage, story.life.unit, story.life.closed_at, story.life.met) == ("accepted", "", None, {})
    assert story.life.profile.startswith("mot-2014@")


def test_a_repeated_matter_goes_on_in_another_ticket() -> None:
    story = Story().signed()
    assert story.refusal("merge", CLERK, into=story.ticket.number) == "bad_input"
    story.does("merge", CLERK, into="20260511000009")
    assert (story.life.stage, story.life.merged_into) == ("merged", "20260511000009")
    assert story.allowed(BUREAU) == ("note",)


def test_a_correction_keeps_what_stood_there_and_reckons_the_limits_anew() -> None:
    story = Story().dispatched().does("correct", AGENT, changes={"klass": "suggestion", "title": "出租车拒载"}, reason="分类有误")
    assert story.last is not None
    assert story.last.facts["was"] == {"klass": "complaint"}
    assert story.last.facts["changes"] == {"klass": "suggestion"}
    assert story.due("reply") == "05-22 23:59"
    assert story.told == {("unit:transport", "corrected")}


@pytest.mark.parametrize(("changes", "code"), [
    ({"line": "12345"}, "unknown_fact"), ({"call_id": "x"}, "unknown_fact"), ({"colour": "red"}, "unknown_fact"), ({}, "missing"),
    ({"title": COMPLAINT.title}, "nothing_changed"), ({"title": ""}, "missing"), ({"is_urgent": "yes"}, "bad_input"),
    ({"klass": "praise"}, "unknown_key"), ({"title": "长" * 201}, "too_long"), ({"text": 5}, "bad_input"),
    ({"caller_kind": "robot"}, "bad_input"),
])  # fmt: skip
def test_a_correction_that_cannot_be_used_is_refused(changes: dict[str, object], code: str) -> None:
    assert Story().dispatched().refusal("correct", AGENT, changes=changes, reason="更正") == code


def test_a_matter_that_turns_out_urgent_at_the_unit_is_told_by_telephone() -> None:
    story = Story().dispatched().does("correct", CLERK, changes={"is_urgent": True}, reason="危及安全")
    assert story.life.phone_duty
    assert ("centre", "phone_duty") in story.told


def test_a_draft_is_written_without_a_reason_and_may_change_its_line() -> None:
    story = Story().does("correct", AGENT, changes={"line": "12345", "klass": "help", "field": "transport"})
    assert (story.ticket.content.line, story.life.profile) == ("12345", "")


def test_a_profile_stays_that_of_the_day_on_which_the_ticket_was_made() -> None:
    story = Story(profile="js-suqian-2020").does("accept", AGENT)
    story.policy = replace(story.policy, chosen={"other": "mot-2014"})
    assert story.does("dispatch", CLERK, unit="transport").due("sign") == "05-11 11:00"
