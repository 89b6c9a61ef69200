"""All calls and agents at one moment: who is ringing, talking, ready; and the order of those who wait."""

from __future__ import annotations

import pytest

from ami_bridge.view import Floor, view, waiting_order
from hotline_core.domain import agent_events as ae
from hotline_core.domain import events as ev
from hotline_core.domain.board import Board
from hotline_core.domain.commands import JoinQueue, LeaveQueue, PauseMember, Reply, Write
from hotline_core.domain.events import Event
from hotline_core.domain.queue_events import PlaceLeft, PlacesSeen

pytestmark = pytest.mark.unit

READY = ae.MemberSeen("1001", "hotline", True, reachable=True)
FLOOR = Floor({"hotline": "综合坐席", "second": "二线坐席"}, {"12328": "hotline"}, 0.0)


def board_after(*events: Event) -> Board:
    """A board to which the events happened at 1 s, 2 s, and so on."""
    board = Board()
    for now, event in enumerate(events, 1):
        board.apply(event, float(now))
    return board


def arrived(call_id: str) -> ev.CallArrived:
    return ev.CallArrived(call_id, "12328", "138", "12328", f"ch-{call_id}")


def test_an_agent_is_ringing_then_talking_then_ready_again() -> None:
    """The agent's state follows the call, and is dated by its changes."""
    board = board_after(READY, arrived("a"), ev.RecordingStarted("a"), ev.AgentRung("a", "1001"))
    assert board.agents["1001"].state == "ringing"
    board.apply(ev.AgentAnswered("a", "1001", "leg"), 5.0)
    assert (board.agents["1001"].state, board.agents["1001"].call_id, board.agents["1001"].since) == ("talking", "a", 5.0)
    board.apply(ev.CallEnded("a", 16), 9.0)
    assert (board.agents["1001"].state, board.agents["1001"].call_id, board.calls) == ("ready", "", {})


def test_a_caller_rung_to_a_second_agent_frees_the_first() -> None:
    """Nobody stays ringing for a caller who rings elsewhere."""
    board = board_after(READY, arrived("a"), ev.RecordingStarted("a"), ev.AgentRung("a", "1001"), ev.AgentRung("a", "1002"))
    assert (board.agents["1001"].ringing, board.agents["1002"].ringing) == ("", "a")


def test_an_agent_who_leaves_while_talking_stays_talking_until_the_call_ends() -> None:
    """Leaving the queue does not end a call."""
    board = board_after(READY, arrived("a"), ev.RecordingStarted("a"), ev.AgentAnswered("a", "1001", "leg"))
    board.apply(ae.MemberSeen("1001", "hotline", False), 9.0)
    assert board.agents["1001"].state == "talking"
    board.apply(ev.CallEnded("a", 16), 10.0)
    assert board.agents["1001"].state == "offline"


def test_an_event_of_an_unknown_caller_changes_nothing() -> None:
    """A late packet of a call long gone is no call."""
    board = Board()
    assert board.apply(ev.AgentRung("ghost", "1001"), 1.0) == []
    assert board.calls == {}


def test_callers_are_shown_in_the_order_they_will_be_answered() -> None:
    """Who lost an agent goes first, then who waits longest; the queue counts both and the longest wait."""
    board = board_after(arrived("a"), arrived("b"), ev.RecordingStarted("b"), ev.RecordingStarted("a"), arrived("c"))
    board.apply(ev.RecordingStarted("c"), 6.0)
    board.apply(ev.AgentAnswered("c", "1001", "leg"), 7.0)
    board.apply(ev.AgentLeft("c", "1001", "leg", 44), 8.0)
    assert [call.call_id for call in waiting_order(board)] == ["c", "b", "a"]
    fields = view(board, FLOOR, {}, {})
    assert (fields["call:b"]["position"], fields["queue:hotline"]["waiting"]) == (2, 3)
    assert fields["queue:hotline"]["longest_since"] == 1.0, "counted from the arrival"


def test_a_callers_position_is_app_queues_own_and_counts_in_its_queue() -> None:
    """A later caller of a line with priority joins in front; whoever leaves frees the place; a login reads it anew."""
    board = board_after(*(arrived(call_id) for call_id in "abcd"), *(ev.RecordingStarted(call_id) for call_id in "abcd"))
    for event in (ev.QueueEntered("a", "hotline", 1), ev.QueueEntered("b", "hotline", 2), ev.QueueEntered("c", "hotline", 1)):
        board.apply(event, 20.0)
    board.apply(ev.QueueEntered("d", "second", 1), 20.0)
    assert positions(board) == {"c": 1, "a": 2, "b": 3, "d": 1}
    board.apply(PlaceLeft("c", "hotline"), 21.0)
    board.apply(ev.AgentAnswered("c", "1001", "leg"), 21.0)
    assert positions(board) == {"a": 1, "b": 2, "c": None, "d": 1}
    board.apply(PlacesSeen({"hotline": ("b", "a")}), 22.0)
    assert positions(board) == {"b": 1, "a": 2, "c": None, "d": 1}


def positions(board: Board) -> dict[str, object]:
    """Each call's position as the live view tells it."""
    return {call_id: view(board, FLOOR, {}, {})[f"call:{call_id}"]["position"] for call_id in board.calls}


def test_an_agents_wishes_become_commands_and_change_nothing_until_asterisk_confirms() -> None:
    """Ready, paused and signed out are what Asterisk says, not what was clicked."""
    board = Board()
    assert board.apply(ae.ReadyAsked("1001", "i1"), 1.0) == [JoinQueue("1001", "i1", ("hotline",))]
    assert board.apply(ae.PauseAsked("1001", "i2", "午休"), 2.0) == [Reply("i2", "agent_offline")]
    assert board.apply(ae.SignOutAsked("1001", "i3"), 3.0) == [Reply("i3")]
    assert board.agents["1001"].state == "offline"
    assert board.apply(READY, 4.0) == [Write("agent_ready", "", 4.0, {"agent": "1001", "reason": ""})]
    assert board.apply(ae.PauseAsked("1001", "i4", "午休"), 4.5) == [PauseMember("1001", "i4", "午休")]
    paused = board.apply(ae.MemberSeen("1001", "hotline", True, paused=True, reason="午休", reachable=True), 5.0)
    assert paused == [Write("agent_paused", "", 5.0, {"agent": "1001", "reason": "午休"})]
    assert board.apply(ae.SignOutAsked("1001", "i5"), 6.0) == [LeaveQueue("1001", "i5", ("hotline",))]


def test_a_deadline_is_due_only_when_it_has_come() -> None:
    """Deadlines are data; the engine asks what is due."""
    board = board_after(arrived("a"))
    assert board.due(2.0) == []
    assert board.due(100.0) == [ev.DeadlineReached("a", "notice")]
    assert board.wake_at == 16.0


def test_a_queue_tells_of_each_line_how_many_wait_and_since_when_the_longest_does() -> None:
    """A line without callers is not told; whoever is being rung still waits."""
    lines = {"a": "12328", "b": "12345", "c": "12345"}
    calls = (ev.CallArrived(call_id, line, "138", line, f"ch-{call_id}") for call_id, line in lines.items())
    board = board_after(*calls, *(ev.RecordingStarted(call_id) for call_id in lines))
    board.apply(ev.AgentRung("b", "1001"), 9.0)
    queue = view(board, FLOOR, {}, {})["queue:hotline"]
    assert queue["lines"] == {"12328": {"waiting": 1, "longest_since": 1.0}, "12345": {"waiting": 2, "longest_since": 2.0}}
    board.apply(ev.AgentAnswered("b", "1001", "leg"), 10.0)
    board.apply(ev.CallEnded("a", 16), 11.0)
    assert view(board, FLOOR, {}, {})["queue:hotline"]["lines"] == {"12345": {"waiting": 1, "longest_since": 3.0}}
