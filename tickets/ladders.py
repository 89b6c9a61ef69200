"""Owns what waits for a decision or a telephone call that no limit covers, and who is told how long after it began; pure.

The times are data (tickets/alerts.yaml, the city's own over it), so that nothing lies forgotten and no time is in the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from tickets.limits import Limit, WorkingCalendar
from tickets.profile import AlertKind
from tickets.reckoning import after

WaitAudience = Literal["unit", "approver", "centre", "leadership"]
Wait = Literal[
    "wait_dispatch", "wait_return", "wait_extension", "wait_resume", "wait_check", "wait_close", "wait_doubt", "wait_caller",
    "wait_dispute",
]  # fmt: skip
WAITS: Final[tuple[Wait, ...]] = (
    "wait_dispatch", "wait_return", "wait_extension", "wait_resume", "wait_check", "wait_close", "wait_doubt", "wait_caller",
    "wait_dispute",
)  # fmt: skip # in place of a limit, in the marks of those


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder: `audience` is told when it has waited for `minutes`, or else for `offset`."""

    key: str
    kind: AlertKind
    audience: WaitAudience
    minutes: int = 0
    offset: Limit | None = None

    def at(self, since: float, calendar: WorkingCalendar) -> float:
        """When it is told, of what has waited since then; epoch seconds."""
        return since + self.minutes * 60 if self.offset is None else after(since, self.offset, calendar)


@dataclass(frozen=True, slots=True)
class Ladders:
    """The ladder of the telephone duty (R42) and those of what waits, by WAITS."""

    phone: tuple[Step, ...]
    waits: Mapping[Wait, tuple[Step, ...]]
