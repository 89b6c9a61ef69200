"""An agent asks for somebody on the line: who may ask, whom they may name, and what every supervisor sees of a rescue."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ami_bridge.acts import Reach
from ami_bridge.acts import act_of as act_of_intent
from ami_bridge.clicks import Clicks
from ami_bridge.intents import Intent, parse
from ami_bridge.parties import PartyStore
from ami_bridge.view import Floor, alarm_of, alarms, view
from hotline_core.domain import agent_events as ae
from hotline_core.domain import commands as cmd
from hotline_core.domain import events as ev
from hotline_core.domain.board import Board
from hotline_core.domain.dialling import Rules as DialRules
from hotline_core.domain.join_events import StageEntered
from hotline_core.errors import IntentRefused
from hotline_core.log import open_log
from transfer import events as te
from transfer.directory import Party
from transfer.events import ActAsked, Target
from transfer.model import Rules
from transfer.transfers import Transfers

pytestmark = pytest.mark.unit

CALL, NOW = "h1-5.7", 100.0
PARTIES = {
    "water": Party("water", "water rescue", ("12395", "05573020003"), "emergency"),
    "rail": Party("rail", "railway", ("12306",), "hotline"),
}
ALLOWED = ("13XXXXXXXXX", "95XXX")
REACH = Reach(PARTIES, ALLOWED, ("hotline", "second"))
FLOOR = Floor({"hotline": "1", "second": "2"}, {"12328": "hotline"}, 5.0)


def board() -> Board:
    """A citizen talks with 1001; 1002 is free, 1003 talks with somebody else."""
    one = Board()
    for agent in ("1001", "1002", "1003"):
        one.apply(ae.MemberSeen(agent, "hotline", present=True, reachable=True), NOW)
    for call_id, agent in ((CALL, "1001"), ("h1-5.9", "1003")):
        one.apply(ev.CallArrived(call_id, "12328", "13855700001", "12328", f"PJSIP/trunk-{call_id}"), NOW)
        one.apply(ev.RecordingStarted(call_id), NOW)
        one.apply(ev.AgentAnswered(call_id, agent, f"PJSIP/agent-{agent}-1"), NOW)
    return one


def click(op: str, agent: str = "1001", call_id: str = CALL, **fields: object) -> Intent:
    """One click."""
    data = {"id": f"{op}-{fields}", "op": op, "agent": agent, "call_id": call_id, "expires": NOW + 3} | fields
    return parse(json.dumps(data).encode(), lambda _: None)


def act_of(op: str, **fields: object) -> ActAsked:
    """The act that a click of the agent in the call stands for."""
    return act_of_intent(click(op, **fields), board(), REACH)  # type: ignore[arg-type]


def refused(op: str, **fields: object) -> str:
    """The code of a refusal."""
    with pytest.raises(IntentRefused) as error:
        act_of_intent(click(op, **fields), board(), REACH)  # type: ignore[arg-type]
    return error.value.code


def test_an_agent_names_a_party_a_number_a_colleague_or_a_queue() -> None:
    """Numbers in the order of trial, exactly as they are dialled."""
    assert act_of("consult", party="water").target == Target("water", "water rescue", "emergency", ("12395", "05573020003"))
    assert act_of("add", number="13855701234").target == Target(numbers=("13855701234",))
    assert act_of("consult", to="1002").target == Target(agent="1002")
    assert act_of("blind", queue="second").target == Target(queue="second")
    assert act_of("requeue").target == Target()
    assert act_of("emergency", party="water").talk.agent_channel == "PJSIP/agent-1001-1"


@pytest.mark.parametrize(
    ("op", "fields", "code"),
    [
        ("consult", {"party": "water", "call_id": "h1-0.0"}, "unknown_call"),
        ("consult", {"party": "water", "agent": "1002"}, "not_your_call"),
        ("take_back", {}, "not_your_call"),
        ("consult", {"party": "moon"}, "unknown_party"),
        ("emergency", {"party": "rail"}, "unknown_party"),
        ("emergency", {"number": "13855701234"}, "unknown_party"),
        ("add", {"number": "0012025550100"}, "number_not_allowed"),
        ("add", {"number": "110"}, "number_not_allowed"),
        ("consult", {"to": "1003"}, "agent_busy"),
        ("consult", {"to": "1001"}, "agent_busy"),
        ("consult", {"to": "1019"}, "agent_busy"),
        ("blind", {"queue": "third"}, "unknown_queue"),
        ("requeue", {"queue": "third"}, "unknown_queue"),
        ("consult", {"queue": "second"}, "bad_input"),
        ("consult", {}, "bad_input"),
        ("consult", {"party": "water", "to": "1002"}, "bad_input"),
        ("mute", {"role": "stranger"}, "bad_input"),
        ("digits", {"digits": "12a"}, "bad_input"),
        ("digits", {}, "bad_input"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(op: str, fields: dict[str, object], code: str) -> None:
    """Nobody is dialled for a slip."""
    assert refused(op, **fields) == code


def test_keys_are_for_the_menu_of_whom_the_agent_talks_with_and_for_nobody_who_hears_music() -> None:
    """An ordinary talk has no third; on hold by the telephone the citizen hears music. They are no part of what may be logged."""
    one = board()
    asked = act_of_intent(click("digits", digits="12#", id="keys"), one, REACH)
    assert (asked.act, asked.digits) == ("digits", "12#")
    assert "12#" not in repr(click("digits", digits="12#", id="keys")) + repr(asked)
    one.apply(ev.HoldStarted(CALL), NOW)
    with pytest.raises(IntentRefused) as error:
        act_of_intent(click("digits", digits="12#"), one, REACH)
    assert error.value.code == "wrong_stage"


def test_who_talks_with_another_citizen_takes_none_back_before_that_talk_is_over() -> None:
    """Else the citizen would leave the queue to wait for a telephone that cannot answer."""
    one = board()
    one.apply(ev.AgentLeft(CALL, "1001", "PJSIP/agent-1001-1", 44), NOW)
    assert act_of_intent(click("take_back"), one, REACH).act == "take_back"
    one.apply(ev.CallArrived("h1-6.1", "12328", "13855700002", "12328", "PJSIP/trunk-h1-6.1"), NOW)
    one.apply(ev.RecordingStarted("h1-6.1"), NOW)
    one.apply(ev.AgentRung("h1-6.1", "1001"), NOW)
    for event in (None, ev.AgentAnswered("h1-6.1", "1001", "PJSIP/agent-1001-2")):
        if event is not None:
            one.apply(event, NOW)
        with pytest.raises(IntentRefused, match="agent_busy"):
            act_of_intent(click("take_back"), one, REACH)


def clicks(one: Board, transfers: Transfers) -> Clicks:
    """What reads clicks of this board."""
    store = PartyStore(PARTIES, open_log("test", "error"))
    rules = DialRules(frozenset({"12328"}), ALLOWED)
    return Clicks(board=one, transfers=transfers, floor=FLOOR, directory=store, rules=rules, system_name="h1")


def joined() -> tuple[Board, Transfers]:
    """Agent 1001 consults colleague 1002, who is rung for."""
    one, transfers = board(), Transfers(Rules(("demo",)))
    transfers.apply(act_of("consult", to="1002"), NOW)
    return one, transfers


def test_a_consulted_colleague_may_hang_up_and_a_reloaded_page_may_come_back() -> None:
    """The colleague's own leg ends, not the call's; the agent's fresh page is called into the room, not by the dialplan."""
    one, transfers = joined()
    ends = clicks(one, transfers).wanted(click("hang_up", "1002"), NOW)
    assert isinstance(ends, cmd.HangUp)
    assert ends.channel == f"third-{CALL}-1"
    assert isinstance(clicks(one, transfers).wanted(click("resume"), NOW), te.PageBack)
    assert isinstance(clicks(one, transfers).wanted(click("hang_up"), NOW), ev.HangUpWanted)


def test_a_call_that_was_cut_off_is_taken_back_while_the_citizen_waits_and_not_from_the_next_agent() -> None:
    """The agent whose page vanished has one click; who is about to answer is not pulled away."""
    one = board()
    one.apply(ev.AgentLeft(CALL, "1001", "PJSIP/agent-1001-1", 44), NOW)
    assert act_of_intent(click("take_back"), one, REACH).act == "take_back"
    with pytest.raises(IntentRefused, match="not_your_call"):
        act_of_intent(click("take_back", "1002"), one, REACH)
    one.apply(ev.AgentRung(CALL, "1002"), NOW)
    with pytest.raises(IntentRefused, match="wrong_stage"):
        act_of_intent(click("take_back"), one, REACH)


def test_a_colleague_who_is_consulted_calls_nobody_meanwhile() -> None:
    """One agent, one call."""
    one, transfers = joined()
    one.apply(StageEntered(CALL, "calling", "1001", "PJSIP/agent-1001-1", third_agent="1002"), NOW)
    dial = click("dial", "1002", number="13855709999", line="12328")
    with pytest.raises(IntentRefused, match="agent_in_call"):
        clicks(one, transfers).wanted(dial, NOW)


def test_the_hold_key_of_a_telephone_gives_the_citizen_music_in_the_room_too() -> None:
    """In a bridge of two Asterisk plays it by itself; a consult is not merged by the key."""
    one, transfers = board(), Transfers(Rules(("demo",)))
    reading = clicks(one, transfers)
    assert reading.of_telephone(ev.HoldStarted(CALL)) is None
    transfers.apply(act_of("add", number="13855701234"), NOW)
    for role, channel in (("citizen", f"PJSIP/trunk-{CALL}"), ("agent", "PJSIP/agent-1001-1")):
        transfers.apply(te.RoomEntered(CALL, role, channel), NOW)
    assert transfers.joins[CALL].stage == "adding"
    held = reading.of_telephone(ev.HoldStarted(CALL))
    assert held is not None
    assert held.act == "hold"
    transfers.apply(held, NOW)
    transfers.apply(te.HoldEntered(CALL, "citizen", f"PJSIP/trunk-{CALL}"), NOW)
    back = reading.of_telephone(ev.HoldEnded(CALL))
    assert back is not None
    assert back.act == "merge"
    transfers.apply(te.RoomEntered(CALL, "third", "PJSIP/trunk-3", f"third-{CALL}-1"), NOW)
    assert transfers.joins[CALL].stage == "consult"
    assert reading.of_telephone(ev.HoldEnded(CALL)) is None


def test_an_act_that_comes_late_or_twice_is_refused() -> None:
    """A frozen page that wakes up must not dial."""
    reading = clicks(board(), Transfers(Rules()))
    asked = click("consult", party="water")
    assert isinstance(reading.wanted(asked, NOW), ActAsked)
    for late, code in ((asked, "repeated_intent"), (replace(asked, intent_id="other", expires=NOW - 1), "stale_intent")):
        with pytest.raises(IntentRefused, match=code):
            reading.wanted(late, NOW)


def test_a_rescue_alarms_every_supervisor_until_it_is_decided() -> None:
    """Called, there, or in vain; also for a desk that sees no Redis."""
    one, transfers = board(), Transfers(Rules(("demo",)))
    transfers.apply(act_of("emergency", party="water"), NOW)

    def state() -> object:
        told = alarm_of(one.calls[CALL], transfers.joins[CALL], PARTIES)
        return told and (told["state"], told["party"], told["name"])

    assert state() == ("calling", "water", "water rescue")
    transfers.apply(te.ThirdFailed(CALL, f"third-{CALL}-1", 17), NOW + 5)
    assert state() == ("calling", "water", "water rescue")
    fields = view(one, FLOOR, transfers.joins, PARTIES)
    assert [(alarm["call_id"], alarm["agent"], alarm["state"]) for alarm in alarms(fields)] == [(CALL, "1001", "calling")]
    transfers.apply(te.ThirdFailed(CALL, f"third-{CALL}-2", 17), NOW + 9)
    assert state() == ("failed", "water", "water rescue")
    one.apply(StageEntered(CALL, "led", urgent=True, rescue="water"), NOW + 10)
    one.apply(ev.QueueEntered(CALL, "hotline", 1), NOW + 11)  # the agent gave the citizen back: still nobody has come
    told = alarm_of(one.calls[CALL], None, PARTIES)
    assert told is not None
    assert (told["state"], told["party"]) == ("failed", "water")


def test_the_menus_key_for_water_distress_alarms_every_supervisor_too() -> None:
    """No agent has touched anything."""
    one = Board()
    one.apply(ev.CallArrived(CALL, "12328", "13855700001", "12328", "PJSIP/trunk-1"), NOW)
    one.apply(ev.PartyRung(CALL, "water", urgent=True), NOW)
    states = []
    for event in (None, ev.PartyAnswered(CALL, "water"), ev.PartyFailed(CALL, "water", urgent=True)):
        if event is not None:
            one.apply(event, NOW)
        told = alarm_of(one.calls[CALL], None, PARTIES)
        states.append(told and told["state"])
    assert states == ["calling", "answered", "failed"]


def test_the_live_view_of_a_call_with_a_third_tells_all_but_a_typed_number() -> None:
    """Who, which attempt, and the stage; a number that a person typed stays with that person."""
    one, transfers = board(), Transfers(Rules(("demo",)))
    transfers.apply(act_of("add", number="13855701234"), NOW)
    field = view(one, FLOOR, transfers.joins, PARTIES)[f"call:{CALL}"]
    join = field["join"]
    assert isinstance(join, dict)
    assert (join["way"], join["n"], join["third"]["state"], join["third"]["attempt"]) == ("add", 1, "dialling", 1)
    assert "13855701234" not in json.dumps(field)
    assert (field["lost_by"], field["alarm"]) == (None, None)
    assert view(one, FLOOR, {}, PARTIES)["call:h1-5.9"]["join"] is None
