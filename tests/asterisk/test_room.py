"""Three on the line with no bridge: who hears whom wherever the legs are moved, and where the citizen ends up whoever leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotline_core.settings import DEFAULT_CITY
from tests.running.instance import Hotline, running
from tests.running.matching import find, prompt
from tests.running.outgoing import plug_in
from tests.running.room import bridgeless, called, connected
from tests.sip.agent import SipCaller
from tests.sip.policy import Answer, RingForever
from tests.sip.tones import silent_ms

pytestmark = pytest.mark.asterisk


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """A hotline of its own: its bridge is away in these tests."""
    with running(DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")) as one:
        yield one


async def test_a_citizen_and_a_third_talk_on_when_the_agent_leaves_and_who_is_left_alone_is_next_in_the_queue(
    hotline: Hotline,
) -> None:
    """Hold, consult, three, swap, the agent leaves, the third leaves: each ear hears what it should, and nobody else's words."""
    async with (
        bridgeless(hotline) as (hand, telephone), connected(hand, telephone, "13855719001") as talk,
        SipCaller(hotline.sip, "13855719002") as third,
    ):  # fmt: skip
        await talk.move(citizen="hold", agent="room")
        await talk.hears(citizen="music", agent="")
        await talk.join(third)
        await talk.hears(citizen="music", agent="third", third="agent")
        await talk.move(citizen="room")
        await talk.hears(citizen="agent third", agent="citizen third", third="agent citizen")
        await talk.move(third="hold")
        await talk.hears(citizen="agent", agent="citizen", third="music")
        await talk.move(third="room")
        await talk.hears(citizen="agent third", agent="citizen third", third="agent citizen")
        await talk.ears["agent"].hang_up()
        await talk.hears(citizen="third", third="citizen")
        await talk.ears["third"].hang_up()
        await talk.told("alone")
        await talk.hears(citizen="music")
        await talk.hand.wait_for("QueueCallerJoin", CallerIDNum="13855719001", Position="1")
        assert not talk.ears["citizen"].ended.is_set()
        assert not {"citizen", "held-citizen", "agent", "third", "held-third"} & set(await talk.keys())
        await talk.ears["citizen"].hang_up()
        await talk.book_is_closed()


async def test_a_citizen_on_music_is_brought_back_when_there_is_no_bridge_and_a_telephone_that_vanished_is_called_again(
    hotline: Hotline,
) -> None:
    """The bridge goes while the citizen is on hold, then the agent's telephone does; a farewell is a farewell only at the end."""
    async with bridgeless(hotline) as (hand, telephone), connected(hand, telephone, "13855719003") as talk:
        await talk.move(citizen="hold", agent="room")
        await talk.hears(citizen="music", agent="")
        await hand.beat(False)
        await talk.hears(citizen="agent", agent="citizen")
        await talk.move(citizen="hold")
        began = len(hand.packets)
        await hand.act("Hangup", ("Channel", talk.channels["agent"]), ("Cause", "44"))
        await talk.agent_again(after=began)
        await talk.hears(citizen="agent", agent="citizen")
        await talk.move(citizen="room", agent="room")
        await talk.hears(citizen="agent", agent="citizen")
        await talk.ears["citizen"].listen(1.0)  # a farewell in the moment of a move is none
        await talk.ears["agent"].hang_up()
        await talk.hears(citizen="gone")
        await talk.book_is_closed()


async def test_a_rescuer_who_answers_when_the_agent_has_gone_reaches_the_citizen_with_no_bridge(hotline: Hotline) -> None:
    """Who was dialled in an emergency is not left with an empty room, and the citizen not with music."""
    async with (
        bridgeless(hotline) as (hand, telephone), connected(hand, telephone, "13855719004") as talk,
        SipCaller(hotline.sip, "13855719005", on_invite=RingForever()) as rescuers,
    ):  # fmt: skip
        await talk.move(citizen="room", agent="room")
        began = len(hand.packets)
        await talk.ring(rescuers, way="emergency")
        await hand.beat(False)
        await talk.ears["agent"].hang_up()
        await talk.told("alone", after=began)
        talk.ears["third"].answer()
        talk.say("third")
        await talk.hears(citizen="third", third="citizen")
        await talk.ears["citizen"].hang_up()
        await talk.hears(third="gone")
        await talk.book_is_closed()


async def test_a_citizen_in_danger_is_spoken_to_between_two_numbers_and_goes_before_all_others_when_the_rescuer_leaves(
    hotline: Hotline,
) -> None:
    """An agent's blind transfer by the live directory, which knows better than the city's file: engaged, without sound, there."""
    async with (
        bridgeless(hotline) as (hand, telephone), connected(hand, telephone, "13855719006") as talk,
        SipCaller(hotline.sip, "13855719007") as rescuers,
        SipCaller(hotline.sip, "13855719008", on_invite=RingForever()) as deaf,
    ):  # fmt: skip
        plug_in(hotline, rescuers)
        plug_in(hotline, deaf)
        await hand.act("DBPut", ("Family", "hlparty"), ("Key", "police"), ("Val", f"emergency,0999003&{deaf.user}&{rescuers.user}"))
        began = len(hand.packets)
        assert await hand.move((talk.channels["citizen"], "party", "police")) == "Success"
        soundless = await deaf.next_call(20)
        soundless.answer()
        soundless.rtp.pause()
        talk.ears["third"] = await rescuers.next_call(20)
        talk.say("third")
        await talk.hears(citizen="third", third="citizen", agent="gone")
        await soundless.wait_ended(10)
        assert silent_ms(talk.ears["citizen"].heard()) < 5000
        assert find(prompt("emergency-waiting"), talk.ears["citizen"].heard()).is_played
        await talk.ears["third"].hang_up()
        await talk.told("alone", after=began)
        queued = await hand.until(lambda packet: packet.text("Event") == "QueueCallerJoin", "the citizen waits", after=began)
        assert (queued.variable("CALLREF"), queued.text("Position")) == (talk.call_id, "1")
        steps = [packet for packet in hand.packets[began:] if packet.text("UserEvent") == "HotlineParty"]
        assert [(step.text("State"), step.text("Attempt"), step.text("Result")) for step in steps] == [
            ("rung", "", ""), ("dialled", "1", ""), ("missed", "1", "busy"), ("dialled", "2", ""),
            ("missed", "2", "no_answer"), ("dialled", "3", ""), ("answered", "3", ""), ("failed", "", ""),
        ]  # fmt: skip
        await talk.ears["citizen"].hang_up()
        await hand.act("DBDel", ("Family", "hlparty"), ("Key", "police"))


async def test_a_citizen_who_was_called_can_be_brought_together_with_a_third(hotline: Hotline) -> None:
    """There the agent's channel has the dialplan and the citizen is the dialled leg; both move in one stroke all the same."""
    async with (
        bridgeless(hotline) as (hand, telephone), SipCaller(hotline.sip, "13855719008", on_invite=Answer()) as citizen,
        SipCaller(hotline.sip, "13855719009", on_invite=Answer()) as third,
    ):  # fmt: skip
        talk = await called(hand, telephone, citizen)
        await talk.move(citizen="hold", agent="room")
        await talk.join(third)
        await talk.hears(citizen="music", agent="third", third="agent")
        await talk.move(citizen="room")
        await talk.hears(citizen="agent third", agent="citizen third", third="agent citizen")
        await talk.ears["agent"].hang_up()
        await talk.hears(citizen="third", third="citizen")
        began = len(hand.packets)
        await talk.ears["third"].hang_up()
        await talk.told("alone", after=began)
        await talk.hears(citizen="music")
        await talk.ears["citizen"].hang_up()
        await talk.book_is_closed()
