"""A ticket that goes round more than once: what begins anew, what stays from the first time, and what nobody needs any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.unit.ticket_floor import AGENT, BUREAU, CLERK, HEAD, OFFICE, Story, actor, clock
from tickets.calendar import Calendar
from tickets.life import nearest, standing
from tickets.limits import Limit
from tickets.profile import Alert
from tickets.ticket import Content

pytestmark = pytest.mark.unit

REPLY = {"facts": "查明属实", "process": "约谈司机", "basis": "管理规定"}
ASKED = {"ground": "evidence", "reason": "司机在外地", "amount": 10}
NOT_OURS = {"reason": "不属我局", "basis": "三定方案", "suggestion": "转城管局"}
LATER = "2026-05-12T15:00:00"


def with_extensions(story: Story, *, times: int = 2, before_expiry: bool = True) -> Story:
    """The profile of the story, with other extensions."""
    profile = story.policy.profile_of("12328", story.now)
    assert profile.extension is not None
    changed = replace(profile, extension=replace(profile.extension, times=times, before_expiry=before_expiry))
    story.policy = replace(story.policy, profiles={profile.id: changed})
    return story


def test_a_unit_that_is_no_more_leaves_nothing_of_its_own_to_the_next() -> None:
    story = Story(profile="ah-suzhou-2023").signed().does("contact", BUREAU, reached=True)
    story.policy = replace(story.policy, units={key: unit for key, unit in story.policy.units.items() if key != "transport"})
    story.at(LATER).does("dispatch", CLERK, unit="city-management")
    assert (story.life.signed_at, story.life.contacted_at, story.life.contacts) == (None, None, 0)
    assert set(story.life.met) == {"dispatch"}
    assert story.due("contact") == "05-13 15:00"


def test_the_first_signature_contact_and_kept_limit_count_however_often_it_happens_again() -> None:
    story = Story(profile="ah-suzhou-2023").signed().does("contact", BUREAU, reached=True).at(LATER)
    story.does("contact", BUREAU, reached=True).does("forward", BUREAU, unit="transport-passenger").does("sign", OFFICE)
    assert clock(story.life.signed_at) == clock(story.life.contacted_at) == clock(story.life.met["contact"]) == "05-11 10:00"
    assert story.life.contacts == 2


def test_an_answer_to_what_was_taken_on_before_keeps_the_time_it_was_taken_on() -> None:
    story = Story(Content(line="12345", klass="consult", title="问")).does("accept", AGENT)
    story.at(LATER).does("answer", AGENT, answer="答")
    assert (clock(story.life.accepted_at), clock(story.life.closed_at)) == ("05-11 10:00", "05-12 15:00")


def test_of_what_was_answered_in_the_call_nobody_is_asked_afterwards_by_a_limit() -> None:
    story = Story(profile="ah-suzhou-2023").does("answer", AGENT, answer="已解决")
    assert story.life.stands == {}
    assert story.does("archive", CLERK).life.stands == {}


def test_a_matter_that_is_done_again_is_followed_up_again() -> None:
    story = Story(profile="ah-suzhou-2023").closed().does("follow_up", CLERK, satisfied=False, solved=False)
    story.does("rework", CLERK, reason="未解决")
    assert (story.life.is_satisfied, story.life.checked_at, "follow_up" in story.life.met) == (None, None, False)
    story.at(LATER).does("reply", BUREAU, **REPLY).does("check", CLERK).does("close", CLERK)
    assert story.refusal("archive", CLERK) == "follow_up_missing"


@pytest.mark.parametrize(("act", "facts"), [("ask_return", NOT_OURS), ("reply", REPLY), ("merge", {"into": "20260511000009"})])
def test_an_extension_that_nobody_decided_lapses_with_what_it_was_for(act: str, facts: dict[str, object]) -> None:
    story = Story().signed().does("ask_extension", BUREAU, **ASKED)
    story.does(act, CLERK if act == "merge" else BUREAU, **facts)  # type: ignore[arg-type]
    assert story.life.extension is None
    assert not [mark for mark in story.marks() if mark.limit == "wait_extension"]


def test_two_extensions_add_up() -> None:
    story = with_extensions(Story(), times=2).signed()
    for _ in range(2):
        story.does("ask_extension", BUREAU, **ASKED).does("grant_extension", HEAD)
    assert (story.life.extensions, story.life.extended, story.due("reply")) == (2, 20, "07-20 23:59")
    assert story.refusal("ask_extension", BUREAU, **ASKED) == "no_more_extensions"


def test_where_the_profile_allows_it_an_extension_is_asked_after_the_limit() -> None:
    story = with_extensions(Story(), before_expiry=False).signed().at("2026-06-30T09:00:00")
    assert story.does("ask_extension", BUREAU, **ASKED).does("grant_extension", HEAD).due("reply") == "07-06 23:59"


def test_a_helping_unit_that_gets_it_leads_and_helps_no_more() -> None:
    story = Story().dispatched(co_units=["transport-passenger", "water"]).does("sign", BUREAU)
    assert story.does("forward", BUREAU, unit="transport-passenger").life.co_units == ("water",)


def test_a_unit_above_may_write_a_note_to_what_its_office_has() -> None:
    story = Story().signed().does("forward", BUREAU, unit="transport-passenger")
    alone = replace(actor("unit", "transport"), units=frozenset({"transport"}))  # knows of no office
    assert story.does("note", alone, text="请抓紧").life.stage == "dispatched"


def test_helping_units_exist_take_new_matters_and_are_named_once() -> None:
    story = Story().does("accept", AGENT)
    assert story.refused("dispatch", CLERK, unit="transport", co_units=["nowhere"]) == ("unknown_unit", {"field": "co_units"})
    assert story.refusal("dispatch", CLERK, unit="transport", co_units=["water", "water"]) == "bad_input"
    assert story.refusal("dispatch", CLERK, unit="transport", co_units="water") == "bad_input"
    assert Story().refusal("accept", AGENT, unit="nowhere") == "unknown_unit"


def test_a_suspension_stops_the_first_contact_too() -> None:
    story = Story(profile="ah-suzhou-2023").signed().does("suspend", CLERK, reason="来电人在外")
    assert "contact" not in story.life.stands
    story.at("2026-05-12T10:00:00").does("resume", CLERK)
    assert story.due("contact") == "05-13 10:00"


def test_a_clock_that_was_set_back_ends_a_suspension_no_earlier_than_it_began() -> None:
    story = Story().signed().does("suspend", CLERK, reason="等待").at("2026-05-11T09:00:00").does("resume", CLERK)
    pause = story.life.pauses[-1]
    assert pause.until == pause.since
    assert story.due("reply") == "06-22 23:59"


def test_only_a_limit_that_waits_makes_a_ticket_provisional_and_a_published_year_settles_it() -> None:
    story = Story(now="2026-12-20T10:00:00")
    known = story.policy.calendar
    story.policy = replace(story.policy, calendar=Calendar(known.years - {2027}, known.off, known.worked))
    story.dispatched()
    assert story.life.is_provisional
    version, due = story.life.version, story.life.stands["reply"]
    off = {date(2027, 1, day): "元旦" for day in (1, 4, 5)}
    published = replace(story.policy, calendar=Calendar(known.years | {2027, 2028}, {**known.off, **off}, known.worked))
    settled = standing(story.ticket, published).life
    assert (settled.is_provisional, settled.version, settled.stands["reply"] > due) == (False, version, True)
    assert story.does("sign", BUREAU).does("reply", BUREAU, **REPLY).life.is_provisional is False


def test_an_alert_for_after_the_limit_never_comes_before_it() -> None:
    story = Story(profile="js-suqian-2020")
    own = (Alert("same_day", "escalate", ("reply",), Limit(0, "working_days"), ("centre",)),)
    profile = replace(story.policy.profile_of("12328", story.now), reminders=(), escalation=own)
    story.policy = replace(story.policy, profiles={profile.id: profile})
    assert [clock(mark.at) for mark in story.dispatched().marks()] == ["05-11 22:00"]


def test_a_unit_that_wants_to_give_it_back_is_owed_no_telephone_call_meanwhile() -> None:
    story = Story().with_content(is_urgent=True).dispatched().does("ask_return", BUREAU, **NOT_OURS)
    assert not [mark for mark in story.marks() if mark.limit == "phone"]
    story.does("refuse_return", CLERK, reason="属你局职责")
    assert [mark for mark in story.marks() if mark.limit == "phone"]


def test_the_nearest_limit_is_the_first_that_waits_and_a_window_is_none() -> None:
    story = Story(profile="js-suqian-2020").dispatched()
    assert clock(nearest(story.life)) == "05-11 11:00"  # the signature
    assert clock(nearest(story.does("sign", BUREAU).life)) == "05-11 22:00"  # the reply, not the return
    assert nearest(story.does("reply", BUREAU, **REPLY).life) is None


@pytest.mark.parametrize("text", ["a\x00b", "长" * 5001, 5, ["a"]])
def test_a_text_that_no_database_takes_is_refused(text: object) -> None:
    assert Story().signed().refusal("reply", BUREAU, **(REPLY | {"facts": text})) in ("bad_input", "too_long")


def test_a_unit_gone_from_the_tree_below_cannot_be_handed_to() -> None:
    story = Story().signed()
    office = story.policy.units["transport-road"].model_copy(update={"is_active": False})
    story.policy = replace(story.policy, units=dict(story.policy.units) | {"transport-road": office})
    assert story.refusal("forward", BUREAU, unit="transport-road") == "unit_not_active"
