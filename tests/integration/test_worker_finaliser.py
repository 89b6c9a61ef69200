"""The finaliser: from spool files to one proven recording, after crashes too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from hotline_core.adapters.calls_schema import CALLS, RECORDINGS
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.domain.records import CallRow
from tests.integration.finaliser_bench import ARRIVED, CALL, NAMES, Bench

pytestmark = pytest.mark.integration

@pytest.fixture
def bench(calls_url: str, tmp_path: Path) -> Iterator[Bench]:
    """On both kinds of database."""
    engine = make_engine(calls_url)
    yield Bench(engine, tmp_path)
    engine.dispose()


def test_an_ended_call_gets_one_stereo_file_with_notice_and_both_sides(bench: Bench) -> None:
    """Left the citizen, right what the citizen heard; hash, size and length fit; the plain spool is gone."""
    bench.ended_call()
    bench.sound(NAMES.notice, 7, 8000)
    bench.sound(NAMES.rx, 1, 12000)
    bench.sound(NAMES.tx, 2, 12000)
    bench.sound(NAMES.mixed, 3, 12000)
    assert bench.steps(0.25) == 0
    assert bench.steps(0.3) == 1
    row = bench.row
    assert (row.state, row.path, row.length_s, row.detail) == ("ready", f"2026/11/22/{CALL}.wav", 2.5, None)
    assert bench.stereo() == ([0] * 8000 + [1] * 12000, [7] * 8000 + [2] * 12000)
    file = bench.recordings / f"2026/11/22/{CALL}.wav"
    assert (row.size, row.sha256) == (file.stat().st_size, sha256(file.read_bytes()).hexdigest())
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert bench.left == []
    assert list(bench.recordings.rglob("*.part")) == []


def test_a_call_that_still_goes_on_is_left_alone(bench: Bench) -> None:
    """Only ended calls."""
    bench.ended_call(state="talking")
    bench.sound(NAMES.rx, 1, 8000)
    assert bench.steps(10.0, 10.0) == 0
    assert bench.left == [NAMES.rx]


def test_a_file_that_still_grows_is_waited_for(bench: Bench) -> None:
    """Half a second without growth."""
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    bench.steps(0.4)
    bench.sound(NAMES.rx, 1, 9000)
    assert bench.steps(0.2) == 0
    assert bench.steps(0.6) == 1
    assert bench.row.length_s == 9000 / 8000


def test_a_recording_is_waited_for_no_longer_because_the_clock_was_set_back(bench: Bench) -> None:
    """Half a second without growth, not an hour and half a second."""
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    bench.steps()
    bench.set_by_s = -3600.0
    assert bench.steps(0.6) == 1


def test_a_file_that_grows_while_it_is_read_is_read_again(bench: Bench) -> None:
    """The PBX closed it late: no recording without its end."""
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    bench.steps(0.1)

    def grow() -> bool:
        if list(bench.recordings.rglob("*.part")):
            bench.sound(NAMES.rx, 1, 16000)
        return False

    bench.finaliser._is_stopped = grow
    assert bench.steps(0.6) == 0
    bench.finaliser._is_stopped = bool
    assert bench.steps(0.6, 0.6) == 1
    assert bench.row.length_s == 2.0


def test_a_crash_of_the_pbx_costs_no_sound_that_was_written(bench: Bench) -> None:
    """Headers of size 0: the real length is taken, said in the row, after a longer quiet time."""
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000, told=0)
    bench.sound(NAMES.tx, 2, 7000, told=0)
    assert bench.steps(1.0, 1.0) == 0
    assert bench.steps(5.0) == 1
    assert (bench.row.length_s, bench.row.detail) == (1.0, "torn rx, torn tx")
    assert bench.stereo()[1] == [2] * 7000 + [0] * 1000


@pytest.mark.parametrize(("name", "detail"), [(NAMES.rx, "no tx"), (NAMES.tx, "no rx"), (NAMES.mixed, "mixed only")])
def test_what_is_missing_is_told(bench: Bench, name: str, detail: str) -> None:
    """Any of the files may be missing."""
    bench.ended_call()
    bench.sound(name, 5, 8000)
    assert bench.steps(0.6) == 1
    assert bench.row.detail == detail


def test_a_call_without_any_sound_is_failed_and_given_up_after_some_tries(bench: Bench) -> None:
    """A caller who hung up before the answer has no sound; no work is left over for it."""
    bench.ended_call()
    bench.steps(5.0)
    assert (bench.row.state, bench.row.detail) == ("failed", "no_sound")
    bench.steps(5.0, 10.0, 20.0)
    assert bench.finaliser._jobs == {}


def test_a_failed_recording_is_tried_again_and_becomes_ready(bench: Bench) -> None:
    """The folder of recordings cannot be written for a while; the sound stays in the spool."""
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    bench.recordings.write_text("in the way")
    assert bench.steps(0.6) == 0
    assert (bench.row.state, (bench.row.detail or "")[:8]) == ("failed", "os_error")
    assert bench.left == [NAMES.rx]
    bench.recordings.unlink()
    assert bench.steps(1.0) == 0
    assert bench.steps(5.0) == 1
    assert bench.row.state == "ready"


def test_a_broken_file_is_kept_for_people_to_look_at(bench: Bench) -> None:
    """Not our sound: failed, and nothing is deleted."""
    bench.ended_call()
    (bench.spool / NAMES.rx).write_bytes(b"x" * 1000)
    bench.steps(1.0)
    assert (bench.row.state, bench.row.detail) == ("failed", "bad_sound")
    assert bench.left == [NAMES.rx]


def test_after_a_start_failed_and_pending_recordings_are_made(bench: Bench) -> None:
    """Whatever an earlier worker left."""
    bench.ended_call(recording="failed")
    bench.sound(NAMES.rx, 1, 8000)
    bench.finaliser.resume()
    assert bench.steps(0.6) == 1


def test_killed_between_the_file_and_its_row_the_recording_is_made_again_the_same(bench: Bench) -> None:
    """The commit never came; the spool is still there."""
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    path = bench.recordings / f"2026/11/22/{CALL}.wav"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half a file of before")
    path.with_suffix(".part").write_bytes(b"and half a draft")
    bench.started_again()
    assert bench.steps(0.6) == 1
    assert bench.row.sha256 == sha256(path.read_bytes()).hexdigest()
    assert bench.left == []


def test_killed_between_the_row_and_the_clearing_the_plain_sound_goes_at_the_next_start(bench: Bench) -> None:
    """Only files older than the recording; foreign files and running calls stay."""
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    saved = (bench.spool / NAMES.rx).read_bytes(), (bench.spool / NAMES.rx).stat()
    assert bench.steps(0.6) == 1
    (bench.spool / NAMES.rx).write_bytes(saved[0])
    os.utime(bench.spool / NAMES.rx, ns=(saved[1].st_atime_ns, saved[1].st_mtime_ns))
    (bench.spool / "h1-1.99-rx.wav").write_bytes(b"a running call")
    (bench.spool / "notes.txt").write_bytes(b"foreign")
    bench.started_again().resume()
    assert bench.left == ["h1-1.99-rx.wav", "notes.txt"]


def test_sound_that_comes_after_the_recording_was_made_is_never_deleted(bench: Bench) -> None:
    """It is told in the log and stays."""
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    assert bench.steps(0.6) == 1
    bench.sound(NAMES.tx, 1, 8000)
    bench.started_again().resume()
    assert bench.left == [NAMES.tx]


def test_a_call_id_that_is_no_file_name_never_leaves_the_folder(bench: Bench) -> None:
    """Failed at once."""
    row = CallRow("../../x", "12328", "1", "12328", "ended", ARRIVED)
    with writing(bench.engine) as connection:
        connection.execute(insert(CALLS), asdict(row))
        connection.execute(insert(RECORDINGS), {"call_id": "../../x", "started_at": ARRIVED, "state": "pending"})
    bench.steps(1.0)
    with bench.engine.connect() as connection:
        assert connection.execute(select(RECORDINGS.c.state, RECORDINGS.c.detail)).one() == ("failed", "bad_call_id")
