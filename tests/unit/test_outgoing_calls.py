"""An agent calls a citizen: who may call whom and when, and what the call's state machine makes of Asterisk's words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ami_bridge.actions import actions_for
from ami_bridge.protocol import Packet
from ami_bridge.resync import Snapshot, events_of
from ami_bridge.translate import translate
from hotline_core.domain import events as ev
from hotline_core.domain import outgoing_events as out
from hotline_core.domain.board import Board
from hotline_core.domain.call import VANISHED
from hotline_core.domain.commands import CloseJournal, Command, Dial, HangUp, Write
from hotline_core.domain.dialling import RING_S, Rules

pytestmark = pytest.mark.unit

RULES = Rules(frozenset({"12328", "12345"}), ("13XXXXXXXXX", "0557NXXXXXX"))
ASKED = out.DialAsked("1001", "i1", "c1", "13855701234", "12328", "h1-9.9")
LEG = "PJSIP/agent-1001-00000001"
CITIZEN = "PJSIP/trunk-demo-00000002"
DIALLED = out.CallDialled("c1", "12328", "13855701234", "1001", LEG, "h1-9.9")


def after(*events: ev.Event) -> tuple[Board, list[Command]]:
    """The board after these events, and all commands they led to."""
    board = Board()
    commands: list[Command] = []
    for at, event in enumerate(events):
        commands += board.apply(event, float(at))
    return board, commands


def kinds(commands: list[Command]) -> list[str]:
    """The ledger kinds among the commands."""
    return [command.kind for command in commands if isinstance(command, Write)]


def test_a_citizen_who_is_called_hears_the_notice_talks_and_hangs_up() -> None:
    """The agent is busy from the first ring to the end, and the records tell each step."""
    board, commands = after(
        ASKED, DIALLED, out.CitizenAnswered("c1", CITIZEN), ev.NoticePlayed("c1", True), ev.RecordingStarted("c1"),
        out.TalkStarted("c1"),
    )  # fmt: skip
    call = board.calls["c1"]
    assert (call.phase, call.direction, call.about) == ("talking", "out", "h1-9.9")
    assert (call.caller, call.channel) == ("13855701234", CITIZEN)
    assert (board.agents["1001"].state, board.agents["1001"].call_id) == ("talking", "c1")
    assert call.queued_at is None
    assert kinds(commands) == ["call_dialled", "citizen_answered", "notice_played", "recording_started", "talk_started"]
    more = board.apply(ev.HangUpAsked("c1", "caller"), 10.0) + board.apply(ev.CallEnded("c1", 16), 10.0)
    assert [(command.kind, command.facts["by"]) for command in more if isinstance(command, Write)] == [("call_ended", "caller")]
    assert CloseJournal("c1", dialled=True) in more
    assert board.agents["1001"].call_id == ""


def test_the_first_record_of_a_call_to_a_citizen_names_agent_line_and_the_call_it_answers() -> None:
    """The number is personal data and stays out of the facts."""
    _, commands = after(DIALLED)
    assert commands == [
        Write("call_dialled", "c1", 0.0, {"line": "12328", "agent": "1001", "about": "h1-9.9"},
              {"caller": "13855701234", "dialled": "13855701234"})
    ]  # fmt: skip


@pytest.mark.parametrize("reason", [*out.REASONS, "nonsense"])
def test_a_citizen_who_is_not_reached_ends_the_call_with_the_reason_told(reason: str) -> None:
    """The agent hears a sentence, then the leg ends and the call with it; nobody is said to have hung up."""
    board, commands = after(DIALLED, out.DialFailed("c1", reason), ev.AgentLeft("c1", "1001", LEG, 16))
    assert board.calls == {}
    told = [command for command in commands if isinstance(command, Write)]
    assert told[1].facts == {"reason": reason if reason in out.REASONS else "unavailable"}
    assert told[2].facts == {"by": "system", "cause": 16}
    assert CloseJournal("c1", dialled=True) in commands


def test_an_agent_who_gives_up_ringing_ends_the_call() -> None:
    """Told as ended by the agent."""
    board, commands = after(DIALLED, ev.HangUpAsked("c1", "agent"), ev.AgentLeft("c1", "1001", LEG, 16))
    assert board.calls == {}
    assert [command.facts.get("by") for command in commands if isinstance(command, Write)][-1] == "agent"


def test_an_agent_who_hangs_up_during_the_notice_leaves_the_end_to_the_citizens_own_channel() -> None:
    """Once the citizen has picked up, the call lives as long as the citizen's channel."""
    board, _ = after(DIALLED, out.CitizenAnswered("c1", CITIZEN), ev.AgentLeft("c1", "1001", LEG, 16))
    assert board.calls["c1"].ended_by == "agent"
    board.apply(ev.CallEnded("c1", 16), 5.0)
    assert board.calls == {}


def test_an_agent_whose_page_vanishes_in_the_talk_leaves_the_citizen_waiting_and_takes_the_talk_up_again() -> None:
    """As in a talk with a citizen who called (R1)."""
    board, _ = after(
        DIALLED, out.CitizenAnswered("c1", CITIZEN), out.TalkStarted("c1"), ev.AgentLeft("c1", "1001", LEG, VANISHED),
        ev.AgentAwaited("c1", "1001"),
    )  # fmt: skip
    assert (board.calls["c1"].phase, board.calls["c1"].head) == ("waiting", True)
    board.apply(ev.AgentResumed("c1", "1001", "PJSIP/agent-1001-00000003"), 9.0)
    assert (board.calls["c1"].phase, board.calls["c1"].agent_channel) == ("talking", "PJSIP/agent-1001-00000003")


def test_the_hang_up_button_ends_a_dialling_call_by_the_agents_leg() -> None:
    """The one leg that is there."""
    _, commands = after(DIALLED, ev.HangUpWanted("c1", "i2"))
    assert commands[-1] == HangUp(LEG, "i2")


@pytest.mark.parametrize(("event", "code"), [
    (ASKED, ""), (replace(ASKED, line="12306"), "unknown_line"), (replace(ASKED, number="15555701234"), "number_not_allowed"),
    (replace(ASKED, number="110"), "number_not_allowed"), (replace(ASKED, number=""), "number_not_allowed"),
    (replace(ASKED, number="138557012345"), "number_not_allowed"), (replace(ASKED, number="1385570123x"), "number_not_allowed"),
])  # fmt: skip
def test_a_call_to_a_number_or_under_a_line_that_is_not_the_citys_is_refused(event: out.DialAsked, code: str) -> None:
    """The bridge checks before the dialplan does (R10)."""
    assert Board().dial_refusal(event, RULES, 0.0) == code


def test_an_agent_in_a_call_and_a_citizen_on_the_line_or_being_called_are_not_called() -> None:
    """Two agents never call the same person at once; whoever waits in the queue already is not called either."""
    board, _ = after(DIALLED)
    assert board.dial_refusal(replace(ASKED, call_id="c2", number="13855700000"), RULES, 1.0) == "agent_in_call"
    assert board.dial_refusal(replace(ASKED, call_id="c2", agent="1002"), RULES, 1.0) == "being_called"
    waiting, _ = after(ev.CallArrived("c5", "12345", "13855701234", "12345", CITIZEN))
    assert waiting.dial_refusal(ASKED, RULES, 1.0) == "on_the_line"


def test_a_call_that_was_asked_for_counts_until_the_agents_telephone_answers_or_does_not() -> None:
    """Between the click and the first word of Asterisk nobody else dials the number; a dead telephone blocks nobody for long."""
    board, commands = after(ASKED)
    assert commands == [Dial("1001", "i1", "c1", "13855701234", "12328", "h1-9.9")]
    other = replace(ASKED, call_id="c2", agent="1002", intent_id="i2")
    assert board.dial_refusal(other, RULES, 1.0) == "being_called"
    assert board.dial_refusal(replace(other, agent="1001", number="13855700000"), RULES, 1.0) == "agent_in_call"
    assert board.dial_refusal(other, RULES, RING_S + 1) == ""
    board.apply(out.DialDropped("1001"), 2.0)
    assert board.dial_refusal(other, RULES, 2.0) == ""


def test_the_agents_telephone_is_rung_with_the_headers_a_page_answers_to_by_itself() -> None:
    """One Originate, which no reconnect ever repeats; the citizen's number goes to the allow list of the dialplan again."""
    ((name, fields),) = actions_for(Dial("1001", "i1", "c1", "13855701234", "12328", "h1-9.9"), "x")
    assert name == "Originate"
    assert {("Channel", "PJSIP/agent-1001"), ("Context", "outgoing"), ("Exten", "13855701234"), ("ChannelId", "c1")} <= set(fields)
    assert {("Variable", "CALLREF=c1"), ("Variable", "ABOUT=h1-9.9"), ("Variable", "PJSIP_HEADER(add,X-Dial)=yes")} <= set(fields)


def packet(name: str, channel: str, unique: str, **more: str) -> Packet:
    """An AMI event of that channel in call c1; `CITIZEN` marks the citizen's channel."""
    mark = more.pop("mark", "")
    pairs = [("Event", name), ("Channel", channel), ("Uniqueid", unique), ("ChanVariable", "CALLREF=c1"), *more.items()]
    return Packet([*pairs, ("ChanVariable", f"CITIZEN={mark}")])


def test_at_the_end_of_a_call_nothing_of_it_stays_in_asterisks_journal() -> None:
    """Who answered is cleared of every call: it may have been answered and have ended while Asterisk stood still."""
    cleared = {(name, dict(fields)["Family"]) for name, fields in actions_for(CloseJournal("c1"), "m1")}
    trees = {("DBDelTree", family) for family in ("hlans", "hlleg", "ivr")}
    assert cleared == {("DBDel", "hlcall"), ("DBDel", "hlend"), *trees}
    assert {dict(fields)["Key"] for _, fields in actions_for(CloseJournal("c1"), "m1")} == {"c1"}


def test_the_agents_leg_bears_the_calls_id_and_is_still_the_agents() -> None:
    """Its end is the agent's, the end of the channel with the mark is the citizen's."""
    assert translate(packet("Hangup", LEG, "c1", Cause="16")) == [ev.AgentLeft("c1", "1001", LEG, 16)]
    assert translate(packet("HangupRequest", LEG, "c1")) == [ev.HangUpAsked("c1", "agent")]
    assert translate(packet("Hold", LEG, "c1")) == [ev.HoldStarted("c1")]
    assert translate(packet("Hangup", CITIZEN, "u2", mark="u2", Cause="16")) == [ev.CallEnded("c1", 16)]
    assert translate(packet("HangupRequest", CITIZEN, "u2", mark="u2")) == [ev.HangUpAsked("c1", "caller")]


def test_an_agents_telephone_that_does_not_answer_is_told_by_asterisk() -> None:
    """The event OriginateResponse has a Response of its own."""
    pairs = [("Event", "OriginateResponse"), ("Response", "Failure"), ("Channel", "PJSIP/agent-1001"), ("Context", "outgoing")]
    assert translate(Packet(pairs)) == [out.DialDropped("1001")]
    assert translate(Packet([(key, "Success" if key == "Response" else value) for key, value in pairs])) == []


def entry(name: str, unique: str, context: str, state: str = "Up") -> Packet:
    """One entry of CoreShowChannels in call c1."""
    return Packet([
        ("Event", "CoreShowChannel"), ("Channel", name), ("Uniqueid", unique), ("Linkedid", "c1"), ("Application", "Dial"),
        ("ChannelStateDesc", state), ("Context", context),
    ])  # fmt: skip


def snapshot(*channels: Packet, answered: str = "", ended: str = "", citizen: str = "") -> Snapshot:
    """Asterisk's state with call c1 to a citizen in the journal."""
    return Snapshot(
        channels, (), {"c1": "10,12328,138,138"}, {"c1": answered} if answered else {}, {"c1": ended} if ended else {},
        {"c1": f"1001,h1-9.9,{citizen}"},
    )  # fmt: skip


@pytest.mark.parametrize(("channels", "answered", "citizen", "phase", "channel"), [
    ([entry(LEG, "c1", "outgoing")], "", "", "dialling", LEG),
    ([entry(LEG, "c1", "outgoing"), entry(CITIZEN, "u2", "outgoing-on")], "", CITIZEN, "dialling", CITIZEN),
    ([entry(LEG, "c1", "outgoing"), entry(CITIZEN, "u2", "from-trunk")], "12,agent-1001", CITIZEN, "talking", CITIZEN),
    ([entry(CITIZEN, "u2", "recover")], "12,agent-1001", CITIZEN, "waiting", CITIZEN),
    ([entry(CITIZEN, "u2", "recover"), entry("PJSIP/agent-1001-00000007", "u3", "")], "12,agent-1001", CITIZEN, "talking", CITIZEN),
])  # fmt: skip
def test_a_call_to_a_citizen_found_on_the_line_is_adopted_in_the_phase_asterisk_shows(
    channels: list[Packet], answered: str, citizen: str, phase: str, channel: str
) -> None:
    """A bridge that comes back knows the direction, the agent and the call that is answered."""
    (event,) = events_of(snapshot(*channels, answered=answered, citizen=citizen), frozenset(), 50.0)
    assert isinstance(event, ev.CallAdopted)
    assert (event.phase, event.channel, event.direction, event.about) == (phase, channel, "out", "h1-9.9")
    board, commands = after(event)
    assert board.calls["c1"].direction == "out"
    assert kinds(commands)[:2] == ["call_dialled", "adopted"]


@pytest.mark.parametrize(("answered", "ended", "expected"), [
    ("12,agent-1001", "60,16,,caller", ["call_dialled", "talk_started", "call_ended"]),
    ("", "60,17,busy,system", ["call_dialled", "dial_failed", "call_ended"]),
    ("", "", ["call_dialled", "call_ended"]),
])  # fmt: skip
def test_a_call_to_a_citizen_that_came_and_went_unseen_is_recovered_whole(answered: str, ended: str, expected: list[str]) -> None:
    """Answered, failed with its reason, or cut off by the end of Asterisk."""
    (event,) = events_of(snapshot(answered=answered, ended=ended), frozenset(), 100.0)
    assert isinstance(event, ev.CallRecovered)
    assert (event.direction, event.agent, event.about) == ("out", "1001", "h1-9.9")
    _, commands = after(event)
    assert kinds(commands) == expected
