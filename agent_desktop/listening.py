"""Who listened to which recording: one audit row per person and recording, before the first byte is sent."""

from __future__ import annotations

import threading
from collections import OrderedDict

from sqlalchemy import Engine

from agent_desktop.gate import Caller
from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import writing

# A player asks for many ranges of one file; requests this close together are one listening.
ONE_LISTENING_S = 600.0
REMEMBERED = 2000


class Listening:
    """Writes the audit rows; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._last: OrderedDict[tuple[str, str, str, int], float] = OrderedDict()

    def begins(self, caller: Caller, call_id: str, now: float, leg: int = 0) -> None:
        """Write that `caller` listens to `call_id`, or to the third on that leg of it, unless this listening is already written."""
        key = (caller.login, caller.sid, call_id, leg)
        with self._lock:
            written = self._last.get(key)
        if written is not None and now - written < ONE_LISTENING_S:
            return
        with writing(self._engine) as connection:
            facts: dict[str, str | int] = {"role": caller.role} if not leg else {"role": caller.role, "segment": leg}
            write_audit(connection, at=now, actor=caller.login, act="recording_listened", subject=call_id, facts=facts)
        with self._lock:
            self._last[key] = now
            self._last.move_to_end(key)
            while len(self._last) > REMEMBERED:
                self._last.popitem(last=False)
