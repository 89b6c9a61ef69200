"""A recording is paused while a number that must not be kept is spoken: it always ends, silences everybody, is told as it is."""

from __future__ import annotations

import json

import pytest

from ami_bridge.actions import actions_for
from ami_bridge.intents import Gate, parse
from ami_bridge.protocol import Packet
from ami_bridge.resync import Snapshot, events_of
from ami_bridge.translate import translate
from ami_bridge.view import Floor, view
from hotline_core.domain import commands as cmd
from hotline_core.domain import events as ev
from hotline_core.domain.board import Board
from hotline_core.domain.join_events import StageEntered
from hotline_core.domain.pause_events import (
    LegRecorded,
    PauseDue,
    PauseRecordingAsked,
    PauseRemembered,
    RecordingSilenced,
    ResumeRecordingAsked,
)
from hotline_core.domain.recording_pause import SURE_S, TRIES, Pauses

pytestmark = pytest.mark.unit

CALL, MAIN, THIRD = "h1-1.1", "PJSIP/trunk-1", "PJSIP/trunk-2"
ASK, RESUME = PauseRecordingAsked(CALL, "1001", "i1"), ResumeRecordingAsked(CALL, "1001", "i2")
SILENT, SOUND = RecordingSilenced(CALL, MAIN, is_silent=True), RecordingSilenced(CALL, MAIN, is_silent=False)


def talking(limit_s: float = 60.0) -> Board:
    """A citizen talks with 1001 since 10 s."""
    board = Board(pauses=Pauses(limit_s))
    board.apply(ev.CallArrived(CALL, "12328", "138", "12328", MAIN), 1.0)
    board.apply(ev.RecordingStarted(CALL), 2.0)
    board.apply(ev.AgentAnswered(CALL, "1001", "PJSIP/agent-1001-1"), 10.0)
    return board


def paused(limit_s: float = 60.0) -> Board:
    """The same, and Asterisk has said at 20 s that nothing is kept."""
    board = talking(limit_s)
    board.apply(ASK, 19.9)
    board.apply(SILENT, 20.0)
    return board


def records(commands: list[cmd.Command]) -> list[tuple[str, dict[str, object]]]:
    """Kinds and facts of the ledger's records among the commands."""
    return [(one.kind, dict(one.facts)) for one in commands if isinstance(one, cmd.Write)]


def silenced(commands: list[cmd.Command]) -> list[tuple[str, bool]]:
    """Channels and what they are told."""
    return [(one.channel, one.is_silent) for one in commands if isinstance(one, cmd.Silence)]


def test_nothing_is_told_or_written_before_asterisk_says_that_the_sound_is_away() -> None:
    """A click alone is no pause: an agent who reads that it is paused may rely on it."""
    board = talking()
    asked = board.apply(ASK, 20.0)
    assert asked == [cmd.KeepPause(CALL, "1001", 80.0, None), cmd.Silence(MAIN, is_silent=True, intent_id="i1")]
    assert board.pauses.of(CALL) is None
    told = board.apply(SILENT, 20.4)
    assert told == [
        cmd.Write("recording_paused", CALL, 20.4, {"agent": "1001", "until": 80.4}), cmd.KeepPause(CALL, "1001", 80.4, 20.4),
    ]  # fmt: skip
    shown = view(board, Floor({"hotline": "1"}, {"12328": "hotline"}, 0.0), {}, {})
    assert shown[f"call:{CALL}"]["pause"] == {"since": 20.4, "until": 80.4}


def test_a_click_ends_it_and_the_record_says_so() -> None:
    """What Asterisk answers is written, with the time at which it did."""
    board = paused()
    assert silenced(board.apply(RESUME, 25.0)) == [(MAIN, False)]
    assert board.pauses.of(CALL) is not None, "not before Asterisk's word"
    assert board.apply(SOUND, 25.1) == [cmd.Write("recording_resumed", CALL, 25.1, {"by": "agent"}), cmd.ForgetPause(CALL)]
    assert board.pauses.of(CALL) is None


def test_it_ends_by_itself_and_is_asked_for_again_until_asterisk_says_so() -> None:
    """An agent who forgets it loses a minute, never the talk; an answer that was lost costs two seconds."""
    board = paused(limit_s=30.0)
    assert board.wake_at == 50.0
    assert PauseDue(CALL) not in board.due(49.9)
    assert PauseDue(CALL) in board.due(50.0)
    assert silenced(board.apply(PauseDue(CALL), 50.0)) == [(MAIN, False)]
    for again in range(1, 10):
        at = 50.0 + again * SURE_S
        assert silenced(board.apply(PauseDue(CALL), at)) == [(MAIN, False)], "asked for as long as it takes"
    assert records(board.apply(SOUND, 71.0)) == [("recording_resumed", {"by": "time"})]


def test_a_pause_that_asterisk_never_confirms_is_given_up_and_leaves_nothing_silent() -> None:
    """Not even where the command came through and only its word was lost."""
    board = talking()
    board.apply(ASK, 20.0)
    told = [board.apply(PauseDue(CALL), 20.0 + again * SURE_S) for again in range(1, TRIES + 2)]
    assert [silenced(one) for one in told] == [[(MAIN, True)]] * TRIES + [[(MAIN, False)]]
    assert cmd.ForgetPause(CALL) in told[-1]
    assert board.wake_at is None


@pytest.mark.parametrize(
    "event", [ev.AgentLeft(CALL, "1001", "PJSIP/agent-1001-1", 44), StageEntered(CALL, "three", "1002", "PJSIP/agent-1002-1"),
              StageEntered(CALL, "handed", "", ""), ev.QueueEntered(CALL, "hotline", 1)],
)  # fmt: skip
def test_it_ends_when_its_agent_has_the_call_no_more(event: ev.CallEvent) -> None:
    """Whoever could end it is gone, handed the call over or lost it."""
    board = paused()
    assert silenced(board.apply(event, 30.0)) == [(MAIN, False)]
    assert records(board.apply(SOUND, 30.1)) == [("recording_resumed", {"by": "left"})]


def test_it_goes_on_through_hold_and_with_others_on_the_line() -> None:
    """The agent still has the call."""
    board = paused()
    for event in (ev.HoldStarted(CALL), ev.HoldEnded(CALL), StageEntered(CALL, "three", "1001", "PJSIP/agent-1001-1")):
        assert silenced(board.apply(event, 30.0)) == []
    assert board.pauses.of(CALL) == {"since": 20.0, "until": 80.0}


def test_the_end_of_the_call_ends_it_and_the_record_of_its_end_comes_before_the_calls_own() -> None:
    """A timeline never ends in a pause."""
    ended = paused().apply(ev.CallEnded(CALL, 16), 40.0)
    assert [kind for kind, _ in records(ended)] == ["recording_resumed", "call_ended"]
    assert cmd.ForgetPause(CALL) in ended


def test_every_recording_of_the_call_is_silent_also_of_whoever_comes_later() -> None:
    """A third hears the number as well, and has a recording of its own."""
    board = talking()
    board.apply(LegRecorded(CALL, THIRD), 15.0)
    assert silenced(board.apply(ASK, 19.0)) == [(THIRD, True), (MAIN, True)]
    board.apply(SILENT, 19.1)
    assert silenced(board.apply(LegRecorded(CALL, "PJSIP/trunk-3"), 21.0)) == [("PJSIP/trunk-3", True)]
    assert silenced(board.apply(RESUME, 25.0)) == [(THIRD, False), ("PJSIP/trunk-3", False), (MAIN, False)]


def test_a_rescue_that_goes_on_without_the_citizen_is_heard_again_in_its_recording() -> None:
    """The citizen's channel is gone, the third's is not."""
    board = paused()
    board.apply(LegRecorded(CALL, THIRD), 21.0)
    board.apply(StageEntered(CALL, "rescue_on", "1001", "PJSIP/agent-1001-1"), 22.0)
    ended = board.apply(ev.CallEnded(CALL, 16), 23.0)
    assert silenced(ended) == [(THIRD, False)]
    assert ("recording_resumed", {"by": "end"}) in records(ended)


def test_a_bridge_that_comes_back_keeps_the_pause_and_ends_it_in_time() -> None:
    """Asterisk's own database remembers; each channel is told once more."""
    board = talking()
    board.apply(LegRecorded(CALL, THIRD), 22.0)
    assert silenced(board.apply(PauseRemembered(CALL, "1001", 80.0, 20.0), 30.0)) == [(THIRD, True), (MAIN, True)]
    assert board.pauses.of(CALL) == {"since": 20.0, "until": 80.0}
    assert board.apply(SILENT, 30.1) == [], "written by the bridge before"
    assert silenced(board.apply(PauseDue(CALL), 80.0)) == [(THIRD, False), (MAIN, False)]


@pytest.mark.parametrize(("agent", "until", "by"), [("1001", 29.0, "time"), ("1002", 80.0, "left")])
def test_a_pause_that_should_have_ended_while_there_was_no_bridge_ends_at_once(agent: str, until: float, by: str) -> None:
    """Its time is over, or its agent is."""
    board = talking()
    assert silenced(board.apply(PauseRemembered(CALL, agent, until, 20.0), 30.0)) == [(MAIN, False)]
    assert records(board.apply(SOUND, 30.1)) == [("recording_resumed", {"by": by})]


def test_a_pause_of_a_call_that_ended_while_there_was_no_bridge_is_closed() -> None:
    """Its record gets its other half."""
    told = Board().apply(PauseRemembered(CALL, "1001", 80.0, 20.0), 30.0)
    assert records(told) == [("recording_resumed", {"by": "end"})]
    assert cmd.ForgetPause(CALL) in told


def test_a_clock_that_is_set_makes_no_pause_longer_or_shorter() -> None:
    """What waits here waits as long as before."""
    board = paused()
    board.shift(3600.0)
    assert board.pauses.of(CALL) == {"since": 20.0, "until": 3680.0}
    board.shift(-3600.0)
    assert PauseDue(CALL) not in board.due(79.0)


def test_asking_twice_is_answered_and_changes_nothing() -> None:
    """Two pages, or an impatient hand."""
    board = paused()
    assert board.apply(PauseRecordingAsked(CALL, "1001", "i3"), 21.0) == [cmd.Reply("i3")]
    board.apply(RESUME, 22.0)
    board.apply(SOUND, 22.1)
    assert board.apply(ResumeRecordingAsked(CALL, "1001", "i4"), 23.0) == [cmd.Reply("i4")]


def test_the_words_of_ami() -> None:
    """Both directions at once; only the citizen's channel tells how it stands."""
    assert actions_for(cmd.Silence(MAIN, is_silent=True), "x") == [
        ("MixMonitorMute", (("Channel", MAIN), ("Direction", "both"), ("State", "1")))
    ]
    (kept,) = actions_for(cmd.KeepPause(CALL, "1001", 80.4, 20.4), "x")
    assert kept == ("DBPut", (("Family", "hlpause"), ("Key", CALL), ("Val", "80,20,1001")))
    heard = {"Event": "MixMonitorMute", "Channel": MAIN, "Uniqueid": CALL, "State": "1", "ChanVariable": f"CALLREF={CALL}"}
    assert translate(packet(heard)) == [SILENT]
    assert translate(packet(heard | {"Uniqueid": f"third-{CALL}-1"})) == []
    third = {"Event": "UserEvent", "UserEvent": "HotlineRoom", "State": "entered", "Role": "third", "Channel": THIRD}
    assert LegRecorded(CALL, THIRD) in translate(packet(third | {"ChanVariable": f"CALLREF={CALL}"}))
    snapshot = Snapshot([], [], {}, {}, {}, pauses={CALL: "80,20,1001"})
    assert events_of(snapshot, frozenset(), 30.0) == [PauseRemembered(CALL, "1001", 80.0, 20.0)]


def packet(fields: dict[str, str]) -> Packet:
    """A packet as the parser gives it."""
    return Packet(fields.items())


@pytest.mark.parametrize("op", ["pause_recording", "resume_recording"])
def test_the_click_names_call_and_agent(op: str) -> None:
    """As every other click."""
    line = json.dumps({"id": "i1", "op": op, "agent": "1001", "call_id": CALL, "expires": 3.0}).encode()
    event = Gate(("hotline",)).event_of(parse(line, lambda _: None), 1.0)
    assert event in (ASK, ResumeRecordingAsked(CALL, "1001", "i1"))
