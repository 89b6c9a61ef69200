"""What was refused to somebody who wanted to hear: each refusal stands in the audit trail, of one kind once a minute."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agent_desktop.gate import Caller
from agent_desktop.late_audit import LateAudit, LateRow
from hotline_core.errors import Conflict, Forbidden, NotFound

AGAIN_S = 60.0
REMEMBERED = 5000
NO_REFUSAL = frozenset({"recording_not_ready", "recording_pending", "recording_failed", "recording_missing", "recording_deleted"})
SHOWN = 64  # of what was asked for: a guessed address may be anything


class RefusedListening:
    """Writes the rows, behind the answer: a refusal waits for no database."""

    def __init__(self, late: LateAudit, now: Callable[[], float]) -> None:
        self._late = late
        self._now = now
        self._told: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def add(self, caller: Caller, subject: str, code: str, leg: int = 0) -> None:
        """Write that `caller` was refused the recording of `subject`, unless the same was written within a minute."""
        subject = "".join(sign for sign in subject if sign.isprintable())[:SHOWN] or "-"
        key, now = (caller.login, subject, code), self._now()
        if 0 <= now - self._told.get(key, -AGAIN_S) < AGAIN_S:
            return
        self._told[key] = now
        self._told.move_to_end(key)
        while len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        facts: dict[str, str | int | float | bool | None] = {"role": caller.role, "why": code}
        facts |= {"segment": leg} if leg else {}
        self._late.add(LateRow(now, caller.login, "recording_refused", subject, facts))

    @contextmanager
    def watching(self, caller: Caller, subject: str, leg: int = 0) -> Iterator[None]:
        """Write what is refused inside; a recording that is not there yet is no refusal, one that was altered is."""
        try:
            yield
        except (Forbidden, NotFound, Conflict) as error:
            if error.code not in NO_REFUSAL:
                self.add(caller, subject, error.code, leg)
            raise
