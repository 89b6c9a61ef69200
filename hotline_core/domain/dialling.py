"""Whether an agent may call a number now, and the calls that were asked for but have not begun: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hotline_core.domain.commands import Command, Dial
from hotline_core.domain.outgoing import is_allowed
from hotline_core.domain.outgoing_events import DialAsked

RING_S = 30.0  # how long the agent's telephone is rung; a page answers by itself within one


@dataclass(frozen=True, slots=True)
class Asked:
    """A call whose agent's telephone is rung; forgotten after RING_S if it never begins."""

    event: DialAsked
    until: float


@dataclass(frozen=True, slots=True)
class Rules:
    """What the city allows: its lines, and the patterns of numbers that may be dialled."""

    lines: frozenset[str]
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Running:
    """A running call, as far as it matters here."""

    caller: str
    agent: str
    direction: str


def refusal(event: DialAsked, asked: Mapping[str, Asked], running: Iterable[Running], rules: Rules, now: float) -> str:
    """The code of the refusal, empty if the call may be made.

    One agent, one call; and a citizen who is on the line, or is being called, is never called twice.
    """
    if event.line not in rules.lines:
        return "unknown_line"
    if not is_allowed(rules.patterns, event.number):
        return "number_not_allowed"
    waiting = [other.event for other in asked.values() if other.until > now]
    calls = list(running)
    if any(other.agent == event.agent for other in waiting) or any(call.agent == event.agent for call in calls):
        return "agent_in_call"
    if any(other.number == event.number for other in waiting):
        return "being_called"
    same = [call for call in calls if call.caller == event.number]
    if not same:
        return ""
    return "being_called" if any(call.direction == "out" for call in same) else "on_the_line"


def ask(asked: Mapping[str, Asked], event: DialAsked, now: float) -> tuple[dict[str, Asked], list[Command]]:
    """The calls asked for with this one, and the command to ring the agent's telephone."""
    kept = {call_id: other for call_id, other in asked.items() if other.until > now}
    kept[event.call_id] = Asked(event, now + RING_S)
    return kept, [Dial(event.agent, event.intent_id, event.call_id, event.number, event.line, event.about)]


def give_up(asked: Mapping[str, Asked], agent: str) -> dict[str, Asked]:
    """The calls asked for without that agent's, whose telephone did not answer."""
    return {call_id: other for call_id, other in asked.items() if other.event.agent != agent}
