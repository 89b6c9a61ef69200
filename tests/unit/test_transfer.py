"""A third party joins a call: what citizen, agent and third live through, told to the pure machine."""

from __future__ import annotations

import pytest

from hotline_core.domain.commands import HangUp, Reply, Write
from transfer import events as te
from transfer.commands import DialThird, HangUpThird, JoinCommand, Move, Place, Promote, Rejoin, Tell
from transfer.events import ActAsked, Talk, Target
from transfer.transfers import Rules, Transfers

pytestmark = pytest.mark.unit

CALL, CIT, LEG, THIRD = "h1-1.1", "PJSIP/trunk-demo-1", "PJSIP/agent-1001-1", "PJSIP/trunk-demo-2"
TALK = Talk(CALL, "12328", CIT, "1001", LEG)
RESCUE = Target("water_rescue", "rescue", "emergency", ("0999001", "0999002"))
RAILWAY = Target("railway", "railway", "hotline", ("95306",))
COLLEAGUE = Target(agent="1002")
CALM = Rules(("demo",))


class Floor:
    """The machine with the words of Asterisk and of the agent put short; time goes on by a second with each."""

    def __init__(self, rules: Rules = CALM) -> None:
        self.transfers = Transfers(rules)
        self.now = 100.0
        self.board: Tell | None = None
        self.records: list[Write] = []

    def hears(self, event: te.JoinEvent) -> list[JoinCommand]:
        self.now += 1.0
        commands = self.transfers.apply(event, self.now)
        self.records += [command for command in commands if isinstance(command, Write)]
        for command in commands:
            if isinstance(command, Tell):
                self.board = command
        return [command for command in commands if not isinstance(command, Write | Tell)]

    def asks(self, act: str, target: Target = RAILWAY, **more: str) -> list[JoinCommand]:
        return self.hears(ActAsked(CALL, act, more.pop("agent", "1001"), "i1", TALK, target, **more))

    def room(self, *roles: str) -> list[JoinCommand]:
        channels = {"citizen": CIT, "agent": LEG, "third": THIRD}
        return [one for role in roles for one in self.hears(te.RoomEntered(CALL, role, channels[role]))]

    def held(self, role: str) -> list[JoinCommand]:
        return self.hears(te.HoldEntered(CALL, role, {"citizen": CIT, "third": THIRD}[role]))

    @property
    def stage(self) -> str:
        join = self.transfers.joins.get(CALL)
        return join.stage if join is not None else ""

    def consulting(self, target: Target = RAILWAY) -> None:
        self.asks("consult", target)
        self.held("citizen")
        self.room("agent", "third")
        assert self.stage == "consult"

    def all_three(self, target: Target = RAILWAY) -> None:
        self.consulting(target)
        self.asks("merge")
        self.room("citizen")
        assert self.stage == "three"


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


def test_the_citizen_is_brought_back_at_once_when_the_third_is_busy() -> None:
    floor = Floor()
    floor.asks("consult")
    floor.held("citizen")
    floor.room("agent")
    assert floor.hears(te.ThirdFailed(CALL, f"third-{CALL}-1", 17)) == [Move(CALL, 2, (Place(CIT, "room", "citizen"),))]
    floor.room("citizen")
    assert floor.stage == "talk"
    assert floor.transfers.joins[CALL].failed == "busy"


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


def test_an_agent_who_leaves_hands_citizen_and_third_to_each_other() -> None:
    floor = Floor()
    floor.all_three()
    assert floor.asks("leave") == [HangUp(LEG, "i1")]
    floor.hears(te.AgentGone(CALL, "1001", LEG, 16))
    assert floor.stage == "handed"
    assert floor.board == Tell(CALL, "handed", "", "")


def test_a_colleague_who_stays_owns_the_call() -> None:
    floor = Floor()
    floor.all_three(COLLEAGUE)
    floor.asks("leave")
    assert floor.hears(te.AgentGone(CALL, "1001", LEG, 16)) == [Promote(CALL, "1002", THIRD)]
    assert floor.stage == "talk"
    assert floor.board == Tell(CALL, "talk", "1002", THIRD)


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
