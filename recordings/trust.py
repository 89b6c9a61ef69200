"""Owns the doubt about the wall clock, which outlives a restart; pure. `at` in epoch seconds, `counted_s` of a clock nobody sets.

What was trusted last is written down. A process that starts far from it cannot tell a clock that was set from a machine that was
off: either way nothing is deleted for a week of counted seconds (PIPL art. 47; never before the minimum).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from recordings.plan import NOTICE_S, is_clock_trusted

TELL_S: Final = 600.0  # how often what is trusted, or was waited, is written down


@dataclass(frozen=True, slots=True)
class Trust:
    """When both clocks last agreed; `doubted_s`: the counted seconds at which the doubt began, None without one."""

    at: float
    counted_s: float
    doubted_s: float | None = None

    def waited_s(self, counted_s: float) -> float:
        """For how long it has been doubted, 0 without a doubt."""
        return 0.0 if self.doubted_s is None else max(0.0, counted_s - self.doubted_s)


@dataclass(frozen=True, slots=True)
class Written:
    """As it lies in the database."""

    trusted_at: float
    waited_s: float


def begun(written: Written | None, now: float, counted_s: float) -> Trust:
    """What a process that starts goes by: what was written down, as if no second had gone by since; the clock at the very first."""
    if written is None:
        return Trust(now, counted_s)
    return Trust(written.trusted_at, counted_s, counted_s - written.waited_s if written.waited_s > 0 else None)


def looked(trust: Trust, now: float, counted_s: float) -> Trust:
    """After a look at both clocks: trusted, in doubt since now or before, or trusted again: set back, or after a week."""
    agrees = is_clock_trusted(now - trust.at, counted_s - trust.counted_s)
    if agrees or trust.waited_s(counted_s) >= NOTICE_S:
        return Trust(now, counted_s)
    return trust if trust.doubted_s is not None else replace(trust, doubted_s=counted_s)


def to_write(trust: Trust, written: Written | None, counted_s: float) -> Written | None:
    """What is to be written down now, if anything."""
    fresh = Written(trust.at, trust.waited_s(counted_s))
    if written is None or (written.waited_s > 0) != (trust.doubted_s is not None):
        return fresh
    moved_s = abs(fresh.trusted_at - written.trusted_at) + abs(fresh.waited_s - written.waited_s)
    return fresh if moved_s >= TELL_S else None
