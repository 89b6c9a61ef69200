"""Running sound reaches the disk: what grew is synced, once each time; a disk that refuses is an alarm until it works again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotline_core.log import open_log
from worker.flusher import LATE_S, ROOM_MB, Flusher

pytestmark = pytest.mark.unit


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what was synced, in order."""
    names: list[str] = []
    real = os.fdatasync

    def told(descriptor: int) -> None:
        names.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        real(descriptor)

    monkeypatch.setattr("os.fdatasync", told)
    return names


class Clock:
    """A steady clock that a test moves on."""

    at = 100.0

    def __call__(self) -> float:
        return self.at


def test_what_grew_is_synced_and_what_rests_is_left_alone(tmp_path: Path, synced: list[str]) -> None:
    """A new name costs its folder too, so that the file is found after a power cut."""
    spool = tmp_path / "spool"
    flusher = Flusher(spool, Clock(), open_log("test", "critical"))
    assert flusher.step() == 0
    spool.mkdir()
    (spool / "a-rx.wav").write_bytes(b"1")
    (spool / "notes.txt").write_bytes(b"1")
    assert flusher.step() == 1
    assert synced == ["a-rx.wav", "spool"]
    assert flusher.step() == 0
    with (spool / "a-rx.wav").open("ab") as file:
        file.write(b"2")
    (spool / "b-rx.wav").write_bytes(b"1")
    synced.clear()
    assert flusher.step() == 2
    assert sorted(synced) == ["a-rx.wav", "b-rx.wav", "spool"]
    (spool / "a-rx.wav").unlink()
    (spool / "b-rx.wav").unlink()
    synced.clear()
    assert (flusher.step(), synced) == (0, [])


def test_a_link_out_of_the_spool_is_not_followed(tmp_path: Path, synced: list[str]) -> None:
    """Asterisk makes none; what somebody else put there is not opened."""
    (tmp_path / "out.wav").write_bytes(b"1")
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "a-rx.wav").symlink_to(tmp_path / "out.wav")
    flusher = Flusher(spool, Clock(), open_log("test", "critical"))
    flusher.step()
    assert "out.wav" not in synced


def test_a_disk_that_refuses_or_takes_too_long_is_an_alarm_until_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut now would cost more than it may."""
    clock = Clock()
    (tmp_path / "a-rx.wav").write_bytes(b"1")
    flusher = Flusher(tmp_path, clock, open_log("test", "critical"))

    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("os.fdatasync", broken)
        assert (flusher.step(), flusher.is_late) == (0, True)
    assert (flusher.step(), flusher.is_late) == (1, False)
    clock.at += LATE_S + 1
    assert flusher.is_late
    flusher.step()
    assert not flusher.is_late


def test_little_room_for_running_sound_is_told_until_there_is_room_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit is lost for good, so it is told before the disk is full; a spool that is not there yet says nothing."""
    real = os.statvfs(tmp_path)

    def has_mb(free_mb: int) -> None:
        blocks = free_mb * 2**20 // real.f_frsize
        told = os.statvfs_result((real.f_bsize, real.f_frsize, blocks, blocks, blocks, *tuple(real)[5:]))
        monkeypatch.setattr("os.statvfs", lambda _folder: told)

    flusher = Flusher(tmp_path, Clock(), open_log("test", "critical"))
    seen = []
    for free_mb in (ROOM_MB, ROOM_MB - 1, 0, ROOM_MB):
        has_mb(free_mb)
        flusher.step()
        seen.append(flusher.is_short)
    assert seen == [False, True, True, False]
    monkeypatch.undo()
    absent = Flusher(tmp_path / "spool", Clock(), open_log("test", "critical"))
    assert (absent.step(), absent.is_short) == (0, False)
