"""One agent as a pure state machine: several queues, after-call work, missed and rejected rings, wishes and their answers."""

from __future__ import annotations

import typing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_bridge.actions import actions_for
from hotline_core.domain import agent_events as ae
from hotline_core.domain import events as ev
from hotline_core.domain.agents import HANDLED, STATES, WISHES, Agent, Member, Rules, step
from hotline_core.domain.board import Board
from hotline_core.domain.commands import AddToQueues, Command, JoinQueue, LeaveQueue, PauseMember, Reply, Write
from hotline_core.domain.diagram import AGENT_SAMPLES, agent_in

pytestmark = pytest.mark.unit

RULES = Rules(("hotline", "second"), 15.0)


def seen(queue: str = "hotline", *, last_call: float | None = None, paused: bool = False, reason: str = "") -> ae.MemberSeen:
    """Asterisk's word that agent 1001 is a member there."""
    return ae.MemberSeen("1001", queue, True, paused, reason, reachable=True, last_call=last_call)


def lived(*events: tuple[float, ae.AgentEvent | ev.CallEvent]) -> Board:
    """A board to which the events happened at their times."""
    board = Board(rules=RULES)
    for now, event in events:
        board.apply(event, now)
    return board


def talk(call_id: str, since: float, until: float) -> list[tuple[float, ev.CallEvent]]:
    """A whole talk of agent 1001, ended by the agent."""
    leg = f"PJSIP/agent-1001-{call_id}"
    return [
        (since - 3, ev.CallArrived(call_id, "12328", "138", "12328", "ch")), (since - 2, ev.RecordingStarted(call_id)),
        (since - 1, ev.AgentRung(call_id, "1001")), (since, ev.AgentAnswered(call_id, "1001", leg)),
        (until, ev.AgentLeft(call_id, "1001", leg, 16)),
    ]  # fmt: skip


def writes(commands: list[Command]) -> list[str]:
    """The ledger kinds among the commands."""
    return [command.kind for command in commands if isinstance(command, Write)]


# -- the table ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
def test_every_event_means_something_to_an_agent_in_this_state_or_is_ignored_on_purpose(state: str) -> None:
    """The table is complete, and nothing outside it changes anything."""
    kinds = {kind.__name__ for kind in typing.get_args(ae.AgentEvent)}
    assert {type(event).__name__ for _, event in AGENT_SAMPLES} == kinds
    assert HANDLED[state] <= kinds
    agent = agent_in(state)
    assert agent.state == state
    for _, event in AGENT_SAMPLES:
        after, commands = step(agent, event, 1000.0, RULES)
        assert after.state in STATES
        if type(event).__name__ not in HANDLED[state]:
            assert (after, commands) == (agent, [])
        elif type(event).__name__ in WISHES:
            assert commands, "a wish is always answered"


EVENTS = st.one_of(
    st.builds(
        ae.MemberSeen, st.just("1001"), st.sampled_from(["hotline", "second"]), st.booleans(), st.booleans(),
        st.sampled_from(["", "missed", "meal"]), st.booleans(), st.sampled_from([None, 0.0, 5.0, 50.0]),
    ),
    st.builds(ae.CallsSeen, st.just("1001"), st.sampled_from(["", "c1"]), st.sampled_from(["", "c2"])),
    st.builds(ae.RingMissed, st.just("1001"), st.sampled_from(["missed", "rejected"])),
    st.just(ae.WrapUpOver("1001")), st.just(ae.ReadyAsked("1001", "i")), st.just(ae.ReadyAsked("1001", "i", ("second",))),
    st.just(ae.QueuesAsked("1001", "i", ("hotline", "second"))), st.just(ae.PauseAsked("1001", "i", "meal")),
    st.just(ae.SignOutAsked("1001", "i")),
)  # fmt: skip


@given(st.lists(EVENTS, max_size=40))
def test_whatever_happens_to_an_agent_each_wish_is_answered_once_and_after_call_work_ends(events: list[ae.AgentEvent]) -> None:
    """Nobody's click is lost, nobody stays in after-call work, and nobody talks in it."""
    agent, now = Agent("1001", 0.0), 0.0
    for event in events:
        now += 1.0
        agent, commands = step(agent, event, now, RULES)
        answers = [command for command in commands if getattr(command, "intent_id", "") == "i"]
        assert len(answers) == (1 if type(event).__name__ in WISHES else 0)
        assert agent.until <= now + RULES.wrap_up_s + 50.0
    agent, _ = step(agent, ae.WrapUpOver("1001"), now + 1000.0, RULES)
    assert agent.state != "wrap_up"


# -- after-call work --------------------------------------------------------------------------------------------------


def test_after_call_work_begins_with_the_end_of_the_agents_leg_and_ends_by_itself() -> None:
    """The citizen's leg may live on; the ledger tells the beginning and the end."""
    board = lived((0, seen()), *talk("c", 10, 20))
    agent = board.agents["1001"]
    assert (agent.state, agent.since, agent.until, agent.call_id) == ("wrap_up", 20, 35, "")
    assert board.calls["c"].phase == "talking", "the citizen is still there"
    board.apply(ev.CallEnded("c", 16), 22)
    assert (board.agents["1001"].state, board.agents["1001"].since) == ("wrap_up", 20)
    assert board.due(34.9) == []
    (over,) = board.due(35)
    assert writes(board.apply(over, 35)) == ["agent_ready"]
    assert (board.agents["1001"].state, board.wake_at) == ("ready", None)


def test_a_citizen_who_hangs_up_first_begins_the_after_call_work_too() -> None:
    """The agent's leg ends a moment after the call is over."""
    board = lived((0, seen()), *talk("c", 10, 20)[:-1], (19, ev.CallEnded("c", 16)))
    assert (board.agents["1001"].state, board.agents["1001"].until) == ("wrap_up", 34)


def test_an_agent_who_wants_calls_ends_the_after_call_work_by_a_fresh_membership_and_is_never_signed_out_by_it() -> None:
    """Asterisk has no other way to forget the last call; the moment between is no sign-out."""
    board = lived((0, seen()), *talk("c", 10, 20))
    (join,) = board.apply(ae.ReadyAsked("1001", "i"), 21)
    assert join == JoinQueue("1001", "i", ("hotline",), fresh=True)
    assert [name for name, _ in actions_for(join, "x")] == ["DBDel", "QueueRemove", "QueueAdd", "QueuePause"]
    assert board.apply(ae.MemberSeen("1001", "hotline", False), 21.1) == []
    assert board.agents["1001"].state == "wrap_up"
    assert writes(board.apply(seen(last_call=0.0), 21.2)) == ["agent_ready"]
    assert writes(board.apply(ae.MemberSeen("1001", "hotline", False), 30)) == ["agent_offline"], "a real sign-out counts"


def test_a_link_lost_between_leaving_and_joining_again_is_seen_after_the_login() -> None:
    """What Asterisk says after a login counts, whatever we had begun."""
    board = lived((0, seen()), *talk("c", 10, 20))
    board.apply(ae.ReadyAsked("1001", "i"), 21)
    board.apply(ae.MemberSeen("1001", "hotline", False, last_call=0.0), 22)
    assert board.agents["1001"].state == "offline"


def test_a_wish_to_be_ready_that_overtakes_the_end_of_the_talk_counts() -> None:
    """The page knows of its own hang-up a moment before the bridge does."""
    board = lived((0, seen()), *talk("c", 10, 20)[:-1])
    assert board.apply(ae.ReadyAsked("1001", "i"), 19.9) == [JoinQueue("1001", "i", ("hotline",))]
    commands = board.apply(ev.AgentLeft("c", "1001", "PJSIP/agent-1001-c", 16), 20)
    assert JoinQueue("1001", "", ("hotline",), fresh=True) in commands
    board.apply(ae.MemberSeen("1001", "hotline", False), 20.1)
    board.apply(seen(last_call=0.0), 20.1)
    assert board.agents["1001"].state == "ready"
    for now, event in talk("d", 30, 40):
        board.apply(event, now)
    assert board.agents["1001"].state == "wrap_up", "for that talk only"


def test_asterisks_late_words_on_a_member_do_not_end_the_after_call_work() -> None:
    """A telephone that is free again is told by Asterisk in the middle of it."""
    board = lived((0, seen()), *talk("c", 10, 20), (20.1, seen()))
    assert board.agents["1001"].state == "wrap_up"


def test_a_bridge_that_comes_back_reads_the_after_call_work_off_the_last_call() -> None:
    """A talk that ended 5 s ago leaves 10 s; one that ended long ago leaves none."""
    board = lived((100, seen(last_call=95.0)))
    assert (board.agents["1001"].state, board.agents["1001"].until) == ("wrap_up", 110.0)
    assert lived((100, seen(last_call=50.0))).agents["1001"].state == "ready"
    assert lived((100, seen(last_call=0.0))).agents["1001"].state == "ready"


def test_after_call_work_of_a_leg_that_app_queue_did_not_give_is_the_dialplans_own_pause() -> None:
    """A talk taken up again, a citizen called: told a moment before the leg's end, ended by Asterisk, by itself or by a wish."""
    board = lived((0, seen()), *talk("c", 10, 20)[:-1])
    board.apply(ev.AgentLeft("c", "1001", "PJSIP/agent-1001-c", 44), 12)
    board.apply(ev.AgentResumed("c", "1001", "PJSIP/agent-1001-d"), 14)
    assert board.agents["1001"].state == "talking"
    board.apply(seen(paused=True, reason="wrap_up"), 20)
    board.apply(ev.AgentLeft("c", "1001", "PJSIP/agent-1001-d", 16), 20)
    assert (board.agents["1001"].state, board.agents["1001"].until) == ("wrap_up", 35)
    board.apply(ae.WrapUpOver("1001"), 35)
    assert board.agents["1001"].state == "wrap_up", "until Asterisk has ended its pause"
    assert writes(board.apply(seen(), 35.5)) == ["agent_ready"]
    board.apply(seen(paused=True, reason="wrap_up", last_call=90.0), 100)
    assert board.agents["1001"].until == 105, "read back by a bridge that was away"
    (join,) = board.apply(ae.ReadyAsked("1001", "i"), 101)
    assert join == JoinQueue("1001", "i", ("hotline",), fresh=True)


def test_without_after_call_work_an_agent_is_ready_at_once() -> None:
    """The city may set it to nothing."""
    board = Board(rules=Rules(("hotline",), 0.0))
    for now, event in [(0.0, seen()), *talk("c", 10, 20)]:
        board.apply(event, now)
    assert board.agents["1001"].state == "ready"


def test_an_agent_who_pauses_in_after_call_work_is_paused() -> None:
    """A pause is a wish and counts before the clock."""
    board = lived((0, seen()), *talk("c", 10, 20), (21, seen(paused=True, reason="meal")))
    assert (board.agents["1001"].state, board.agents["1001"].reason) == ("paused", "meal")
    (join,) = board.apply(ae.ReadyAsked("1001", "i"), 22)
    assert isinstance(join, JoinQueue)
    assert join.fresh


# -- queues -----------------------------------------------------------------------------------------------------------


def test_an_agent_of_two_queues_is_one_agent_and_paused_only_when_no_queue_rings() -> None:
    """Asterisk tells each queue apart; one word for both."""
    board = lived((0, seen("hotline")), (0, seen("second")), (1, seen("hotline", paused=True, reason="missed")))
    assert board.agents["1001"].state == "ready"
    board.apply(seen("second", paused=True, reason="missed"), 2)
    assert (board.agents["1001"].state, board.agents["1001"].reason) == ("paused", "missed")
    board.apply(ae.MemberSeen("1001", "hotline", False), 3)
    assert board.agents["1001"].state == "paused"
    board.apply(ae.MemberSeen("1001", "second", False), 4)
    assert board.agents["1001"].state == "offline"


def test_an_agent_moved_to_another_queue_joins_it_before_the_old_one_is_left() -> None:
    """There is no moment without a queue."""
    board = lived((0, seen("hotline")))
    assert board.apply(ae.QueuesAsked("1001", "i", ("second",)), 1) == [
        AddToQueues("1001", "i", ("second",), False, ""), LeaveQueue("1001", "", ("hotline",)),
    ]  # fmt: skip
    assert board.apply(ae.QueuesAsked("1001", "j", ("hotline",)), 1) == [Reply("j")], "nothing to do"


def test_a_paused_agent_who_is_moved_stays_paused_for_the_same_reason() -> None:
    """A move is no end of a pause."""
    board = lived((0, seen("hotline", paused=True, reason="meal")))
    (add,) = board.apply(ae.QueuesAsked("1001", "i", ("hotline", "second")), 1)
    ((name, fields),) = actions_for(add, "x")
    assert (name, dict(fields)["Queue"], dict(fields)["Paused"], dict(fields)["Reason"]) == ("QueueAdd", "second", "true", "meal")


def test_an_agent_moved_in_after_call_work_is_moved_when_it_is_over() -> None:
    """A fresh member of the other queue would be rung at once."""
    board = lived((0, seen("hotline")), *talk("c", 10, 20))
    assert board.apply(ae.QueuesAsked("1001", "i", ("second",)), 21) == [Reply("i")]
    commands = board.apply(ae.WrapUpOver("1001"), 35)
    assert [command for command in commands if not isinstance(command, Write)] == [
        AddToQueues("1001", "", ("second",), False, ""), LeaveQueue("1001", "", ("hotline",)),
    ]  # fmt: skip
    assert board.agents["1001"].wanted == ()


def test_an_agent_who_signs_in_for_named_queues_leaves_the_others() -> None:
    """The desk names a person's queues; without any it is the city's first."""
    assert lived().apply(ae.ReadyAsked("1001", "i"), 1) == [JoinQueue("1001", "i", ("hotline",))]
    assert lived((0, seen("hotline"))).apply(ae.ReadyAsked("1001", "i", ("second",)), 1) == [
        JoinQueue("1001", "i", ("second",)), LeaveQueue("1001", "", ("hotline",)),
    ]  # fmt: skip


# -- missed and rejected rings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cause", "reason"), [(17, "rejected"), (21, "rejected"), (0, "missed"), (19, "missed"), (26, "missed")])
def test_a_ring_that_came_to_nothing_is_told_as_rejected_or_missed(cause: int, reason: str) -> None:
    """Asterisk pauses the agent for both; the telephone's own answer tells which it was."""
    board = lived((0, seen()), *talk("c", 10, 20)[:3])
    if cause:
        board.apply(ev.HangUpAsked("c", "agent", cause), 10)
    commands = board.apply(ev.AgentMissed("c", "1001"), 10)
    (missed,) = [command for command in commands if isinstance(command, Write)]
    assert (missed.kind, missed.facts["reason"]) == ("agent_missed", reason)
    said = [command for command in commands if isinstance(command, PauseMember)]
    assert said == ([PauseMember("1001", "", "rejected")] if reason == "rejected" else [])
    board.apply(seen(paused=True, reason="missed"), 10)
    assert (board.agents["1001"].state, board.agents["1001"].reason) == ("paused", reason)
    board.apply(ev.AgentRung("c", "1001"), 12)
    board.apply(ev.AgentMissed("c", "1001"), 14)
    board.apply(seen(paused=True, reason="missed"), 14)
    assert board.agents["1001"].reason == "missed", "an earlier refusal does not colour a later ring"


def test_a_late_word_on_an_earlier_ring_does_not_pause_who_talks() -> None:
    """The caller was rung elsewhere meanwhile."""
    agent = replace(Agent("1001", 0.0, {"hotline": Member()}), talking="c2")
    assert step(agent, ae.RingMissed("1001", "rejected"), 1.0, RULES) == (agent, [])


# -- the clock ------------------------------------------------------------------------------------------------------


def after_the_clock_was_set_back(*events: tuple[float, ae.AgentEvent | ev.CallEvent]) -> tuple[Board, list[Command]]:
    """A talk at noon by a wrong clock, then the clock is an hour earlier, and what is done at the next tick."""
    board = lived((1.0, seen(last_call=0.0)), *talk("c1", 5000.0, 5010.0), *events)
    return board, board.apply(ae.ClockSetBack("1001"), 1400.0)


def test_an_agent_is_made_a_fresh_member_when_the_clock_was_set_back() -> None:
    """app_queue would count the after-call work from an hour ahead, and ring nobody for that hour."""
    for over in ((), ((5030.0, ae.WrapUpOver("1001")),)):
        _, commands = after_the_clock_was_set_back(*over)
        assert commands == [JoinQueue("1001", "", ("hotline",), fresh=True)]


def test_a_paused_agent_stays_paused_when_the_clock_was_set_back_and_is_fresh_when_ready_again() -> None:
    """Nobody who is at lunch is rung because of a clock."""
    board, commands = after_the_clock_was_set_back((5040.0, seen(paused=True, reason="meal")))
    assert commands == []
    assert board.due(1400.5) == []
    (joined,) = [one for one in board.apply(ae.ReadyAsked("1001", "i"), 1500.0) if isinstance(one, JoinQueue)]
    assert joined.fresh


def test_who_was_rung_or_talked_when_the_clock_was_set_back_is_made_fresh_afterwards() -> None:
    """Not in the ring: leaving the queue would end it."""
    board, commands = after_the_clock_was_set_back((5040.0, ae.CallsSeen("1001", "c2", "")))
    assert commands == []
    assert board.due(1400.5) == []
    board.apply(ae.CallsSeen("1001", "", ""), 1401.0)
    board.apply(seen(last_call=0.0), 1401.0)
    assert board.due(1401.5) == [ae.ClockSetBack("1001")]
    board.apply(ae.ClockSetBack("1001"), 1401.5)
    assert board.due(1402.0) == []


def test_a_bridge_that_comes_after_the_clock_was_set_back_sees_it_by_the_last_call() -> None:
    """QueueStatus tells a last call that lies ahead; after-call work of an hour would be shown, and nobody rung."""
    board = lived((1400.0, seen(last_call=5010.0)))
    assert board.agents["1001"].until == 0.0
    assert board.due(1400.5) == [ae.ClockSetBack("1001")]
