"""The board as the live view's fields (docs/architecture.md, "live view"); pure."""

from __future__ import annotations

from hotline_core.domain.agents import Agent
from hotline_core.domain.board import Board
from hotline_core.domain.call import Call

Field = dict[str, object]


def call_field(call: Call) -> Field:
    """One running call."""
    return {
        "id": call.call_id, "line": call.line, "caller": call.caller, "dialled": call.dialled, "phase": call.phase,
        "since": call.since, "arrived_at": call.arrived_at, "queued_at": call.queued_at, "answered_at": call.answered_at,
        "agent": call.agent or None, "queue": call.queue or None, "position": None,
        "party": call.party or None, "urgent": call.urgent, "direction": call.direction, "about": call.about or None,
        "reached": call.reached, "reason": call.reason or None, "withheld": call.withheld,
    }  # fmt: skip


def agent_field(agent: Agent) -> Field:
    """One agent."""
    return {
        "id": agent.agent_id, "state": agent.state, "reason": agent.reason or None, "since": agent.since,
        "call_id": agent.call_id or None, "reachable": agent.reachable,
    }  # fmt: skip


def waiting_order(board: Board) -> list[Call]:
    """Callers in the order they will be answered: who lost an agent first, then who waits longest."""
    waiting = [call for call in board.calls.values() if call.phase in ("waiting", "ringing")]
    return sorted(waiting, key=lambda call: (not call.head, call.queued_at or call.arrived_at))


def view(board: Board, queue: str) -> dict[str, Field]:
    """Every field of the live view but the bridge's own."""
    fields: dict[str, Field] = {f"call:{call.call_id}": call_field(call) for call in board.calls.values()}
    fields |= {f"agent:{agent.agent_id}": agent_field(agent) for agent in board.agents.values()}
    for place, call in enumerate(waiting_order(board), 1):
        fields[f"call:{call.call_id}"]["position"] = place
    waits = [call.arrived_at for call in waiting_order(board)]  # from the first prompt: the menu counts as waiting
    ready = sum(1 for agent in board.agents.values() if agent.state == "ready" and agent.reachable)
    fields[f"queue:{queue}"] = {
        "name": queue, "waiting": len(waits), "longest_since": min(waits, default=None), "ready": ready,
    }  # fmt: skip
    return fields
