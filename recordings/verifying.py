"""Owns the proof of all recordings: the chain, each row against its link, each file against its row, each deletion's certificate.

With a head that was kept outside it also proves that no day was written anew from the beginning. Reads only; memory flat.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, select

from hotline_core.adapters.calls_schema import CHAIN, DELETIONS, RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import reading
from hotline_core.errors import HotlineError, NotFound
from recordings.binding import Row, bound_facts, differences, row_from, rows_of, told_facts
from recordings.cabinet import Cabinet
from recordings.chain import Link, breaks
from recordings.chain_store import all_days, all_links
from recordings.naming import Piece

BATCH: Final = 500
MOST_FINDINGS: Final = 1000
LOOKS: Final = 3  # at one recording that changes its place under our eyes: taken in, then moved
OF_SOUND: Final = ("length_s", "codec", "cipher", "size", "sha256", "plain_size", "plain_sha256")
OF_CERTIFICATE: Final = ("planned_at", "planned_for", "reason", "rule", "klass", "started_at", "sha256")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written; the codes have their sentences in texts.yaml."""

    code: str
    facts: Mapping[str, object]


@dataclass(slots=True)
class Proof:
    """What was looked at, and what was found; nothing found: all of it is whole, unaltered, and as many as there were."""

    days: int = 0
    kept: int = 0
    deleted: int = 0
    bound: int = 0  # told of kept ones after their making
    files: int = 0
    plain: int = 0  # of before, not taken in yet: their files are compared with their rows, but no chain holds them
    away: int = 0  # files of stores that do not answer: not judged
    head: str = ""  # `DAY HEAD` of the last day, to be kept outside
    findings: list[Finding] = field(default_factory=list)

    def add(self, code: str, **facts: object) -> None:
        """Note a finding; of very many the first."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(code, facts))


def verify(
    calls: Engine, cabinet: Cabinet, heads: Mapping[str, str], told: Callable[[int], None], *, with_files: bool = True
) -> Proof:
    """`heads`: by day, as they were kept outside; `told` hears how many recordings are done. SQLAlchemyError goes through."""
    proof = Proof()
    with _one_moment(calls) as connection:
        _chain(connection, heads, proof)
        links = (link for link in all_links(connection))
        while some := list(islice(links, BATCH)):
            with _one_moment(calls) as beside:
                suspects = _links(beside, some, proof, with_files=with_files)
            _files(calls, suspects, cabinet, proof)
            told(proof.kept)
    with reading(calls) as connection:
        for table in (RECORDINGS, SEGMENTS):
            for plain in _rows_without_links(connection, table, proof, with_files=with_files):
                _files(calls, [plain], cabinet, proof)
        _certificates(connection, proof)
    return proof


@contextmanager
def _one_moment(calls: Engine) -> Iterator[Connection]:
    """Days and links as they are at one moment, while recordings go on being made."""
    options: dict[str, Any] = {"hotline_reads": True}
    if calls.dialect.name == "postgresql":
        options |= {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
    with calls.connect().execution_options(**options) as connection:
        yield connection


def _chain(connection: Connection, heads: Mapping[str, str], proof: Proof) -> None:
    days = list(all_days(connection))  # one row a day
    proof.days = len(days)
    proof.head = f"{days[-1].day} {days[-1].head}" if days else ""
    for one in breaks(days, all_links(connection)):
        proof.add(f"chain_{one.what}", day=one.day, position=one.position)
    known = {day.day: day.head for day in days}
    for day, head in sorted(heads.items()):
        if day not in known:
            proof.add("head_of_no_day", day=day)
        elif known[day] != head:
            proof.add("head_differs", day=day)


def _links(connection: Connection, links: Sequence[Link], proof: Proof, *, with_files: bool) -> list[Row]:
    """Each link against its row; the rows whose files are to be read."""
    files = list[Row]()
    calls = {link.call_id for link in links}
    rows = rows_of(connection, calls)
    plans, ends = _plans_and_ends(connection, calls)
    told, bound = told_facts(connection, calls), bound_facts(connection, rows)
    for link in links:
        row = rows.get(link.piece)
        if link.kind == "deleted":
            proof.deleted += 1
            if row is None or row.state != "deleted":
                proof.add("deleted_but_there", call_id=link.call_id, leg=link.leg)
            elif link.piece not in told:  # it could never be made: no other link tells of it
                facts = link.facts()
                for name in (one for one in ("started_at", "sha256", "plain_sha256") if getattr(row, one) != facts.get(one)):
                    proof.add("row_changed", call_id=link.call_id, leg=link.leg, what=name)
            _certificate(link, ends.get(link.piece), proof)
            continue
        if link.kind == "bound":
            proof.bound += 1
            continue
        proof.kept += 1
        if row is None:
            proof.add("row_gone", call_id=link.call_id, leg=link.leg)
            continue
        facts = link.facts()
        changed = [name for name in OF_SOUND if facts.get(name) != getattr(row, name)]
        for name in (*changed, *differences(told.get(link.piece, facts), row, bound[link.piece])):
            proof.add("row_changed", call_id=link.call_id, leg=link.leg, what=name)
        if row.state == "deleted":
            if link.piece not in ends:
                proof.add("deleted_without_certificate", call_id=link.call_id, leg=link.leg)
        elif row.state not in ("ready", "missing", "deleting") or (row.state == "deleting" and link.piece not in plans):
            proof.add("row_changed", call_id=link.call_id, leg=link.leg, what="state")
        elif with_files and row.state != "deleting":
            files.append(row)
    return files


def _certificate(link: Link, row: Any, proof: Proof) -> None:
    """Each word of it is its link's; it is never taken away."""
    if row is None or row.certified_at is None:
        proof.add("certificate_gone", call_id=link.call_id, leg=link.leg)
        return
    facts = link.facts()
    told = {name: facts.get(name) for name in OF_CERTIFICATE} | {"certified_at": facts.get("at"), "certified_hash": link.hash}
    for name, fact in told.items():
        if getattr(row, name) != fact:
            proof.add("certificate_changed", call_id=link.call_id, leg=link.leg, what=name)


def _files(calls: Engine, rows: Sequence[Row], cabinet: Cabinet, proof: Proof) -> None:
    """Every byte of each file, and that its key opens it.

    In service a recording is moved, taken in or deleted while others are read: what seems lost is told only if its row, read once
    more, still says the same; if it lies elsewhere now, it is looked for there.
    """
    for row in rows:
        proof.files += 1
        for _ in range(LOOKS):
            try:
                found = _found(row, cabinet)
            except OSError:
                proof.away += 1
                break
            if found is None:
                break
            fresh = _again(calls, row)
            if fresh is None or fresh.state not in ("ready", "missing"):
                break  # it is being deleted, or gone by now: the row, the chain and the certificate tell of that
            if (fresh.store, fresh.path, fresh.state) == (row.store, row.path, row.state):
                proof.add(found.code, call_id=row.call_id, leg=row.leg, **found.facts)
                break
            row = fresh


def _found(row: Row, cabinet: Cabinet) -> Finding | None:
    """What is wrong with the file of this row; OSError: its store does not answer."""
    try:
        found = cabinet.stores.of(row.store).digest(row.path or "")
    except NotFound:
        return Finding("file_missing", {"path": row.path})
    if found != (row.size, row.sha256):
        return Finding("file_changed", {"path": row.path})
    try:
        cabinet.reader.open(row).close()
    except (HotlineError, sqlite3.Error) as error:
        if row.state == "ready":
            return Finding("file_closed", {"why": error.code if isinstance(error, HotlineError) else "keys"})
    return None


def _again(calls: Engine, row: Row) -> Row | None:
    """The row as it is now, in a transaction of its own."""
    with reading(calls) as connection:
        return rows_of(connection, {row.call_id}).get(Piece(row.call_id, row.leg))


def _rows_without_links(connection: Connection, table: Table, proof: Proof, *, with_files: bool) -> Iterator[Row]:
    """What somebody put in beside the chain; and what is plain from before, one by one where its file is to be read."""
    leg = table.c.leg if table is SEGMENTS else 0
    of_row = select(CHAIN.c.call_id).where(CHAIN.c.call_id == table.c.call_id, CHAIN.c.leg == leg)
    linked, ended = (of_row.where(CHAIN.c.kind == kind).exists() for kind in ("kept", "deleted"))
    is_beside = table.c.state.in_(("ready", "missing")) | ((table.c.state == "deleted") & ~ended)  # what was never made only ended
    query = select(table).where(is_beside, ~linked).execution_options(yield_per=BATCH)
    for told in connection.execute(query):
        row = row_from(table, told)
        if row.state == "deleted":
            proof.add("deleted_without_certificate", call_id=row.call_id, leg=row.leg)
        elif row.cipher is not None:
            proof.add("row_inserted", call_id=row.call_id, leg=row.leg)
        else:
            proof.plain += 1
            if with_files and row.path:
                yield row


def _certificates(connection: Connection, proof: Proof) -> None:
    """Each certificate has its link in the chain; what it says was compared with that."""
    same = (CHAIN.c.call_id == DELETIONS.c.call_id, CHAIN.c.leg == DELETIONS.c.leg, CHAIN.c.kind == "deleted")
    linked = select(CHAIN.c.hash).where(*same).exists()
    query = select(DELETIONS.c.call_id, DELETIONS.c.leg).where(DELETIONS.c.certified_at.is_not(None), ~linked)
    for row in connection.execution_options(yield_per=BATCH).execute(query):
        proof.add("certificate_inserted", call_id=row.call_id, leg=row.leg)


def _plans_and_ends(connection: Connection, calls: set[str]) -> tuple[dict[Piece, Any], dict[Piece, Any]]:
    """Each planned deletion or certificate; and what is deleted by a link too with its certificate, None where that is gone."""
    query = select(DELETIONS).where(DELETIONS.c.call_id.in_(calls))
    plans = {Piece(row.call_id, row.leg): row for row in connection.execute(query)}
    links = select(CHAIN.c.call_id, CHAIN.c.leg).where(CHAIN.c.call_id.in_(calls), CHAIN.c.kind == "deleted")
    return plans, {piece: plans.get(piece) for piece in (Piece(*row) for row in connection.execute(links))}
