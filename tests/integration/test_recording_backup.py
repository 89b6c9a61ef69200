"""Backups and recordings: the keys are there after a restore, and what was lawfully deleted never comes back with an old backup."""

from __future__ import annotations

import io
import time

import pytest
from sqlalchemy import insert, select, update

from backup.make import make
from backup.restore import restore
from doctor.checks.recordings import examine
from doctor.subject import Subject
from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.calls_schema import DELETIONS, RECORDINGS
from hotline_core.adapters.calls_store import CallsStore
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.adapters.secrets import load_or_make
from hotline_core.errors import NotFound, SetupError
from hotline_core.settings import Settings
from recordings.cabinet import Cabinet, open_cabinet
from recordings.key_copies import COPY, bring, destroy_deleted
from recordings.keyring import Keyring
from recordings.naming import Piece, recording_path
from recordings.vault import CIPHER, seal
from tests.integration.backup_kit import command, lose, shelf_of, take_calls
from tests.integration.desk_kit import prepare

pytestmark = pytest.mark.integration


def encrypt_all(settings: Settings) -> list[Piece]:
    """The main recordings of the home as they are now: encrypted, each with a key."""
    engine = make_engine(settings.calls_url)
    cabinet = open_cabinet(settings, engine)
    store, found = cabinet.stores.local, []
    with writing(engine) as connection:
        for row in connection.execute(select(RECORDINGS).where(RECORDINGS.c.state == "ready")).all():
            piece, path = Piece(row.call_id), str(recording_path(row.call_id, row.started_at))
            sealed = seal(io.BytesIO(f"sound of {row.call_id}".encode()), store.draft(path), cabinet.keyring.make(piece))
            store.adopt(path)
            store.remove(row.path)
            told = {"path": path, "cipher": CIPHER, "codec": "opus", "store": "local", "size": sealed.size, "sha256": sealed.sha256}
            connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == row.call_id).values(told))
            found.append(piece)
    engine.dispose()
    return found


def heard(settings: Settings, cabinet: Cabinet, piece: Piece) -> bytes:
    engine = make_engine(settings.calls_url)
    row = CallsStore(engine).recording(piece.call_id)
    engine.dispose()
    assert row is not None
    sound = cabinet.reader.open(row)
    try:
        return b"".join(sound.blocks(0, sound.size))
    finally:
        sound.close()


def delete_one(settings: Settings, piece: Piece) -> None:
    """As a certified deletion leaves it."""
    cabinet, engine = open_cabinet(settings), make_engine(settings.calls_url)
    cabinet.keyring.destroy(piece)
    with writing(engine) as connection:
        same = RECORDINGS.c.call_id == piece.call_id
        row = connection.execute(select(RECORDINGS).where(same)).one()
        cabinet.stores.local.remove(row.path)
        connection.execute(update(RECORDINGS).where(same).values(state="deleted", path=None))
        planned = {"planned_at": 1, "planned_for": 2, "reason": "expired", "rule": "x", "klass": "ordinary", "started_at": 0}
        done = {"sha256": row.sha256, "certified_at": 3, "certified_hash": "a"}
        connection.execute(insert(DELETIONS), {"call_id": piece.call_id, "leg": 0, **planned, **done})
    engine.dispose()


def test_after_a_restore_every_recording_is_heard_again_and_none_that_was_deleted_since(home: Settings) -> None:
    """Recordings lie on another disk, old copies of them too: the keys come back as they were last, and no older ones."""
    kept, gone, *_ = encrypt_all(home)
    first = make(home, {}, time.time)
    assert first.findings == ()
    assert (shelf_of(home) / COPY).stat().st_mode & 0o777 == 0o600
    copied = {path: path.read_bytes() for path in home.paths.recordings.rglob("*.enc")}
    delete_one(home, gone)
    second = make(home, {}, lambda: time.time() + 1)
    assert second.findings == (), "what was lawfully deleted is not missing"
    for path, sound in copied.items():
        path.write_bytes(sound)
    lose(home)
    restore(home, first.backup, lambda _: None)
    cabinet = open_cabinet(home)
    assert heard(home, cabinet, kept) == f"sound of {kept.call_id}".encode()
    with pytest.raises(NotFound):
        heard(home, cabinet, gone)


def test_a_hotline_set_up_anew_on_the_old_shelf_destroys_no_key_before_the_restore(home: Settings) -> None:
    """The machine died; the timer makes a backup at half past two, before anybody restored anything."""
    pieces = encrypt_all(home)
    first = make(home, {}, time.time)
    copied = {path: path.read_bytes() for path in home.paths.recordings.rglob("*.enc")}
    lose(home)
    prepare(home)
    load_or_make(home.paths.secrets)
    take_calls(home, range(100, 103))
    assert {piece.call_id for piece in encrypt_all(home)}.isdisjoint({piece.call_id for piece in pieces})
    codes = [one.code for one in make(home, {}, lambda: time.time() + 1).findings]
    assert "recording_keys_unknown" in codes
    lose(home)
    restore(home, first.backup, lambda _: None)
    for path, sound in copied.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sound)
    cabinet = open_cabinet(home)
    assert [heard(home, cabinet, piece) for piece in pieces] == [f"sound of {piece.call_id}".encode() for piece in pieces]


def test_a_lost_file_of_keys_is_never_made_anew_and_the_copy_keeps_what_it_has_and_gets_what_is_made_since(home: Settings) -> None:
    """The last place where they are; also if somebody had put a fresh file in their place, whose keys are nowhere else."""
    pieces, fresh = encrypt_all(home), Piece("h1-fresh")
    assert make(home, {}, time.time).findings == ()
    engine, file, copy = make_engine(home.calls_url), home.paths.recording_keys, shelf_of(home) / COPY
    shelf = Keyring(copy, home.masters_file)
    file.unlink()
    ring = open_cabinet(home, engine).keyring
    for refused in (ring.begin, lambda: ring.make(fresh)):
        with pytest.raises(SetupError) as told:
            refused()
        assert told.value.code == "no_keys"
    assert not file.exists()
    for later_s, known in ((1, []), (2, [fresh])):
        (found,) = make(home, {}, lambda: time.time() + later_s).findings  # noqa: B023 - called within this round
        assert (found.code, found.facts["count"]) == ("recording_keys_lost", len(pieces))
        assert sorted(shelf.pieces()) == sorted([*pieces, *known])
        Keyring(file, home.masters_file, lambda: True).make(fresh)  # somebody puts a fresh file there
    delete_one(home, pieces[0])
    assert bring(ring, shelf, engine).brought == len(pieces) - 1
    assert make(home, {}, lambda: time.time() + 3).findings == ()
    assert heard(home, open_cabinet(home), pieces[1]) == f"sound of {pieces[1].call_id}".encode()
    assert sorted(shelf.pieces()) == sorted([*pieces[1:], fresh]), "a lawful deletion takes its key from the copy too"
    engine.dispose()


def test_keys_are_brought_home_beside_those_made_since_and_none_that_was_destroyed(home: Settings) -> None:
    """By the operator's command; what no copy has is gone for good; the self-check names a cure where there is one."""
    kept, deleted, late, *others = encrypt_all(home)
    engine, file, copy = make_engine(home.calls_url), home.paths.recording_keys, shelf_of(home) / COPY
    assert make(home, {}, time.time).findings == ()
    shelf, ring = Keyring(copy, home.masters_file), open_cabinet(home).keyring
    shelf.destroy(late)  # as of a recording that was made after the backup
    delete_one(home, deleted)
    file.unlink()
    ring.make_file()
    fresh = ring.wrapped([kept]), ring.make(others[0])

    def verdicts() -> dict[str, object]:
        found = examine(Subject(home, None, None, {}, None, time.time()))
        return {one.code: one.facts.get("count") for one in found if one.code.startswith("keys")}

    assert verdicts() == {"keys_lost": len(others), "keys_gone": 1}
    refused, said = asked(home, "rotate")
    assert (refused, "make bring-recording-keys" in said) == (1, True), "nothing is done that would make them useless"
    assert asked(home, "bring-keys")[0] == 1
    assert ring.among([kept, deleted, late, *others]) == {kept, *others}
    assert (fresh[0], ring.key(others[0])) == ([], fresh[1]), "a key that is at home is not replaced"
    assert heard(home, open_cabinet(home), kept) == f"sound of {kept.call_id}".encode()
    assert verdicts() == {"keys_gone": 1}
    copy.unlink()
    assert "HOTLINE_BACKUP" in asked(home, "bring-keys")[1]
    engine.dispose()


def asked(settings: Settings, *given: str) -> tuple[int, str]:
    """`python -m recordings`: its exit code, and what it complains of."""
    done = command(settings, *given, program="recordings")
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_master_keys_that_are_gone_are_never_replaced_and_the_desk_never_makes_any(home: Settings) -> None:
    """Another volume that is not mounted: a new key would open nothing, and hide that the old one is missed."""
    assert not home.masters_file.exists()
    open_cabinet(home)
    with pytest.raises(SetupError):
        open_cabinet(home).keyring.make(Piece("h1-fresh"))
    assert (home.masters_file.exists(), home.paths.recording_keys.exists()) == (False, False), "nobody but the worker makes them"
    encrypt_all(home)
    home.masters_file.unlink()
    engine = make_engine(home.calls_url)
    for cabinet in (open_cabinet(home), open_cabinet(home, engine)):
        with pytest.raises(SetupError) as told:
            cabinet.keyring.begin()
        assert told.value.code == "no_masters"
    assert not home.masters_file.exists()
    engine.dispose()


@pytest.mark.parametrize("lost", [("keys",), ("masters",), ("keys", "masters")])
def test_what_is_lost_for_good_is_given_up_with_a_reason_and_recordings_are_made_again(
    home: Settings, lost: tuple[str, ...]
) -> None:
    """Refused while a copy is to be had or without a reason; audited; then new keys are made, rotated and destroyed as ever."""
    old, gone, *_ = encrypt_all(home)
    files = {"keys": home.paths.recording_keys, "masters": home.masters_file}
    assert asked(home, "give-up", "--reason", "x")[0] == 1, "nothing is missing"
    made = make(home, {}, time.time)
    for one in lost:
        files[one].unlink()
    assert asked(home, "give-up", "--reason", "disk broken")[0] == 1, "a copy is to be had"
    (shelf_of(home) / COPY).unlink()
    (made.backup.folder / "home" / home.masters_file.name).unlink()
    assert asked(home, "give-up", "--reason", " ")[0] == 1
    assert not any(files[one].exists() for one in lost)
    assert asked(home, "give-up", "--reason", "disk broken") == (0, "")
    engine, tickets = make_engine(home.calls_url), make_engine(home.tickets_url)
    with reading(tickets) as connection:
        last = read_audit(connection, limit=10_000)[-1]
    assert (last.act, last.actor, "disk broken" in last.facts) == ("recording_keys_given_up", "operator", True)
    ring, fresh = open_cabinet(home, engine).keyring, Piece("h1-fresh")
    ring.begin()
    key = ring.make(fresh)
    assert asked(home, "rotate")[0] == 0, "what nothing opens any more holds up no new master key"
    assert ring.key(fresh) == key
    with pytest.raises((NotFound, SetupError)):
        ring.key(old)
    assert ring.destroy(gone) is ("keys" not in lost)
    engine.dispose()
    tickets.dispose()


def test_a_deletion_goes_on_without_a_file_of_keys_and_a_key_that_comes_back_is_destroyed_at_night(home: Settings) -> None:
    """Nothing is kept for years because a file is lost; an old copy put in its place by hand brings nothing back."""
    piece, *others = encrypt_all(home)
    file, engine = home.paths.recording_keys, make_engine(home.calls_url)
    saved = file.read_bytes()
    file.unlink()
    delete_one(home, piece)
    file.write_bytes(saved)
    ring = open_cabinet(home).keyring
    assert (destroy_deleted(ring, engine), ring.among([piece, *others])) == (1, set(others))
    engine.dispose()


def test_recordings_in_the_archive_are_not_missing_from_a_backup(home: Settings) -> None:
    """They lie in another folder under the same path."""
    settings = home.model_copy(update={"archive": home.home.parent / f"{home.home.name}-archive"})
    assert settings.archive is not None
    pieces = encrypt_all(settings)
    assert pieces
    settings.paths.recordings.rename(settings.archive)
    settings.paths.recordings.mkdir()
    assert make(settings, {}, time.time).findings == ()
    settings.archive.rename(home.home / "elsewhere")
    found = make(settings, {}, lambda: time.time() + 1).findings
    assert [one.code for one in found] == ["recordings_missing"]
