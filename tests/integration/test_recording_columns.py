"""What the chain holds of a recording beside its sound: each column is named when it is altered, and rightful changes are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, delete, insert, select, update

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.calls_schema import ATTEMPTS, CALLS, CHAIN, DELETIONS, RECORDINGS, SALTS, SEGMENTS, TRANSFERS
from hotline_core.adapters.engine import make_engine, reading, writing
from recordings import chain_store
from recordings.binding import rows_of
from recordings.masters import with_new_master
from recordings.naming import Piece
from recordings.store.folder import MARK, Folder
from recordings.training import Training
from recordings.verifying import Proof, verify
from tests.integration.keeping_room import DAY_S, Room
from worker import pieces
from worker.binding import OF_SOUND, bind_changes, known_before

pytestmark = pytest.mark.integration
A, B, G = Piece("h1-a"), Piece("h1-b"), Piece("h1-gone")


@pytest.fixture
def room(calls_url: str, tmp_path: Path) -> Iterator[Room]:
    """A recording with a segment, one without, and one that was deleted when its time was over."""
    migrate_tickets(calls_url)
    engine = make_engine(calls_url)
    made = Room(engine, tmp_path)
    made.kept("gone")
    made.until(made.now + 367 * DAY_S)
    made.kept("a", legs=1)
    made.kept("b")
    yield made
    engine.dispose()


def proved(room: Room) -> Proof:
    """What verify says, but for the files."""
    return verify(room.engine, room.cabinet, {}, lambda _: None, with_files=False)


def told(room: Room) -> set[tuple[str, object, object]]:
    """Each finding with its call and what was altered."""
    return {(one.code, one.facts.get("call_id"), one.facts.get("what", "")) for one in proved(room).findings}


def _third_known(room: Room) -> None:
    """Who was asked into the call of A, as the ledger tells it; bound with the next look of the keeper or the projector."""
    with writing(room.engine) as connection:
        known = known_before(connection, {A.call_id})
        transfer = {"call_id": A.call_id, "n": 1, "way": "consult", "asked_at": 1.0, "party": "police", "name": "x"}
        connection.execute(insert(TRANSFERS).values(**transfer, kind="number", to="", queue="", by="1001"))
        attempt = {"call_id": A.call_id, "n": 1, "attempt": 1, "dialled_at": 1.0, "leg": 1, "number": "13855700011", "trunk": "t"}
        connection.execute(insert(ATTEMPTS), attempt)
        connection.execute(update(SEGMENTS).where(SEGMENTS.c.call_id == A.call_id).values(n=1))
        assert bind_changes(connection, known, room.now) == 1


ALTERED: list[tuple[Table, Piece, Mapping[str, object], str, str]] = [
    *((RECORDINGS, B, {name: value}, "row_changed", name) for name, value in (
        ("started_at", 5.0), ("length_s", 9.0), ("size", 1), ("sha256", "0" * 64), ("plain_sha256", "0" * 64), ("plain_size", 1),
        ("codec", "wav"), ("ready_at", 5.0), ("state", "failed"), ("state", "deleting"), ("parties", {"left": [], "right": []}),
    )),
    (RECORDINGS, B, {"detail": "no rx"}, "row_changed", "remarks"),
    *((CALLS, B, {name: value}, "row_changed", "call") for name, value in (
        ("caller", "13800002222"), ("dialled", "12328"), ("agent", "1009"), ("about", "h1-a"), ("direction", "out"),
    )),
    *((SEGMENTS, A, {name: value}, "row_changed", name) for name, value in (
        ("access", "everybody"), ("n", 7), ("sha256", "0" * 64), ("started_at", 5.0), ("parties", {"left": [], "right": []}),
    )),
    *((TRANSFERS, A, {name: value}, "row_changed", "third") for name, value in (("by", "1009"), ("to", "1009"), ("party", "fire"))),
    (ATTEMPTS, A, {"number": "13855700012"}, "row_changed", "third"),
    (SALTS, B, {"salt": "0" * 64}, "row_changed", "call"),
    *((DELETIONS, G, {name: value}, "certificate_changed", name) for name, value in (
        ("planned_at", 5.0), ("planned_for", 5.0), ("reason", "overdue"), ("rule", "x"), ("klass", "ticket"), ("started_at", 5.0),
        ("sha256", None), ("certified_at", 5.0), ("certified_hash", "0" * 64),
    )),
    (DELETIONS, G, {"certified_at": None}, "certificate_gone", ""),
    (RECORDINGS, G, {"state": "ready"}, "deleted_but_there", ""),
    (RECORDINGS, G, {"sha256": "0" * 64}, "row_changed", "sha256"),
]  # fmt: skip


def test_each_column_that_evidence_rests_on_is_named_when_it_was_altered(room: Room) -> None:
    """Of the recording, of whoever was on it, of who may hear it, of its certificate; the other recordings are whole."""
    _third_known(room)
    assert told(room) == set()
    for table, piece, values, code, what in ALTERED:
        same = table.c.call_id == piece.call_id
        with writing(room.engine) as connection:
            before = connection.execute(select(*(table.c[name] for name in values)).where(same)).one()._asdict()
            connection.execute(update(table).where(same).values(values))
        found = told(room)
        with writing(room.engine) as connection:
            connection.execute(update(table).where(same).values(before))
        assert (code, piece.call_id, what) in found, (table.name, values)
        assert {call_id for _, call_id, _ in found} == {piece.call_id}, (table.name, values)
    assert told(room) == set()


def test_a_certificate_or_a_salt_that_was_taken_away_is_missed(room: Room) -> None:
    """Without a salt nobody can say who was on a recording; that is told, not passed over."""
    with writing(room.engine) as connection:
        connection.execute(delete(DELETIONS).where(DELETIONS.c.call_id == G.call_id))
        connection.execute(delete(SALTS).where(SALTS.c.call_id == B.call_id))
    assert told(room) == {("certificate_gone", G.call_id, ""), ("row_changed", B.call_id, "salt")}


def test_what_rightly_changes_later_is_no_tampering(room: Room) -> None:
    """A hold and its end, a move to the archive, a ticket, training material, a file that was away, a new master key."""
    archive = Folder("archive", room.folder / "archive")
    archive.root.mkdir()
    (archive.root / MARK).touch()
    room.cabinet.stores.archive = archive
    room.holds.put("case", [A.call_id], "court", "supervisor1", room.now)
    room.ticket(B, "T1")
    Training(room.engine).take(B.call_id, "a good one", "supervisor1", room.now)
    room.started_again(archive_days=0)
    room.until(room.now + 2 * DAY_S)
    assert {room.row(piece).store for piece in (A, B)} == {"archive"}
    room.holds.release("case", "over", "supervisor1", room.now)
    file = archive.root / (room.row(B).path or "")
    file.rename(room.folder / "beside")
    room.until(room.now + 2 * DAY_S)
    assert room.state(B) == "missing"
    (room.folder / "beside").rename(file)
    room.until(room.now + 2 * DAY_S)
    with_new_master(room.folder / "masters.json")
    room.cabinet.keyring.retire(room.folder / "masters.json")
    assert (room.state(B), told(room)) == ("ready", set())


def test_what_the_ledger_tells_late_is_bound_but_never_over_what_somebody_altered(room: Room) -> None:
    """A third whose transfer was told after the segment was made; and the same beside a caller's number that was changed."""
    _third_known(room)
    proof = proved(room)
    assert (proof.findings, proof.bound) == ([], 1)
    with writing(room.engine) as connection:
        connection.execute(update(CALLS).where(CALLS.c.call_id == B.call_id).values(caller="13800002222"))
        known = known_before(connection, {B.call_id})
        connection.execute(update(CALLS).where(CALLS.c.call_id == B.call_id).values(agent="1002"))
        assert bind_changes(connection, known, room.now) == 0
    assert told(room) == {("row_changed", B.call_id, "call")}


def test_no_number_stands_in_the_chain_and_none_can_be_tried_out_after_the_deletion(room: Room) -> None:
    """The salt goes with the sound: what is left is a hash of what nobody knows."""
    with reading(room.engine) as connection:
        bodies = "".join(connection.execute(select(CHAIN.c.body)).scalars())
        salted = set(connection.execute(select(SALTS.c.call_id)).scalars())
    assert "13800001111" not in bodies
    assert salted == {A.call_id, B.call_id}


def test_recordings_of_before_people_stood_in_the_chain_are_bound_by_the_keeper(
    calls_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the version before left them: links of sound alone, and no salt; they hold, and from then on they tell of people too."""
    migrate_tickets(calls_url)
    engine = make_engine(calls_url)
    made = Room(engine, tmp_path)
    with monkeypatch.context() as before:
        def of_sound(connection: Connection, piece: Piece, now: float) -> None:
            row = rows_of(connection, [piece.call_id])[piece]
            facts = {name: getattr(row, name) for name in ("started_at", *OF_SOUND)}
            chain_store.append(connection, "kept", piece, facts, now)

        before.setattr(pieces, "append_kept", of_sound)
        made.kept("a", legs=1)
        made.kept("b")
    assert told(made) == set()
    made.passes(DAY_S)
    proof = proved(made)
    assert (proof.findings, proof.bound) == ([], 3)
    links = made.links()
    made.passes(DAY_S)
    assert made.links() == links, "each is bound once"
    with writing(engine) as connection:
        connection.execute(update(CALLS).where(CALLS.c.call_id == B.call_id).values(caller="13800002222"))
    assert told(made) == {("row_changed", B.call_id, "call")}
    engine.dispose()
