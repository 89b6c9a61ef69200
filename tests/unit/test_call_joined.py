"""A call that transfer/ has: what the board makes of its stages, and how the agents in it are shown."""

from __future__ import annotations

import pytest

from hotline_core.domain import agent_events as ae
from hotline_core.domain import events as ev
from hotline_core.domain.board import Board
from hotline_core.domain.commands import CloseJournal, Write
from hotline_core.domain.events import Event
from hotline_core.domain.join_events import STAGES, StageEntered
from tests.unit.test_board import arrived, board_after
from transfer import model

pytestmark = pytest.mark.unit

LEG = "PJSIP/agent-1001-1"
TALK: tuple[Event, ...] = (
    ae.MemberSeen("1001", "hotline", True, reachable=True),
    ae.MemberSeen("1002", "hotline", True, reachable=True),
    arrived("a"),
    ev.RecordingStarted("a"),
    ev.AgentAnswered("a", "1001", LEG),
)


def joined(*events: Event) -> Board:
    """The board with agent 1001 in call `a`, and then."""
    return board_after(*TALK, *events)


def test_core_and_transfers_know_the_same_stages() -> None:
    assert (*model.STAGES, "over") == STAGES


def test_an_agent_talks_in_every_stage_that_has_an_agent() -> None:
    for stage in ("placing", "parked", "calling", "adding", "consult", "swapped", "three"):
        board = joined(StageEntered("a", stage, "1001", LEG))
        assert (board.calls["a"].phase, board.agents["1001"].state) == ("joined", "talking")


def test_a_consulted_colleague_rings_then_talks_then_is_ready_again() -> None:
    board = joined(StageEntered("a", "calling", "1001", LEG, third_agent="1002"))
    assert board.agents["1002"].state == "ringing"
    board.apply(StageEntered("a", "consult", "1001", LEG, third_agent="1002", third_talks=True), 8.0)
    assert (board.agents["1002"].state, board.agents["1001"].state) == ("talking", "talking")
    board.apply(StageEntered("a", "talk", "1001", LEG), 9.0)
    assert (board.agents["1002"].state, board.agents["1001"].state) == ("ready", "talking")


def test_a_colleague_who_takes_the_call_over_is_its_agent() -> None:
    board = joined(
        StageEntered("a", "three", "1001", LEG, third_agent="1002", third_talks=True), StageEntered("a", "talk", "1002", "leg2")
    )
    assert (board.calls["a"].agent, board.agents["1002"].state, board.agents["1001"].state) == ("1002", "talking", "ready")


def test_a_citizen_left_alone_waits_at_the_head_and_may_be_taken_back() -> None:
    board = joined(StageEntered("a", "consult", "1001", LEG), StageEntered("a", "alone", lost_by="1001"))
    call = board.calls["a"]
    assert (call.phase, call.head, call.agent, call.lost_by) == ("waiting", True, "", "1001")
    board.apply(ev.QueueEntered("a", "hotline", 1), 9.0)
    assert board.calls["a"].lost_by == "1001"
    board.apply(ev.AgentAnswered("a", "1002", "leg2"), 10.0)
    assert (board.calls["a"].phase, board.calls["a"].lost_by) == ("talking", "")


def test_a_blind_transfer_is_followed_by_what_the_dialplan_tells() -> None:
    board = joined(StageEntered("a", "placing", "1001", LEG), StageEntered("a", "led"))
    assert (board.calls["a"].phase, board.agents["1001"].state) == ("joined", "ready")
    board.apply(ev.PartyRung("a", "railway"), 9.0)
    assert board.calls["a"].phase == "party"


def test_an_emergency_is_urgent_until_somebody_outside_has_answered() -> None:
    board = joined(StageEntered("a", "adding", "1001", LEG, urgent=True))
    assert board.calls["a"].urgent
    board.apply(StageEntered("a", "adding", "1001", LEG), 8.0)
    assert board.calls["a"].urgent
    board.apply(StageEntered("a", "three", "1001", LEG, urgent=False), 9.0)
    assert not board.calls["a"].urgent


def test_an_agent_who_says_goodbye_in_a_talk_of_two_ends_the_call_as_ever() -> None:
    board = joined(StageEntered("a", "three", "1001", LEG), StageEntered("a", "talk", "1001", LEG))
    (left,) = [one for one in board.apply(ev.AgentLeft("a", "1001", LEG, 16), 9.0) if isinstance(one, Write) and one.call_id]
    assert left.kind == "agent_left"
    (ended,) = [one for one in board.apply(ev.CallEnded("a", 16), 9.1) if isinstance(one, Write) and one.kind == "call_ended"]
    assert (ended.facts["by"], board.calls) == ("agent", {})


def test_a_rescue_that_goes_on_without_its_citizen_keeps_its_agent_busy_and_the_call_is_told_once() -> None:
    board = joined(StageEntered("a", "three", "1001", LEG), StageEntered("a", "rescue_on", "1001", LEG))
    kinds = [type(one) for one in board.apply(ev.CallEnded("a", 16), 9.0)]
    assert kinds == [Write, CloseJournal]
    assert board.apply(ev.CallEnded("a", 0), 9.5) == []
    assert board.agents["1001"].state == "talking"
    board.apply(StageEntered("a", "over"), 10.0)
    assert (board.calls, board.agents["1001"].state) == ({}, "ready")


def test_an_agent_and_a_third_who_are_still_brought_together_as_the_citizen_goes_keep_their_call() -> None:
    board = joined(StageEntered("a", "swapped", "1001", LEG), StageEntered("a", "placing", "1001", LEG))
    board.apply(ev.CallEnded("a", 16), 9.0)
    board.apply(StageEntered("a", "rescue_on", "1001", LEG), 9.1)
    assert (board.calls["a"].stage, board.agents["1001"].state) == ("rescue_on", "talking")
    board.apply(StageEntered("a", "over"), 10.0)
    assert (board.calls, board.agents["1001"].state) == ({}, "ready")


def test_a_call_whose_last_move_came_to_nothing_as_the_citizen_went_is_over() -> None:
    board = joined(StageEntered("a", "three", "1001", LEG), StageEntered("a", "placing", "1001", LEG))
    board.apply(StageEntered("a", "over"), 9.0)
    board.apply(ev.CallEnded("a", 16), 9.0)
    assert (board.calls, board.agents["1001"].state) == ({}, "ready")


def test_a_login_that_finds_an_ordinary_talk_makes_it_one_again() -> None:
    board = joined(StageEntered("a", "three", "1001", LEG))
    board.apply(ev.CallAdopted("a", "12328", "138", "12328", "ch-a", "talking", 1.0, "1003", "leg3"), 9.0)
    assert (board.calls["a"].phase, board.calls["a"].agent, board.agents["1001"].state) == ("talking", "1003", "ready")


def test_a_citizen_whom_the_menus_party_has_left_waits_for_an_agent() -> None:
    board = board_after(arrived("a"), ev.PartyRung("a", "railway"), ev.PartyAnswered("a", "railway"), StageEntered("a", "alone"))
    assert (board.calls["a"].phase, board.calls["a"].head) == ("waiting", True)
