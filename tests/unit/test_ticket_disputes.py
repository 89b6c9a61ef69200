"""A return that is refused, contested and settled; a matter that two units disown; improper returns; units that are chased."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.ticket_floor import AGENT, BUREAU, CLERK, HEAD, OTHER, SUPERVISOR, Story, actor, at
from tickets.clockwork import to_chase
from tickets.life import Actor
from tickets.store.form import dumped, improper_rows, life_of

pytestmark = pytest.mark.unit

NOT_OURS = {"reason": "不属于本单位", "basis": "三定方案", "suggestion": "市城管局"}
DECIDED = {"reason": "道路经营权在交通部门", "basis": "三定方案第四条"}
COUNTING = "sd-dezhou-2021"
COLLEAGUE = Actor("supervisor2", "supervisor", SUPERVISOR.rights)
POLICE = actor("unit", "police")


def refused(profile: str = "mot-2014", **facts: object) -> Story:
    """Signed by the bureau, which asked to return it; a clerk refused that an hour later."""
    story = Story(profile=profile).signed().does("ask_return", BUREAU, **NOT_OURS)
    return story.at("2026-05-11T11:00:00").does("refuse_return", CLERK, reason="属于本单位职责", **facts)


def disowned() -> Story:
    """The bureau gave it back, and city management, which got it next, asks to give it back too."""
    story = Story().dispatched().does("ask_return", BUREAU, **NOT_OURS).does("grant_return", CLERK)
    return story.does("dispatch", CLERK, unit="city-management").does("ask_return", OTHER, **NOT_OURS)


# -- a unit contests a refusal --------------------------------------------------------------------------------------


def test_a_unit_contests_a_refused_return_and_works_on_until_the_supervisor_has_fixed_who_leads() -> None:
    story = refused()
    due = story.due("reply")
    story.does("contest_return", BUREAU, reason="该路段已移交", basis="移交协议")
    assert (story.life.stage, story.due("reply")) == ("signed", due)
    assert story.told == {("leadership", "return_contested")}
    assert {story.refusal("ask_return", BUREAU, **NOT_OURS), story.refusal("contest_return", HEAD, reason="a")} == {"dispute_open"}
    assert {story.refusal("settle_dispute", who, unit="transport", **DECIDED) for who in (AGENT, CLERK, HEAD)} == {"forbidden"}
    assert story.refused("settle_dispute", SUPERVISOR, unit="transport", reason="a") == ("missing", {"field": "basis"})
    story.at("2026-05-11T15:00:00").does("settle_dispute", SUPERVISOR, unit="transport", **DECIDED)
    assert (story.life.stage, story.life.unit, story.due("reply")) == ("signed", "transport", due)
    assert story.told == {("person:unit1", "dispute_settled"), ("unit:transport", "dispute_settled")}
    dispute = story.life.dispute
    assert dispute is not None
    assert (dispute.lead, dispute.why, dispute.basis) == ("transport", DECIDED["reason"], DECIDED["basis"])
    assert (dispute.by, dispute.decided_by, dispute.decided_at) == ("unit1", "supervisor1", at("2026-05-11T15:00:00"))


def test_a_lead_that_was_fixed_binds_unit_and_centre_until_the_matter_is_opened_anew() -> None:
    story = refused().does("contest_return", BUREAU, reason="a").does("settle_dispute", SUPERVISOR, unit="transport", **DECIDED)
    assert story.refusal("ask_return", BUREAU, **NOT_OURS) == "lead_is_fixed"
    assert story.refusal("contest_return", BUREAU, reason="a") == "lead_is_fixed"
    assert story.refusal("dispatch", CLERK, unit="police") == "lead_is_fixed"
    story.does("forward", BUREAU, unit="transport-passenger")
    assert story.refusal("ask_return", actor("unit", "transport-passenger"), **NOT_OURS) == "lead_is_fixed"
    story.does("forward", BUREAU, unit="transport").does("sign", BUREAU)
    story.does("reply", BUREAU, facts="a", process="b", basis="c").does("check", CLERK).does("close", CLERK)
    story.does("reopen", CLERK, reason="来电人补充").does("dispatch", CLERK, unit="transport")
    assert "ask_return" in story.allowed(BUREAU)


def test_a_review_that_finds_the_unit_right_sends_the_ticket_to_another_with_its_clocks_anew() -> None:
    story = refused(improper=True).does("contest_return", BUREAU, reason="已移交")
    story.at("2026-05-12T09:00:00").does("settle_dispute", SUPERVISOR, unit="city-management", co_units=["transport"], **DECIDED)
    assert (story.life.stage, story.life.unit, story.life.co_units) == ("dispatched", "city-management", ("transport",))
    assert story.life.dispatched_at == at("2026-05-12T09:00:00")
    assert {("unit:city-management", "dispatched"), ("unit:transport", "co_handling")} <= story.told
    assert story.refusal("ask_return", OTHER, **NOT_OURS) == "lead_is_fixed"
    (entry,) = story.life.improper
    assert (entry.withdrawn_by, entry.withdrawn_at) == ("supervisor1", at("2026-05-12T09:00:00"))


def test_who_refused_the_return_settles_its_dispute_only_as_a_joint_review() -> None:
    story = Story().signed().does("ask_return", BUREAU, **NOT_OURS).does("refuse_return", SUPERVISOR, reason="a")
    story.does("contest_return", BUREAU, reason="b")
    assert story.refused("settle_dispute", SUPERVISOR, unit="transport", **DECIDED) == ("own_refusal", {"field": "members"})
    assert Story.refusal(story, "settle_dispute", SUPERVISOR, unit="transport", members=" ", **DECIDED) == "own_refusal"
    ticket = story.ticket
    story.does("settle_dispute", SUPERVISOR, unit="transport", members="司法局李科长、城管局王科长", **DECIDED)
    assert story.life.dispute is not None
    assert story.life.dispute.members == "司法局李科长、城管局王科长"
    story.ticket = ticket
    assert story.does("settle_dispute", COLLEAGUE, unit="transport", **DECIDED).life.stage == "signed"


def test_only_a_return_that_was_refused_is_contested_and_only_where_the_rules_have_a_review() -> None:
    assert Story().signed().refusal("contest_return", BUREAU, reason="a") == "no_refused_return"
    assert refused().refusal("contest_return", OTHER, reason="a") == "not_your_unit"
    assert refused().refused("contest_return", BUREAU) == ("missing", {"field": "reason"})
    assert refused().refusal("settle_dispute", SUPERVISOR, unit="transport", **DECIDED) == "no_dispute"
    again = refused().does("reply", BUREAU, facts="a", process="b", basis="c").does("rework", CLERK, reason="不完整")
    assert again.refusal("contest_return", BUREAU, reason="a") == "no_refused_return"
    elsewhere = refused()
    profile = elsewhere.policy.profile(elsewhere.life.profile)
    without = replace(profile, returning=replace(profile.returning, has_dispute_review=False))
    elsewhere.policy = replace(elsewhere.policy, profiles={**elsewhere.policy.profiles, profile.id: without})
    assert elsewhere.refusal("contest_return", BUREAU, reason="a") == "no_review_here"


def test_a_unit_that_replies_gives_its_dispute_up() -> None:
    story = refused().does("contest_return", BUREAU, reason="a").does("reply", BUREAU, facts="a", process="b", basis="c")
    assert story.life.dispute is None
    assert not [mark for mark in story.marks() if mark.limit == "wait_dispute"]
    assert "settle_dispute" not in story.does("ask_supplement", CLERK, reason="b").allowed(SUPERVISOR)


# -- two units disown a matter --------------------------------------------------------------------------------------


def test_a_matter_that_two_units_disown_waits_for_a_review_which_names_the_lead() -> None:
    story = disowned().does("call_review", CLERK, reason="两家都说不归自己管")
    assert story.told == {("leadership", "review_called"), ("unit:city-management", "review_called")}
    assert story.life.dispute is not None
    assert story.life.dispute.units == ("transport", "city-management")
    assert {story.refusal(act, CLERK, reason="a") for act in ("grant_return", "refuse_return")} == {"dispute_open"}
    story.does("settle_dispute", SUPERVISOR, unit="police", members="市司法局、市委编办", **DECIDED)
    assert (story.life.stage, story.life.unit) == ("dispatched", "police")
    told = {("unit:police", "dispatched"), ("unit:city-management", "withdrawn"), ("person:clerk1", "dispute_settled")}
    assert told <= story.told
    assert story.refusal("ask_return", POLICE, **NOT_OURS) == "lead_is_fixed"


def test_the_review_may_leave_it_with_the_unit_that_has_it_and_judge_its_return_improper() -> None:
    story = disowned().does("call_review", CLERK, reason="a")
    story.does("settle_dispute", SUPERVISOR, unit="city-management", improper=True, **DECIDED)
    assert (story.life.stage, story.life.unit) == ("dispatched", "city-management")
    (entry,) = story.life.improper
    assert (entry.unit, entry.reason, entry.by) == ("city-management", DECIDED["reason"], "supervisor1")
    wrong = disowned().does("call_review", CLERK, reason="a")
    contradiction = wrong.refused("settle_dispute", SUPERVISOR, unit="police", improper=True, **DECIDED)
    assert contradiction == ("bad_input", {"field": "improper"})


def test_a_ticket_that_both_gave_back_is_sent_nowhere_before_the_review_and_one_unit_makes_no_dispute() -> None:
    one = Story().dispatched().does("ask_return", BUREAU, **NOT_OURS)
    assert one.refusal("call_review", CLERK, reason="a") == "not_two_units"
    assert one.does("grant_return", CLERK).refusal("call_review", CLERK, reason="a") == "not_two_units"
    story = disowned().does("grant_return", CLERK).does("call_review", CLERK, reason="a")
    assert story.refusal("dispatch", CLERK, unit="police") == "dispute_open"
    assert story.does("settle_dispute", SUPERVISOR, unit="transport", **DECIDED).life.unit == "transport"
    assert story.life.disowned == ()
    two_of_one_house = Story().dispatched().does("ask_return", BUREAU, **NOT_OURS).does("grant_return", CLERK)
    two_of_one_house.does("dispatch", CLERK, unit="transport").does("forward", BUREAU, unit="transport-passenger")
    two_of_one_house.does("ask_return", BUREAU, **NOT_OURS)
    assert two_of_one_house.refusal("call_review", CLERK, reason="a") == "not_two_units"


@pytest.mark.parametrize(("first", "second"), [("transport", "transport-passenger"), ("transport-passenger", "transport")])
def test_a_unit_and_one_below_it_count_as_one_although_the_centre_sent_the_matter_to_each(first: str, second: str) -> None:
    story = Story().dispatched(first).does("ask_return", BUREAU, **NOT_OURS).does("grant_return", CLERK)
    story.does("dispatch", CLERK, unit=second).does("ask_return", BUREAU, **NOT_OURS)
    assert story.refusal("call_review", CLERK, reason="a") == "not_two_units"
    assert "call_review" not in story.does("grant_return", CLERK).allowed(CLERK)
    story.does("dispatch", CLERK, unit="police").does("ask_return", POLICE, **NOT_OURS).does("call_review", CLERK, reason="a")
    assert story.life.dispute is not None
    assert story.life.dispute.units == ("transport", "police")


def test_a_dispute_is_chased_until_it_is_settled() -> None:
    story = disowned().does("call_review", CLERK, reason="a")
    ladder = [(mark.kind, mark.audience) for mark in story.marks() if mark.limit == "wait_dispute"]
    assert ladder == [("remind", "leadership"), ("overdue", "leadership")]
    assert not [mark for mark in story.marks() if mark.limit == "wait_return"]  # the return is decided with it
    story.does("settle_dispute", SUPERVISOR, unit="police", **DECIDED)
    assert not [mark for mark in story.marks() if mark.limit == "wait_dispute"]


# -- improper returns -----------------------------------------------------------------------------------------------


def test_a_return_judged_improper_is_kept_with_unit_reason_who_and_when_for_the_life_of_the_ticket() -> None:
    story = refused(improper=True)
    (entry,) = story.life.improper
    assert (entry.unit, entry.reason, entry.by) == ("transport", "属于本单位职责", "clerk1")
    assert (entry.asked_at, entry.at) == (at("2026-05-11T10:00:00"), at("2026-05-11T11:00:00"))
    assert story.last is not None
    assert story.last.facts["improper"] is True
    story.does("ask_return", BUREAU, **NOT_OURS).does("grant_return", CLERK)
    assert story.life.improper == (entry,)
    assert [row["nth"] for row in improper_rows(story.ticket)] == [0]
    assert refused().life.improper == ()


def test_where_the_rules_count_improper_returns_a_refusal_says_whether_it_was_one() -> None:
    story = Story(profile=COUNTING).signed().does("ask_return", BUREAU, **NOT_OURS)
    assert story.refused("refuse_return", CLERK, reason="a") == ("missing", {"field": "improper"})
    assert story.does("refuse_return", CLERK, reason="a", improper=False).life.improper == ()


def test_a_review_confirms_or_takes_back_that_a_return_was_improper() -> None:
    def settled(**facts: object) -> list[bool]:
        story = refused(improper=True).does("contest_return", BUREAU, reason="a")
        story.does("settle_dispute", SUPERVISOR, unit="transport", **DECIDED, **facts)
        return [each.withdrawn_at is None for each in story.life.improper]

    assert settled() == settled(improper=True) == [True]
    assert settled(improper=False) == [False]


@pytest.mark.parametrize("said", [{}, {"improper": False}])
@pytest.mark.parametrize("is_given_back", [False, True])
def test_a_review_that_sends_it_to_a_third_unit_takes_back_every_improper_return_of_those_that_disowned_it(
    said: dict[str, object], *, is_given_back: bool
) -> None:
    """Also one judged before the unit asked again, whichever of its house asked: the review found them all right."""
    story = refused(improper=True).does("forward", BUREAU, unit="transport-passenger").does("ask_return", BUREAU, **NOT_OURS)
    story.does("refuse_return", CLERK, reason="b", improper=True).does("ask_return", BUREAU, **NOT_OURS).does("grant_return", CLERK)
    story.does("dispatch", CLERK, unit="city-management").does("ask_return", OTHER, **NOT_OURS)
    story.does("refuse_return", CLERK, reason="c", improper=True).at("2026-05-11T12:00:00").does("ask_return", OTHER, **NOT_OURS)
    if is_given_back:
        story.does("grant_return", CLERK)
    story.does("call_review", CLERK, reason="a").at("2026-05-12T09:00:00")
    story.does("settle_dispute", SUPERVISOR, unit="police", **DECIDED, **said)
    assert [each.unit for each in story.life.improper] == ["transport", "transport-passenger", "city-management"]
    assert {(each.withdrawn_by, each.withdrawn_at) for each in story.life.improper} == {("supervisor1", at("2026-05-12T09:00:00"))}


@pytest.mark.parametrize(("lead", "standing"), [("transport", ["transport"]), ("city-management", ["city-management"])])
def test_a_review_takes_back_what_was_judged_of_the_unit_it_gives_right_and_leaves_that_of_the_lead(
    lead: str, standing: list[str]
) -> None:
    """Each had asked in vain, each asked again: whose it is was wrong to ask, wherever the ticket is meanwhile."""
    story = refused(improper=True).does("ask_return", BUREAU, **NOT_OURS).does("grant_return", CLERK)
    story.does("dispatch", CLERK, unit="city-management").does("ask_return", OTHER, **NOT_OURS)
    story.does("refuse_return", CLERK, reason="c", improper=True).at("2026-05-11T12:00:00").does("ask_return", OTHER, **NOT_OURS)
    story.does("call_review", CLERK, reason="a").does("settle_dispute", SUPERVISOR, unit=lead, **DECIDED)
    assert [each.unit for each in story.life.improper if each.withdrawn_at is None] == standing


def test_a_life_with_all_of_it_is_read_back_as_it_was_and_one_of_before_has_none_of_it() -> None:
    story = refused(improper=True).does("contest_return", BUREAU, reason="a")
    assert life_of(dumped(story.life)) == story.life
    old = life_of('{"stage": "signed", "pauses": []}')
    assert (old.dispute, old.refused_return, old.improper, old.disowned, old.chases) == (None, None, (), (), 0)


# -- units that do not answer are chased (R57) ----------------------------------------------------------------------


def test_a_unit_is_chased_by_telephone_on_site_or_upwards_with_whom_and_what_was_said() -> None:
    story = Story().signed()
    facts = {"way": "phone", "whom": "运管科张科长", "said": "今天内答复"}
    assert story.does("chase", CLERK, **facts).told == {("unit:transport", "chased")}
    assert story.last is not None
    assert dict(story.last.facts) == facts
    assert story.does("chase", SUPERVISOR, **{**facts, "way": "on_site", "when": "昨天下午"}).told == {("unit:transport", "chased")}
    story.does("chase", CLERK, **{**facts, "way": "report_up", "whom": "分管副市长"})
    assert story.told == {("unit:transport", "chased"), ("head:transport", "reported_up"), ("leadership", "reported_up")}
    assert (story.life.stage, story.life.chases, story.life.chased_at) == ("signed", 3, story.now)


def test_a_chase_says_how_whom_and_what_and_is_the_centres() -> None:
    story = Story().signed()
    assert story.refused("chase", CLERK, way="letter", whom="a", said="b") == ("unknown_reason", {"field": "way"})
    assert story.refused("chase", CLERK, way="phone", said="b") == ("missing", {"field": "whom"})
    assert story.refused("chase", CLERK, way="phone", whom="a") == ("missing", {"field": "said"})
    assert {story.refusal("chase", who) for who in (AGENT, BUREAU, HEAD)} == {"forbidden"}
    assert Story().replied().refusal("chase", CLERK) == "not_at_this_stage"


def test_a_chase_is_offered_once_a_reminder_went_unanswered_and_again_after_the_next_one() -> None:
    story = Story().dispatched()

    def wanted() -> str | None:
        mark = to_chase(story.ticket, story.policy, story.now)
        return None if mark is None else f"{mark.limit} {mark.kind}"

    assert wanted() is None
    first, second, *_ = [mark for mark in story.marks() if mark.limit == "reply"]
    story.now = first.at
    assert wanted() == "reply remind"
    story.does("chase", CLERK, way="phone", whom="值班室", said="请按期答复")
    assert wanted() is None
    story.now = second.at
    assert wanted() == "reply remind"
    story.now = story.life.stands["reply"] + 1
    assert wanted() == "reply due"
    story.does("sign", BUREAU).does("reply", BUREAU, facts="a", process="b", basis="c")
    assert wanted() is None
