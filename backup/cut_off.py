"""Owns the calls that were on the line when a backup was made: after a restore nobody else can tell that they are over."""

from __future__ import annotations

from pathlib import Path

from hotline_core.adapters.ledger import LedgerReader, LedgerTrouble, LedgerWriter
from hotline_core.errors import SetupError

BATCH = 1000
BEGINS = frozenset({"call_arrived", "call_dialled"})
EXPECTED = "machine_crashed"  # what the writer makes of the mark of a restore: it leaves a gap in the numbers


def end_open_calls(ledger: Path, made_at: float) -> int:
    """Write the end of each call that has none, cut off by us, so that its citizen is called back; how many.

    `made_at`: epoch seconds of the backup, the last moment at which they are known to have lived. SetupError
    ledger_unwritable.
    """
    open_calls, last_at = _open_calls(ledger)
    if not open_calls:
        return 0
    troubles: list[LedgerTrouble] = []
    at = max(made_at, last_at)
    writer = LedgerWriter(ledger, now=lambda: at, on_trouble=troubles.append)
    for call_id in open_calls:
        writer.append("call_ended", call_id, at, {"by": "system", "cause": 0, "recovered": True})
    writer.close()
    if bad := [trouble for trouble in troubles if trouble.what != EXPECTED]:
        raise SetupError("ledger_unwritable", reason=bad[0].detail)
    return len(open_calls)


def _open_calls(ledger: Path) -> tuple[list[str], float]:
    """Calls without an end in their order, and the time of the last record."""
    reader = LedgerReader(ledger)
    found: dict[str, None] = {}
    seq, last_at = 0, 0.0
    while records := reader.after(seq, BATCH):
        for record in records:
            if record.kind in BEGINS:
                found[record.call_id] = None
            elif record.kind == "call_ended":
                found.pop(record.call_id, None)
            last_at = max(last_at, record.at)
        seq = records[-1].seq
    return list(found), last_at
