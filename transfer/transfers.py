"""All calls that have, or shall have, somebody else on the line; the engine owns one, `apply` is its only writer."""

from __future__ import annotations

from dataclasses import replace

from hotline_core.domain.commands import HangUp, Reply, Write
from transfer import events as te
from transfer.commands import HangUpThird, JoinCommand, Tell
from transfer.events import AGENT, CITIZEN, THIRD, JoinEvent
from transfer.legs import VANISHED
from transfer.machine import step
from transfer.model import AWAY, GONE, Join, Rules

__all__ = ["Join", "Rules", "Transfers"]


class Transfers:
    """The states by call id, and what must outlive them: how often a call was transferred and whom it dialled."""

    def __init__(self, rules: Rules) -> None:
        self.joins: dict[str, Join] = {}
        self._rules = rules
        self._counts: dict[str, tuple[int, int, int]] = {}  # transfers, thirds and moves of a call whose state is over

    def apply(self, event: JoinEvent, now: float) -> list[JoinCommand]:
        """Route the event to its call and return what to do; of a call without a state only what begins one matters."""
        call_id = event.call_id
        join = self.joins.get(call_id)
        if join is None:
            begun = self._begun(event, now)
            if not isinstance(begun, Join):
                return begun
            join = begun
        after, commands = step(join, event, self._rules, now)
        if isinstance(event, te.CitizenGone) and after is None:
            self._counts.pop(call_id, None)
        elif after is None:
            self._counts[call_id] = (join.n, join.dialled, join.moves)
        if after is None:
            self.joins.pop(call_id, None)
        elif call_id in self.joins or after != join:
            self.joins[call_id] = after
        return commands

    def shift(self, by_s: float) -> None:
        """The clock was set on by so many seconds, or back: what is waited for is waited for as long as before."""
        for call_id, join in self.joins.items():
            if join.deadlines:
                self.joins[call_id] = replace(join, deadlines={name: at + by_s for name, at in join.deadlines.items()})

    def due(self, now: float) -> list[te.JoinDue]:
        """The deadlines that have come."""
        return [te.JoinDue(join.call_id, name) for join in self.joins.values() for name, at in join.deadlines.items() if at <= now]

    @property
    def wake_at(self) -> float | None:
        """The next deadline, None if there is none."""
        return min((at for join in self.joins.values() for at in join.deadlines.values()), default=None)

    def _begun(self, event: JoinEvent, now: float) -> Join | list[JoinCommand]:
        """The state that an event begins, or what there is to do without any."""
        match event:
            case te.ActAsked():
                join = self._fresh(event.talk, now)
                if event.act == "take_back":  # of a call that waits: who asks was cut off, as the board knows
                    join = replace(join, agent=event.agent, agent_channel="", citizen=AWAY, agent_place=GONE, lost_by=event.agent)
                return join
            case te.JoinSeen():
                return self._fresh(event.talk, now)
            case te.PageBack():
                return [Reply(event.intent_id, "unknown_call")]
            case te.AloneEntered():  # left by whom the dialplan alone had led the citizen to
                return [Write("citizen_alone", event.call_id, now), Tell(event.call_id, "alone", "", "")]
            case te.RoomEntered() | te.HoldEntered() if event.role == CITIZEN:  # our move came after the dialplan's own
                join = self._fresh(te.Talk(event.call_id, "", event.channel, "", ""), now)
                return replace(join, citizen=AWAY, agent_place=GONE)
            case te.RoomEntered() if event.role == AGENT:  # called into a room that is over
                return [HangUp(event.channel, "", VANISHED)]
            case te.RoomEntered() if event.role == THIRD and event.unique_id:
                return [HangUpThird(event.call_id, event.unique_id)]
            case te.CitizenGone():
                self._counts.pop(event.call_id, None)
                return []
            case _:
                return []

    def _fresh(self, talk: te.Talk, now: float) -> Join:
        n, dialled, moves = self._counts.get(talk.call_id, (0, 0, 0))
        return Join(
            talk.call_id, talk.line, talk.citizen, talk.agent, talk.agent_channel, now, n=n, dialled=dialled, moves=moves,
        )  # fmt: skip
