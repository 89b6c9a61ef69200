"""The sound that is kept: both sides apart, as long as it was, small, and back as WAV at any place."""

from __future__ import annotations

import io
import subprocess
import sys
import wave
from array import array
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest

from recordings.opus import MOST_PEAKS, Decoded, Encoded, encode, encoding_file
from recordings.sound import RATE, BadSound

pytestmark = pytest.mark.unit

Samples = npt.NDArray[np.int16]


def tone(hz: float, seconds: float, loud: float = 8000.0) -> Samples:
    return (loud * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype(np.int16)


def kept(left: Samples, right: Samples) -> tuple[Encoded, bytes]:
    both = np.stack([left, right], axis=1)
    blocks = [array("h", both[start : start + RATE].tobytes()) for start in range(0, len(both), RATE)]
    with encoding_file() as file:
        made = encode(blocks, len(both), file)
        return made, file.read()


def samples(opus: bytes) -> tuple[Samples, Samples]:
    decoded = Decoded([opus])
    with wave.open(io.BytesIO(b"".join(decoded.blocks(0, decoded.size)))) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    return both[0::2], both[1::2]


def level(side: Samples, hz: float) -> float:
    """How loud a tone of that height is in it, as the amplitude of a sine."""
    wave_ = np.exp(-2j * np.pi * hz * np.arange(len(side)) / RATE)
    return float(2 * abs(np.mean(side * wave_)))


def test_each_side_stays_on_its_own_side_while_both_talk() -> None:
    """A tone of the citizen is at least 40 dB down on the agent's side."""
    _, opus = kept(tone(440, 6), tone(1000, 6))
    left, right = samples(opus)
    assert level(left, 440) > 7000
    assert level(right, 1000) > 7000
    assert level(left, 1000) < 80
    assert level(right, 440) < 80


@pytest.mark.parametrize("frames", [1, 799, RATE, 3 * RATE + 17])
def test_it_is_as_long_as_it_was_to_the_sample(frames: int) -> None:
    """Evidence is neither cut nor lengthened."""
    left = tone(440, 4)[:frames]
    made, opus = kept(left, left)
    assert (made.frames, Decoded([opus]).frames) == (frames, frames)


def test_silence_and_speech_take_an_eighth_of_the_plain_sound_at_most() -> None:
    """The disk of years."""
    noise = np.random.default_rng(7).normal(0, 2000, 20 * RATE).astype(np.int16)
    _, opus = kept(noise, np.zeros_like(noise))
    assert len(opus) < len(noise) * 4 / 4
    _, silent = kept(np.zeros_like(noise), np.zeros_like(noise))
    assert len(silent) < len(noise) * 4 / 8


def test_any_stretch_of_the_wav_is_what_the_whole_wav_has_there() -> None:
    """Range requests, within the header and across it too, to the byte."""
    _, opus = kept(tone(440, 5), tone(1000, 5))
    decoded = Decoded([opus])
    whole = b"".join(decoded.blocks(0, decoded.size))
    assert len(whole) == decoded.size
    size = decoded.size
    within = ((0, 10), (10, 50), (44, 48), (45, 47), (70_001, 140_003), (9_999, size))
    for start, end in (*within, (size - 3, size + 9), (size, 2**40)):
        assert b"".join(decoded.blocks(start, end)) == whole[start:end]


def test_the_peaks_show_who_spoke_when() -> None:
    """Pairs of bytes, left and right; a second of the citizen, a second of the agent."""
    loud, quiet = tone(440, 1, 32000.0), np.zeros(RATE, dtype=np.int16)
    made, _ = kept(np.concatenate([loud, quiet]), np.concatenate([quiet, tone(440, 1, 8000.0)]))
    pairs = np.frombuffer(made.peaks, dtype=np.uint8).reshape(-1, 2)
    assert len(pairs) == 20
    assert pairs[:10, 0].min() > 245
    assert pairs[:10, 1].max() == 0
    assert pairs[10:, 0].max() == 0
    assert 120 < pairs[10:, 1].min() <= pairs[10:, 1].max() < 132  # the square root of a quarter


def test_the_peaks_of_an_hour_are_no_more_than_the_page_can_draw() -> None:
    """Bounded, and the whole hour is in them."""
    block = array("h", tone(440, 1, 16000.0).repeat(2).tobytes())
    with encoding_file() as file:
        made = encode((block for _ in range(600)), 600 * RATE, file)
    assert len(made.peaks) <= MOST_PEAKS * 2
    assert min(made.peaks) > 170


def test_what_is_no_sound_is_told() -> None:
    """Never a player that plays nothing."""
    with pytest.raises(BadSound):
        Decoded([b"not sound at all"])


def test_a_sound_may_be_closed_while_another_thread_reads_it() -> None:
    """In a process of its own: a decoder that loses its file under a read ends the process."""
    script = "from tests.unit.test_recording_opus import close_while_it_is_read; close_while_it_is_read()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "60 closed\n")


def close_while_it_is_read() -> None:
    """Sixty times; each reader reads it over and over until it is told that it is closed."""
    _, opus = kept(tone(440, 20), tone(1000, 20))
    closed = 0

    def read_on(decoded: Decoded) -> None:
        while True:
            for _ in decoded.blocks(0, decoded.size):
                pass

    with ThreadPoolExecutor(1) as threads:
        for _ in range(60):
            decoded = Decoded([opus])
            reading = threads.submit(read_on, decoded)
            while decoded._sound.tell() == 0:  # its first block is under way
                pass
            decoded.close()
            closed += isinstance(reading.exception(30), ValueError) and decoded._sound.closed
    sys.stdout.write(f"{closed} closed\n")
