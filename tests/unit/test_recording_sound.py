"""Reading torn files and joining a call's parts."""

from __future__ import annotations

import struct
import wave
from array import array
from pathlib import Path

import pytest

from recordings.sound import BadSound, Interrupted, Segment, Track, read_track, stereo_blocks, wav_header

pytestmark = pytest.mark.unit


def _wav(path: Path, samples: list[int], *, rate: int = 8000, told: int | None = None) -> Path:
    """A mono file; `told` is the length its header tells."""
    sound = array("h", samples).tobytes()
    size = len(sound) if told is None else told
    fmt = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data"
        + struct.pack("<I", size) + sound
    )  # fmt: skip
    return path


def _track(path: Path) -> Track:
    track = read_track(path)
    assert track is not None
    return track


def _stereo(path: Path) -> tuple[list[int], list[int]]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        both = array("h", file.readframes(file.getnframes()))
    return list(both[0::2]), list(both[1::2])


def _go_on() -> bool:
    return False


def test_a_header_that_a_crash_left_at_zero_still_gives_the_whole_sound(tmp_path: Path) -> None:
    """The real length of the file counts, and the file is known as not closed."""
    assert _track(_wav(tmp_path / "a.wav", [1, 2, 3], told=0)) == Track(tmp_path / "a.wav", 44, 3, is_closed=False)
    assert _track(_wav(tmp_path / "b.wav", [1, 2, 3])).is_closed


def test_half_a_sample_at_the_end_is_left_out(tmp_path: Path) -> None:
    """A crash may cut a sample in two."""
    path = _wav(tmp_path / "a.wav", [1, 2, 3], told=0)
    path.write_bytes(path.read_bytes()[:-1])
    assert _track(path).frames == 2


def test_a_file_without_a_header_yet_is_empty_and_none_is_none(tmp_path: Path) -> None:
    """Just opened by the PBX."""
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    assert _track(tmp_path / "a.wav").frames == 0
    assert read_track(tmp_path / "b.wav") is None


def test_sound_of_another_kind_is_refused(tmp_path: Path) -> None:
    """Never played too fast or too slow."""
    with pytest.raises(BadSound):
        read_track(_wav(tmp_path / "a.wav", [1], rate=16000))
    (tmp_path / "b.wav").write_bytes(b"x" * 100)
    with pytest.raises(BadSound):
        read_track(tmp_path / "b.wav")


def test_the_notice_comes_first_with_the_citizen_silent_then_both_sides(tmp_path: Path) -> None:
    """Left is the citizen, right what the citizen was sent; the shorter side is followed by silence."""
    notice = _track(_wav(tmp_path / "n.wav", [7] * 9000))
    rx = _track(_wav(tmp_path / "rx.wav", [1] * 20000))
    tx = _track(_wav(tmp_path / "tx.wav", [2] * 16500, told=0))
    blocks = list(stereo_blocks([Segment(None, notice), Segment(rx, tx)], _go_on))
    both = array("h", b"".join(block.tobytes() for block in blocks))
    assert list(both[0::2]) == [0] * 9000 + [1] * 20000
    assert list(both[1::2]) == [7] * 9000 + [2] * 16500 + [0] * 3500
    assert max(len(block) for block in blocks) == 2 * 8000, "a second at a time, however long the call"


def test_told_to_stop_half_way_it_stops(tmp_path: Path) -> None:
    """The worker ends within 2 s and the spool is still there."""
    rx = _track(_wav(tmp_path / "rx.wav", [1] * 20000))
    answers = iter([False, True])
    with pytest.raises(Interrupted):
        list(stereo_blocks([Segment(rx, None)], lambda: next(answers)))


def test_a_wav_file_s_header_tells_its_length(tmp_path: Path) -> None:
    """What is made on demand opens in any player."""
    (tmp_path / "a.wav").write_bytes(wav_header(2) + bytes(8))
    assert _stereo(tmp_path / "a.wav") == ([0, 0], [0, 0])
