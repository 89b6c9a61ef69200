"""What recordings take of a disk: bytes of a row with its share of the indexes, of a key, of a minute of sound and its picture."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, text

from recordings.making import make_draft
from recordings.naming import Piece
from recordings.sound import Segment, read_track
from tests.bench.recordings import speech
from tests.integration.keeping_room import Room

MINUTES = 2
TABLES = ("calls", "recordings", "recording_chain", "recording_deletions")
SQLITE = (
    "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name "
    "WHERE s.aggregate = TRUE GROUP BY m.tbl_name"
)
POSTGRESQL = (
    "SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind = 'r' AND n.nspname = 'public'"
)


def bytes_of_rows(engine: Engine) -> dict[str, float]:
    """By table: what a row takes with its share of the indexes, as the database lies on the disk now."""
    sizes = SQLITE if engine.dialect.name == "sqlite" else POSTGRESQL
    with engine.connect() as connection:
        taken = {row[0]: int(row[1]) for row in connection.execute(text(sizes))}
        counts = {name: int(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()) for name in TABLES}  # noqa: S608
    return {name: taken[name] / count for name, count in counts.items() if count}


def bytes_of_key(room: Room) -> float:
    """The file of keys, by its keys; its first pages are in it."""
    path = room.folder / "keys/recordings.sqlite"
    with closing(sqlite3.connect(path)) as keys:
        pages, size = (int(keys.execute(f"PRAGMA {what}").fetchone()[0]) for what in ("page_count", "page_size"))
    return pages * size / max(1, room.cabinet.keyring.count())


def bytes_of_a_minute(room: Room, folder: Path) -> tuple[float, float]:
    """Of sound like speech on both sides, made and encrypted as every recording; and of its picture."""
    folder.mkdir()
    for seed, name in ((1, "rx.wav"), (2, "tx.wav")):
        speech(folder / name, MINUTES * 60, seed)
    store, piece, path = room.cabinet.stores.local, Piece("h1-minute"), "2000/01/01/h1-minute.ogg.enc"
    segments = [Segment(read_track(folder / "rx.wav"), read_track(folder / "tx.wav"))]
    made = make_draft(piece, path, segments, store, room.cabinet.keyring, bool)
    store.draft(path).unlink()
    room.cabinet.keyring.destroy(piece)
    return made.sealed.size / MINUTES, len(made.encoded.peaks) / MINUTES
