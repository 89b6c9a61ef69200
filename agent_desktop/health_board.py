"""What the desk knows about the health of every part, and since when; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PartState = Literal["up", "down", "trouble"]
Overall = Literal["ready", "starting", "degraded"]
PARTS = (
    "asterisk",
    "watchdog",
    "bridge",
    "ledger",
    "redis",
    "calls_database",
    "tickets_database",
    "worker",
    "recordings",
    "relay",
)
# Told like the others, but no reason to call the service degraded: a recording that could not be made holds up no upgrade.
BESIDE = frozenset({"recordings"})
# A start that takes longer is told as a fault.
START_S = 60.0
# What went and came back between two looks is shown as down for so long: an alarm that nobody can see is none.
SHOWN_S = 3.0


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its state and since when it has it."""

    state: PartState
    since: float


class HealthBoard:
    """Collects what the pollers tell and answers at once."""

    def __init__(self, now: float) -> None:
        self._parts = {name: Part("down", now) for name in PARTS}
        self._shown_until: dict[str, float] = {}  # of what was away unseen
        self._started = now
        self._overall: tuple[Overall, float] = ("starting", now)

    def tell(self, name: str, state: PartState, now: float, since: float | None = None) -> bool:
        """Take over one part's state; True when it changed. `since` is the part's own word, if it has one."""
        before = self._parts[name]
        if before.state == state == "up" and since is not None and since > before.since:
            self._shown_until[name] = now + SHOWN_S
        if state == "up" and now < self._shown_until.get(name, now):
            state, since = "down", None
        is_new = before.state != state
        if is_new or since is not None:
            self._parts[name] = Part(state, since if since is not None else now)
        self.tick(now)
        return is_new

    def tick(self, now: float) -> None:
        """Let time pass: a start that never ends becomes a fault."""
        if all(part.state == "up" for name, part in self._parts.items() if name not in BESIDE):
            fresh: Overall = "ready"
        elif self._overall[0] == "starting" and now - self._started < START_S:
            fresh = "starting"
        else:
            fresh = "degraded"
        if fresh != self._overall[0]:
            self._overall = (fresh, now)

    @property
    def is_ready(self) -> bool:
        """True while everything is up."""
        return self._overall[0] == "ready"

    def parts(self) -> dict[str, dict[str, object]]:
        """Every part as the API tells it."""
        return {name: {"state": part.state, "since": part.since} for name, part in self._parts.items()}

    def told(self) -> dict[str, object]:
        """The whole answer of /api/health."""
        state, since = self._overall
        return {"state": state, "since": since, "parts": self.parts()}
