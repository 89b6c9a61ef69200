"""Owns the copy of the keys beside the backups: what of it lies nowhere else, what may go from it, and the way back home.

A key goes from the copy only when its row says that the recording was deleted. No row tells nothing: a machine that is set up anew
writes to the old shelf before anything is restored. Home come only keys that a row still needs: none that was destroyed since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import Connection, Engine, select, tuple_

from hotline_core.adapters.calls_schema import RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import reading
from hotline_core.adapters.ledger_files import sync_folder
from hotline_core.settings import Settings
from recordings.cabinet import KEYED
from recordings.holds import GONE
from recordings.keyring import Keyring
from recordings.naming import Piece

COPY: Final = "recording-keys.sqlite"  # on the shelf, beside the backups
BATCH: Final = 500


@dataclass(slots=True)
class Alone:
    """How many keys lie on the shelf alone."""

    needed: int = 0  # of recordings that are kept here
    unknown: int = 0  # of recordings that no row here tells of


@dataclass(slots=True)
class Missed:
    """How many recordings that only their keys open have none at home."""

    there: int = 0  # the copy has it, and a master key opens it
    closed: int = 0  # the copy has it, and no master key opens it
    gone: int = 0  # nobody has it
    brought: int = 0

    @property
    def count(self) -> int:
        """All that are not at home."""
        return self.there + self.closed + self.gone


def copy_of(settings: Settings) -> Keyring | None:
    """The copy as the settings tell where it is; None without a shelf, or while there is none on it."""
    if settings.backup is None or not (settings.backup / COPY).is_file():
        return None
    return Keyring(settings.backup / COPY, settings.masters_file)


def keep(home: Keyring, copy: Keyring, calls: Engine) -> Alone:
    """Put the keys as they are now in the place of the copy, with those of the copy that nobody gave up lawfully.

    How many of these are not at home. sqlite3.Error, SQLAlchemyError, OSError; the copy is then as it was.
    """
    found = Alone()
    if not home.is_there and not copy.is_there:
        return found
    path = copy.path.with_name(f"{copy.path.name}.new")
    home.copy_to(path)
    draft = Keyring(path, path)
    for some in _batches(copy.pieces()) if copy.is_there else ():
        alone = set(some) - draft.among(some)
        gone, needed, known = _told(calls, alone)
        found.needed += len(needed)
        found.unknown += len(alone - known)
        if alone - gone:
            draft.put(copy.wrapped(alone - gone), set)
    path.replace(copy.path)
    sync_folder(copy.path.parent)
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
    return found


def missed(home: Keyring, copy: Keyring | None, calls: Engine) -> Missed:
    """Which keys are not at home, and what the copy has of them; changes nothing. SetupError without master keys."""
    found = Missed()
    for some in _needing(calls):
        lost = _lost(home, calls, some)
        offered = copy.wrapped(lost) if copy is not None else []
        opened = sum(home.opens(one) for one in offered)
        found.there, found.closed = found.there + opened, found.closed + len(offered) - opened
        found.gone += len(lost) - len(offered)
    return found


def bring(home: Keyring, copy: Keyring, calls: Engine) -> Missed:
    """Add to the keys at home those of the copy that are needed and open; what is at home stays. A key that was destroyed stays so.

    What is missed afterwards, and how many were brought. May be done while recordings are made and deleted. SetupError without
    master keys.
    """
    brought = 0
    for some in _needing(calls):
        lost = _lost(home, calls, some)
        fit = [one for one in copy.wrapped(lost) if home.opens(one)]
        if fit:
            home.make_file()
            brought += home.put(fit, lambda pieces: _told(calls, pieces)[1])
    found = missed(home, copy, calls)
    found.brought = brought
    return found


def destroy_deleted(home: Keyring, calls: Engine) -> int:
    """Destroy the keys of recordings that were deleted: they came back with an older file; how many."""
    done = 0
    for some in _batches(home.pieces()) if home.is_there else ():
        for piece in _told(calls, some)[0]:
            done += home.destroy(piece)
    return done


def _lost(home: Keyring, calls: Engine, pieces: Collection[Piece]) -> set[Piece]:
    """Those without a key at home; the rows are read once more after the keys, for a deletion writes its row first."""
    lost = set(pieces) - home.among(pieces)
    return _told(calls, lost)[1]


def _needing(calls: Engine) -> Iterator[list[Piece]]:
    """All recordings that only their keys open, some at a time."""
    for table in (RECORDINGS, SEGMENTS):
        order = (table.c.call_id, *([table.c.leg] if table is SEGMENTS else []))
        keyed = select(*order).where(table.c.state.in_(KEYED), table.c.cipher.is_not(None)).order_by(*order).limit(BATCH)
        after: tuple[str | int, ...] | None = None
        while True:
            query = keyed if after is None else keyed.where(tuple_(*order) > tuple_(*after))
            with reading(calls) as connection:
                rows = connection.execute(query).all()
            if rows:
                yield [Piece(row.call_id, row._mapping.get("leg", 0)) for row in rows]
            if len(rows) < BATCH:
                break
            after = tuple(rows[-1])


def _told(calls: Engine, pieces: Collection[Piece]) -> tuple[set[Piece], set[Piece], set[Piece]]:
    """Those whose recordings are deleted, those that only their key opens, and all that have a row.

    Read after the keys: a deletion writes its row first.
    """
    gone, needed, known, wanted = set[Piece](), set[Piece](), set[Piece](), set(pieces)
    with reading(calls) as connection:
        for piece, state, is_encrypted in _rows(connection, wanted) if wanted else ():
            known.add(piece)
            if state in GONE:
                gone.add(piece)
            elif state in KEYED and is_encrypted:
                needed.add(piece)
    return gone & wanted, needed & wanted, known & wanted


def _rows(connection: Connection, pieces: Collection[Piece]) -> Iterator[tuple[Piece, str, bool]]:
    ids = {piece.call_id for piece in pieces}
    for table in (RECORDINGS, SEGMENTS):
        columns = [table.c.call_id, table.c.state, table.c.cipher, *([table.c.leg] if table is SEGMENTS else [])]
        for row in connection.execute(select(*columns).where(table.c.call_id.in_(ids))):
            yield Piece(row.call_id, row._mapping.get("leg", 0)), row.state, row.cipher is not None


def _batches(pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
    while some := list(islice(pieces, BATCH)):
        yield some
