"""A third party joins a call: what an agent may do with it, told to the pure machine."""

from __future__ import annotations

import pytest

from hotline_core.domain.commands import HangUp, Reply
from tests.unit.transfer_floor import CALL, CIT, COLLEAGUE, LEG, RESCUE, THIRD, Floor
from transfer import events as te
from transfer.commands import (
    DialThird,
    HangUpThird,
    Move,
    MuteLeg,
    Place,
    Promote,
    Rejoin,
    SendDigits,
    SetVariables,
    Tell,
)
from transfer.events import Target

pytestmark = pytest.mark.unit


def test_an_agent_consults_first_and_the_citizen_hears_music_until_all_three_speak() -> None:
    floor = Floor()
    dial, move = floor.asks("consult")
    assert isinstance(move, Move)
    assert move.places == (Place(CIT, "hold", "citizen"), Place(LEG, "room", "agent"))
    assert isinstance(dial, DialThird)
    assert (dial.number, dial.trunk, dial.third) == ("95306", "demo", f"third-{CALL}-1")
    assert floor.stage == "placing"
    floor.held("citizen")
    floor.room("agent")
    assert floor.stage == "calling"
    floor.room("third")
    assert floor.stage == "consult"
    assert floor.asks("merge") == [Move(CALL, 2, (Place(CIT, "room", "citizen"),), "i1")]
    floor.room("citizen")
    assert floor.stage == "three"
    assert floor.board == Tell(CALL, "three", "1001", LEG)


def test_an_agent_who_leaves_hands_citizen_and_third_to_each_other() -> None:
    floor = Floor()
    floor.all_three()
    assert floor.asks("leave") == [HangUp(LEG, "i1")]
    floor.hears(te.AgentGone(CALL, "1001", LEG, 16))
    assert floor.stage == "handed"
    assert floor.board == Tell(CALL, "handed", "", "", lost_by="1001")


def test_an_agent_who_left_the_two_comes_back_by_a_click_and_not_by_loading_the_page_anew() -> None:
    """The third may turn out to say nothing; a reload after a deliberate farewell is no wish to be back."""
    floor = Floor()
    floor.all_three()
    floor.asks("leave")
    floor.hears(te.AgentGone(CALL, "1001", LEG, 16))
    assert floor.hears(te.PageBack(CALL, "1001", "i2")) == [Reply("i2", "unknown_call")]
    assert Rejoin(CALL, "1001", "12328", "i1") in floor.asks("take_back")
    floor.hears(te.RoomEntered(CALL, "agent", "PJSIP/agent-1001-9"))
    assert floor.stage == "three"


def test_an_agent_who_left_the_two_has_nothing_to_take_back_once_the_third_is_gone() -> None:
    """The citizen is led to the next agent by the dialplan."""
    floor = Floor()
    floor.all_three()
    floor.asks("leave")
    floor.hears(te.AgentGone(CALL, "1001", LEG, 16))
    floor.hears(te.ThirdLeft(CALL, f"third-{CALL}-1", 16))
    assert floor.stage == "alone"
    assert floor.asks("take_back") == [Reply("i1", "not_your_call")]


def test_a_colleague_who_stays_owns_the_call() -> None:
    floor = Floor()
    floor.all_three(COLLEAGUE)
    floor.asks("leave")
    assert floor.hears(te.AgentGone(CALL, "1001", LEG, 16)) == [Promote(CALL, "1002", THIRD)]
    assert floor.stage == "talk"
    assert floor.board == Tell(CALL, "talk", "1002", THIRD)


def test_an_agent_swaps_between_citizen_and_third() -> None:
    floor = Floor()
    floor.consulting()
    (move,) = floor.asks("swap")
    assert isinstance(move, Move)
    assert move.places == (Place(CIT, "room", "citizen"), Place(THIRD, "hold", "third"))
    floor.room("citizen")
    floor.held("third")
    assert floor.stage == "swapped"
    floor.asks("swap")
    floor.held("citizen")
    floor.room("third")
    assert floor.stage == "consult"


def test_a_citizen_handed_back_to_a_queue_is_moved_before_anybody_else_is_hung_up() -> None:
    floor = Floor()
    floor.consulting()
    commands = floor.asks("requeue", Target(queue="second"))
    assert [type(one) for one in commands] == [SetVariables, Move]
    assert floor.hears(te.MoveDone(CALL, 2)) == [HangUp(LEG, ""), HangUpThird(CALL, f"third-{CALL}-1")]
    assert floor.stage == "led"


def test_a_blind_transfer_leads_the_citizen_to_the_party_the_number_or_the_colleague() -> None:
    ways = {
        ("party", "water_rescue"): RESCUE,
        ("party", "number"): Target(numbers=("0551123",)),
        ("to-agent", "1002"): COLLEAGUE,
        ("wait", "s"): Target(queue="second"),
    }
    for place, target in ways.items():
        moves = [one for one in Floor().asks("blind", target) if isinstance(one, Move)]
        assert [(one.places[0].context, one.places[0].extension) for one in moves] == [place]


def test_mutes_are_shown_when_asterisk_says_so_and_end_with_a_move() -> None:
    floor = Floor()
    floor.all_three()
    assert floor.asks("mute", role="citizen") == [MuteLeg(CALL, CIT, True, "i1")]
    assert floor.transfers.joins[CALL].muted == frozenset()
    floor.hears(te.LegMuted(CALL, CIT, True))
    assert floor.transfers.joins[CALL].muted == {"citizen"}
    floor.asks("hold")
    assert floor.transfers.joins[CALL].muted == frozenset()


def test_whoever_was_muted_is_heard_again_once_the_agent_has_gone() -> None:
    """Told before or after the agent's end: nobody else could undo it, and a rescuer would not hear the citizen."""
    floor = Floor()
    floor.all_three()
    floor.hears(te.LegMuted(CALL, CIT, True))
    assert floor.hears(te.AgentGone(CALL, "1001", LEG, 16)) == [MuteLeg(CALL, CIT, False, "")]
    assert floor.hears(te.LegMuted(CALL, CIT, False)) == []
    assert floor.hears(te.LegMuted(CALL, THIRD, True)) == [MuteLeg(CALL, THIRD, False, "")]
    assert floor.stage == "handed"


def test_a_rescue_that_failed_while_there_was_no_bridge_is_red_and_not_forgotten() -> None:
    """No number of it is left: the agent and every supervisor must see it."""
    floor = Floor()
    talk = te.Talk(CALL, "12345", CIT, "1001", LEG)
    floor.hears(te.JoinSeen(CALL, talk, "room", "room", "", target=RESCUE, way="emergency", number="0999002", trunk="demo", n=1))
    join = floor.transfers.joins[CALL]
    assert (join.stage, join.failed, join.urgent, join.target) == ("talk", "unavailable", True, RESCUE)


def test_keys_reach_the_menu_of_whom_the_agent_speaks_with_and_nothing_else_does() -> None:
    """The citizen, or a company that was called, in an ordinary talk, of which nothing is kept; the third once there is one."""
    floor = Floor()
    assert floor.asks("digits", digits="7") == [SendDigits(CALL, CIT, "7", "i1")]
    assert CALL not in floor.transfers.joins
    floor.consulting()
    assert floor.asks("digits", digits="12#") == [SendDigits(CALL, THIRD, "12#", "i1")]
    assert floor.asks("digits", digits="1,2") == [Reply("i1", "bad_input")]
    floor.asks("swap")
    floor.held("third")
    floor.room("citizen")
    assert floor.asks("digits", digits="0") == [SendDigits(CALL, CIT, "0", "i1")]
    floor.asks("drop")
    assert floor.asks("digits", digits="0") == [SendDigits(CALL, CIT, "0", "i1")]


def test_keys_for_a_third_who_is_being_let_go_are_refused() -> None:
    floor = Floor()
    floor.consulting()
    floor.asks("drop")
    assert floor.asks("digits", digits="0") == [Reply("i1", "wrong_stage")]


def test_a_transfer_is_told_from_the_question_to_who_left_last() -> None:
    floor = Floor()
    floor.all_three()
    floor.hears(te.ThirdLeft(CALL, f"third-{CALL}-1", 16))
    told = [(record.kind, dict(record.facts)) for record in floor.records if record.kind.startswith(("third", "transfer"))]
    assert told == [
        ("third_asked", {"n": 1, "way": "consult", "party": "railway", "kind": "hotline", "to": "", "queue": "", "by": "1001"}),
        ("third_dialled", {"n": 1, "attempt": 1, "of": 1, "trunk": "demo", "leg": 1}),
        ("third_answered", {"n": 1, "attempt": 1, "waited_s": 3.0}),
        ("third_left", {"n": 1, "by": "third", "cause": 16}),
        ("transfer_ended", {"n": 1, "outcome": "returned", "last": "third"}),
    ]
    numbers = [dict(record.personal) for record in floor.records if record.kind == "third_dialled"]
    assert numbers == [{"number": "95306"}]
