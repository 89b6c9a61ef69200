"""Does every part answer? A part that only cannot be asked, because who tells of it is away, is not blamed for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from doctor.finding import Finding, bad, good
from doctor.subject import Subject

NAME = "parts"
# Who tells the desk of a part: while the teller is away, nothing is known of it.
TELLERS = {"worker": "redis"}
# What the desk calls a part and is none of its own process; other checks look at these themselves.
NO_PROCESS = frozenset({"watchdog", "ledger", "calls_database", "tickets_database"})


def examine(subject: Subject) -> list[Finding]:
    """What answers at its own door, and what the desk says of the others."""
    if not subject.is_running:
        return [bad(NAME, "not_running", home=subject.settings.home)]
    told = subject.health.parts if subject.health else None
    return judge(subject.up, told, log=subject.settings.paths.log)


def judge(up: Mapping[str, bool], told: Mapping[str, str] | None, *, log: Path) -> list[Finding]:
    """One line for each part that is down; `told` is the desk's word, None where no desk answers through the front."""
    down = [part for part, is_up in up.items() if not is_up]
    if told is None:
        if up.get("desk") and up.get("front"):
            down.append("desk")  # it takes connections and says nothing
    else:
        down += [part for part, state in told.items() if state != "up" and _is_known(part, down, told)]
    names = list(dict.fromkeys(down))
    known = {*up, *(told or ())} - NO_PROCESS
    return [bad(NAME, "down", part=part, log=log / f"{part}.log") for part in names] or [good(NAME, count=len(known))]


def _is_known(part: str, down: list[str], told: Mapping[str, str]) -> bool:
    if part in NO_PROCESS or part in down:
        return False
    if part == "asterisk":
        return False  # asked directly, by its own console
    teller = TELLERS.get(part)
    return teller is None or (teller not in down and told.get(teller) == "up")
