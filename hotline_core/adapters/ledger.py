"""The ledger as the other parts use it: one writer, readers, the proof and the lawful erasure."""

from __future__ import annotations

from hotline_core.adapters.ledger_chain import AGENT_KINDS, CALL_KINDS, KINDS, Fact, LedgerRecord
from hotline_core.adapters.ledger_files import erase_personal
from hotline_core.adapters.ledger_reader import HEAD_MISSING, LedgerReader, Problem, VerifyResult, verify
from hotline_core.adapters.ledger_writer import LEDGER_TAKEN, LedgerTrouble, LedgerWriter

__all__ = [
    "AGENT_KINDS",
    "CALL_KINDS",
    "HEAD_MISSING",
    "KINDS",
    "LEDGER_TAKEN",
    "Fact",
    "LedgerReader",
    "LedgerRecord",
    "LedgerTrouble",
    "LedgerWriter",
    "Problem",
    "VerifyResult",
    "erase_personal",
    "verify",
]
