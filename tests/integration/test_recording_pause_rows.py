"""Pauses of recordings as rows, on both databases: what the ledger tells, each once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import select

from hotline_core.adapters.calls_schema import PAUSES
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.adapters.ledger import LedgerReader, LedgerWriter
from hotline_core.log import open_log
from worker.projector import Projector

pytestmark = pytest.mark.integration

AT = 1795301234.5


def test_each_pause_of_a_call_is_a_row_with_its_end_and_a_lost_beginning_is_none(calls_url: str, tmp_path: Path) -> None:
    """Two pauses of one call, one of another that still runs, and an end whose beginning a full disk took."""
    writer = LedgerWriter(tmp_path / "ledger", now=time.time, on_trouble=lambda trouble: None)
    for call_id, at in (("h1-1.1", AT), ("h1-1.2", AT + 1), ("h1-1.3", AT + 2)):
        writer.append("call_arrived", call_id, at, {"line": "12328"}, {"caller": "138", "dialled": "12328"})
    writer.append("recording_paused", "h1-1.1", AT + 20, {"agent": "1001", "until": AT + 80})
    writer.append("recording_resumed", "h1-1.1", AT + 25, {"by": "agent"})
    writer.append("recording_paused", "h1-1.2", AT + 26, {"agent": "1002", "until": AT + 86})
    writer.append("recording_paused", "h1-1.1", AT + 30, {"agent": "1001", "until": AT + 90})
    writer.append("recording_resumed", "h1-1.3", AT + 31, {"by": "time"})
    writer.append("recording_resumed", "h1-1.1", AT + 90, {"by": "time"})
    writer.close()
    engine = make_engine(calls_url)
    projector = Projector(engine, LedgerReader(tmp_path / "ledger"), now=time.time, log=open_log("worker", "ERROR"))
    while projector.step():
        pass
    with reading(engine) as connection:
        rows = [tuple(row) for row in connection.execute(select(PAUSES).order_by(PAUSES.c.paused_at))]
    engine.dispose()
    assert rows == [
        ("h1-1.1", AT + 20, AT + 25, "1001", "agent"), ("h1-1.2", AT + 26, None, "1002", None),
        ("h1-1.1", AT + 30, AT + 90, "1001", "time"),
    ]  # fmt: skip
