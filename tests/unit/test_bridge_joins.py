"""A call with a third on the line, as AMI words it: what Asterisk tells, what it is asked, and what it refuses."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_bridge.intents import Answer, Intent, parse
from ami_bridge.join_actions import actions_for
from ami_bridge.joins import Joins
from ami_bridge.parties import REMOVED, PartyStore
from ami_bridge.protocol import Packet, encode
from ami_bridge.replies import Replies
from ami_bridge.translate import translate
from ami_bridge.translate_join import translate_join
from hotline_core.domain import commands as cmd
from hotline_core.domain import events as ev
from hotline_core.errors import BadInput
from hotline_core.log import Log, open_log
from transfer import commands as tc
from transfer import events as te
from transfer.directory import Party
from transfer.model import AWAY, ROOM, Join

pytestmark = pytest.mark.unit

CALL = "h1-1790000000.7"
THIRD = f"third-{CALL}-2"


def packet(event: str, **fields: str) -> Packet:
    """An event of a channel of this call."""
    return Packet([("Event", event), *fields.items(), ("ChanVariable", f"CALLREF={CALL}")])


def test_an_outside_party_that_rings_and_is_engaged_failed_with_the_networks_cause() -> None:
    """Its leg is none of the call's own: the board hears nothing of it."""
    ringing = packet("Newstate", Uniqueid=THIRD, ChannelStateDesc="Ringing", Channel="PJSIP/trunk-demo-2")
    ended = packet("Hangup", Uniqueid=THIRD, ChannelStateDesc="Ringing", Channel="PJSIP/trunk-demo-2", Cause="17")
    assert translate_join(ringing) == [te.ThirdRinging(CALL, THIRD)]
    assert translate_join(ended) == [te.ThirdFailed(CALL, THIRD, 17)]
    assert translate(ringing) == translate(ended) == []


def test_a_third_who_answered_has_left_when_the_leg_ends() -> None:
    """Of a colleague it is told as an agent's too: who took the call over is its agent, and only the machine knows who did."""
    outside = packet("Hangup", Uniqueid=THIRD, ChannelStateDesc="Up", Channel="PJSIP/trunk-demo-0000002a", Cause="16")
    assert translate_join(outside) == [te.ThirdLeft(CALL, THIRD, 16)]
    assert translate(outside) == []
    leg = "PJSIP/agent-1002-0000002a"
    colleague = packet("Hangup", Uniqueid=THIRD, ChannelStateDesc="Up", Channel=leg, Cause="16")
    assert translate_join(colleague) == [te.ThirdLeft(CALL, THIRD, 16), te.AgentGone(CALL, "1002", leg, 16)]
    assert translate(colleague) == [ev.AgentLeft(CALL, "1002", leg, 16)]


def test_a_party_that_cannot_be_called_at_all_failed_by_the_answer_to_the_dialling() -> None:
    """There never was a channel that could end."""
    answer = Packet([("Event", "OriginateResponse"), ("ActionID", THIRD), ("Response", "Failure"), ("Uniqueid", "<null>")])
    assert translate_join(answer) == [te.ThirdFailed(CALL, THIRD, 0)]


def test_whoever_is_in_the_room_or_hears_music_is_told_with_the_role() -> None:
    """The dialplan's word; another role than the three is nobody's."""
    room = packet("UserEvent", UserEvent="HotlineRoom", State="entered", Role="agent", Channel="PJSIP/agent-1001-1")
    held = packet("UserEvent", UserEvent="HotlineRoom", State="held", Role="citizen", Channel="PJSIP/trunk-demo-1")
    odd = packet("UserEvent", UserEvent="HotlineRoom", State="entered", Role="stranger", Channel="PJSIP/x")
    assert translate_join(room) == [te.RoomEntered(CALL, "agent", "PJSIP/agent-1001-1")]
    assert translate_join(held) == [te.HoldEntered(CALL, "citizen", "PJSIP/trunk-demo-1")]
    assert translate_join(odd) == []


def test_the_end_of_the_agents_and_of_the_citizens_leg_are_told_apart() -> None:
    """By name and by unique id; the citizen of a call that we began has an id of its own."""
    agent = packet("Hangup", Uniqueid="h1-9.9", Channel="PJSIP/agent-1001-1", Cause="44")
    citizen = packet("Hangup", Uniqueid=CALL, Channel="PJSIP/trunk-demo-1", Cause="16")
    called = Packet([
        ("Event", "Hangup"), ("Uniqueid", "h1-9.8"), ("Channel", "PJSIP/trunk-demo-3"),
        ("ChanVariable", f"CALLREF={CALL}"), ("ChanVariable", "CITIZEN=h1-9.8"),
    ])  # fmt: skip
    assert translate_join(agent) == [te.AgentGone(CALL, "1001", "PJSIP/agent-1001-1", 44)]
    assert translate_join(citizen) == translate_join(called) == [te.CitizenGone(CALL)]


@pytest.mark.parametrize(
    ("user_event", "state"), [("HotlineRecover", "waiting"), ("HotlineParty", "rung"), ("HotlineDuty", "rung")]
)
def test_a_citizen_whom_the_dialplan_leads_elsewhere_is_out_of_the_transfers_hands(user_event: str, state: str) -> None:
    """The queue, a vanished page's return, an outside party, a duty telephone."""
    told = packet("UserEvent", UserEvent=user_event, State=state, Uniqueid=CALL)
    assert translate_join(told) == [te.CitizenElsewhere(CALL)]


FIELDS = st.sampled_from(["Uniqueid", "State", "Role", "UserEvent", "Cause", "ActionID", "Channel"])


@given(st.dictionaries(FIELDS, st.text(), max_size=7))
def test_whatever_a_stranger_sends_is_read_without_an_error(fields: dict[str, str]) -> None:
    """Names and numbers come from outside."""
    for event in ("UserEvent", "Hangup", "Newstate", "OriginateResponse", "QueueCallerJoin"):
        translate_join(packet(event, **fields))


def fields_of(command: tc.JoinCommand) -> list[tuple[str, dict[str, str]]]:
    """The actions of a command as they are written, each in one packet without an injected line."""
    actions = actions_for(command, {"12328": "055712328"})
    assert all(encode(action, fields) for action, fields in actions)
    return [(action, dict(fields)) for action, fields in actions]


def test_citizen_and_agent_are_moved_in_one_stroke() -> None:
    """Two redirects would hang one of them up between the two."""
    both = (tc.Place("PJSIP/c-1", "room", "citizen"), tc.Place("PJSIP/agent-1001-1", "room", "agent"))
    assert fields_of(tc.Move(CALL, 1, both)) == [
        ("Redirect", {
            "Channel": "PJSIP/c-1", "Context": "room", "Exten": "citizen", "Priority": "1",
            "ExtraChannel": "PJSIP/agent-1001-1", "ExtraContext": "room", "ExtraExten": "agent", "ExtraPriority": "1",
        }),
    ]  # fmt: skip


def test_a_party_is_dialled_under_the_lines_number_and_a_colleague_with_the_calls_id() -> None:
    """The channel bears the name by which everything about it is told."""
    [(_, ringing), (_, outside)] = fields_of(tc.DialThird(CALL, THIRD, "12328", "consult", number="12395", trunk="ims", rings_s=20))
    assert (outside["Channel"], outside["CallerID"]) == ("PJSIP/12395@trunk-ims", "<055712328>")
    assert outside["ChannelId"] == outside["ActionID"] == THIRD
    assert ringing == {"Family": f"hljoin/{CALL}", "Key": "dialled", "Val": THIRD}, "the dialplan knows whom it is dialled for"
    [_, (_, colleague)] = fields_of(tc.DialThird(CALL, THIRD, "12328", "consult", agent="1002"))
    assert colleague["Channel"] == "PJSIP/agent-1002"
    [_, (_, told)] = actions_for(tc.DialThird(CALL, THIRD, "12328", "consult", agent="1002"), {})
    assert ("Variable", f"PJSIP_HEADER(add,X-Call-Id)={CALL}") in told


def test_keys_are_played_one_by_one_by_the_link_and_by_nobody_who_reads_the_thirds_channel() -> None:
    """SendDTMF on another's channel eats its end: a third who hung up under it stayed in the room for ever."""
    played = fields_of(tc.SendDigits(CALL, "PJSIP/t-1", "12#", "i1"))
    assert [(action, fields["Channel"], fields["Digit"]) for action, fields in played] == [
        ("PlayDTMF", "PJSIP/t-1", key) for key in "12#"
    ]  # fmt: skip


class Asterisk:
    """A link that only keeps what it is asked; `answer` gives the oldest action's answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.futures: list[asyncio.Future[Packet]] = []

    def post(self, action: str, fields: object = ()) -> asyncio.Future[Packet]:
        self.asked.append((action, dict(fields)))  # type: ignore[call-overload]
        self.futures.append(asyncio.get_running_loop().create_future())
        return self.futures[-1]

    async def answer(self, response: str) -> None:
        self.futures.pop(0).set_result(Packet([("Response", response)]))
        await asyncio.sleep(0)


def intent(**fields: object) -> tuple[Intent, list[Answer]]:
    """An intent and the list its answer comes into."""
    answers: list[Answer] = []
    data = {"id": "i1", "op": "merge", "agent": "1001", "expires": 9.0} | fields
    return parse(json.dumps(data).encode(), answers.append), answers


async def test_a_move_that_asterisk_refuses_is_told_to_the_machine_and_to_the_agent() -> None:
    """A leg had just gone: nothing was moved, and nobody waits for it."""
    events, replies, asterisk = list[te.JoinEvent](), Replies(), Asterisk()
    asked, answers = intent()
    replies.expect(asked)
    joins = Joins(events.append, replies, {})
    joins.act(tc.Move(CALL, 4, (tc.Place("PJSIP/c-1", "room", "citizen"),), "i1"), asterisk)  # type: ignore[arg-type]
    await asterisk.answer("Error")
    assert events == [te.MoveRefused(CALL, 4)]
    assert [answer["code"] for answer in answers] == ["asterisk_refused"]


async def test_an_agent_whose_citizen_was_led_on_is_let_go_without_taking_the_citizen_along() -> None:
    """The dialplan must not take that end for a farewell: the citizen's own leg may not have left the room yet."""
    asterisk, joins = Asterisk(), Joins(lambda _: None, Replies(), {})
    for place, wanted in ((AWAY, ["Setvar", "Hangup"]), (ROOM, ["Hangup"])):
        join = Join(CALL, "12328", "PJSIP/c-1", "1001", "PJSIP/agent-1001-1", 0.0, citizen=place)
        joins.act(cmd.HangUp("PJSIP/agent-1001-1", ""), asterisk, join)  # type: ignore[arg-type]
        assert [action for action, _ in asterisk.asked] == wanted
        asterisk.asked.clear()


async def test_a_third_given_up_before_there_was_a_channel_is_hung_up_when_it_appears() -> None:
    """Dialling takes a moment: nobody shall ring for a call that wants nobody any more."""
    asterisk, joins = Asterisk(), Joins(lambda _: None, Replies(), {})
    joins.act(tc.HangUpThird(CALL, THIRD), asterisk)  # type: ignore[arg-type]
    for _ in range(2):
        await asterisk.answer("Error")
    for _ in range(2):
        joins.see(packet("Newchannel", Uniqueid=THIRD), asterisk)  # type: ignore[arg-type]
    asked = [(action, fields["Channel"]) for action, fields in asterisk.asked]
    assert asked == [("Setvar", THIRD), ("Hangup", THIRD), ("Hangup", THIRD)]


async def test_keys_pressed_quickly_one_after_the_other_do_not_fall_into_each_other() -> None:
    """The second press is played when the first is out; both are acknowledged."""
    replies, asterisk = Replies(), Asterisk()
    asked, answers = intent(op="digits", digits="2")
    replies.expect(asked)
    joins = Joins(lambda _: None, replies, {})
    joins.act(tc.SendDigits(CALL, "PJSIP/t-1", "1", "i0"), asterisk)  # type: ignore[arg-type]
    joins.act(tc.SendDigits(CALL, "PJSIP/t-1", "2", "i1"), asterisk)  # type: ignore[arg-type]
    assert (len(asterisk.asked), len(answers)) == (1, 1)
    async with asyncio.timeout(10):
        while len(asterisk.asked) < 2:  # noqa: ASYNC110 - the link of this test has no event to wait for
            await asyncio.sleep(0.02)
    assert [fields["Digit"] for _, fields in asterisk.asked] == ["1", "2"]


def test_the_cause_of_a_failed_dialling_is_the_channels_own() -> None:
    """The answer to the dialling comes first and knows no cause: by it an engaged number would be tried over every trunk."""
    joins = Joins(lambda _: None, Replies(), {})
    answer = Packet([("Event", "OriginateResponse"), ("ActionID", THIRD), ("Response", "Failure"), ("Uniqueid", THIRD)])
    assert joins.see(answer, None)  # there never was a channel
    for begins in ("Newchannel", "CoreShowChannel"):
        joins.see(packet(begins, Uniqueid=THIRD), None)
        assert not joins.see(answer, None)
        assert joins.see(packet("Hangup", Uniqueid=THIRD), None)


class Store:
    """A link with a database of its own."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def ask(self, action: str, fields: list[tuple[str, str]]) -> Packet:
        told = dict(fields)
        assert len(encode(action, fields).split(b"\r\n")[3]) < 1024  # a longer line is dropped by Asterisk
        self.kept[f"{told['Family']}/{told['Key']}"] = told["Val"]
        return Packet([("Response", "Success")])


async def one(store: PartyStore, link: Store, **fields: object) -> Answer:
    """The answer to one change of the directory."""
    answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    data = {"id": "i1", "agent": "", "expires": 9.0} | fields
    store.take(parse(json.dumps(data).encode(), answer.set_result), link)  # type: ignore[arg-type]
    running = asyncio.ensure_future(store.run())
    await answer
    running.cancel()
    return answer.result()


async def test_a_party_changed_in_the_desk_is_in_force_and_outlives_the_bridge(log: Log) -> None:
    """The dialplan reads its numbers in their order; a bridge that comes back reads the same party."""
    city = {"fire": Party("fire", "消防", ("119",), "emergency")}
    store, link = PartyStore(city, log), Store()
    data = {"name": "水上搜救", "numbers": ["12395", "05573020003"], "kind": "emergency", "tell": "说" * 200}
    assert (await one(store, link, op="party_put", party="water", data=data))["ok"]
    assert link.kept["hlparty/water"] == "emergency,12395&05573020003"
    again = PartyStore(city, log)
    again.restore({"water": link.kept["hldir/water"]})
    assert (again.parties["water"].numbers, again.parties["fire"].numbers) == (("12395", "05573020003"), ("119",))
    told = await one(again, link, op="party_list")
    assert told["facts"]["parties"]["water"] == {name: data[name] for name in ("name", "numbers", "kind")}  # type: ignore[index]


async def test_a_party_of_the_citys_file_that_is_removed_stays_removed(log: Log) -> None:
    """The dialplan knows the kind all the same, so that an emergency stays one."""
    city = {"fire": Party("fire", "消防", ("119",), "emergency")}
    store, link = PartyStore(city, log), Store()
    assert (await one(store, link, op="party_remove", party="fire"))["ok"]
    assert (store.parties, link.kept["hlparty/fire"]) == ({}, "emergency,")
    assert link.kept["hldir/fire"] == REMOVED
    again = PartyStore(city, log)
    again.restore({"fire": link.kept["hldir/fire"], "torn": "x {"})
    assert again.parties == {}


@pytest.mark.parametrize("changes", [{"party": "../etc"}, {"party": "x", "data": {"name": "x", "numbers": [], "kind": "unit"}}])
async def test_a_party_without_a_name_or_a_number_is_refused(log: Log, changes: dict[str, object]) -> None:
    """What the desk lets through is looked at once more."""
    answer = await one(PartyStore({}, log), Store(), op="party_put", **changes)
    assert answer["code"] == "bad_input"


def test_an_act_with_a_colleague_who_is_no_extension_is_bad_input() -> None:
    """Named by field."""
    with pytest.raises(BadInput, match="to"):
        intent(op="consult", to="1002,room")


@pytest.fixture
def log() -> Log:
    """A log nobody reads."""
    return open_log("test", "error")
