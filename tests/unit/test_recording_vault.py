"""Recordings at rest: nothing can be read without its key, nothing can be altered unseen, any stretch can be read alone."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as timing
from hypothesis import strategies as some

from hotline_core.domain.records import RecordingRow
from hotline_core.errors import NotFound, SetupError
from recordings.keyring import Keyring
from recordings.masters import Masters, load_masters, load_or_make_masters, with_new_master, without_old_masters
from recordings.naming import Piece
from recordings.reading import Reader
from recordings.sound import Interrupted
from recordings.store.folder import FolderBlob
from recordings.store.stores import Stores
from recordings.vault import CIPHER, PIECE, TAG, Altered, Opened, seal

pytestmark = pytest.mark.unit

KEY = bytes(range(32))
CALL = Piece("h1-1795278600.7")


def sealed(folder: Path, plain: bytes) -> Path:
    target = folder / "sealed"
    seal(io.BytesIO(plain), target, KEY)
    return target


def read(path: Path, start: int = 0, end: int = 2**40, key: bytes = KEY) -> bytes:
    opened = Opened(FolderBlob(path), key)
    try:
        return b"".join(opened.blocks(start, end))
    finally:
        opened.close()


@timing(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.integers(0, 3 * PIECE + 2), some.integers(0, 3 * PIECE + 9), some.integers(0, 3 * PIECE + 9))
def test_any_stretch_is_what_was_written(tmp_path: Path, size: int, start: int, end: int) -> None:
    """Around every border of pieces, and beyond the end."""
    plain = os.urandom(size)
    path = sealed(tmp_path, plain)
    assert read(path, start, end) == plain[start:end]
    assert read(path) == plain


def test_what_lies_on_the_disk_tells_nothing(tmp_path: Path) -> None:
    """Not a word of it, and the key opens it alone; the file is the owner's."""
    plain = b"the citizen said so" * 5000
    path = sealed(tmp_path, plain)
    assert b"citizen" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Altered):
        read(path, key=bytes(32))


@pytest.mark.parametrize("at", [0, 9, 20, 40, 5000, PIECE + 100, 2 * PIECE + 70, -1, -20])
def test_a_single_flipped_bit_anywhere_is_refused(tmp_path: Path, at: int) -> None:
    """Header, sound and proof."""
    path = sealed(tmp_path, os.urandom(2 * PIECE + 500))
    stored = bytearray(path.read_bytes())
    stored[at] ^= 1
    path.write_bytes(stored)
    with pytest.raises(Altered):
        read(path)


def test_pieces_cannot_be_left_out_put_in_another_order_or_cut_off(tmp_path: Path) -> None:
    """Each is whole in itself, and still they are not that recording."""
    path = sealed(tmp_path, os.urandom(3 * PIECE))
    stored, head, each = path.read_bytes(), 32, PIECE + TAG
    first, second = stored[head : head + each], stored[head + each : head + 2 * each]
    for spoilt in (
        stored[:head] + second + first + stored[head + 2 * each :],
        stored[:head] + stored[head + each :],
        stored[: head + 2 * each],
        stored[:-1],
        stored[:-PIECE],
        stored[:head],
        stored + b"x",
        b"",
    ):
        path.write_bytes(spoilt)
        with pytest.raises(Altered):
            read(path)


def test_told_to_stop_it_leaves_no_file(tmp_path: Path) -> None:
    """The worker ends at once."""
    with pytest.raises(Interrupted):
        seal(io.BytesIO(bytes(PIECE)), tmp_path / "x", KEY, lambda: True)
    assert list(tmp_path.iterdir()) == []


def keyring(folder: Path, masters: Masters | None = None) -> Keyring:
    return Keyring(folder / "keys/recordings.sqlite", masters or folder / "masters.json", lambda: True)


def test_each_recording_has_a_key_of_its_own_that_a_destroyed_one_never_comes_back_from(tmp_path: Path) -> None:
    """The wrapped bytes are not in the file any more either."""
    ring = keyring(tmp_path)
    key, other = ring.make(CALL), ring.make(Piece(CALL.call_id, 1))
    assert key != other
    assert (ring.key(CALL), ring.key(Piece(CALL.call_id, 1))) == (key, other)
    file = tmp_path / "keys/recordings.sqlite"
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    assert ring.destroy(CALL)
    assert not ring.destroy(CALL)
    with pytest.raises(NotFound):
        ring.key(CALL)
    kept = {before[place : place + 24] for place in range(len(before) - 24) if before[place : place + 24].strip(b"\0")}
    after = file.read_bytes()
    gone = [piece for piece in kept if piece not in after and CALL.call_id.encode() not in piece]
    assert gone, "what was destroyed is overwritten, not only forgotten"
    assert list(ring.pieces()) == [Piece(CALL.call_id, 1)]
    assert key not in before


def test_a_key_put_in_the_place_of_another_opens_nothing(tmp_path: Path) -> None:
    """It is bound to its recording."""
    masters = load_or_make_masters(tmp_path / "masters.json")
    wrapped = masters.wrap(KEY, "call-a")
    assert masters.unwrap(wrapped, masters.newest, "call-a") == KEY
    with pytest.raises(SetupError):
        masters.unwrap(wrapped, masters.newest, "call-b")
    with pytest.raises(SetupError):
        masters.unwrap(wrapped, "gone", "call-a")


def test_after_a_new_master_key_all_keys_are_wrapped_anew_and_the_old_one_can_go(tmp_path: Path) -> None:
    """Rotation: the sound stays as it is, and is readable at every moment of it."""
    ring = keyring(tmp_path)
    key = ring.make(CALL)
    masters = with_new_master(tmp_path / "masters.json")
    assert ring.key(CALL) == key
    fresh = keyring(tmp_path, masters)
    assert fresh.key(CALL) == key
    assert (fresh.rewrap(), fresh.rewrap()) == (1, 0)
    alone = without_old_masters(tmp_path / "masters.json")
    assert len(alone.keys) == 1
    assert keyring(tmp_path, alone).key(CALL) == key


def test_keys_that_a_running_process_makes_while_the_master_changes_are_never_lost(tmp_path: Path) -> None:
    """The worker was started under the old master key; it needs no restart to wrap with the new one."""
    file = tmp_path / "masters.json"
    worker = Keyring(tmp_path / "keys.sqlite", file, lambda: True)
    before = worker.make(CALL)
    with_new_master(file)
    between = worker.make(Piece(CALL.call_id, 1))
    assert Keyring(tmp_path / "keys.sqlite", file).retire(file) == 1
    after = worker.make(Piece(CALL.call_id, 2))
    assert len(load_masters(file).keys) == 1
    assert [worker.key(Piece(CALL.call_id, leg)) for leg in range(3)] == [before, between, after]


def test_master_keys_are_made_once_and_are_nobody_else_s(tmp_path: Path) -> None:
    """A second starter reads the first one's; a spoilt file is told and never replaced."""
    path = tmp_path / "masters.json"
    first = load_or_make_masters(path)
    assert load_or_make_masters(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert first.keys[first.newest].hex() not in repr(first)
    path.write_text('{"newest": "a", "keys": {"a": "00"}}')
    with pytest.raises(SetupError) as told:
        load_or_make_masters(path)
    assert told.value.code == "bad_masters"
    with pytest.raises(SetupError):
        load_masters(tmp_path / "none.json")


def row(path: str, **more: object) -> RecordingRow:
    given: dict[str, object] = {"state": "ready", "detail": None} | more
    return RecordingRow(CALL.call_id, path, 0.0, 1.0, "x", 1, **given)  # type: ignore[arg-type]


def test_a_recording_of_before_is_read_as_it_lies_and_an_encrypted_one_through_its_key(tmp_path: Path) -> None:
    """The same question, whatever lies there; a path with dots and a lost file are refused."""
    stores, ring = Stores(tmp_path / "recordings"), keyring(tmp_path)
    folder = tmp_path / "recordings/2026/11/22"
    folder.mkdir(parents=True)
    (folder / "old.wav").write_bytes(b"RIFFold sound")
    seal(io.BytesIO(b"new sound"), folder / "new.ogg.enc", ring.make(CALL))
    reader = Reader(stores, ring)
    for path, more, plain, media_type in (
        ("2026/11/22/old.wav", {}, b"RIFFold sound", "audio/wav"),
        ("2026/11/22/new.ogg.enc", {"cipher": CIPHER, "codec": "opus"}, b"new sound", "audio/ogg"),
    ):
        sound = reader.open(row(path, **more))
        assert (b"".join(sound.blocks(0, sound.size)), sound.media_type) == (plain, media_type)
        assert b"".join(sound.blocks(2, 5)) == plain[2:5]
        sound.close()
    for path in ("../../etc/passwd", "/etc/passwd", "2026/11/22/none.ogg.enc", "2026/../../x"):
        with pytest.raises(NotFound):
            reader.open(row(path))
    for more in ({"state": "deleted"}, {"state": "pending"}, {"store": "archive"}):
        with pytest.raises(NotFound):
            reader.open(row("2026/11/22/old.wav", **more))
    ring.destroy(CALL)
    with pytest.raises(NotFound):
        reader.open(row("2026/11/22/new.ogg.enc", cipher=CIPHER))
