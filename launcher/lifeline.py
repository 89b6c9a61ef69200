"""Who ends whom: signals that end the launcher, and the promise that everything it started ends with it."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

# prctl(2)
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# supervisord gives each part 4 s and looks once a second.
GENTLE_S = 6.0
HARD_S = 1.5
REMINDER_S = 1.2  # an Asterisk that is still booting forgets its first SIGTERM (22.10)


class Ended(BaseException):
    """A signal asks the launcher to end; not an Exception, so that no handler on the way swallows it."""


def _prctl(option: int, argument: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, argument, 0, 0, 0)


def dying_with_us() -> Callable[[], None]:
    """What a child does between fork and exec, so that it is ended when the launcher dies, even by SIGKILL."""
    parent = os.getpid()

    def die_with_parent() -> None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the launcher died before the line above
            os.kill(os.getpid(), signal.SIGTERM)

    return die_with_parent


def adopt_orphans() -> None:
    """Whatever our children leave behind becomes our child, so that none is forgotten at the end."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_on_signals() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP raise Ended, once; nohup's ignored SIGHUP stays ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or not outlives_terminal():
            signal.signal(number, _end)


def outlives_terminal() -> bool:
    """True under nohup(1): the end of the terminal is not ours."""
    return signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def ignore_signals() -> None:
    """The end is on its way and bounded; further signals change nothing."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    ignore_signals()
    raise Ended


def children() -> list[int]:
    """Our living children, adopted ones included."""
    own = os.getpid()
    return [pid for pid, parent in parents().items() if parent == own]


def descendants() -> list[int]:
    """Our living children and theirs, to the last."""
    living = parents()
    family = {os.getpid()}
    while new := {pid for pid, parent in living.items() if parent in family} - family:
        family |= new
    return sorted(family - {os.getpid()})


def parents() -> dict[int, int]:
    """Every living process and its parent."""
    found: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended while we looked
        if state != "Z":
            found[int(entry.name)] = int(parent)
    return found


def reap() -> list[int]:
    """Bury children that have ended; their process ids."""
    buried: list[int] = []
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return buried
        if pid == 0:
            return buried
        buried.append(pid)


def end_orphans(keep: int) -> None:
    """Ask every child but `keep` to end: what a part that was killed left behind, as nginx's worker, which holds its port."""
    for pid in children():
        if pid != keep:
            _signal(pid, signal.SIGTERM)


def end_children(gentle_s: float = GENTLE_S, hard_s: float = HARD_S) -> bool:
    """End all children: asked first, then by force, with what they leave behind; True when none is left."""
    asked: set[int] = set()
    reminded = False
    started = time.monotonic()
    while living := children():
        waited = time.monotonic() - started
        if waited > gentle_s + hard_s:
            return False
        by_force = waited > gentle_s
        for pid in living:
            if by_force or pid not in asked:
                _signal(pid, signal.SIGKILL if by_force else signal.SIGTERM)
                asked.add(pid)
        if not reminded and waited > REMINDER_S:
            reminded = True
            for pid in descendants():
                _signal(pid, signal.SIGTERM)
        time.sleep(0.02)
        reap()
    reap()
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
