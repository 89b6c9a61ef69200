"""One citizen's call as a pure state machine: every phase times every event, and what a caller experiences."""

from __future__ import annotations

import typing

import pytest

from hotline_core.domain import events as ev
from hotline_core.domain.call import HANDLED, NOTICE_LIMIT_S, PHASES, VANISHED, Call, begin, recover, step
from hotline_core.domain.commands import CloseJournal, Command, LeaveMenu, PlayNotice, SendToQueue, TakeToQueue, Write

pytestmark = pytest.mark.unit

CALL = Call("c1", "12328", "13855701234", "12328", "PJSIP/trunk-1", "greeting", 0.0, 0.0)
SAMPLES: dict[str, ev.CallEvent] = {
    "CallArrived": ev.CallArrived("c1", "12328", "1", "12328", "ch"),
    "CallAdopted": ev.CallAdopted("c1", "12328", "1", "12328", "ch", "waiting", 0.0),
    "CallRecovered": ev.CallRecovered("c1", "12328", "1", "12328", 0.0, 1.0, 16),
    "MenuReady": ev.MenuReady("c1"),
    "PromptEnded": ev.PromptEnded("c1", True),
    "RescueEntered": ev.RescueEntered("c1", "taken"),
    "NoticePlayed": ev.NoticePlayed("c1", True),
    "RecordingStarted": ev.RecordingStarted("c1"),
    "QueueEntered": ev.QueueEntered("c1", "hotline", 1),
    "QueueLeft": ev.QueueLeft("c1"),
    "AgentRung": ev.AgentRung("c1", "1001"),
    "AgentMissed": ev.AgentMissed("c1", "1001"),
    "AgentAnswered": ev.AgentAnswered("c1", "1001", "PJSIP/agent-1001-1"),
    "HoldStarted": ev.HoldStarted("c1"),
    "HoldEnded": ev.HoldEnded("c1"),
    "HangUpAsked": ev.HangUpAsked("c1", "caller"),
    "HangUpWanted": ev.HangUpWanted("c1", "i1"),
    "AgentLeft": ev.AgentLeft("c1", "1001", "PJSIP/agent-1001-1", 16),
    "DutyRung": ev.DutyRung("c1"),
    "DutyAnswered": ev.DutyAnswered("c1"),
    "CallbackNoted": ev.CallbackNoted("c1"),
    "CallEnded": ev.CallEnded("c1", 16),
    "DeadlineReached": ev.DeadlineReached("c1", "notice"),
}


def in_phase(phase: str) -> Call:
    """A call in that phase, with an agent where the phase has one."""
    agent = "1001" if phase in ("ringing", "talking", "held") else ""
    channel = "PJSIP/agent-1001-1" if phase in ("talking", "held") else ""
    deadlines = {"notice": NOTICE_LIMIT_S} if phase == "greeting" else {}
    return Call("c1", "12328", "1", "12328", "ch", phase, 5.0, 1.0, agent=agent, agent_channel=channel, deadlines=deadlines)


def kinds(commands: list[Command]) -> list[str]:
    """The ledger kinds among the commands."""
    return [command.kind for command in commands if isinstance(command, Write)]


def test_every_event_of_the_domain_has_a_sample() -> None:
    """The table below is complete because its samples are."""
    assert {kind.__name__ for kind in typing.get_args(ev.CallEvent)} == set(SAMPLES)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_event_in_every_phase_is_handled_or_listed_as_ignored(phase: str, name: str) -> None:
    """An ignored event leaves the call exactly as it was; a handled one ends in a known phase or ends the call."""
    call = in_phase(phase)
    after, commands = step(call, SAMPLES[name], now=20.0)
    if name not in HANDLED[phase]:
        assert (after, commands) == (call, [])
    else:
        assert after is None or after.phase in PHASES


@pytest.mark.parametrize("phase", PHASES)
def test_a_caller_who_hangs_up_in_any_phase_is_recorded_once_and_forgotten(phase: str) -> None:
    """No phase keeps a call whose channel is gone."""
    call, _ = step(in_phase(phase), ev.HangUpAsked("c1", "caller"), now=8.0)
    assert call is not None
    after, commands = step(call, ev.CallEnded("c1", 16), now=8.1)
    assert after is None
    assert commands == [Write("call_ended", "c1", 8.1, {"by": "caller", "cause": 16}), CloseJournal("c1", False)]


def test_a_caller_hears_the_notice_and_is_then_sent_to_the_queue() -> None:
    """The whole way from arrival to the queue."""
    call, commands = begin(ev.CallArrived("c1", "12328", "138", "12328", "ch"), now=1.0)
    assert kinds(commands) == ["call_arrived"]
    after, commands = step(call, ev.MenuReady("c1"), now=1.1)
    assert after is not None
    assert PlayNotice("c1", "ch", "12328") in commands
    after, commands = step(after, ev.PromptEnded("c1", True), now=6.0)
    assert after is not None
    assert commands[-1] == SendToQueue("c1", "ch")
    assert after.wake_at is None


def test_a_caller_whose_notice_never_ends_is_in_the_queue_at_the_deadline() -> None:
    """The menu never stands between a citizen and a person (GB/T 33358)."""
    call, _ = begin(ev.CallArrived("c1", "12328", "138", "12328", "ch"), now=1.0)
    assert call.wake_at == 1.0 + NOTICE_LIMIT_S
    assert step(call, ev.DeadlineReached("c1", "notice"), now=5.0) == (call, [])
    _, commands = step(call, ev.DeadlineReached("c1", "notice"), now=1.0 + NOTICE_LIMIT_S)
    assert commands == [LeaveMenu("c1", "ch")]


def test_a_caller_whose_notice_failed_hears_the_short_one_before_the_recording() -> None:
    """No recording without its notice (PIPL art. 17)."""
    call, _ = begin(ev.CallArrived("c1", "12328", "138", "12328", "ch"), now=1.0)
    _, commands = step(call, ev.PromptEnded("c1", False), now=1.2)
    assert commands == [Write("notice_played", "c1", 1.2, {"complete": False}), LeaveMenu("c1", "ch")]


def test_a_late_notice_timer_changes_nothing_once_the_caller_waits() -> None:
    """A timer that fires just after the recording began is stale."""
    call, _ = step(in_phase("greeting"), ev.RecordingStarted("c1"), now=7.0)
    assert call is not None
    assert call.phase == "waiting"
    assert step(call, ev.DeadlineReached("c1", "notice"), now=99.0) == (call, [])


def test_the_agent_who_hangs_up_first_is_named_as_the_one_who_ended_it() -> None:
    """The leg that asked first ended the call, in whatever order the legs then go."""
    call, _ = step(in_phase("talking"), ev.HangUpAsked("c1", "agent"), now=9.0)
    assert call is not None
    call, _ = step(call, ev.HangUpAsked("c1", "caller"), now=9.1)
    assert call is not None
    _, commands = step(call, ev.CallEnded("c1", 16), now=9.2)
    assert commands[0] == Write("call_ended", "c1", 9.2, {"by": "agent", "cause": 16})


@pytest.mark.parametrize(("phase", "by"), [("ringing", "agent"), ("waiting", "agent"), ("duty", "duty")])
def test_a_caller_who_gives_up_after_a_refused_ring_is_the_one_who_ended_it(phase: str, by: str) -> None:
    """A telephone that was engaged or refused did not end the call."""
    call, _ = step(in_phase(phase), ev.HangUpAsked("c1", by), now=8.0)
    assert call is not None
    _, commands = step(call, ev.CallEnded("c1", 17), now=9.0)
    assert commands[0] == Write("call_ended", "c1", 9.0, {"by": "caller", "cause": 17})


def test_a_caller_whose_agents_telephone_vanished_waits_again_at_the_head() -> None:
    """Cause 44: no sound from the page for 3 s; the citizen is not dropped."""
    gone = ev.AgentLeft("c1", "1001", "PJSIP/agent-1001-1", VANISHED)
    call, commands = step(in_phase("talking"), gone, now=9.0)
    assert call is not None
    assert (call.phase, call.agent, call.head) == ("waiting", "", True)
    assert kinds(commands) == ["agent_left", "requeued"]


def test_a_leg_that_is_not_the_agents_current_one_changes_nothing() -> None:
    """A first telephone's late end does not cut the second one's call."""
    call = in_phase("talking")
    assert step(call, ev.AgentLeft("c1", "1001", "PJSIP/agent-1001-0", 16), now=9.0) == (call, [])


def test_an_adopted_caller_still_in_the_dead_bridges_menu_is_taken_to_the_queue() -> None:
    """After a restart nobody is left in a menu that nobody drives."""
    _, commands = begin(ev.CallAdopted("c1", "12328", "1", "12328", "ch", "greeting", 1.0), now=9.0)
    assert commands[-1] == TakeToQueue("c1", "ch")


def test_a_known_caller_found_further_on_after_a_lost_link_is_corrected() -> None:
    """What happened while the bridge was stopped is taken over from Asterisk, and the arrival is not written twice."""
    seen = ev.CallAdopted("c1", "12328", "1", "12328", "ch", "talking", 1.0, "1002", "PJSIP/agent-1002-1", 8.0)
    call, commands = step(in_phase("greeting"), seen, now=9.0)
    assert call is not None
    assert (call.phase, call.agent, call.answered_at) == ("talking", "1002", 8.0)
    assert kinds(commands) == ["adopted", "agent_answered"]
    assert step(call, seen, now=10.0) == (call, [])


def test_a_call_nobody_saw_is_written_from_the_journal_whole() -> None:
    """A call that came, talked and went while the bridge was dead is in the list of calls."""
    missed = ev.CallRecovered("c9", "12345", "138", "12345", 1.0, 60.0, 16, agent="1001", answered_at=10.0)
    commands = recover(missed, was_known=False)
    assert kinds(commands) == ["call_arrived", "agent_answered", "call_ended"]
    assert commands[-1] == CloseJournal("c9", True)


def test_a_caller_told_of_a_callback_is_noted_once() -> None:
    """The duty round may repeat while the caller keeps waiting; the call-back is one."""
    call, commands = step(in_phase("duty"), ev.CallbackNoted("c1"), now=9.0)
    assert call is not None
    assert kinds(commands) == ["callback_noted"]
    assert step(call, ev.CallbackNoted("c1"), now=10.0) == (call, [])
