"""What one viewer may see of the live state: own calls whole, waiting callers masked, everything for supervisors; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hotline_core.log import masked

Live = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose eyes: the extension ("" without one) and whether the rights give full numbers, and with them all calls, the counts of
    the day, and the alarms of those who lead the floor."""

    extension: str
    sees_all: bool
    sees_day: bool = False
    leads: bool = False


@dataclass(frozen=True, slots=True)
class LiveState:
    """The live state as last told: objects by id."""

    epoch: str
    seq: int
    calls: Mapping[str, Live]
    agents: Mapping[str, Live]
    queues: Mapping[str, Live]


NOTHING = LiveState(epoch="", seq=0, calls={}, agents={}, queues={})


def seen_call(viewer: Viewer, call: Live) -> dict[str, object] | None:
    """The call as `viewer` sees it, or None when it is none of their business."""
    if viewer.sees_all or viewer.extension in agents_of(call):
        return dict(call)
    if call.get("phase") == "waiting":
        return {**call, **numbers_masked(call)}
    return None


def agents_of(call: Live) -> frozenset[str]:
    """Whose call it is now: who talks with the citizen, who was cut off and may take it back, who is consulted about it."""
    join = call.get("join")
    target = join.get("target") if isinstance(join, Mapping) and join.get("third") else None
    consulted = target.get("agent") if isinstance(target, Mapping) else None
    return frozenset(str(each) for each in (call.get("agent"), call.get("lost_by"), consulted) if each)


def numbers_masked(call: Live) -> dict[str, object]:
    """A call's numbers without their middle; who was dialled in a call out is the citizen, in a call in it is the line."""
    told: dict[str, object] = {"caller": masked(str(call.get("caller") or ""))}
    return told if call.get("direction") != "out" else {**told, "dialled": masked(str(call.get("dialled") or ""))}


def seen_agent(viewer: Viewer, agent: Live) -> dict[str, object]:
    """An agent as `viewer` sees them: colleagues' states, but not which call they are in."""
    if viewer.sees_all or agent.get("id") == viewer.extension:
        return dict(agent)
    return {**agent, "call_id": None}


def seen_calls(viewer: Viewer, calls: Iterable[Live]) -> list[dict[str, object]]:
    """All calls `viewer` may see, in order of arrival."""
    seen = [view for call in calls if (view := seen_call(viewer, call)) is not None]
    return sorted(seen, key=lambda call: (_number(call.get("arrived_at")), str(call.get("id"))))


def waiting(calls: Iterable[Live]) -> list[Live]:
    """The waiting callers over all queues, each queue in its own order; of those who are next, who waits longest goes first."""
    queues: dict[object, list[Live]] = {}
    for call in sorted(calls, key=lambda call: _number(call.get("position")) or 1e9):
        if call.get("phase") in ("waiting", "ringing"):
            queues.setdefault(call.get("queue"), []).append(call)
    merged: list[Live] = []
    while any(queues.values()):
        fronts = [callers for callers in queues.values() if callers]
        merged.append(min(fronts, key=lambda callers: _waited(callers[0])).pop(0))
    return merged


def _waited(call: Live) -> tuple[bool, float]:
    return not call.get("head"), _number(call.get("queued_at") or call.get("arrived_at"))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
