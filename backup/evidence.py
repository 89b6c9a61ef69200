"""Owns what a backup takes of the evidence: the ledger up to a whole line, and which recordings there are, by their hashes.

Recordings are named and not copied: they never change, and there are too many to copy each day. Their list has the form of
sha256sum(1), so that any machine can check them without us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, select

from backup.files import Shelver, digest
from backup.home import LEDGER
from backup.manifest import Chain
from hotline_core.adapters.audit import FIRST_PREV, AuditRow, first_broken
from hotline_core.adapters.calls_schema import RECORDINGS, SEGMENTS
from hotline_core.adapters.ledger_files import segments
from hotline_core.adapters.tickets_schema import audit, audit_head
from tickets.store.schema import attachments

LOOK_BACK = 2**16  # longer than any line of a ledger
SEPARATOR = "  "  # of sha256sum


@dataclass(frozen=True, slots=True)
class Recording:
    """One finished recording as the calls database knows it; the path is below the folder of recordings."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TicketFile:
    """A file of a ticket as the tickets database knows it, taken away or not; the path is below the folder of them."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Recordings that are not what they were: not there, or with other bytes."""

    missing: tuple[Recording, ...] = ()
    changed: tuple[str, ...] = ()


def ticket_files_of(connection: Connection) -> Iterator[TicketFile]:
    """All of them; none in a database from before there were tickets."""
    if not inspect(connection).has_table(attachments.name):
        return
    rows = connection.execute(select(attachments.c.number, attachments.c.id, attachments.c.sha256))
    for row in rows:
        yield TicketFile(f"{row.number[:8]}/{row.number}/{row.id}", row.sha256)


def shelve_ledger(ledger: Path, shelver: Shelver) -> None:
    """Copy each segment up to its last whole line while it may be written.

    The chain's end is looked up first: the personal lines of all records before it were written before them.
    """
    for segment in segments(ledger):
        ends = [(segment.chain, _whole(segment.chain))]
        ends.append((segment.personal, _whole(segment.personal)))
        for file, limit in ends:
            shelver.put(file, f"{LEDGER}/{file.name}", limit=limit)


def _whole(file: Path) -> int:
    """How many bytes of a file end in a whole line; what is after them is being written just now."""
    with file.open("rb") as lines:
        size = lines.seek(0, 2)
        start = max(0, size - LOOK_BACK)
        lines.seek(start)
        return start + lines.read(size - start).rfind(b"\n") + 1


def audit_end(connection: Connection) -> tuple[Chain, int | None]:
    """The end of the audit trail, and the number of the first row that does not fit the one before, or None."""
    head = connection.execute(select(audit_head.c.seq, audit_head.c.hash)).one_or_none()
    rows = connection.execution_options(yield_per=1000).execute(select(audit).order_by(audit.c.seq))
    last = Chain(0, FIRST_PREV)

    def told() -> Iterator[AuditRow]:
        nonlocal last
        for row in rows:
            last = Chain(row.seq, row.hash)
            yield AuditRow(**row._mapping)

    broken = first_broken(told())
    end = Chain(0, FIRST_PREV) if head is None else Chain(head.seq, head.hash)
    if broken is None and last != end:
        broken = end.seq  # rows were cut off at the end
    return end, broken


def audit_holds(connection: Connection, end: Chain) -> bool:
    """True if the trail still has the row that was its last one then, with the hash of then."""
    if end.seq == 0:
        return True
    return connection.execute(select(audit.c.hash).where(audit.c.seq == end.seq)).scalar() == end.head


def recordings_of(connection: Connection) -> Iterator[Recording]:
    """All finished recordings, main ones and those of thirds."""
    there = set(inspect(connection).get_table_names())
    for table in (RECORDINGS, SEGMENTS):
        if table.name in there:
            query = select(table.c.path, table.c.sha256).where(table.c.state == "ready").order_by(table.c.path)
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield Recording(row.path, row.sha256)


def write_list(found: Iterator[Recording], target: Path) -> int:
    """The list as sha256sum(1) reads it; how many."""
    count = 0
    with target.open("w", encoding="utf-8") as out:
        for one in found:
            out.write(f"{one.sha256}{SEPARATOR}{one.path}\n")
            count += 1
    return count


def read_list(file: Path) -> Iterator[Recording]:
    """The reverse."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            made, _, path = line.rstrip("\n").partition(SEPARATOR)
            yield Recording(path, made)


def lost(found: Iterator[Recording], folders: Sequence[Path], *, is_thorough: bool, told: Callable[[int], None]) -> Lost:
    """Which recordings are missing; thorough: read each one, and tell those whose bytes differ. `told` hears how many are done.

    `folders`: the stores; a recording lies in one of them.
    """
    missing, changed = list[Recording](), list[str]()
    for number, one in enumerate(found, start=1):
        file = next((folder / one.path for folder in folders if (folder / one.path).is_file()), None)
        try:
            if file is None:
                missing.append(one)
            elif is_thorough and digest(file)[1] != one.sha256:
                changed.append(one.path)
        except OSError:  # a bad block: the bytes are not there any more
            changed.append(one.path)
        told(number)
    return Lost(tuple(missing), tuple(changed))
