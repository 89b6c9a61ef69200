"""Runs all checks at the same time, each for a bounded time, and hands their findings back in the order of the report."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from doctor.checks import (
    backups,
    certificate,
    clocks,
    databases,
    dial_tests,
    disk,
    files,
    ledger,
    parts,
    ports,
    programs,
    prompts,
    recordings,
    redis_server,
    settings,
    telephony,
    tickets,
)
from doctor.finding import Finding, bad
from doctor.subject import Subject

LIMIT_S = 30.0  # all checks together; the slowest of a healthy hotline takes about 3 s

Check = Callable[[Subject], list[Finding]]
CHECKS: Final[Mapping[str, Check]] = {
    "settings": settings.examine,
    "programs": programs.examine,
    "files": files.examine,
    "parts": parts.examine,
    "ports": ports.examine,
    "certificate": certificate.examine,
    "telephony": telephony.examine,
    "prompts": prompts.examine,
    "recordings": recordings.examine,
    "disk": disk.examine,
    "encryption": disk.examine_encryption,
    "clock": clocks.examine,
    "databases": databases.examine,
    "ledger": ledger.examine,
    "redis": redis_server.examine,
    "backups": backups.examine,
    "dial_tests": dial_tests.examine,
    "tickets": tickets.examine,
}


def examine(subject: Subject, limit_s: float = LIMIT_S, checks: Mapping[str, Check] = CHECKS) -> list[Finding]:
    """The findings of every check, in order; one that is not back in time is told as such and left behind.

    The threads are daemons: a check that hangs for ever in a system call does not keep the program from ending.
    """
    found: dict[str, list[Finding]] = {}
    threads = []
    for name, check in checks.items():
        threads.append(threading.Thread(target=_run, args=(name, check, subject, found), daemon=True))
        threads[-1].start()
    ends_at = time.monotonic() + limit_s
    for thread in threads:
        thread.join(max(0.0, ends_at - time.monotonic()))
    return [finding for name in checks for finding in found.get(name, [bad("doctor", "late", check=name, seconds=round(limit_s))])]


def _run(name: str, check: Check, subject: Subject, found: dict[str, list[Finding]]) -> None:
    try:
        found[name] = check(subject)
    except OSError as error:
        what = error.filename or name
        found[name] = [bad("doctor", "denied", check=name, reason=error.strerror or type(error).__name__, file=what)]
    except Exception as error:  # noqa: BLE001 - the outermost frame of a check's thread: its fault is a finding, not silence
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename.rpartition('/')[2]}:{place.tb_lineno}" if place else "?"
        found[name] = [bad("doctor", "broken", check=name, kind=type(error).__name__, where=where)]
