"""Who listens to which recording and why: one audit row per listening and per download, before the first byte (R32, R95)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine

from agent_desktop.gate import Caller
from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import writing
from hotline_core.errors import BadInput
from hotline_core.yaml_lines import load_yaml

REASONS = Path(__file__).with_name("listen_reasons.yaml")
LONGEST_NOTE = 200
Purpose = Literal["listen", "download"]
ACTS = {"listen": "recording_listened", "download": "recording_downloaded"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One of the reasons that may be chosen; `for_own`: also by who hears own calls only; `needs_note`: with words of one's own."""

    key: str
    name: str
    for_own: bool
    needs_note: bool

    def told(self) -> dict[str, object]:
        """As a page reads it."""
        return {"key": self.key, "name": self.name, "needs_note": self.needs_note}


def load_reasons(path: Path = REASONS) -> tuple[Reason, ...]:
    """The reasons in their order."""
    data = load_yaml(path.read_text(encoding="utf-8"))
    return tuple(
        Reason(str(key), str(one["name"]), one["who"] == "own", bool(one.get("note", False))) for key, one in data.items()
    )


class Listening:
    """Writes the audit rows; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine, reasons: tuple[Reason, ...]) -> None:
        self._engine = engine
        self._reasons = reasons

    def reasons_for(self, *, hears_all: bool) -> tuple[Reason, ...]:
        """What a person may choose from."""
        return tuple(reason for reason in self._reasons if hears_all or reason.for_own)

    def begins(
        self, caller: Caller, call_id: str, leg: int, purpose: Purpose, *, reason: str, note: str, hears_all: bool, now: float
    ) -> None:
        """Write why `caller` is about to hear a recording, or that of a third on a leg; BadInput for no good reason."""
        known = next((one for one in self.reasons_for(hears_all=hears_all) if one.key == reason), None)
        if known is None:
            raise BadInput("unknown_reason", field="reason")
        words = " ".join(note.split())
        if known.needs_note and len(words) < 2:
            raise BadInput("note_needed", field="note")
        facts: dict[str, str | int] = {"role": caller.role, "reason": reason}
        facts |= {"note": words[:LONGEST_NOTE]} if words else {}
        facts |= {"segment": leg} if leg else {}
        with writing(self._engine) as connection:
            write_audit(connection, at=now, actor=caller.login, act=ACTS[purpose], subject=call_id, facts=facts)
