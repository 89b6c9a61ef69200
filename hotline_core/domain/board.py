"""All running calls and agents at one moment, and the routing of an event to the one it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hotline_core.domain import agent_events as ae
from hotline_core.domain import call, dialling
from hotline_core.domain import events as ev
from hotline_core.domain.agents import Agent, Rules
from hotline_core.domain.agents import step as agent_step
from hotline_core.domain.commands import Command
from hotline_core.domain.outgoing_events import CallDialled, DialAsked, DialDropped
from hotline_core.domain.pause_events import PauseEvent
from hotline_core.domain.queue_events import PlaceLeft, PlacesSeen
from hotline_core.domain.recording_pause import Pauses


@dataclass(slots=True)
class Board:
    """Owned by the engine alone; `apply` is its only writer."""

    calls: dict[str, call.Call] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    places: dict[str, list[str]] = field(default_factory=dict)  # app_queue's order: call ids by queue, the next one first
    dials: dict[str, dialling.Asked] = field(default_factory=dict)  # by call id: asked for, not begun yet
    pauses: Pauses = field(default_factory=Pauses)  # of recordings

    def apply(self, event: ev.Event, now: float) -> list[Command]:
        """Route the event to its call or agent and return what to do; an unknown call's event changes nothing."""
        if isinstance(event, ae.AgentEvent):
            return self._agent(event, now)
        if isinstance(event, DialAsked):
            self.dials, commands = dialling.ask(self.dials, event, now)
            return commands
        if isinstance(event, DialDropped):
            self.dials = dialling.give_up(self.dials, event.agent)
            return []
        if isinstance(event, PlacesSeen):
            self.places = {queue: list(callers) for queue, callers in event.places.items()}
            return []
        if isinstance(event, PauseEvent):
            return self.pauses.apply(event, self.calls.get(event.call_id), now)
        self._place(event)
        if isinstance(event, PlaceLeft):
            return []
        if isinstance(event, CallDialled | ev.CallAdopted | ev.CallRecovered):
            self.dials.pop(event.call_id, None)
        if isinstance(event, ev.CallRecovered):
            before = self.calls.pop(event.call_id, None)
            recovered = [*self.pauses.follow(event.call_id, None, now), *call.recover(event, before is not None)]
            return recovered + self._agents_follow(event.call_id, before, None, now)
        known = self.calls.get(event.call_id)
        after: call.Call | None
        if known is None:
            if not isinstance(event, ev.CallArrived | CallDialled | ev.CallAdopted):
                return []
            after, commands = call.begin(event, now)
        else:
            after, commands = call.step(known, event, now)
        commands = [*self.pauses.follow(event.call_id, after, now), *commands]
        if after is None:
            del self.calls[event.call_id]
        else:
            self.calls[event.call_id] = after
        if isinstance(event, ev.AgentMissed) and known is not None:
            reason = "rejected" if known.refused else "missed"
            commands += self._agent(ae.RingMissed(event.agent, reason), now)
        return commands + self._agents_follow(event.call_id, known, after, now)

    def _place(self, event: ev.CallEvent | PlaceLeft) -> None:
        """Keep app_queue's order: it tells the place at which a caller joins, by priority and time, and who leaves."""
        if not isinstance(event, ev.QueueEntered | PlaceLeft | ev.CallEnded | ev.CallRecovered):
            return
        for callers in self.places.values():
            if event.call_id in callers:
                callers.remove(event.call_id)
        if isinstance(event, ev.QueueEntered):
            self.places.setdefault(event.queue, []).insert(max(0, event.position - 1), event.call_id)

    def _agent(self, event: ae.AgentEvent, now: float) -> list[Command]:
        agent = self.agents.get(event.agent) or Agent(event.agent, now)
        self.agents[event.agent], commands = agent_step(agent, event, now, self.rules)
        return commands

    def _agents_follow(self, call_id: str, before: call.Call | None, after: call.Call | None, now: float) -> list[Command]:
        """Agents named in the call before or after get their ringing and talking calls set anew."""
        states = [state for state in (before, after) if state is not None]
        names = {name for state in states for name in (state.agent, state.third_agent) if name}
        commands: list[Command] = []
        for name in sorted(names):
            agent = self.agents.get(name) or Agent(name, now)
            mine = after if after is not None and after.agent == name else None
            is_third = after is not None and after.third_agent == name
            ringing = agent.ringing if agent.ringing != call_id else ""
            talking = agent.talking if agent.talking != call_id else ""
            if mine is not None and mine.phase == "ringing":
                ringing = call_id
            elif mine is not None and mine.phase in ("talking", "held", "joined", "dialling") and not mine.agent_left:
                talking = call_id
            elif is_third and after is not None:
                ringing, talking = (ringing, call_id) if after.third_talks else (call_id, talking)
            by_queue = before is not None and before.by_queue and before.agent == name
            commands += self._agent(ae.CallsSeen(name, ringing, talking, by_queue=by_queue), now)
        return commands

    def shift(self, by_s: float) -> None:
        """The clock was set on by so many seconds, or back: who waits waits as long as before. After-call work is app_queue's."""
        for call_id, state in self.calls.items():
            if state.deadlines:
                self.calls[call_id] = replace(state, deadlines={name: at + by_s for name, at in state.deadlines.items()})
        self.dials = {call_id: replace(asked, until=asked.until + by_s) for call_id, asked in self.dials.items()}
        self.pauses.shift(by_s)

    def dial_refusal(self, asked: DialAsked, rules: dialling.Rules, now: float) -> str:
        """The code of the refusal of a call to a citizen, empty if it may be made."""
        running = [
            dialling.Running(state.caller, agent, state.direction)
            for state in self.calls.values() for agent in {state.agent, state.third_agent or state.agent}
        ]  # fmt: skip
        return dialling.refusal(asked, self.dials, running, rules, now)

    def missing(self, alive: Mapping[str, object]) -> list[str]:
        """Calls of ours that Asterisk does not know (any more)."""
        return [call_id for call_id in self.calls if call_id not in alive]

    @property
    def wake_at(self) -> float | None:
        """The next deadline of any call or agent, None if there is none."""
        calls = (at for state in self.calls.values() if (at := state.wake_at) is not None)
        ends = (agent.until for agent in self.agents.values() if agent.until)
        pauses = (at for at in (self.pauses.wake_at,) if at is not None)
        return min((*calls, *ends, *pauses), default=None)

    def due(self, now: float) -> list[ev.Event]:
        """The deadlines that have come."""
        calls = [
            ev.DeadlineReached(state.call_id, name)
            for state in self.calls.values()
            for name, at in state.deadlines.items()
            if at <= now
        ]
        over = [ae.WrapUpOver(agent.agent_id) for agent in self.agents.values() if 0.0 < agent.until <= now]
        stale = [ae.ClockSetBack(agent.agent_id) for agent in self.agents.values() if agent.stale and agent.state == "ready"]
        return [*calls, *over, *stale, *self.pauses.due(now)]
