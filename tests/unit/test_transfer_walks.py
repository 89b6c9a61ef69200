"""Random acts and mishaps, in every order a busy machine could bring about: the citizen is never lost, and nobody stays behind."""

from __future__ import annotations

import random

import pytest

from ami_bridge.adoption import lost_of
from ami_bridge.protocol import Packet
from hotline_core.domain.commands import Reply, Write
from tests.unit.small_pbx import BRIDGE, CALL, CIT, DIALLED, HOLD, OUT, ROOM, VANISHED, SmallPbx
from transfer import events as te
from transfer.commands import JoinCommand, Tell
from transfer.events import ACTS, AGENT, ROLES, THIRD, ActAsked, Talk, Target
from transfer.transfers import Rules, Transfers

pytestmark = pytest.mark.unit

RULES = Rules(("one", "two"), 25.0, 15.0)
TARGETS = (
    Target("railway", "railway", "hotline", ("95306", "95307")),
    Target("water_rescue", "rescue", "emergency", ("0999001", "0999002")),
    Target(agent="1002"),
    Target(queue="second"),
)
CAUSES = (0, 1, 17, 19, 21, 34)
WALKS, STEPS = 400, 120


class Walk:
    """One walk, replayable by its seed; `story` is told when it fails."""

    def __init__(self, seed: int) -> None:
        self.choice = random.Random(seed)
        self.pbx = SmallPbx(self.choice)
        self.transfers = Transfers(RULES)
        self.story: list[str] = []
        self.board = Tell(CALL, "", "1001", "PJSIP/agent-1001-1")
        self.replies: list[str] = []
        self.lost_links = 0

    def hears(self, event: te.JoinEvent) -> None:
        if isinstance(event, te.AgentTook):
            self.board = Tell(CALL, "", event.agent, event.channel)
        if isinstance(event, te.CitizenElsewhere):
            self.board = Tell(CALL, "", "", "", lost_by=self.board.lost_by)
        self._do(event, self.transfers.apply(event, self.pbx.now))

    def _do(self, event: te.JoinEvent, commands: list[JoinCommand]) -> None:
        join = self.transfers.joins.get(CALL)
        told = [str(command) for command in commands if not isinstance(command, Write | Tell)]
        self.story.append(f"{self.pbx.now}: {event} -> {join.stage if join else '-'} {told}")
        for command in commands:
            if isinstance(command, Tell):
                self.board = command
            elif isinstance(command, Reply):
                self.replies.append(command.code)
            elif not isinstance(command, Write):
                self.pbx.commands.append(command)

    def acts(self) -> None:
        act = self.choice.choice(tuple(ACTS))
        agent = self.board.lost_by if act == "take_back" else self.board.agent
        if not agent or CIT not in self.pbx.legs:
            return
        if act == "take_back" and CALL not in self.transfers.joins:
            return
        target = TARGETS[1] if act == "emergency" else self.choice.choice(TARGETS)
        talk = Talk(CALL, "12328", CIT, self.board.agent, self.board.agent_channel)
        role = self.choice.choice(ROLES)
        self.hears(ActAsked(CALL, act, agent, "i", talk, target, role=role, digits="1"))

    def mishap(self) -> None:
        legs = [leg for leg in self.pbx.legs.values() if leg.place != "called"]
        if not legs:
            return
        leg = self.choice.choice(legs)
        if leg.role == THIRD and leg.place == DIALLED:
            if self.choice.random() < 0.3:
                self.pbx.hang_up(leg, self.choice.choice(CAUSES))
            else:
                self.pbx.answer(leg)
        elif self.choice.random() < (0.1 if leg.channel == CIT else 0.3):
            self.pbx.hang_up(leg, VANISHED if leg.role == AGENT and self.choice.random() < 0.5 else 16)

    def loses_the_link(self) -> None:
        """The bridge is killed, or its link to Asterisk is lost: what is said meanwhile nobody hears."""
        pbx = self.pbx
        self.lost_links += 1
        pbx.is_bridge_up = False
        for _ in range(self.choice.choice((0, 1, 8, 40))):
            for leg in [leg for leg in pbx.legs.values() if leg.goes]:
                if leg.channel in pbx.legs:
                    pbx.arrive(leg)
            pbx.commands.clear()
            pbx.time_passes()
        pbx.is_bridge_up = True
        for leg in [leg for leg in pbx.legs.values() if leg.goes]:
            if leg.channel in pbx.legs:
                pbx.arrive(leg)
        pbx.events.clear()
        pbx.commands.clear()
        if self.choice.random() < 0.5:
            self.transfers = Transfers(RULES)
            self.board = Tell(CALL, "", "", "")
        agent = pbx.leg(AGENT, ROOM) or pbx.leg(AGENT, BRIDGE)
        self.board = Tell(CALL, "", agent.agent if agent else "", agent.channel if agent else "", lost_by=self.board.lost_by)
        seen = pbx.seen()
        self.story.append(f"{pbx.now}: the link is back")
        if seen is not None:
            self.hears(seen)
        elif CALL in self.transfers.joins:
            channels = [Packet((("Channel", leg.channel), ("Uniqueid", leg.unique_id))) for leg in pbx.legs.values()]
            for event in lost_of(self.transfers.joins[CALL], channels):
                self.hears(event)

    def step(self) -> None:
        pbx = self.pbx
        moving = [leg for leg in pbx.legs.values() if leg.goes]
        roll = self.choice.random()
        if roll < 0.30 and pbx.events:
            self.hears(pbx.events.popleft())
        elif roll < 0.55 and pbx.commands:
            pbx.execute()
        elif roll < 0.75 and moving:
            pbx.arrive(self.choice.choice(moving))
        elif roll < 0.85:
            self.acts()
        elif roll < 0.92:
            self.mishap()
        elif roll < 0.93:
            self.loses_the_link()
        elif roll < 0.95 and self.board.agent:
            if (leg := pbx.legs.get(self.board.agent_channel)) is not None:
                leg.deaf_at = pbx.now
            self.hears(te.PageBack(CALL, self.board.agent, "i"))
        else:
            self.time_passes()

    def time_passes(self) -> None:
        self.pbx.time_passes()
        for due in self.transfers.due(self.pbx.now):
            self.hears(due)

    def settles(self) -> None:
        """Three minutes in which nobody does anything, and nothing is slow."""
        for _ in range(360):
            self.drained()
            self.time_passes()
        self.drained()

    def drained(self) -> None:
        pbx = self.pbx
        while pbx.events or pbx.commands or any(leg.goes for leg in pbx.legs.values()):
            if pbx.commands:
                pbx.execute()
            elif pbx.events:
                self.hears(pbx.events.popleft())
            else:
                pbx.arrive(next(leg for leg in pbx.legs.values() if leg.goes))

    def complaints(self) -> list[str]:
        """Everything that is wrong with a call that has come to rest."""
        pbx, join = self.pbx, self.transfers.joins.get(CALL)
        wrong = list(pbx.dropped)
        if pbx.lonely and not self.lost_links:
            wrong.append("somebody was left to the watchdog")
        citizen = pbx.legs.get(CIT)
        agents = [leg for leg in pbx.legs.values() if leg.role == AGENT]
        thirds = [leg for leg in pbx.legs.values() if leg.role == THIRD]
        room = pbx.in_room()
        if len(agents) > 1:
            wrong.append(f"two agents on one citizen: {agents}")
        if len(thirds) > 1 or any(leg.place == DIALLED for leg in thirds):
            wrong.append("a third is left over")
        if len(room) == 1:
            wrong.append(f"{room[0].role} is alone in the room" if room[0].role != AGENT or citizen is None else "")
        if citizen is None:
            if join is not None and join.stage != "rescue_on":
                wrong.append("a state without a citizen")
            if len(room) not in (0, 2):
                wrong.append("somebody stays behind the citizen")
        else:
            with_whom = {
                BRIDGE: any(leg.place == BRIDGE for leg in agents),
                ROOM: len(room) > 1,
                HOLD: any(leg.place == ROOM for leg in agents),
            }
            if not with_whom.get(citizen.place, citizen.place in OUT):
                wrong.append(f"the citizen is lost in {citizen.place}")
            if citizen.place == HOLD and (join is None or join.stage not in ("parked", "consult")):
                wrong.append("the citizen hears music for nobody")
            if citizen.place not in (ROOM, HOLD) and room:
                wrong.append("a room without its citizen")
        if join is not None:
            seen = {leg.role: leg.place for leg in pbx.legs.values()}
            known = {role: join.place_of(role) for role in ROLES if join.place_of(role) not in ("gone", "none", "alone", "away")}
            out = {role: place for role, place in seen.items() if place not in OUT}
            if known != out:
                wrong.append(f"shown {known}, true {out}")
            if join.asked is not None or join.deadlines:
                wrong.append(f"still waits: {join.asked} {dict(join.deadlines)}")
        return [one for one in wrong if one]


def walked(seed: int, steps: int = STEPS) -> Walk:
    walk = Walk(seed)
    for _ in range(steps):
        walk.step()
    walk.settles()
    return walk


@pytest.mark.parametrize("part", range(8))
def test_no_walk_of_acts_and_mishaps_loses_the_citizen_or_leaves_anybody_behind(part: int) -> None:
    for seed in range(part, WALKS, 8):
        walk = walked(seed)
        assert not walk.complaints(), f"seed {seed}: {walk.complaints()}\n" + "\n".join(walk.story)


def test_walks_come_into_every_stage() -> None:
    """A walk that never leaves the talk would prove nothing; the walks are those of the test above."""
    from transfer.model import STAGES

    stages: set[str] = set()
    for seed in range(WALKS):
        walk = Walk(seed)
        for _ in range(STEPS):
            walk.step()
            join = walk.transfers.joins.get(CALL)
            stages.add(join.stage if join else "")
    assert set(STAGES) <= stages
