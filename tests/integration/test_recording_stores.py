"""Recordings on their way: to the archive and never lost on it, from before encryption, after crashes, and while a disk is full."""

from __future__ import annotations

import io
import os
import time
import wave
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select, update

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.calls_schema import PEAKS, RECORDINGS
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.errors import SetupError
from recordings.chain import read_heads
from recordings.naming import Piece
from recordings.store.folder import MARK, Folder
from recordings.verifying import verify
from tests.integration.keeping_room import DAY_S, Room
from worker.repair import Repair, Repaired

pytestmark = pytest.mark.integration


@pytest.fixture
def room(calls_url: str, tmp_path: Path) -> Iterator[Room]:
    """With an archive volume, on both kinds of database."""
    migrate_tickets(calls_url)
    engine = make_engine(calls_url)
    yield Room(engine, tmp_path, with_archive=True)
    engine.dispose()


def flipped(stored: bytes) -> bytes:
    """With another last byte, whatever it was."""
    return stored[:-1] + bytes([stored[-1] ^ 1])


def is_whole(room: Room) -> bool:
    return verify(room.engine, room.cabinet, {}, lambda _: None).findings == []


def test_what_is_old_enough_moves_to_the_archive_and_is_heard_from_there(room: Room) -> None:
    """The young stays; each recording lies in exactly one place; the chain holds as before."""
    old, sound = room.kept("old"), b"the sound of old" * 50
    room.passes(31 * DAY_S)
    young = room.kept("young")
    room.passes(60)
    assert (room.row(old).store, room.row(young).store) == ("archive", "local")
    assert (room.sound(old), len(room.files())) == (sound, 2)
    assert is_whole(room)


def test_a_copy_that_is_not_what_it_should_be_is_thrown_away_and_the_first_stays(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A controller that lies: read back, compared, refused; moved when it tells the truth again."""
    piece = room.kept("a")
    put = Folder.put

    def spoilt(self: Folder, path: str, source: Path) -> None:
        put(self, path, source)
        file = self.root / path
        file.write_bytes(flipped(file.read_bytes()))

    monkeypatch.setattr(Folder, "put", spoilt)
    room.passes(31 * DAY_S)
    assert (room.row(piece).store, len(room.files())) == ("local", 1)
    assert room.keeper.troubles.told() == ["stuck"], "that the archive lies is an alarm"
    monkeypatch.undo()
    room.passes(60)
    assert (room.row(piece).store, room.sound(piece)) == ("archive", b"the sound of a" * 50)
    assert room.keeper.troubles.told() == []


def test_an_altered_recording_is_an_alarm_is_marked_once_and_never_copied_until_it_is_whole_again(room: Room) -> None:
    """A byte flipped on the local disk; its other remarks stay, and the good one behind it moves."""
    spoilt, good = room.kept("a"), room.kept("b")
    with writing(room.engine) as connection:
        connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == spoilt.call_id).values(detail="torn rx"))
    file = room.cabinet.stores.local.root / (room.row(spoilt).path or "")
    whole = file.read_bytes()
    file.write_bytes(flipped(whole))
    room.passes(31 * DAY_S)
    assert (room.row(spoilt).store, room.row(spoilt).detail, room.row(good).store) == ("local", "torn rx, changed", "archive")
    assert room.keeper.troubles.told() == ["altered"]
    assert room.keeper.acts.moving.step(room.now).altered == 0, "left alone from now on"
    file.write_bytes(whole)
    room.passes(DAY_S)
    assert (room.row(spoilt).store, room.row(spoilt).detail, room.keeper.troubles.told()) == ("archive", "torn rx", [])


def test_killed_between_the_row_and_the_removal_the_second_copy_is_cleared_at_night_only_if_the_first_is_whole(room: Room) -> None:
    """Never the last good copy."""
    piece = room.kept("a")
    local = room.cabinet.stores.local.root / (room.row(piece).path or "")
    saved = local.read_bytes()
    room.passes(31 * DAY_S)
    there = room.folder / "archive" / (room.row(piece).path or "")
    whole = there.read_bytes()
    local.write_bytes(saved)
    there.write_bytes(whole[:-1])
    room.started_again().step()
    assert local.is_file()
    there.write_bytes(whole)
    room.started_again().step()
    assert not local.exists()
    assert is_whole(room)


def test_an_archive_that_is_not_mounted_is_an_alarm_and_no_lost_recordings(room: Room) -> None:
    """Nothing is written to the empty mount point, nothing is called missing, and all goes on when it is back."""
    piece = room.kept("a")
    room.passes(31 * DAY_S)
    (room.folder / "archive").rename(room.folder / "away")
    (room.folder / "archive").mkdir()
    room.kept("b")
    room.passes(31 * DAY_S)
    assert room.row(piece).state == "ready"
    assert list((room.folder / "archive").iterdir()) == []
    assert "away" in room.keeper.troubles.told()
    assert verify(room.engine, room.cabinet, {}, lambda _: None).away == 1
    (room.folder / "archive").rmdir()
    (room.folder / "away").rename(room.folder / "archive")
    room.passes(DAY_S)
    assert room.keeper.troubles.told() == []
    assert room.sound(piece)
    assert (room.folder / "archive" / MARK).exists()


def test_an_archive_without_its_mark_is_never_taken_into_use_by_itself(room: Room) -> None:
    """Before the first recording lies there nothing else tells the volume from the bare place it is mounted on."""
    (room.folder / "archive" / MARK).unlink()
    piece = room.kept("a")
    room.passes(31 * DAY_S)
    room.passes(DAY_S)
    assert list((room.folder / "archive").iterdir()) == []
    assert (room.row(piece).store, "away" in room.keeper.troubles.told()) == ("local", True)
    (room.folder / "archive" / MARK).touch()
    room.passes(120)
    assert (room.row(piece).store, room.keeper.troubles.told()) == ("archive", [])


def test_a_low_disk_moves_the_oldest_whatever_their_age_raises_an_alarm_and_deletes_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until there is room again; without an archive there is the alarm alone."""
    pieces = []
    for number in range(4):
        pieces.append(room.kept(str(number)))
        room.passes(DAY_S)
    local = room.cabinet.stores.local
    monkeypatch.setattr(Folder, "free_mb", lambda self: 100 if self is local and len(list(self.paths())) > 2 else 10_000)
    room.passes(60)
    assert [room.row(piece).store for piece in pieces] == ["archive"] * 4, "as many as one look takes"
    assert room.keeper.troubles.low_disk is False
    alone = Room(room.engine, room.folder / "alone")
    monkeypatch.setattr(Folder, "free_mb", lambda self: 100)
    alone.passes(60)
    assert "low_disk" in alone.keeper.troubles.told()
    assert len(room.files()) == 4


def test_recordings_of_before_are_proven_encrypted_as_they_are_and_chained(room: Room) -> None:
    """The WAV stays the WAV it was, byte for byte; the plain file goes; one that was altered stays as it is and is told."""
    sounds = {name: _wav(level) for name, level in (("old", 9000), ("altered", 5000))}
    for name, sound in sounds.items():
        piece = room.call(name)
        path = f"2026/11/22/{piece.stem}.wav"
        file = room.cabinet.stores.local.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(sound if name == "old" else sound[:-1] + b"x")
        told = {"path": path, "length_s": 1.0, "sha256": sha256(sound).hexdigest(), "size": len(sound), "state": "ready"}
        with writing(room.engine) as connection:
            connection.execute(insert(RECORDINGS), {"call_id": piece.call_id, "started_at": room.now, **told})
    assert room.sound(Piece("h1-old")) == sounds["old"], "readable before it is taken in"
    room.passes(60)
    row = room.row(Piece("h1-old"))
    assert (row.codec, row.plain_sha256, room.sound(Piece("h1-old"))) == ("wav", sha256(sounds["old"]).hexdigest(), sounds["old"])
    assert room.files() == ["2026/11/22/h1-altered.wav", "2026/11/22/h1-old.wav.enc"]
    assert room.row(Piece("h1-altered")).detail == "changed"
    assert "altered" in room.keeper.troubles.told()
    with reading(room.engine) as connection:
        peaks = connection.execute(select(PEAKS.c.peaks).where(PEAKS.c.call_id == "h1-old")).scalar_one()
    assert (len(peaks), max(peaks[0::2]) > 100, max(peaks[1::2])) == (20, True, 0)
    proof = verify(room.engine, room.cabinet, {}, lambda _: None)
    assert (proof.kept, proof.plain, [one.code for one in proof.findings]) == (1, 1, ["file_changed"])


def _wav(level: int) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((level.to_bytes(2, "little") + b"\0\0") * 8000)
    return made.getvalue()


def test_files_without_rows_are_told_and_stay_and_rows_without_files_are_missing_until_they_are_back(room: Room) -> None:
    """What a crash left half-written goes; nothing that could be a recording does."""
    piece = room.kept("a")
    root = room.cabinet.stores.local.root
    file = root / (room.row(piece).path or "")
    (root / "2026/11/22/h1-nobody.ogg.enc").write_bytes(b"sound of nobody")
    (root / "notes.txt").write_text("of somebody")
    drafts = [root / "2026/11/22/h1-x.ogg.enc.part", root / "2026/11/22/h1-y.ogg.enc.part"]
    for draft, age_s in zip(drafts, (7200.0, 0.0), strict=True):
        draft.write_bytes(b"half")
        os.utime(draft, (room.now - age_s, room.now - age_s))
    file.rename(root / "elsewhere")
    room.passes(60)
    assert (room.state(piece), room.row(piece).detail) == ("missing", "file_missing")
    assert [draft.exists() for draft in drafts] == [False, True]
    assert {"missing", "unknown"} <= set(room.keeper.troubles.told())
    assert (root / "2026/11/22/h1-nobody.ogg.enc").is_file()
    (root / "elsewhere").rename(file)
    room.passes(DAY_S)
    assert (room.state(piece), room.row(piece).detail) == ("ready", None)
    assert "missing" not in room.keeper.troubles.told()


def test_a_draft_that_gets_its_name_under_the_eyes_of_the_repair_makes_no_store_away(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finaliser works on; the look over all files is done to its end, and what was remarked of a recording stays."""
    piece, store = room.kept("a"), room.cabinet.stores.local
    with writing(room.engine) as connection:
        connection.execute(update(RECORDINGS).values(detail="torn rx"))
    file = store.root / (room.row(piece).path or "")
    (store.root / "notes.txt").write_text("of somebody")
    drafts = Folder.drafts

    def adopted(self: Folder) -> Iterator[Path]:
        for draft in drafts(self):
            draft.rename(draft.with_suffix(""))
            yield draft

    monkeypatch.setattr(Folder, "drafts", adopted)
    file.rename(file.with_name(f"{file.name}.part"))
    room.passes(60)
    assert (room.state(piece), room.keeper.troubles.told()) == ("ready", ["unknown"])
    file.rename(store.root / "notes.txt")
    room.passes(DAY_S)
    assert (room.state(piece), room.row(piece).detail) == ("missing", "torn rx, file_missing")
    (store.root / "notes.txt").rename(file)
    room.passes(DAY_S)
    assert (room.state(piece), room.row(piece).detail) == ("ready", "torn rx")


def test_the_heads_of_days_that_are_over_lie_outside_each_once_and_wait_while_the_place_is_away(room: Room) -> None:
    """Another machine's folder may be gone for days."""
    room.kept("a")
    room.heads.rename(room.folder / "not mounted")
    room.passes(DAY_S)
    assert "stuck" in room.keeper.troubles.told()
    assert not room.heads.exists(), "nothing is written where another machine's folder should be"
    (room.folder / "not mounted").rename(room.heads)
    room.kept("b")
    room.passes(DAY_S)
    file = room.heads / "recordings-2026.heads"
    heads = read_heads(file.read_text())
    assert len(heads) == 2
    assert verify(room.engine, room.cabinet, heads, lambda _: None).findings == []
    room.passes(60)
    assert len(file.read_text().splitlines()) == 2
    assert file.stat().st_mode & 0o777 == 0o600


def test_lost_keys_are_an_alarm_until_they_are_back_and_nothing_is_made_or_deleted_meanwhile(room: Room) -> None:
    """The file of keys, or that of master keys: told by the worker at its next look, and used again as soon as it is there."""
    piece = room.kept("a")
    for file in (room.folder / "keys/recordings.sqlite", room.folder / "masters.json"):
        saved = file.read_bytes()
        file.unlink()
        room.passes(60)
        assert "keys" in room.keeper.troubles.told()
        assert not file.exists()
        with pytest.raises(SetupError):
            room.cabinet.keyring.make(Piece("h1-fresh"))
        file.write_bytes(saved)
        room.passes(60)
        assert "keys" not in room.keeper.troubles.told()
        assert room.sound(piece)


def test_a_night_s_work_that_fails_is_told_until_it_is_done_and_done_the_same_night(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that does not answer at three o'clock; later and later, not every look, and not only a day later."""
    room.keeper.step()
    tried = []

    def broken(self: Repair, now: float) -> Repaired:
        tried.append(now)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Repair, "run", broken)
    room.passes(DAY_S)
    for _ in range(8):
        room.passes(15)
        assert "stuck" in room.keeper.troubles.told()
    assert len(tried) == 2
    monkeypatch.undo()
    piece = room.kept("a")
    file = room.cabinet.stores.local.root / (room.row(piece).path or "")
    file.rename(room.folder / "elsewhere")
    room.passes(120)
    assert (room.state(piece), room.keeper.troubles.told()) == ("missing", ["missing"])


def test_between_nights_no_look_reads_all_recordings(room: Room) -> None:
    """Every 15 s, on a database of millions of rows that the desk asks too; altered ones of the day are an alarm all the same."""
    first, second = room.kept("a"), room.kept("b")
    room.passes(DAY_S)
    asked = list[str]()
    event.listen(room.engine, "before_cursor_execute", lambda *given: asked.append(str(given[2])))
    for _ in range(3):
        room.passes(15)
    whole = [one for one in asked if "recording" in one and ("LIKE" in one.upper() or "cipher IS NULL" in one)]
    assert [one for one in whole if "store" not in one.partition("WHERE")[2]] == []
    assert asked, "it looked"
    file = room.cabinet.stores.local.root / (room.row(first).path or "")
    file.write_bytes(flipped(file.read_bytes()))
    room.passes(31 * DAY_S - 60)
    assert (room.keeper.troubles.told(), room.row(second).store) == (["altered"], "archive")


def test_a_night_s_look_over_many_recordings_stays_small_and_quick(room: Room) -> None:
    """Ten thousand rows that stay: no writes, and a look of some seconds."""
    rows = [
        {"call_id": f"h1-{number:06}", "started_at": room.now + number, "state": "ready", "path": None, "cipher": "x"}
        for number in range(10_000)
    ]
    with writing(room.engine) as connection:
        connection.execute(insert(RECORDINGS), rows)
    room.keeper.sweep_all(room.now)
    with writing(room.engine) as connection:
        connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == "h1-000007").values(klass="complaint"))
    began = time.monotonic()
    swept = room.keeper.sweep_all(room.now + DAY_S)
    assert (swept.looked, swept.changed) == (10_000, 1)
    assert time.monotonic() - began < 20
