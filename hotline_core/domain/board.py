"""All running calls and agents at one moment, and the routing of an event to the one it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hotline_core.domain import agent_events as ae
from hotline_core.domain import agents, call, dialling
from hotline_core.domain import events as ev
from hotline_core.domain.commands import Command
from hotline_core.domain.outgoing_events import CallDialled, DialAsked, DialDropped


@dataclass(slots=True)
class Board:
    """Owned by the engine alone; `apply` is its only writer."""

    calls: dict[str, call.Call] = field(default_factory=dict)
    agents: dict[str, agents.Agent] = field(default_factory=dict)
    dials: dict[str, dialling.Asked] = field(default_factory=dict)  # by call id: asked for, not begun yet

    def apply(self, event: ev.Event, now: float) -> list[Command]:
        """Route the event to its call or agent and return what to do; an unknown call's event changes nothing."""
        if isinstance(event, ae.MemberSeen | ae.ReadyAsked | ae.PauseAsked | ae.SignOutAsked):
            agent = self.agents.get(event.agent) or agents.Agent(event.agent, now)
            self.agents[event.agent], commands = agents.step(agent, event, now)
            return commands
        if isinstance(event, DialAsked):
            self.dials, commands = dialling.ask(self.dials, event, now)
            return commands
        if isinstance(event, DialDropped):
            self.dials = dialling.give_up(self.dials, event.agent)
            return []
        if isinstance(event, CallDialled | ev.CallAdopted | ev.CallRecovered):
            self.dials.pop(event.call_id, None)
        if isinstance(event, ev.CallRecovered):
            before = self.calls.pop(event.call_id, None)
            recovered = call.recover(event, before is not None)
            return recovered + self._agents_follow(event.call_id, before, None, now)
        known = self.calls.get(event.call_id)
        after: call.Call | None
        if known is None:
            if not isinstance(event, ev.CallArrived | CallDialled | ev.CallAdopted):
                return []
            after, commands = call.begin(event, now)
        else:
            after, commands = call.step(known, event, now)
        if after is None:
            del self.calls[event.call_id]
        else:
            self.calls[event.call_id] = after
        return commands + self._agents_follow(event.call_id, known, after, now)

    def _agents_follow(self, call_id: str, before: call.Call | None, after: call.Call | None, now: float) -> list[Command]:
        """Agents named in the call before or after get their ringing and talking calls set anew."""
        names = {state.agent for state in (before, after) if state is not None and state.agent}
        commands: list[Command] = []
        for name in sorted(names):
            agent = self.agents.get(name) or agents.Agent(name, now)
            mine = after if after is not None and after.agent == name else None
            ringing = agent.ringing if agent.ringing != call_id else ""
            talking = agent.talking if agent.talking != call_id else ""
            if mine is not None and mine.phase == "ringing":
                ringing = call_id
            elif mine is not None and mine.phase in ("talking", "held", "dialling"):
                talking = call_id
            self.agents[name], more = agents.with_calls(agent, ringing, talking, now)
            commands += more
        return commands

    def dial_refusal(self, asked: DialAsked, rules: dialling.Rules, now: float) -> str:
        """The code of the refusal of a call to a citizen, empty if it may be made."""
        running = [dialling.Running(state.caller, state.agent, state.direction) for state in self.calls.values()]
        return dialling.refusal(asked, self.dials, running, rules, now)

    def missing(self, alive: Mapping[str, object]) -> list[str]:
        """Calls of ours that Asterisk does not know (any more)."""
        return [call_id for call_id in self.calls if call_id not in alive]

    @property
    def wake_at(self) -> float | None:
        """The next deadline of any call, None if there is none."""
        return min((at for state in self.calls.values() if (at := state.wake_at) is not None), default=None)

    def due(self, now: float) -> list[ev.DeadlineReached]:
        """The deadlines that have come."""
        return [
            ev.DeadlineReached(state.call_id, name)
            for state in self.calls.values()
            for name, at in state.deadlines.items()
            if at <= now
        ]
