"""A backup that was damaged or whose evidence was altered: found by what is read again, and nothing of it is restored."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backup import shelf
from backup.make import make
from backup.restore import restore
from backup.shelf import Backup, newest
from hotline_core.adapters.audit import FIRST_PREV, first_broken, read_audit, write_audit
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.adapters.ledger import LedgerReader, LedgerWriter, verify
from hotline_core.adapters.tickets_schema import audit, audit_head
from hotline_core.errors import SetupError
from hotline_core.settings import Settings
from tests.integration.backup_kit import (
    codes,
    lose,
    shelf_of,
    taken,
)
from tests.integration.desk_kit import NOW
from tests.integration.thief import unguarded

pytestmark = pytest.mark.integration

def turn_a_bit(folder: Path) -> None:
    """In the middle of a database."""
    target = folder / "databases/tickets.sqlite"
    data = bytearray(target.read_bytes())
    data[len(data) // 2] ^= 1
    target.write_bytes(data)


def _first_segment(folder: Path) -> Path:
    return sorted((folder / "ledger").glob("*.chain.jsonl"))[0]


def rewrite_ledger(folder: Path) -> None:
    """Somebody else shall have answered."""
    segment = _first_segment(folder)
    segment.write_bytes(segment.read_bytes().replace(b'"agent":"1001"', b'"agent":"1002"', 1))


def change_manifest(folder: Path) -> None:
    """One call less shall have been there."""
    told = json.loads((folder / "manifest.json").read_text())
    told["databases"]["calls"]["rows"]["calls"] -= 1
    (folder / "manifest.json").write_text(json.dumps(told))


HARMS: tuple[Callable[[Path], object], ...] = (
    turn_a_bit, rewrite_ledger, change_manifest,
    lambda folder: _first_segment(folder).unlink(),
    lambda folder: (folder / "home/authorized").write_bytes(b"x"),
    lambda folder: os.truncate(folder / "databases/tickets.sqlite", 4096),
)  # fmt: skip


def test_a_damaged_backup_is_found_and_nothing_of_it_is_restored(small: Settings) -> None:
    """A bit turned, a file gone, added or cut short, ledger or manifest rewritten: restore refuses, and the home stays empty."""
    whole = taken(small)
    lose(small)
    for number, harm in enumerate(HARMS):
        copied = Backup(Path(shutil.copytree(whole.folder, shelf_of(small) / f"harmed-{number}")), whole.made_at, verified=True)
        harm(copied.folder)
        assert codes(small, copied), number
        assert not shelf.is_verified(copied.folder) or harm is not change_manifest
        with pytest.raises(SetupError, match=r"backup_broken|no_manifest"):
            restore(small, copied, lambda _: None)
        assert sorted(path.name for path in small.home.iterdir()) == ["recordings"]
    assert codes(small, whole) == []


def test_evidence_that_was_altered_in_service_is_told_by_the_next_backup(small: Settings) -> None:
    """A copy of a broken chain is kept, but never called proven."""
    taken(small)
    ledger = sorted(small.paths.ledger.glob("*.chain.jsonl"))[0]
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:3] + lines[4:]))
    engine = make_engine(small.tickets_url)
    with writing(engine) as connection:
        unguarded(connection)
        connection.exec_driver_sql("UPDATE audit SET actor = 'nobody' WHERE seq = 2")
    engine.dispose()
    made = make(small, {}, lambda: time.time() + 1)
    assert {one.code for one in made.findings} == {"ledger_broken", "audit_broken"}
    found = newest(shelf_of(small))
    assert found is not None
    assert not found.verified


def test_history_that_was_written_anew_from_the_beginning_is_found_by_the_last_backups_heads(home: Settings) -> None:
    """Each chain is whole in itself, every hash made anew: only what was kept elsewhere tells that it is another one."""
    taken(home)
    records = LedgerReader(home.paths.ledger).after(0, 1000)
    shutil.rmtree(home.paths.ledger)
    writer = LedgerWriter(home.paths.ledger, now=lambda: NOW, on_trouble=lambda trouble: None)
    for record in records:
        facts = {**record.facts, "agent": "1002"} if record.kind == "agent_answered" else record.facts
        writer.append(record.kind, record.call_id, record.at, facts, record.personal)
    writer.close()
    engine = make_engine(home.tickets_url)
    with writing(engine) as connection:
        rows = read_audit(connection)
        unguarded(connection)
        connection.execute(audit.delete())
        connection.execute(audit_head.update().values(seq=0, hash=FIRST_PREV))
        for row in rows:
            write_audit(connection, at=row.at, actor="somebody", act=row.act, subject=row.subject, facts=json.loads(row.facts))
        assert first_broken(read_audit(connection)) is None
    engine.dispose()
    made = make(home, {}, lambda: time.time() + 1)
    assert verify(home.paths.ledger).ok
    assert {one.code for one in made.findings} == {"ledger_rewritten", "audit_rewritten"}
    assert not made.backup.verified
