"""A call with a third on the line when something fails: nobody answers, somebody vanishes, Asterisk refuses, the bridge dies."""

from __future__ import annotations

import pytest

from hotline_core.domain.commands import HangUp, Reply
from tests.unit.transfer_floor import CALL, CIT, LEG, RESCUE, TALK, THIRD, Floor
from transfer import events as te
from transfer.commands import (
    DialThird,
    HangUpThird,
    Move,
    Place,
    Rejoin,
)
from transfer.events import Target
from transfer.transfers import Rules

pytestmark = pytest.mark.unit


def test_the_citizen_is_brought_back_at_once_when_the_third_is_busy() -> None:
    floor = Floor()
    floor.asks("consult")
    floor.held("citizen")
    floor.room("agent")
    assert floor.hears(te.ThirdFailed(CALL, f"third-{CALL}-1", 17)) == [Move(CALL, 2, (Place(CIT, "room", "citizen"),))]
    floor.room("citizen")
    assert floor.stage == "talk"
    assert floor.transfers.joins[CALL].failed == "busy"


def test_a_third_who_answers_and_hangs_up_before_the_room_has_not_come() -> None:
    """A fifth of a second lies between: nobody has spoken with them, and the citizen does not wait for the deadline."""
    floor = Floor()
    floor.asks("consult")
    floor.held("citizen")
    floor.room("agent")
    assert floor.hears(te.ThirdLeft(CALL, f"third-{CALL}-1", 16)) == [Move(CALL, 2, (Place(CIT, "room", "citizen"),))]
    assert [one.kind for one in floor.records][-3:] == ["third_failed", "third_missed", "transfer_ended"]


def test_an_emergency_is_dialled_at_once_and_every_number_in_order_until_one_answers() -> None:
    floor = Floor()
    commands = floor.asks("emergency", RESCUE)
    assert [type(one) for one in commands] == [DialThird, Reply, Move]
    floor.room("citizen", "agent")
    assert floor.stage == "adding"
    (second,) = floor.hears(te.ThirdFailed(CALL, f"third-{CALL}-1", 19))
    assert isinstance(second, DialThird)
    assert second.number == "0999002"
    floor.room("third")
    assert floor.stage == "three"
    assert floor.board is not None
    assert floor.board.urgent is False


def test_the_dialling_of_an_emergency_outlives_its_agent_and_whoever_answers_gets_the_citizen() -> None:
    floor = Floor()
    floor.asks("emergency", RESCUE)
    floor.room("citizen", "agent")
    assert floor.hears(te.AgentGone(CALL, "1001", LEG, 44)) == []
    floor.hears(te.CitizenElsewhere(CALL))
    assert floor.stage == "sought"
    (move,) = floor.room("third")
    assert isinstance(move, Move)
    assert move.places == (Place(CIT, "room", "citizen"),)
    floor.room("citizen")
    assert floor.stage == "handed"


def test_a_page_that_vanishes_is_called_into_the_room_again() -> None:
    floor = Floor()
    floor.all_three()
    floor.hears(te.AgentGone(CALL, "1001", LEG, 44))
    assert floor.stage == "handed"
    assert floor.hears(te.PageBack(CALL, "1001", "i2")) == [Rejoin(CALL, "1001", "12328", "i2")]
    floor.hears(te.RoomEntered(CALL, "agent", "PJSIP/agent-1001-9"))
    assert floor.stage == "three"


def test_an_agent_who_hangs_up_in_a_consult_leaves_nobody_on_music() -> None:
    floor = Floor()
    floor.consulting()
    assert floor.hears(te.AgentGone(CALL, "1001", LEG, 16)) == [HangUpThird(CALL, f"third-{CALL}-1")]
    assert floor.stage == "alone"
    floor.hears(te.AloneEntered(CALL))
    floor.hears(te.ThirdLeft(CALL, f"third-{CALL}-1", 16))
    assert floor.stage == "alone"
    floor.hears(te.CitizenElsewhere(CALL))
    assert floor.stage == ""


def test_a_move_that_asterisk_refuses_leaves_everybody_where_they_are_and_the_dial_is_given_up() -> None:
    floor = Floor()
    floor.asks("consult")
    assert floor.hears(te.MoveRefused(CALL, 1)) == [HangUpThird(CALL, f"third-{CALL}-1")]
    assert floor.stage == "talk"
    assert floor.records[-2].facts == {"n": 1, "outcome": "cancelled", "last": ""}


def test_a_refused_move_does_not_stop_an_emergency_and_is_tried_again_leg_by_leg() -> None:
    floor = Floor()
    floor.asks("emergency", RESCUE)
    assert floor.hears(te.MoveRefused(CALL, 1)) == []
    assert floor.hears(te.JoinDue(CALL, "retry")) == [Move(CALL, 2, (Place(CIT, "room", "citizen"),))]
    assert floor.transfers.joins[CALL].is_emergency


@pytest.mark.parametrize("unreached", [34, 1], ids=["the carrier is full", "the carrier does not know the number"])
def test_who_could_not_be_carried_is_tried_over_the_next_trunk_and_who_is_busy_is_not(unreached: int) -> None:
    floor = Floor(Rules(("one", "two")))
    dials = [one for one in floor.asks("add", RESCUE) if isinstance(one, DialThird)]
    for leg, cause in ((1, unreached), (2, 17)):
        dials += [one for one in floor.hears(te.ThirdFailed(CALL, f"third-{CALL}-{leg}", cause)) if isinstance(one, DialThird)]
    assert [(dial.number, dial.trunk) for dial in dials] == [("0999001", "one"), ("0999001", "two"), ("0999002", "one")]


def test_an_attempt_that_nobody_ends_is_ended_when_its_time_is_over() -> None:
    floor = Floor()
    floor.asks("add")
    floor.room("citizen", "agent")
    floor.now += 60.0
    assert floor.transfers.wake_at is not None
    assert floor.transfers.due(floor.now) == [te.JoinDue(CALL, "third")]
    assert floor.hears(te.JoinDue(CALL, "third")) == [HangUpThird(CALL, f"third-{CALL}-1")]
    assert floor.stage == "talk"


def test_a_third_who_answers_after_being_given_up_is_hung_up_and_not_taken_for_the_next() -> None:
    floor = Floor()
    floor.asks("add")
    floor.room("citizen", "agent")
    floor.asks("emergency", RESCUE)
    assert floor.hears(te.RoomEntered(CALL, "third", THIRD, f"third-{CALL}-1")) == [HangUpThird(CALL, f"third-{CALL}-1")]
    assert floor.stage == "adding"


def test_an_agent_who_leaves_a_consult_waits_until_citizen_and_third_are_together() -> None:
    floor = Floor()
    floor.consulting()
    assert floor.asks("leave") == [Move(CALL, 2, (Place(CIT, "room", "citizen"),), "i1")]
    assert floor.room("citizen") == [HangUp(LEG, "")]


def test_a_citizen_who_hangs_up_leaves_agent_and_rescuer_talking() -> None:
    floor = Floor()
    floor.all_three()
    assert floor.hears(te.CitizenGone(CALL)) == []
    assert floor.stage == "rescue_on"
    assert floor.hears(te.ThirdLeft(CALL, f"third-{CALL}-1", 16)) == [HangUp(LEG, "")]
    assert floor.board is not None
    assert floor.board.stage == "over"


def test_an_emergency_that_nobody_answers_keeps_the_call_urgent() -> None:
    floor = Floor()
    floor.asks("emergency", Target("police", "police", "emergency", ("110",)))
    floor.room("citizen", "agent")
    floor.hears(te.ThirdFailed(CALL, f"third-{CALL}-1", 19))
    assert floor.board is not None
    assert floor.board.urgent is True
    assert floor.transfers.joins[CALL].failed == "no_answer"


def test_an_agent_who_was_cut_off_takes_the_waiting_citizen_back() -> None:
    floor = Floor()
    floor.consulting()
    floor.hears(te.AgentGone(CALL, "1001", LEG, 44))
    floor.hears(te.AloneEntered(CALL))
    assert floor.asks("take_back") == [Move(CALL, 2, (Place(CIT, "recover", "1001"),), "i1")]


def test_a_citizen_who_waits_is_taken_back_also_when_nothing_else_is_known_of_the_call() -> None:
    floor = Floor()
    assert floor.asks("take_back") == [Move(CALL, 1, (Place(CIT, "recover", "1001"),), "i1")]


def test_taking_a_citizen_back_does_not_stop_the_dialling_of_an_emergency() -> None:
    floor = Floor()
    floor.asks("emergency", RESCUE)
    floor.room("citizen", "agent")
    floor.hears(te.AgentGone(CALL, "1001", LEG, 44))
    floor.hears(te.CitizenElsewhere(CALL))
    floor.asks("take_back")
    assert floor.hears(te.MoveDone(CALL, 2)) == []
    assert floor.stage == "sought"


def test_an_agent_from_the_queue_joins_the_emergency_that_is_still_dialled() -> None:
    floor = Floor()
    floor.asks("emergency", RESCUE)
    floor.room("citizen", "agent")
    floor.hears(te.AgentGone(CALL, "1001", LEG, 44))
    floor.hears(te.CitizenElsewhere(CALL))
    (move,) = floor.hears(te.AgentTook(CALL, "1003", "PJSIP/agent-1003-1"))
    assert isinstance(move, Move)
    assert move.places == (Place(CIT, "room", "citizen"), Place("PJSIP/agent-1003-1", "room", "agent"))
    floor.room("citizen")
    floor.hears(te.RoomEntered(CALL, "agent", "PJSIP/agent-1003-1"))
    assert floor.stage == "adding"


def test_a_reloaded_page_is_in_the_room_before_its_old_leg_is_ended() -> None:
    floor = Floor()
    floor.consulting()
    assert floor.hears(te.PageBack(CALL, "1001", "i2")) == [Rejoin(CALL, "1001", "12328", "i2")]
    assert floor.hears(te.RoomEntered(CALL, "agent", "PJSIP/agent-1001-9")) == [HangUp(LEG, "", 44)]
    assert floor.hears(te.AgentGone(CALL, "1001", LEG, 44)) == []
    assert floor.stage == "consult"


def test_the_net_leads_a_citizen_onwards_whom_the_dialplan_has_left() -> None:
    floor = Floor()
    floor.consulting()
    floor.hears(te.AgentGone(CALL, "1001", LEG, 16))
    floor.now += 5.0
    assert floor.hears(te.JoinDue(CALL, "net")) == [Move(CALL, 2, (Place(CIT, "alone", "s"),))]


def test_a_restarted_bridge_goes_on_with_the_numbers_that_are_left() -> None:
    floor = Floor()
    seen = te.JoinSeen(
        CALL, TALK, "room", "room", "ringing", f"third-{CALL}-4", "", RESCUE, "emergency", "0999001", "demo", dialled=4, n=2,
    )  # fmt: skip
    assert floor.hears(seen) == []
    assert floor.stage == "adding"
    (dial,) = floor.hears(te.ThirdFailed(CALL, f"third-{CALL}-4", 17))
    assert isinstance(dial, DialThird)
    assert (dial.number, dial.third) == ("0999002", f"third-{CALL}-5")


def test_a_restarted_bridge_dials_a_rescues_next_number_where_the_last_one_failed_unheard() -> None:
    """Nobody could tell it; the attempt has its record all the same."""
    floor = Floor()
    seen = te.JoinSeen(
        CALL, TALK, "room", "room", "", target=RESCUE, way="emergency", number="0999001", trunk="demo", attempt=1, dialled=4, n=2,
    )  # fmt: skip
    (dial,) = floor.hears(seen)
    assert isinstance(dial, DialThird)
    assert (dial.number, dial.third, floor.stage) == ("0999002", f"third-{CALL}-5", "adding")
    assert [(record.kind, record.facts["attempt"]) for record in floor.records if record.kind.startswith("third")] == [
        ("third_failed", 1), ("third_dialled", 2),
    ]  # fmt: skip


def test_a_restarted_bridge_lets_a_citizen_wait_whom_the_agent_asked_to() -> None:
    floor = Floor()
    assert floor.hears(te.JoinSeen(CALL, TALK, "hold", "room", "")) == []
    assert floor.stage == "parked"


def test_a_restarted_bridge_brings_a_citizen_back_who_is_held_for_nobody() -> None:
    floor = Floor()
    seen = te.JoinSeen(CALL, TALK, "hold", "room", "", way="consult")
    assert floor.hears(seen) == [Move(CALL, 1, (Place(CIT, "room", "citizen"),))]


def test_an_emergency_asked_for_right_after_a_hand_back_is_dialled_all_the_same() -> None:
    floor = Floor()
    floor.asks("consult")
    floor.held("citizen")
    floor.room("agent")
    floor.asks("requeue")
    assert [type(one) for one in floor.asks("emergency", RESCUE)] == [DialThird, Reply, Move]
    assert HangUpThird(CALL, f"third-{CALL}-2") not in floor.hears(te.CitizenElsewhere(CALL))
    assert floor.transfers.joins[CALL].is_emergency


def test_an_emergency_does_not_wait_until_a_dropped_third_is_gone() -> None:
    floor = Floor()
    floor.consulting()
    floor.asks("drop")
    assert [type(one) for one in floor.asks("emergency", RESCUE)] == [DialThird, Reply, Move]
    assert floor.hears(te.ThirdLeft(CALL, f"third-{CALL}-1", 16)) == []
    floor.room("citizen")
    assert floor.stage == "adding"
