"""A writer in its own process for the kill tests: appends calls for ever and tells each sequence number after the write."""

from __future__ import annotations

import sys
from pathlib import Path

from hotline_core.adapters.clock import now
from hotline_core.adapters.ledger import LedgerWriter


def main() -> None:
    """Run until killed."""
    writer = LedgerWriter(Path(sys.argv[1]), now=now, on_trouble=lambda trouble: None, segment_records=500)
    while True:
        facts = {"line": "12328", "channel": "PJSIP/x"}
        seq = writer.append("call_arrived", "h1-1.1", now(), facts, {"caller": "13800001111", "dialled": "12328"})
        sys.stdout.write(f"{seq}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
