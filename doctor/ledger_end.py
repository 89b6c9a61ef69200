"""The newest end of the ledger: when its last record was written, and whether its last two segments are whole."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hotline_core.adapters.ledger import VerifyResult, verify
from hotline_core.adapters.ledger_chain import BadLine, decode_chain
from hotline_core.adapters.ledger_files import segments

TAIL_BYTES = 65_536  # some hundred records
TAIL_SEGMENTS = 2  # of at most 50 000 records each


def last_record_at(folder: Path) -> float | None:
    """When the newest record was written, in seconds since the epoch; None for an empty ledger."""
    found = segments(folder)
    for segment in reversed(found):
        with segment.chain.open("rb") as file:
            file.seek(max(0, segment.chain.stat().st_size - TAIL_BYTES))
            lines = file.read().splitlines(keepends=True)
        for raw in reversed(lines):
            try:
                if raw.endswith(b"\n"):
                    return decode_chain(raw[:-1]).record.at
            except BadLine:
                continue  # altered or cut off by the seek: the one before it
    return None


def verify_end(folder: Path) -> VerifyResult:
    """The proof over the last two segments, in seconds where a ledger of years takes minutes."""
    with tempfile.TemporaryDirectory(prefix="hotline-doctor-") as tail:
        for segment in segments(folder)[-TAIL_SEGMENTS:]:
            for file in (segment.chain, segment.personal):
                if file.exists():
                    (Path(tail) / file.name).symlink_to(file)
        return verify(Path(tail))
