"""Series `recordings`: how fast a call becomes a recording, what share of a core that takes, how soon an hour begins to play."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.migrate import migrate_calls
from recordings.making import make_draft
from recordings.naming import Piece
from recordings.sound import RATE, Segment, read_track
from recordings.vault import PIECE
from tests.bench.report import Budget, Curve, Options, Picture, Result, Row, Series
from tests.integration.finaliser_bench import NAMES, Bench

HOUR_S, SMALL_S = 3600, 20
ROUNDS = 3


def measure(options: Options) -> Result:
    """On the disk of the options' folder, with sound like speech: noise that comes and goes, one side at a time and both."""
    length_s, rounds = (SMALL_S, 1) if options.is_small else (HOUR_S, ROUNDS)
    url = f"sqlite:///{options.folder / 'calls.sqlite'}"
    migrate_calls(url)
    engine = make_engine(url)
    bench = Bench(engine, options.folder)
    for name, seed in ((NAMES.rx, 1), (NAMES.tx, 2)):
        speech(bench.spool / name, length_s, options.seed + seed)
    speed, shares, sizes = [], [], []
    first_ms, middle_ms, wav_ms = list[float](), list[float](), list[float]()
    for number in range(rounds):
        speed.append(_speed(bench, Piece(f"h1-1.{number + 100}"), length_s))
    bench.ended_call()
    began, took = time.monotonic(), time.thread_time()
    bench.finaliser._rest = time.sleep
    assert bench.steps(1.0, 1.0) == 1
    shares.append((time.thread_time() - took) / (time.monotonic() - began))
    row = bench.row
    sizes.append((row.plain_size or 0) * 8 / 1000 / length_s)
    chance = Random(options.seed)
    for _ in range(rounds * 4):
        place = chance.randrange(max(1, (row.plain_size or 1) - PIECE))
        first_ms.append(_ms(lambda: _play(bench, 0, PIECE)))
        middle_ms.append(_ms(lambda place=place: _play(bench, place, place + PIECE)))  # type: ignore[misc]
    for _ in range(rounds):
        wav_ms.append(_ms(lambda: _wav(bench)))
    engine.dispose()
    rows = (
        Row("made: encoded, encrypted, synced, times real time of one core", "", tuple(speed), budget=Budget(20.0, at_most=False)),
        Row("share of a core while recordings wait to be made", "", tuple(shares), budget=Budget(0.6)),
        Row("kept sound, of 256 plain", "kbit/s", tuple(sizes), budget=Budget(64.0)),
        Row("an hour begins to play", "ms", tuple(first_ms), budget=Budget(100.0)),
        Row("an hour goes on from anywhere", "ms", tuple(middle_ms), budget=Budget(100.0)),
        Row("an hour begins to play as WAV", "ms", tuple(wav_ms), budget=Budget(500.0)),
    )
    curve = Curve("first piece of an hour", tuple(float(each) for each in range(len(first_ms))), tuple(first_ms))
    other = Curve("from anywhere", tuple(float(each) for each in range(len(middle_ms))), tuple(middle_ms))
    picture = Picture("How soon an hour begins to play", "look", "ms", (curve, other), limit=100.0)
    return Result(rows, picture, NOTES)


def speech(path: Path, seconds: int, seed: int) -> None:
    """A spool file as Asterisk writes it."""
    noise = np.random.default_rng(seed)
    data = bytearray()
    for _ in range(seconds):
        loud = 3000.0 if noise.random() < 0.45 else 60.0
        block = noise.normal(0, loud, RATE)
        data += np.clip(np.convolve(block, np.ones(4) / 4, "same"), -32768, 32767).astype("<i2").tobytes()
    head = b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, RATE * 2, 2, 16)
    path.write_bytes(head + b"data" + struct.pack("<I", len(data)) + data)


def _speed(bench: Bench, piece: Piece, length_s: int) -> float:
    began = time.thread_time()
    segments = [Segment(read_track(bench.spool / NAMES.rx), read_track(bench.spool / NAMES.tx))]
    store, path = bench.cabinet.stores.local, f"2026/11/22/{piece.stem}.ogg.enc"
    make_draft(piece, path, segments, store, bench.cabinet.keyring, bool)
    store.adopt(path)
    return length_s / (time.thread_time() - began)


def _play(bench: Bench, start: int, end: int) -> None:
    sound = bench.cabinet.reader.open(bench.row)
    try:
        next(iter(sound.blocks(start, end)), b"")
    finally:
        sound.close()


def _wav(bench: Bench) -> None:
    sound = bench.cabinet.reader.wav(bench.row)
    try:
        next(iter(sound.blocks(0, PIECE)))
    finally:
        sound.close()


def _ms(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


NOTES = (
    "One thread of one core, processor time for the making, wall time for the playing; the file, its key and its names are synced.",
    "The finaliser rests as long as it worked, at the lowest priority, so that recordings take half of one core at most.",
    "Playing is measured from the row to the first 64 KiB of sound, decrypted and proven; the way to the browser is not in it.",
)

SERIES = Series(
    "recordings",
    "Recordings made and played",
    "How fast does a call become a finished recording, Ogg Opus in stereo, encrypted and synced; what share of a core does that "
    "take; and how soon does a call of an hour begin to play, at its beginning and anywhere?",
    measure,
)
