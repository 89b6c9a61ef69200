"""Owns which recordings of a backup's list are lawfully gone, and the one copy of the recordings' keys beside the backups.

Older backups must not bring back what was deleted: so they hold no keys. One copy lies on the shelf, renewed by each backup; a key
goes from it only when its recording was deleted (recordings/key_copies.py).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from backup.evidence import Recording
from backup.files import copy
from hotline_core.adapters.calls_schema import DELETIONS, RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.adapters.ledger_files import sync_folder
from hotline_core.settings import Settings
from recordings.key_copies import COPY, Alone, keep
from recordings.keyring import Keyring
from recordings.naming import Piece, piece_of_path

BATCH = 500


def keep_keys(settings: Settings, shelf: Path) -> Alone:
    """Put the keys as they are now in the place of the last copy, with those of it that nobody deleted.

    sqlite3.Error, SQLAlchemyError, OSError.
    """
    engine = make_engine(settings.calls_url)
    try:
        home, copy = (Keyring(file, settings.masters_file) for file in (settings.paths.recording_keys, shelf / COPY))
        return keep(home, copy, engine)
    finally:
        engine.dispose()


def bring_keys(settings: Settings, shelf: Path) -> None:
    """Put the copy into a home that has none; nothing if there is no copy. OSError."""
    target = settings.paths.recording_keys
    if not (shelf / COPY).is_file() or target.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.restore")
    draft.unlink(missing_ok=True)
    copy(shelf / COPY, draft)
    os.replace(draft, target)
    sync_folder(target.parent)


def accounted(settings: Settings, missing: Sequence[Recording]) -> set[str]:
    """The paths of those deleted with a certificate since, or encrypted under another name; none while nobody can say."""
    engine = make_engine(settings.calls_url)
    try:
        return set(_accounted(engine, missing))
    except (SQLAlchemyError, sqlite3.Error):
        return set()
    finally:
        engine.dispose()


def _accounted(engine: Engine, missing: Sequence[Recording]) -> Iterator[str]:
    for start in range(0, len(missing), BATCH):
        some = {piece: one for one in missing[start : start + BATCH] if (piece := piece_of_path(one.path)) is not None}
        calls = {piece.call_id for piece in some}
        with reading(engine) as connection:
            certified = select(DELETIONS).where(DELETIONS.c.call_id.in_(calls), DELETIONS.c.certified_at.is_not(None))
            gone = {Piece(row.call_id, row.leg): row.sha256 for row in connection.execute(certified)}
            for table in (RECORDINGS, SEGMENTS):
                for row in connection.execute(select(table).where(table.c.call_id.in_(calls))):
                    piece = Piece(row.call_id, row._mapping.get("leg", 0))
                    one = some.get(piece)
                    if one is None:
                        continue
                    is_deleted = row.state == "deleted" and one.sha256 in (gone.get(piece), row.plain_sha256)
                    if is_deleted or (row.cipher is not None and row.plain_sha256 == one.sha256):
                        yield one.path
