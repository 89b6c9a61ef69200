"""The finaliser: from spool files to one proven recording, after crashes too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from hotline_core.adapters.calls_schema import CALLS, RECORDINGS, SEGMENTS
from hotline_core.adapters.calls_store import CallsStore
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.adapters.recording_search import RecordingFilter, RecordingSearch
from hotline_core.domain.records import CallRow
from recordings.naming import Piece
from recordings.store.folder import Folder
from tests.integration.finaliser_bench import ARRIVED, CALL, NAMES, Bench
from worker.pieces import Pieces

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
    assert (row.state, row.path, row.length_s, row.detail) == ("ready", f"2026/11/22/{CALL}.ogg.enc", 2.5, None)
    assert bench.stereo() == ([0] * 8000 + [1] * 12000, [7] * 8000 + [2] * 12000)
    file = bench.recordings / f"2026/11/22/{CALL}.ogg.enc"
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


@pytest.mark.parametrize("harm", ["keys", "masters", "spoilt"])
def test_while_the_keys_are_lost_every_recording_waits_as_it_is_and_no_sound_is_encoded_for_nothing(
    bench: Bench, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has failed: when the keys are back, all are made at once, without a new start."""
    keys, masters = bench.folder / "keys/recordings.sqlite", bench.folder / "masters.json"
    bench.cabinet.keyring.make(Piece("h1-other"))
    with writing(bench.engine) as connection:
        other = {"call_id": "h1-other", "started_at": ARRIVED, "state": "ready", "path": "x.ogg.enc", "cipher": "x"}
        connection.execute(insert(RECORDINGS), other)
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    file = masters if harm == "masters" else keys
    saved, encoded = file.read_bytes(), []
    file.unlink() if harm != "spoilt" else file.write_bytes(b"no database" * 400)
    monkeypatch.setattr("recordings.making.encode", lambda *given: encoded.append(given))
    assert bench.steps(0.6, 5.0, 60.0) == 0
    assert (bench.row.state, bench.row.detail, encoded, bench.left) == ("pending", None, [], [NAMES.rx])
    monkeypatch.undo()
    file.write_bytes(saved)
    assert bench.steps(1.0) + bench.steps(0.6) == 1
    assert bench.row.state == "ready"


def test_after_a_start_all_that_had_failed_is_tried_again_and_not_only_the_first_of_it(bench: Bench) -> None:
    """Five hundred on a disk that was full for a night."""
    with writing(bench.engine) as connection:
        for table, more in ((RECORDINGS, {}), (SEGMENTS, {"leg": 1, "access": "consult"})):
            told = {"state": "failed", "detail": "os_error: x", **more}
            rows = [{"call_id": f"h1-{number}", "started_at": ARRIVED + number % 7, **told} for number in range(450)]
            connection.execute(insert(table), rows)
    found = Pieces(bench.engine).failed(ARRIVED)
    assert (len(found), len(set(found))) == (900, 900)
    assert int(found[0].call_id.split("-")[1]) % 7 == 6, "the newest first"


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
    path = bench.recordings / f"2026/11/22/{CALL}.ogg.enc"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half a file of before")
    path.with_name(path.name + ".part").write_bytes(b"and half a draft")
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


def _archived(bench: Bench) -> None:
    """As the keeper moves it, which it does at once while the local disk is low."""
    stores, row = bench.cabinet.stores, bench.row
    assert row.path
    stores.archive = Folder("archive", bench.folder / "archive")
    stores.archive.put(row.path, stores.local.root / row.path)
    with writing(bench.engine) as connection:
        connection.execute(update(RECORDINGS).values(store="archive"))
    stores.local.remove(row.path)


def test_a_recording_that_is_archived_the_moment_it_is_ready_stays_ready_and_its_plain_sound_goes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its row and the clearing of the spool."""
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    tell_ready = Pieces.tell_ready

    def moved_at_once(self: Pieces, *given: Any) -> None:
        tell_ready(self, *given)
        _archived(bench)

    monkeypatch.setattr(Pieces, "tell_ready", moved_at_once)
    assert bench.steps(0.6) == 1
    assert (bench.row.state, bench.row.store, bench.left) == ("ready", "archive", [])
    Pieces(bench.engine).tell_failed(Piece(CALL), "os_error: late")
    assert (bench.row.state, bench.row.detail) == ("ready", "no tx")


def test_plain_sound_of_an_archived_recording_goes_at_the_next_start_and_later_sound_stays(bench: Bench) -> None:
    """Killed before it was cleared, then moved; an archive that is away leaves it for the start after."""
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    saved = (bench.spool / NAMES.rx).read_bytes(), (bench.spool / NAMES.rx).stat()
    assert bench.steps(0.6) == 1
    (bench.spool / NAMES.rx).write_bytes(saved[0])
    os.utime(bench.spool / NAMES.rx, ns=(saved[1].st_atime_ns, saved[1].st_mtime_ns))
    bench.sound(NAMES.tx, 1, 8000)
    _archived(bench)
    (bench.folder / "archive").rename(bench.folder / "away")
    bench.started_again().resume()
    assert bench.left == sorted([NAMES.rx, NAMES.tx])
    (bench.folder / "away").rename(bench.folder / "archive")
    bench.started_again().resume()
    assert bench.left == [NAMES.tx]


def test_sound_that_comes_after_the_recording_was_made_is_never_deleted(bench: Bench) -> None:
    """It is told in the log and stays."""
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    assert bench.steps(0.6) == 1
    bench.sound(NAMES.tx, 1, 8000)
    bench.started_again().resume()
    assert bench.left == [NAMES.tx]


@pytest.mark.parametrize("ready_at", ["told", "of before that was told"])
def test_late_sound_outlives_every_copying_of_its_recording(bench: Bench, ready_at: str) -> None:
    """Moved, taken in, brought back by hand: the file is younger than the sound then, and the recording is not."""
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    assert bench.steps(0.6) == 1
    bench.sound(NAMES.tx, 1, 8000)
    _archived(bench)
    file = bench.folder / "archive" / (bench.row.path or "")
    os.utime(file, (bench.now + 9999, bench.now + 9999))
    if ready_at != "told":
        with writing(bench.engine) as connection:
            connection.execute(update(RECORDINGS).values(ready_at=None))
    bench.started_again().resume()
    assert bench.left == [NAMES.tx]


def test_a_share_that_takes_no_times_takes_recordings(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """EPERM of utime on a mounted share would fail every move."""
    def refused(*given: object, **more: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    assert bench.steps(0.6) == 1
    monkeypatch.setattr(os, "utime", refused)
    _archived(bench)
    assert bench.stereo()[0] == [1] * 8000


def test_sound_of_a_call_whose_every_record_was_lost_is_made_and_listed_without_its_call(bench: Bench) -> None:
    """Ledger and journal went with the disk; not before ten minutes, for its records may still come."""
    bench.sound(NAMES.rx, 1, 8000, told=0)
    bench.sound(NAMES.tx, 2, 8000, told=0)
    assert bench.steps(590.0) == 0
    assert CallsStore(bench.engine).recording(CALL) is None
    assert bench.steps(20.0, 2.0, 70.0) == 1
    assert (bench.row.state, bench.row.length_s, bench.row.klass) == ("ready", 1.0, "ordinary")
    assert bench.left == []
    (listed,) = RecordingSearch(bench.engine).page(RecordingFilter()).recordings
    assert listed.call is None


def test_rules_of_keeping_that_cannot_be_read_hold_up_no_recording(bench: Bench) -> None:
    """It is made, encrypted and chained; until when it is kept is told when the rules are back."""
    (bench.folder / "retention.yaml").write_text("editions: [")
    bench.ended_call()
    bench.sound(NAMES.rx, 1, 8000)
    assert bench.steps(0.6) == 1
    assert (bench.row.state, bench.row.rule, bench.row.keep_until, bench.left) == ("ready", None, None, [])


def test_a_call_id_that_is_no_file_name_never_leaves_the_folder(bench: Bench) -> None:
    """Failed at once."""
    row = CallRow("../../x", "12328", "1", "12328", "ended", ARRIVED)
    with writing(bench.engine) as connection:
        connection.execute(insert(CALLS), asdict(row))
        connection.execute(insert(RECORDINGS), {"call_id": "../../x", "started_at": ARRIVED, "state": "pending"})
    bench.steps(1.0)
    with bench.engine.connect() as connection:
        assert connection.execute(select(RECORDINGS.c.state, RECORDINGS.c.detail)).one() == ("failed", "bad_call_id")
