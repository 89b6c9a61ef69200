"""The board as the live view's fields (docs/data.md, "live view"); pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hotline_core.city import City
from hotline_core.domain.agents import Agent
from hotline_core.domain.board import Board
from hotline_core.domain.call import Call
from hotline_core.domain.recording_pause import LIMIT_S
from transfer.directory import Directory
from transfer.model import EMERGENCY, Join

Field = dict[str, object]


@dataclass(frozen=True, slots=True)
class Floor:
    """What the city says of its queues: their names by key, in order; the queue of each line; after-call work in seconds."""

    queues: Mapping[str, str]
    queue_of_line: Mapping[str, str]
    wrap_up_s: float
    pause_s: float = LIMIT_S  # of a recording, at most

    @classmethod
    def of(cls, city: City) -> Floor:
        """The floor of a city."""
        return cls(
            {key: queue.name for key, queue in city.queues.items()}, {line: city.queue_of(line) for line in city.lines},
            float(city.queue.wrap_up_s), float(city.recording.pause_s),
        )  # fmt: skip

    def queue_of(self, call: Call) -> str:
        """Where the caller waits: the queue Asterisk named, before that the line's."""
        return call.queue or self.queue_of_line.get(call.line) or next(iter(self.queues))


def call_field(call: Call, join: Join | None, parties: Directory, pause: Mapping[str, float] | None = None) -> Field:
    """One running call; `pause` is its recording's."""
    return {
        "id": call.call_id, "line": call.line, "caller": call.caller, "dialled": call.dialled, "phase": call.phase,
        "since": call.since, "arrived_at": call.arrived_at, "queued_at": call.queued_at, "answered_at": call.answered_at,
        "agent": call.agent or None, "queue": call.queue or None, "position": None, "head": call.head,
        "party": call.party or None, "urgent": call.urgent, "direction": call.direction, "about": call.about or None,
        "reached": call.reached, "reason": call.reason or None, "withheld": call.withheld, "menu": call.menu or None,
        "lost_by": call.lost_by or None, "join": join_field(join) if join else None, "alarm": alarm_of(call, join, parties),
        "pause": pause and dict(pause),
    }  # fmt: skip


def join_field(join: Join) -> Field:
    """Who else is on the line, or shall be; no number that a person typed."""
    target, third = join.target, join.third
    return {
        "stage": join.stage, "since": join.since, "way": join.way or None, "n": join.n,
        "target": {
            "party": target.party or None, "name": target.name or None, "kind": target.kind or None,
            "agent": target.agent or None, "queue": target.queue or None,
        },
        "third": third and {"state": third.state, "since": third.since or third.asked_at, "attempt": third.attempt, "of": third.of},
        "muted": sorted(join.muted), "failed": join.failed or None, "waited_s": join.waited_s,
    }  # fmt: skip


def alarm_of(call: Call, join: Join | None, parties: Directory) -> Field | None:
    """What every supervisor must see: a rescue asked for by an agent or the menu's key: called, there, or come to nothing."""
    if join is not None and join.way == EMERGENCY and (join.third is not None or join.failed):
        third = join.third
        state = "failed" if third is None else "calling" if third.state in ("dialling", "ringing") else "answered"
        since = join.since if third is None else third.since or third.asked_at
        return {"state": state, "party": join.target.party, "name": join.target.name, "since": since}
    # an agent's rescue that nobody answered stays one when the citizen is handed on
    party = parties.get(call.party if call.phase == "party" else call.rescue or call.party)
    if party is None or not party.is_emergency:
        return None
    if call.phase == "party":
        return {"state": "answered" if call.party_talks else "calling", "party": party.key, "name": party.name, "since": call.since}
    if call.urgent:
        return {"state": "failed", "party": party.key, "name": party.name, "since": call.since}
    return None


def agent_field(agent: Agent) -> Field:
    """One agent."""
    return {
        "id": agent.agent_id, "state": agent.state, "since": agent.since,
        "reason": (agent.reason or None) if agent.state == "paused" else None,
        "until": (agent.until or None) if agent.state == "wrap_up" else None, "queues": list(agent.members),
        "call_id": agent.call_id or None, "reachable": agent.reachable,
    }  # fmt: skip


def waiting_order(board: Board) -> list[Call]:
    """Callers over all queues: who lost an agent first, then who waits longest."""
    waiting = [call for call in board.calls.values() if call.phase in ("waiting", "ringing")]
    return sorted(waiting, key=lambda call: (not call.head, call.queued_at or call.arrived_at))


def view(board: Board, floor: Floor, joins: Mapping[str, Join], parties: Directory) -> dict[str, Field]:
    """Every field of the live view but the bridge's own; a caller's position is the place in its own queue."""
    fields: dict[str, Field] = {
        f"call:{call.call_id}": call_field(call, joins.get(call.call_id), parties, board.pauses.of(call.call_id))
        for call in board.calls.values()
    }  # fmt: skip
    fields |= {f"agent:{agent.agent_id}": agent_field(agent) for agent in board.agents.values()}
    waits: dict[str, list[Call]] = {queue: [] for queue in floor.queues}
    for call in _by_places(board):
        queue = floor.queue_of(call)
        waits.setdefault(queue, []).append(call)
        fields[f"call:{call.call_id}"] |= {"position": len(waits[queue]), "queue": queue}
    for queue, callers in waits.items():
        ready = sum(1 for agent in board.agents.values() if agent.state == "ready" and _is_rung(agent, queue))
        lines = sorted({call.line for call in callers if call.line})
        fields[f"queue:{queue}"] = {
            "name": queue, "title": floor.queues.get(queue, queue), **_waits(callers), "ready": ready,
            "lines": {line: _waits([call for call in callers if call.line == line]) for line in lines},
        }  # fmt: skip
    return fields


def _waits(callers: Sequence[Call]) -> Field:
    """How many wait, and since when the longest does: from the first prompt, the menu counts as waiting."""
    return {"waiting": len(callers), "longest_since": min((call.arrived_at for call in callers), default=None)}


def alarms(fields: Mapping[str, Field]) -> list[Field]:
    """The alarms of a view, for a desk whose Redis is dead."""
    calls = [field for name, field in fields.items() if name.startswith("call:")]
    return [
        {"call_id": call["id"], "line": call["line"], "agent": call["agent"], **alarm}
        for call in calls if isinstance(alarm := call["alarm"], dict)
    ]  # fmt: skip


def _by_places(board: Board) -> list[Call]:
    """Each queue's callers in app_queue's own order (priority, then time); who is kept outside it for a moment comes after."""
    places = {call_id: place for callers in board.places.values() for place, call_id in enumerate(callers)}
    return sorted(waiting_order(board), key=lambda call: places.get(call.call_id, len(board.calls)))


def _is_rung(agent: Agent, queue: str) -> bool:
    member = agent.members.get(queue)
    return member is not None and member.reachable and not member.paused
