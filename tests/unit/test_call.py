"""One citizen's call as a pure state machine: every phase times every event, and what a caller experiences."""

from __future__ import annotations

import typing
from dataclasses import replace

import pytest

from hotline_core.domain import events as ev
from hotline_core.domain import outgoing_events as out
from hotline_core.domain.call import HANDLED, NOTICE_LIMIT_S, PHASES, VANISHED, Call, begin, recover, step
from hotline_core.domain.commands import (
    BeginMenu,
    CloseJournal,
    Command,
    Fact,
    HangUp,
    LeaveMenu,
    SendToParty,
    SendToQueue,
    TakeToQueue,
    Write,
)
from hotline_core.domain.join_events import StageEntered

pytestmark = pytest.mark.unit

CALL = Call("c1", "12328", "13855701234", "12328", "PJSIP/trunk-1", "greeting", 0.0, 0.0)
SAMPLES: dict[str, ev.CallEvent] = {
    "CallArrived": ev.CallArrived("c1", "12328", "1", "12328", "ch"),
    "CallAdopted": ev.CallAdopted("c1", "12328", "1", "12328", "ch", "waiting", 0.0),
    "CallRecovered": ev.CallRecovered("c1", "12328", "1", "12328", 0.0, 1.0, 16),
    "MenuReady": ev.MenuReady("c1"),
    "MenuStepped": ev.MenuStepped("c1"),
    "MenuLeft": ev.MenuLeft("c1", "queue", "", True),
    "MenuFailed": ev.MenuFailed("c1"),
    "PartyRung": ev.PartyRung("c1", "water_rescue"),
    "PartyDialled": ev.PartyDialled("c1", "water_rescue", 1, 2, "12395", "main"),
    "PartyMissed": ev.PartyMissed("c1", "water_rescue", 1, "busy", 17),
    "PartyAnswered": ev.PartyAnswered("c1", "water_rescue"),
    "PartyFailed": ev.PartyFailed("c1", "water_rescue", True),
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
    "ResumeWanted": ev.ResumeWanted("c1", "i1"),
    "AgentAwaited": ev.AgentAwaited("c1", "1001"),
    "AgentResumed": ev.AgentResumed("c1", "1001", "PJSIP/agent-1001-2"),
    "AgentNotBack": ev.AgentNotBack("c1", "1001"),
    "DutyRung": ev.DutyRung("c1"),
    "DutyAnswered": ev.DutyAnswered("c1"),
    "CallbackNoted": ev.CallbackNoted("c1"),
    "CallEnded": ev.CallEnded("c1", 16),
    "StageEntered": StageEntered("c1", "three", "1001", "PJSIP/agent-1001-1"),
    "CallDialled": out.CallDialled("c1", "12328", "1", "1001", "PJSIP/agent-1001-1"),
    "CitizenAnswered": out.CitizenAnswered("c1", "PJSIP/trunk-2"),
    "TalkStarted": out.TalkStarted("c1"),
    "DialFailed": out.DialFailed("c1", "busy"),
    "DeadlineReached": ev.DeadlineReached("c1", "notice"),
}


def in_phase(phase: str) -> Call:
    """A call in that phase, with an agent where the phase has one."""
    agent = "1001" if phase in ("ringing", "talking", "held", "dialling") else ""
    channel = "PJSIP/agent-1001-1" if phase in ("talking", "held", "dialling") else ""
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
    assert commands == [Write("call_ended", "c1", 8.1, {"by": "caller", "cause": 16}), CloseJournal("c1")]


def test_a_caller_hears_the_notice_and_is_then_sent_to_the_queue() -> None:
    """The whole way from arrival to the queue."""
    call, commands = begin(ev.CallArrived("c1", "12328", "138", "12328", "ch"), now=1.0)
    assert kinds(commands) == ["call_arrived"]
    after, commands = step(call, ev.MenuReady("c1"), now=1.1)
    assert after is not None
    assert BeginMenu("c1", "ch", "12328") in commands
    after, commands = step(after, ev.MenuLeft("c1", "queue", "", noticed=True), now=6.0)
    assert after is not None
    assert commands == [Write("notice_played", "c1", 6.0, {"complete": True}), SendToQueue("c1", "ch")]
    assert after.wake_at is None


def test_the_notice_of_a_caller_whom_a_fresh_bridge_finds_in_the_rescue_is_on_record() -> None:
    """The bridge died in the greeting, and was back before the dialplan's short notice had ended."""
    call, _ = begin(ev.CallAdopted("c1", "12328", "138", "12328", "ch", "waiting", 1.0), now=4.0)
    assert isinstance(call, Call)
    after, commands = step(call, ev.NoticePlayed("c1", complete=True), now=6.0)
    assert after == call
    assert commands == [Write("notice_played", "c1", 6.0, {"complete": True})]


def test_a_caller_in_danger_is_sent_to_the_rescuers_and_without_them_before_all_others() -> None:
    """9 was pressed: the party is dialled; nobody there means the head of the queue, marked urgent (R24)."""
    call, _ = begin(ev.CallArrived("c1", "12328", "138", "12328", "ch"), now=1.0)
    after, commands = step(call, ev.MenuLeft("c1", "party", "water_rescue", noticed=False), now=3.0)
    assert after is not None
    assert commands[-1] == SendToParty("c1", "ch", "water_rescue")
    after, _ = step(after, ev.PartyRung("c1", "water_rescue"), now=3.1)
    assert after is not None
    assert (after.phase, after.party) == ("party", "water_rescue")
    first: dict[str, Fact] = {"party": "water_rescue", "attempt": 1}
    tried = Write("party_dialled", "c1", 5.0, {**first, "of": 2, "trunk": "main"}, {"number": "12395"})  # the number is personal
    assert step(after, SAMPLES["PartyDialled"], now=5.0) == (after, [tried])
    missed = Write("party_missed", "c1", 5.0, {**first, "result": "busy", "cause": 17})
    assert step(after, SAMPLES["PartyMissed"], now=5.0) == (after, [missed])
    after, commands = step(after, ev.PartyFailed("c1", "water_rescue", urgent=True), now=24.0)
    assert after is not None
    assert (after.phase, after.head, after.urgent) == ("waiting", True, True)
    assert kinds(commands) == ["party_failed"]


def test_a_caller_who_thinks_over_the_next_question_gets_the_time_for_it() -> None:
    """Each question starts the clock anew; none ever runs without one."""
    call, _ = begin(ev.CallArrived("c1", "12328", "138", "12328", "ch"), now=1.0)
    after, _ = step(call, ev.MenuStepped("c1"), now=9.0)
    assert after is not None
    assert after.wake_at == 9.0 + NOTICE_LIMIT_S


def test_a_caller_whose_notice_never_ends_is_in_the_queue_at_the_deadline() -> None:
    """The menu never stands between a citizen and a person (GB/T 33358)."""
    call, _ = begin(ev.CallArrived("c1", "12328", "138", "12328", "ch"), now=1.0)
    assert call.wake_at == 1.0 + NOTICE_LIMIT_S
    assert step(call, ev.DeadlineReached("c1", "notice"), now=5.0) == (call, [])
    _, commands = step(call, ev.DeadlineReached("c1", "notice"), now=1.0 + NOTICE_LIMIT_S)
    assert commands == [LeaveMenu("c1", "ch")]


@pytest.mark.parametrize("event", [SAMPLES["MenuLeft"], SAMPLES["MenuFailed"]], ids=["left", "failed"])
def test_a_caller_who_hung_up_in_the_greeting_is_not_said_to_have_heard_the_notice(event: ev.CallEvent) -> None:
    """The hang-up ends the question being played; that is no answer to it."""
    gone, _ = step(CALL, ev.HangUpAsked("c1", "caller"), now=3.5)
    assert gone is not None
    after, commands = step(gone, event, now=3.6)
    assert commands == []
    assert after is not None
    assert after.deadlines == {}


def test_a_caller_whose_notice_failed_hears_the_short_one_before_the_recording() -> None:
    """No recording without its notice (PIPL art. 17)."""
    call, _ = begin(ev.CallArrived("c1", "12328", "138", "12328", "ch"), now=1.0)
    _, commands = step(call, ev.MenuFailed("c1"), now=1.2)
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


@pytest.mark.parametrize(("phase", "by"), [("ringing", "agent"), ("waiting", "agent"), ("duty", "duty"), ("party", "duty")])
def test_a_caller_who_gives_up_after_a_refused_ring_is_the_one_who_ended_it(phase: str, by: str) -> None:
    """A telephone that was engaged or refused did not end the call."""
    call, _ = step(in_phase(phase), ev.HangUpAsked("c1", by), now=8.0)
    assert call is not None
    _, commands = step(call, ev.CallEnded("c1", 17), now=9.0)
    assert commands[0] == Write("call_ended", "c1", 9.0, {"by": "caller", "cause": 17})


def test_a_caller_whose_agents_telephone_vanished_waits_again_at_the_head() -> None:
    """Cause 44: no sound from the page for 3 s; the citizen is not dropped, and after 10 s goes before all others."""
    gone = ev.AgentLeft("c1", "1001", "PJSIP/agent-1001-1", VANISHED)
    call, commands = step(in_phase("talking"), gone, now=9.0)
    assert call is not None
    assert (call.phase, call.agent, call.head) == ("waiting", "", True)
    assert kinds(commands) == ["agent_left"]
    call, commands = step(call, ev.AgentAwaited("c1", "1001"), now=9.1)
    assert call is not None
    assert kinds(commands) == ["agent_awaited"]
    call, commands = step(call, ev.AgentNotBack("c1", "1001"), now=19.1)
    assert call is not None
    assert (call.phase, call.agent, call.head) == ("waiting", "", True)
    assert kinds(commands) == ["requeued"]


@pytest.mark.parametrize("phase", ["talking", "held"])
def test_a_vanished_telephone_is_written_once_whichever_way_it_is_told_first(phase: str) -> None:
    """The dialplan's word and the leg's own end race."""
    call, commands = step(in_phase(phase), ev.AgentAwaited("c1", "1001"), now=9.0)
    assert call is not None
    assert kinds(commands) == ["agent_left", "agent_awaited"]
    assert step(call, ev.AgentLeft("c1", "1001", "PJSIP/agent-1001-1", VANISHED), now=9.1) == (call, [])


@pytest.mark.parametrize("phase", ["talking", "held"])
def test_a_talk_left_by_a_reloaded_page_goes_on_and_the_first_legs_end_cuts_nothing(phase: str) -> None:
    """The fresh page asks: the old leg alone is ended, its end is no farewell, and the agent counts as talking throughout."""
    first = "PJSIP/agent-1001-1"
    call, commands = step(in_phase(phase), ev.ResumeWanted("c1", "i1"), now=9.0)
    assert call is not None
    assert commands == [HangUp(first, "i1", VANISHED)]
    assert step(call, ev.AgentLeft("c1", "1001", first, 16), now=9.01) == (call, [])
    call, commands = step(call, ev.AgentAwaited("c1", "1001"), now=9.02)
    assert call is not None
    assert (call.phase, call.agent, kinds(commands)) == ("talking", "1001", ["agent_awaited"])
    call, commands = step(call, ev.AgentResumed("c1", "1001", "PJSIP/agent-1001-2"), now=9.2)
    assert call is not None
    assert (call.phase, call.agent_channel, call.ended_by) == ("talking", "PJSIP/agent-1001-2", "")
    assert kinds(commands) == ["agent_resumed"]
    assert step(call, ev.AgentLeft("c1", "1001", first, 16), now=9.3) == (call, [])
    after, commands = step(call, ev.AgentLeft("c1", "1001", "PJSIP/agent-1001-2", 16), now=30.0)
    assert after is not None
    assert after.ended_by == "agent"


def test_a_known_talk_found_on_another_leg_after_a_lost_link_is_followed_there() -> None:
    """The page was reloaded while the link was down: hanging up must reach the new leg."""
    seen = ev.CallAdopted("c1", "12328", "1", "12328", "ch", "talking", 1.0, "1001", "PJSIP/agent-1001-2", 8.0)
    call, commands = step(in_phase("talking"), seen, now=9.0)
    assert call is not None
    assert (call.agent_channel, commands) == ("PJSIP/agent-1001-2", [])


def test_a_leg_that_is_not_the_agents_current_one_changes_nothing() -> None:
    """A first telephone's late end does not cut the second one's call."""
    call = in_phase("talking")
    assert step(call, ev.AgentLeft("c1", "1001", "PJSIP/agent-1001-0", 16), now=9.0) == (call, [])


def test_an_adopted_caller_still_in_the_dead_bridges_menu_is_taken_to_the_queue() -> None:
    """After a restart nobody is left in a menu that nobody drives."""
    _, commands = begin(ev.CallAdopted("c1", "12328", "1", "12328", "ch", "greeting", 1.0), now=9.0)
    assert commands[-1] == TakeToQueue("c1", "ch")


def test_a_known_caller_still_in_the_menu_after_a_lost_link_is_taken_to_the_queue() -> None:
    """The end of the question was told to nobody: he would hear nothing until the deadline."""
    seen = ev.CallAdopted("c1", "12328", "1", "12328", "ch", "greeting", 1.0)
    assert step(in_phase("greeting"), seen, now=9.0) == (in_phase("greeting"), [TakeToQueue("c1", "ch")])


def test_a_corrected_call_to_a_citizen_is_not_written_as_begun_twice_and_danger_stays_danger() -> None:
    """The link was lost while the citizen picked up; likewise while the first telephone rang for a caller in danger."""
    seen = ev.CallAdopted("c1", "12328", "1", "12328", "ch", "talking", 1.0, "1001", "PJSIP/agent-1001-1", 8.0, direction="out")
    _, commands = step(replace(in_phase("dialling"), direction="out"), seen, now=9.0)
    assert kinds(commands) == ["adopted", "talk_started"]
    rung = ev.CallAdopted("c1", "12328", "1", "12328", "ch", "ringing", 1.0, "1001", "PJSIP/agent-1001-1")
    call, _ = step(replace(in_phase("waiting"), head=True, urgent=True), rung, now=9.0)
    assert call is not None
    assert (call.phase, call.head, call.urgent) == ("ringing", True, True)


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
    assert commands[-1] == CloseJournal("c9")


def test_a_caller_told_of_a_callback_is_noted_once() -> None:
    """The duty round may repeat while the caller keeps waiting; the call-back is one."""
    call, commands = step(in_phase("duty"), ev.CallbackNoted("c1"), now=9.0)
    assert call is not None
    assert kinds(commands) == ["callback_noted"]
    assert step(call, ev.CallbackNoted("c1"), now=10.0) == (call, [])
