"""The emergencies that run now, for the supervisors: from the live view, with Redis dead from the bridge itself; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent_desktop.view import Live

Alarm = dict[str, object]
STATES = ("failed", "calling", "answered")  # the most urgent first
_OF_CALL = ("line", "agent")
_OF_ALARM = ("state", "party", "name", "since")


def of_live(calls: Iterable[Live]) -> dict[str, Alarm]:
    """The alarms of the live view's calls, by call id."""
    found: dict[str, Alarm] = {}
    for call in calls:
        alarm = call.get("alarm")
        if isinstance(alarm, Mapping):
            told = {name: call.get(name) for name in _OF_CALL} | {name: alarm.get(name) for name in _OF_ALARM}
            _add(found, call.get("id"), told)
    return found


def of_bridge(facts: Mapping[str, object]) -> dict[str, Alarm] | None:
    """The alarms in the bridge's answer to `health`, by call id; None when it tells none, not even that there are none."""
    told = facts.get("alarms")
    if not isinstance(told, list):
        return None
    found: dict[str, Alarm] = {}
    for alarm in told:
        if isinstance(alarm, Mapping):
            _add(found, alarm.get("call_id"), {name: alarm.get(name) for name in (*_OF_CALL, *_OF_ALARM)})
    return found


def _add(found: dict[str, Alarm], call_id: object, told: Alarm) -> None:
    if isinstance(call_id, str) and call_id and told["state"] in STATES:
        found[call_id] = {"call_id": call_id, **told}


def in_order(alarms: Mapping[str, Alarm]) -> list[Alarm]:
    """Who calls in vain first, then who still calls, then who is answered; the oldest first."""
    def urgency(alarm: Alarm) -> tuple[int, float, str]:
        since = alarm.get("since")
        return STATES.index(str(alarm["state"])), float(since) if isinstance(since, int | float) else 0.0, str(alarm["call_id"])

    return sorted(alarms.values(), key=urgency)
