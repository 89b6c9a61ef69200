"""When a sign-in is locked out: five failures lock a name at an address for five minutes, growing; pure.

Three counters, so that guessing is slow everywhere and nobody can lock an agent out of the agent's own desk:
- pair: failures of this name from this address; always counts;
- name: failures of this name from addresses where it never signed in; never counts at an address the name is known at;
- address: failures of all names from this address; never counts for a name known there (colleagues behind one router).

A browser with the person's mark (known_device) stands for an address of its own where the name is known: guesses from the very
same address, a colleague's or of a machine behind the same router, do not lock it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FREE_FAILURES = 5
FREE_FAILURES_NAME = 20
FREE_FAILURES_ADDRESS = 30
FIRST_LOCK_S = 300.0
LONGEST_LOCK_S = 4 * 3600.0
# Failures older than this are forgotten; a name is known at an address for this long after a sign-in.
WINDOW_S = 24 * 3600.0
KNOWN_S = 90 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Failures:
    """Times of failures within the window, oldest first, of one name asked for at one address."""

    pair: Sequence[float] = ()
    name_elsewhere: Sequence[float] = ()
    address: Sequence[float] = ()


def locked_until(failures: Failures, *, is_known_here: bool, now: float) -> float | None:
    """When the lock ends, or None when a try is allowed now."""
    locks = [_lock(failures.pair, FREE_FAILURES)]
    if not is_known_here:
        locks.append(_lock(failures.name_elsewhere, FREE_FAILURES_NAME))
        locks.append(_lock(failures.address, FREE_FAILURES_ADDRESS))
    until = max(locks)
    return until if until > now else None


def _lock(times: Sequence[float], free: int) -> float:
    """Every `free` failures lock once, each lock twice as long as the one before."""
    rounds = len(times) // free
    if rounds == 0:
        return 0.0
    return times[rounds * free - 1] + min(FIRST_LOCK_S * 2.0 ** (rounds - 1), LONGEST_LOCK_S)
