"""Owns what is done about the end of a recording: announced a week ahead, withdrawn, deleted, left; pure, times in epoch seconds.

Never before the minimum, never without a week in which people could see it, never while it is held (PIPL art. 47).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from recordings.retention import Keeping

NOTICE_S: Final = 7 * 86_400.0
AHEAD_S: Final = NOTICE_S + 86_400.0  # looked at once a night: so the week is over by the very day
LARGEST_DRIFT_S: Final = 3600.0


class Act(StrEnum):
    """What is to be done now."""

    LEAVE = "leave"
    ANNOUNCE = "announce"  # from now on it stands on the list of planned deletions, or stands there for another day
    WITHDRAW = "withdraw"  # off the list: it is held, or kept longer than was thought
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry of the list of planned deletions."""

    planned_at: float
    planned_for: float


@dataclass(frozen=True, slots=True)
class Step:
    """The answer; `planned_for` of ANNOUNCE alone; `is_overdue`: kept beyond its most without a hold, an alarm."""

    act: Act
    planned_for: float = 0.0
    is_overdue: bool = False


def decide(keeping: Keeping, planned: Planned | None, now: float, *, is_held: bool) -> Step:
    """What to do about one recording."""
    if is_held or now < keeping.keep_until - AHEAD_S:
        return Step(Act.WITHDRAW if planned is not None else Act.LEAVE)
    is_overdue = now > keeping.most_until
    if planned is None or planned.planned_at > now:  # a list that was made while the clock was ahead counts for nothing
        return Step(Act.ANNOUNCE, max(keeping.keep_until, now + NOTICE_S), is_overdue)
    if planned.planned_for < max(keeping.keep_until, planned.planned_at + NOTICE_S):
        return Step(Act.ANNOUNCE, max(keeping.keep_until, now + NOTICE_S), is_overdue)
    return Step(Act.DELETE if now >= planned.planned_for else Act.LEAVE, is_overdue=is_overdue)


def is_clock_trusted(wall_s: float, counted_s: float) -> bool:
    """Whether the wall clock went on as the counted seconds did since both were read: nothing is deleted after a jump ahead."""
    return abs(wall_s - counted_s) <= LARGEST_DRIFT_S
