"""The machine of transfers with the words of Asterisk and of an agent put short, for tests."""

from __future__ import annotations

from hotline_core.domain.commands import Write
from transfer import events as te
from transfer.commands import JoinCommand, Tell
from transfer.events import ActAsked, Talk, Target
from transfer.transfers import Rules, Transfers

CALL, CIT, LEG, THIRD = "h1-1.1", "PJSIP/trunk-demo-1", "PJSIP/agent-1001-1", "PJSIP/trunk-demo-2"
TALK = Talk(CALL, "12328", CIT, "1001", LEG)
RESCUE = Target("water_rescue", "rescue", "emergency", ("0999001", "0999002"))
RAILWAY = Target("railway", "railway", "hotline", ("95306",))
COLLEAGUE = Target(agent="1002")
CALM = Rules(("demo",))


class Floor:
    """One call with agent 1001; time goes on by a second with each word."""

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
