"""`make verify-recordings`: whatever is altered, removed, put in or written anew is found, and nothing else is ever called so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.calls_schema import CHAIN, DAYS, DELETIONS, RECORDINGS
from hotline_core.adapters.engine import make_engine, reading, writing
from recordings.chain import day_of, link, read_heads
from recordings.naming import Piece
from recordings.store.folder import Folder
from recordings.verifying import verify
from tests.integration.keeping_room import DAY_S, Room

pytestmark = pytest.mark.integration
A, B, C = Piece("h1-a"), Piece("h1-b"), Piece("h1-c")


@pytest.fixture
def room(calls_url: str, tmp_path: Path) -> Iterator[Room]:
    """Three days of recordings."""
    migrate_tickets(calls_url)
    engine = make_engine(calls_url)
    yield three_days(engine, tmp_path)
    engine.dispose()


def three_days(engine: Engine, folder: Path) -> Room:
    """Two recordings and a segment, then one and a deletion, then one more, which is today's."""
    made = Room(engine, folder)
    made.kept("gone")
    made.until(made.now + 367 * DAY_S)
    made.kept("a", legs=1)
    made.passes(DAY_S)
    made.kept("b")
    made.passes(DAY_S)
    made.kept("c")
    return made


def found(room: Room, heads: dict[str, str] | None = None) -> list[tuple[str, object]]:
    """What verify says: code, and the call or the day."""
    proof = verify(room.engine, room.cabinet, _outside(room) if heads is None else heads, lambda _: None)
    return [(one.code, one.facts.get("call_id") or one.facts.get("day")) for one in proof.findings]


def _outside(room: Room) -> dict[str, str]:
    return read_heads("".join(file.read_text() for file in sorted(room.heads.glob("*.heads"))))


def _file(room: Room, piece: Piece) -> Path:
    return room.cabinet.stores.local.root / (room.row(piece).path or "")


def test_recordings_that_nobody_touched_are_whole_with_deletions_segments_and_days_outside(room: Room) -> None:
    """The three closed days are outside, today's is not yet; a lawful deletion is no gap."""
    proof = verify(room.engine, room.cabinet, _outside(room), lambda _: None)
    assert proof.findings == []
    assert (proof.kept, proof.deleted, proof.files, proof.plain, proof.away) == (5, 1, 4, 0, 0)
    assert len(_outside(room)) == proof.days - 1
    assert proof.head.startswith(day_of(room.now))
    assert not {"13800001111"} & set(str(proof))


def _flipped_byte(room: Room) -> None:
    file = _file(room, A)
    stored = bytearray(file.read_bytes())
    stored[len(stored) // 2] ^= 1
    file.write_bytes(stored)


def _removed_file(room: Room) -> None:
    _file(room, B).unlink()


def _swapped_files(room: Room) -> None:
    one, other, beside = _file(room, A), _file(room, B), room.folder / "beside"
    one.rename(beside)
    other.rename(one)
    beside.rename(other)


def _swapped_rows(room: Room) -> None:
    """Path, size and hashes of two rows exchanged, so that each row fits its file."""
    named = ("path", "size", "sha256", "plain_size", "plain_sha256", "length_s")
    one, other = room.row(A), room.row(B)
    with writing(room.engine) as connection:
        for row, by in ((one, other), (other, one)):
            told = {name: getattr(by, name) for name in named}
            connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == row.call_id).values(told))


def _changed_row(room: Room) -> None:
    with writing(room.engine) as connection:
        connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == B.call_id).values(started_at=room.now))


def _removed_row(room: Room) -> None:
    with writing(room.engine) as connection:
        connection.execute(delete(RECORDINGS).where(RECORDINGS.c.call_id == B.call_id))


def _inserted_row(room: Room) -> None:
    with writing(room.engine) as connection:
        row = connection.execute(select(RECORDINGS).where(RECORDINGS.c.call_id == A.call_id)).one()
        connection.execute(insert(RECORDINGS), {**row._mapping, "call_id": "h1-x"})


def _secretly_deleted(room: Room) -> None:
    """As a lawful deletion leaves it, but that there was none."""
    _file(room, B).unlink()
    with writing(room.engine) as connection:
        connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == B.call_id).values(state="deleted", path=None))
        row = {"call_id": B.call_id, "leg": 0, "planned_at": 0, "planned_for": 0, "reason": "expired", "rule": "x"}
        more = {"klass": "ordinary", "started_at": 0, "certified_at": 1, "certified_hash": "a" * 64}
        connection.execute(insert(DELETIONS), {**row, **more})


def _removed_link(room: Room) -> None:
    with writing(room.engine) as connection:
        connection.execute(delete(CHAIN).where(CHAIN.c.call_id == B.call_id))


def _removed_day(room: Room) -> None:
    """With all that it tells of."""
    with writing(room.engine) as connection:
        (day,) = connection.execute(select(CHAIN.c.day).where(CHAIN.c.call_id == B.call_id)).scalars()
        connection.execute(delete(CHAIN).where(CHAIN.c.day == day))
        connection.execute(delete(DAYS).where(DAYS.c.day == day))
        connection.execute(delete(RECORDINGS).where(RECORDINGS.c.call_id == B.call_id))


def _foreign_key(room: Room) -> None:
    room.cabinet.keyring.make(A)


def rewritten_day(room: Room) -> None:
    """A recording is told to be of another time, and its day and all that follow are chained anew."""
    with writing(room.engine) as connection:
        connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == A.call_id).values(started_at=1.0))
        days = connection.execute(select(DAYS).order_by(DAYS.c.day)).all()
        prev = days[0].prev
        for day in days:
            connection.execute(update(DAYS).where(DAYS.c.day == day.day).values(prev=prev))
            for row in connection.execute(select(CHAIN).where(CHAIN.c.day == day.day).order_by(CHAIN.c.position)).all():
                facts: dict[str, Any] = json.loads(row.body)
                if row.call_id == A.call_id and row.leg == 0:
                    facts["started_at"] = 1.0
                made = link(prev, row.day, row.position, row.kind, Piece(row.call_id, row.leg), facts)
                same = (CHAIN.c.day == row.day, CHAIN.c.position == row.position)
                connection.execute(update(CHAIN).where(*same).values(asdict(made)))
                prev = made.hash
            connection.execute(update(DAYS).where(DAYS.c.day == day.day).values(head=prev))


HARMS: tuple[tuple[Callable[[Room], None], set[Any]], ...] = (
    (_flipped_byte, {("file_changed", A.call_id)}),
    (_removed_file, {("file_missing", B.call_id)}),
    (_swapped_files, {("file_changed", A.call_id), ("file_changed", B.call_id)}),
    (_swapped_rows, {(code, piece.call_id) for code in ("row_changed", "file_closed") for piece in (A, B)}),
    (_changed_row, {("row_changed", B.call_id)}),
    (_removed_row, {("row_gone", B.call_id)}),
    (_inserted_row, {("row_inserted", "h1-x")}),
    (_secretly_deleted, {("deleted_without_certificate", B.call_id), ("certificate_inserted", B.call_id)}),
    (_removed_link, {("row_inserted", B.call_id)}),
    (_removed_day, set()),
    (_foreign_key, {("file_closed", A.call_id)}),
)


@pytest.mark.parametrize(("harm", "expected"), HARMS, ids=lambda one: one.__name__.strip("_") if callable(one) else "")
def test_each_tampering_is_found_and_named(room: Room, harm: Callable[[Room], None], expected: set[Any]) -> None:
    """A byte, a file, a pair, a row, a link, a day, a key: with the call it concerns."""
    harm(room)
    told = set(found(room))
    assert expected <= told
    others = {code for code, _ in told - expected}
    if harm is _removed_link:
        assert {"chain_count", "chain_head"} & others
    elif harm is _removed_day:
        assert {"chain_prev", "head_of_no_day"} <= others
    else:
        assert not others


def test_what_is_moved_taken_or_deleted_while_files_are_read_is_never_called_lost(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of five hundred are read before the first file: by then the keeper may have done its work on the last one."""
    archive = Folder("archive", room.folder / "archive")
    archive.root.mkdir()
    room.cabinet.stores.archive = archive
    deleting, digest, done = room.keeper.acts.deleting, Folder.digest, list[str]()

    def busy(self: Folder, path: str, **more: Any) -> tuple[int, str]:
        if not done:
            done.append(path)
            row = room.row(B)
            assert row.path
            archive.put(row.path, room.cabinet.stores.local.root / row.path)
            with writing(room.engine) as connection:
                connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == B.call_id).values(store="archive"))
                connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == C.call_id).values(state="deleting"))
            room.cabinet.stores.local.remove(row.path)
            deleting._destroy(RECORDINGS, RECORDINGS.c.call_id == C.call_id, C)
        return digest(self, path, **more)

    monkeypatch.setattr(Folder, "digest", busy)
    assert found(room) == []
    assert done


def test_a_day_written_anew_with_all_that_follows_is_found_by_a_head_that_was_kept_outside_and_by_nothing_else(room: Room) -> None:
    """Whoever may write the database and the disk can make a chain that holds; not the head that lies elsewhere."""
    outside = _outside(room)
    rewritten_day(room)
    assert found(room, {}) == []
    told = found(room, outside)
    assert {code for code, _ in told} == {"head_differs"}
    first = min(str(day) for _, day in told)
    with reading(room.engine) as connection:
        assert connection.execute(select(CHAIN.c.call_id).where(CHAIN.c.day == first)).scalars().first() == A.call_id


def test_the_operator_s_command_tells_it_in_sentences_and_by_its_exit_code(tmp_path: Path) -> None:
    """Whole: 0 and the head to keep; altered: 1 and which; a head that is none: 1."""
    environment = {**os.environ, "HOTLINE_HOME": str(tmp_path), "HOTLINE_RECORDING_HEADS": str(tmp_path / "outside")}
    (tmp_path / "db").mkdir()
    url = f"sqlite:///{tmp_path / 'db/calls.sqlite'}"
    subprocess.run([sys.executable, "-m", "hotline_core.adapters.migrate"], env=environment, check=True, capture_output=True)
    migrate_tickets(url)
    engine = make_engine(url)
    room = Room(engine, tmp_path)
    room.kept("a")
    room.passes(DAY_S)
    (tmp_path / "masters.json").rename(tmp_path / "recording-masters.json")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        given = [sys.executable, "-m", "recordings", *arguments]
        return subprocess.run(given, env=environment, capture_output=True, text=True, timeout=60, check=False)

    whole = run("verify")
    assert (whole.returncode, "全部完整" in whole.stdout, "链头" in whole.stdout) == (0, True, True)
    rotated = run("rotate")
    assert rotated.returncode == 0, rotated.stderr
    assert run("verify").returncode == 0
    assert run("verify", "--head", "2026-11-22 " + "a" * 64).returncode == 1
    bad = run("verify", "--head", "yesterday")
    assert (bad.returncode, "HEAD" in bad.stderr) == (1, True)
    _flipped_byte(room)
    altered = run("verify")
    assert (altered.returncode, A.call_id in altered.stderr) == (1, True)
    engine.dispose()
