"""What a page's click says, checked before anything is done with it: frames of the websocket and acts upon a call; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hotline_core.domain.numbers import national
from transfer.directory import KEY
from transfer.events import ACTS, ROLES

OPS = frozenset({"ready", "pause", "hang_up", "resume", "pause_recording", "resume_recording"})
LEAD_OPS = frozenset({"sign_out", "ready"})  # a supervisor's, upon another agent
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_EXTENSION = re.compile(r"[0-9]{2,10}")
_PARTY = re.compile(KEY)
_NUMBER = re.compile(r"\+?[0-9][0-9 ()-]{1,30}")
_DIGITS = re.compile(r"[0-9*#]{1,32}")
# Whom each act may name, and whether it must name one; the other acts name nobody.
_SOMEBODY = ("party", "number", "to")
_TARGETS: Mapping[str, tuple[tuple[str, ...], bool]] = {
    "consult": (_SOMEBODY, True),
    "add": (_SOMEBODY, True),
    "emergency": (("party",), True),
    "blind": ((*_SOMEBODY, "queue"), True),
    "requeue": (("queue",), False),
}


@dataclass(frozen=True, slots=True)
class Act:
    """An act upon a call (transfer/events.py, ACTS); one of the four targets at most."""

    op: str
    call_id: str
    party: str = ""
    number: str = ""
    to: str = ""
    queue: str = ""
    role: str = ""
    digits: str = ""

    def fields(self) -> dict[str, object]:
        """What the bridge is told beside op and call."""
        names = ("party", "number", "to", "queue", "role", "digits")
        return {name: value for name in names if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class Intent:
    """A checked click; `target` is the extension of another agent whom a supervisor leads, empty for one's own."""

    id: str
    op: str
    call_id: str | None
    reason: str | None
    target: str = ""
    act: Act | None = None


def read_intent(text: str) -> Intent | str | None:
    """The intent in a frame; its id when only that can be used, None when nothing can."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("type") != "intent":
        return None
    asked, op, call_id, reason = told.get("id"), told.get("op"), told.get("call_id"), told.get("reason")
    target = told.get("target") or ""
    if not (isinstance(asked, str) and _ID.fullmatch(asked)):
        return None
    if not target and isinstance(op, str) and op in ACTS:
        act = read_act(told)
        return asked if act is None else Intent(asked, op, act.call_id, None, act=act)
    is_call_fine = call_id is None or (isinstance(call_id, str) and _ID.fullmatch(call_id) is not None)
    is_reason_fine = reason is None or (isinstance(reason, str) and len(reason) <= 60 and reason.isprintable())
    is_target_fine = isinstance(target, str) and (not target or _EXTENSION.fullmatch(target) is not None)
    if not isinstance(op, str) or op not in (LEAD_OPS if target else OPS):
        return asked
    if not (is_call_fine and is_reason_fine and is_target_fine):
        return asked
    return Intent(id=asked, op=op, call_id=call_id or None, reason=reason or None, target=target)


def read_act(told: Mapping[str, object]) -> Act | None:
    """The act in a click's fields, None when it cannot be used; a typed number gets its one national form."""
    op, call_id = told.get("op"), told.get("call_id")
    fields = {name: told.get(name) or "" for name in ("party", "number", "to", "queue", "role", "digits")}
    if not (isinstance(op, str) and op in ACTS and isinstance(call_id, str) and _ID.fullmatch(call_id)):
        return None
    words = {name: value for name, value in fields.items() if isinstance(value, str)}
    if len(words) < len(fields) or not _are_fine(words) or not _fits(op, {name for name, value in words.items() if value}):
        return None
    return Act(op, call_id, **{**words, "number": national(words["number"])})


def _are_fine(words: Mapping[str, str]) -> bool:
    patterns = {"party": _PARTY, "number": _NUMBER, "to": _EXTENSION, "queue": _PARTY, "digits": _DIGITS}
    is_role_fine = not words["role"] or words["role"] in ROLES
    return is_role_fine and all(not words[name] or pattern.fullmatch(words[name]) for name, pattern in patterns.items())


def _fits(op: str, given: Collection[str]) -> bool:
    """Whether an act names what it needs and nothing else."""
    targets, is_needed = _TARGETS.get(op, ((), False))
    needed = {"mute": {"role"}, "unmute": {"role"}, "digits": {"digits"}}.get(op, set())
    named = set(given) - needed
    return needed <= set(given) and named <= set(targets) and len(named) <= 1 and (bool(named) or not is_needed)
