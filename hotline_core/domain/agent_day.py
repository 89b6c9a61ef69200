"""Owns what one agent's day holds: calls, talk, after-call work and pauses, added up from calls and states; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

WRAP_UP, PAUSED = "agent_wrap_up", "agent_paused"
STATES = ("agent_ready", PAUSED, "agent_offline", WRAP_UP)


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of a day that an agent had last: citizens answered and reached, calls that are over, and their seconds of talk."""

    answered: int = 0
    dialled: int = 0
    ended: int = 0
    talk_s: float = 0.0
    longest_s: float = 0.0

    @property
    def average_s(self) -> float | None:
        """Seconds of talk of a call that is over; None without one."""
        return self.talk_s / self.ended if self.ended else None


@dataclass(frozen=True, slots=True)
class Shift:
    """What was told of an agent's states since the day began: the state that runs, since when (epoch seconds), and what is over.

    `paused` are seconds by the pause's reason; `since` 0 is a day without a word of this agent.
    """

    kind: str = "agent_offline"
    reason: str = ""
    since: float = 0.0
    wraps: int = 0
    wrapped_s: float = 0.0
    paused: Mapping[str, float] = field(default_factory=dict)
    began_at: float = 0.0

    def at(self, now: float, wrap_up_s: float) -> Shift:
        """With what runs counted up to `now`. After-call work lasts `wrap_up_s` at most: a talk taken up again ends it untold."""
        spent = max(0.0, now - self.since) if self.since else 0.0
        if self.kind == WRAP_UP:
            return replace(self, since=now, wrapped_s=self.wrapped_s + (min(spent, wrap_up_s) if wrap_up_s else spent))
        if self.kind == PAUSED:
            return replace(self, since=now, paused={**self.paused, self.reason: self.paused.get(self.reason, 0.0) + spent})
        return replace(self, since=now)

    @property
    def average_wrap_s(self) -> float | None:
        """Seconds of after-call work after a call; None without any."""
        return self.wrapped_s / self.wraps if self.wraps else None


def step(shift: Shift, kind: str, reason: str, at: float, wrap_up_s: float) -> Shift:
    """The shift after a record of the agent's state at a moment (epoch seconds); an older one than the last counts no time."""
    after = shift.at(max(at, shift.since), wrap_up_s)
    began_at = shift.began_at or (at if kind != "agent_offline" else 0.0)
    wraps = shift.wraps + (kind == WRAP_UP)
    return replace(after, kind=kind, reason=reason, since=max(at, shift.since), wraps=wraps, began_at=began_at)
