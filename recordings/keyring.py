"""Owns the wrapped keys, one per recording, in a file of their own: in no ledger and in no backup of a database.

Who destroys a key here has destroyed every copy of that sound, wherever it lies (PIPL art. 47). SQLite overwrites what it deletes
(secure_delete) and keeps no second file with old pages (journal_mode TRUNCATE).
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hotline_core.errors import NotFound, SetupError
from recordings.masters import KEY_BYTES, Masters, load_masters, load_or_make_masters, without_old_masters
from recordings.naming import Piece

BUSY_S: Final = 5.0
BATCH: Final = 500
_FORM: Final = """
CREATE TABLE IF NOT EXISTS keys (
    call_id TEXT NOT NULL, leg INTEGER NOT NULL, master TEXT NOT NULL, wrapped BLOB NOT NULL, PRIMARY KEY (call_id, leg)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key as it lies, useless without its master key."""

    piece: Piece
    master: str
    key: bytes = field(repr=False)


class Keyring:
    """Safe to use from several threads and processes; each act opens the file anew.

    sqlite3.Error if it cannot be used; SetupError no_keys if it is not there and may not be begun.
    """

    def __init__(self, path: Path, masters: Masters | Path, may_begin: Callable[[], bool] = bool) -> None:
        """`masters`: their file is read anew for each key, so that a running process wraps with the newest; SetupError as of it.

        `may_begin`: whether a file (and master keys) may be made where there is none; a lost one is never made anew, because the
        next backup would then take the new one for all there is. What it raises goes through.
        """
        self.path = path
        self._given = masters
        self._may_begin = may_begin

    @property
    def _masters(self) -> Masters:
        return load_masters(self._given) if isinstance(self._given, Path) else self._given

    def make(self, piece: Piece) -> bytes:
        """A fresh key for this recording, durable when this returns; one of an earlier try is overwritten."""
        key = secrets.token_bytes(KEY_BYTES)
        with self._open() as database:
            masters = self._masters  # within the transaction: no key is wrapped with a master that `retire` has just taken away
            row = (piece.call_id, piece.leg, masters.newest, masters.wrap(key, piece.stem))
            database.execute("INSERT OR REPLACE INTO keys (call_id, leg, master, wrapped) VALUES (?, ?, ?, ?)", row)
        return key

    def key(self, piece: Piece) -> bytes:
        """The key; NotFound no_key if it was destroyed or never made, SetupError if no master opens it."""
        with self._open("BEGIN") as database:
            query = "SELECT master, wrapped FROM keys WHERE call_id = ? AND leg = ?"
            row = database.execute(query, (piece.call_id, piece.leg)).fetchone()
        if row is None:
            raise NotFound("no_key")
        return self._masters.unwrap(row[1], row[0], piece.stem)

    def destroy(self, piece: Piece) -> bool:
        """Overwrite the key; whether there was one: none without a file. Durable when this returns.

        A file that comes back afterwards may hold the key: what is deleted is destroyed in it at night (`destroy_deleted`).
        """
        if not self.is_there:
            return False
        with self._open() as database:
            done = database.execute("DELETE FROM keys WHERE call_id = ? AND leg = ?", (piece.call_id, piece.leg))
            return done.rowcount > 0

    def pieces(self) -> Iterator[Piece]:
        """Whose keys are here, in order."""
        after: tuple[str, int] = ("", -1)
        while True:
            with self._open("BEGIN") as database:
                query = "SELECT call_id, leg FROM keys WHERE (call_id, leg) > (?, ?) ORDER BY call_id, leg LIMIT ?"
                rows = database.execute(query, (*after, BATCH)).fetchall()
            if not rows:
                return
            yield from (Piece(call_id, leg) for call_id, leg in rows)
            after = rows[-1]

    @property
    def is_there(self) -> bool:
        """Whether there is a file of keys at all."""
        return self.path.exists()

    def wrapped(self, pieces: Collection[Piece]) -> list[Wrapped]:
        """The keys of these that are here, as they lie."""
        wanted, found, ids = set(pieces), list[Wrapped](), sorted({piece.call_id for piece in pieces})
        for start in range(0, len(ids) if self.is_there else 0, BATCH):
            some = ids[start : start + BATCH]
            with self._open("BEGIN") as database:
                marks = ",".join("?" * len(some))
                query = f"SELECT call_id, leg, master, wrapped FROM keys WHERE call_id IN ({marks})"  # noqa: S608 - marks alone
                found += [Wrapped(Piece(row[0], row[1]), row[2], row[3]) for row in database.execute(query, some)]
        return [one for one in found if one.piece in wanted]

    def among(self, pieces: Collection[Piece]) -> set[Piece]:
        """Those of these whose keys are here."""
        return {one.piece for one in self.wrapped(pieces)}

    def opens(self, one: Wrapped) -> bool:
        """Whether a master key that is there opens it; SetupError without master keys."""
        try:
            self._masters.unwrap(one.key, one.master, one.piece.stem)
        except SetupError as error:
            if error.code in ("no_master", "wrong_key"):
                return False
            raise
        return True

    def put(self, given: Collection[Wrapped], needed: Callable[[set[Piece]], set[Piece]]) -> int:
        """Add those that have no key here, as they lie, and that are `needed` once nobody can delete any; how many."""
        with self._open() as database:
            wanted = needed({one.piece for one in given})
            rows = [(one.piece.call_id, one.piece.leg, one.master, one.key) for one in given if one.piece in wanted]
            before = database.total_changes
            database.executemany("INSERT OR IGNORE INTO keys (call_id, leg, master, wrapped) VALUES (?, ?, ?, ?)", rows)
            return database.total_changes - before

    def make_file(self) -> None:
        """Make a file without keys where there is none: for whoever knows that no others come back, or brings some now."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.touch(mode=0o600)

    def begin(self) -> None:
        """Look at what must be there: SetupError no_keys, no_masters, bad_masters; sqlite3.Error of a file that cannot be read.

        Where no key was ever made, the master keys are made now, and the file of keys with the first key.
        """
        if self.path.exists() or (isinstance(self._given, Path) and self._given.exists()):
            _ = self._masters
        if not self.path.exists():
            self._check_begun()
        else:
            with self._open("BEGIN") as database:
                database.execute("SELECT 1 FROM keys LIMIT 1").fetchone()

    def rewrap(self) -> int:
        """Wrap every key that an older master wrapped with the newest one; how many. May be cut off and begun again at any time."""
        done = 0
        while True:
            with self._open() as database:
                count = _rewrap_some(database, self._masters)
            if not count:
                return done
            done += count

    def retire(self, masters_file: Path) -> int:
        """Wrap what is still wrapped with older masters, and forget those; how many. Whoever makes a key meanwhile waits."""
        done = self.rewrap()
        with self._open() as database:
            while count := _rewrap_some(database, self._masters):
                done += count
            without_old_masters(masters_file)
        return done

    def count(self) -> int:
        """How many keys there are."""
        with self._open("BEGIN") as database:
            return int(database.execute("SELECT count(*) FROM keys").fetchone()[0])

    def copy_to(self, target: Path) -> None:
        """A file with the keys as they are now, and none that were destroyed, or with none at all."""
        target.unlink(missing_ok=True)
        target.touch(mode=0o600)
        if self.is_there:
            with self._open("BEGIN") as database, closing(sqlite3.connect(target)) as copy:
                copy.execute("PRAGMA synchronous = FULL")
                database.backup(copy)

    def _check_begun(self) -> None:
        if not self._may_begin():
            raise SetupError("no_keys", file=self.path)
        if isinstance(self._given, Path):
            load_or_make_masters(self._given)

    @contextmanager
    def _open(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
        """One transaction; with `BEGIN` one that only reads, and NotFound no_key before there is a first one."""
        if not self.path.exists():
            if begin == "BEGIN":
                raise NotFound("no_key")
            self._check_begun()
            self.make_file()
        with closing(sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)) as database:
            for pragma in ("journal_mode = TRUNCATE", "secure_delete = ON", "synchronous = FULL"):
                database.execute(f"PRAGMA {pragma}")
            database.execute(_FORM)
            database.execute(begin)
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")


def _rewrap_some(database: sqlite3.Connection, masters: Masters) -> int:
    """What a master key opens that is not there any more stays as it is: those were given up."""
    older = sorted(set(masters.keys) - {masters.newest})
    marks = ",".join("?" * len(older))
    query = f"SELECT call_id, leg, master, wrapped FROM keys WHERE master IN ({marks}) LIMIT ?"  # noqa: S608 - marks alone
    rows = database.execute(query, (*older, BATCH)).fetchall()
    for call_id, leg, master, wrapped in rows:
        about = Piece(call_id, leg).stem
        fresh = masters.wrap(masters.unwrap(wrapped, master, about), about)
        change = "UPDATE keys SET master = ?, wrapped = ? WHERE call_id = ? AND leg = ?"
        database.execute(change, (masters.newest, fresh, call_id, leg))
    return len(rows)
