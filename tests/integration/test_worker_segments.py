"""The finaliser and the thirds of a call: one evidence set, the main recording and a segment of each, whole after every mishap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from hotline_core.adapters.calls_schema import ATTEMPTS, CALLS, SEGMENTS
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.adapters.transfer_store import TransferStore
from hotline_core.domain.records import AttemptRow, SegmentRow
from recordings.naming import spool_names
from tests.integration.finaliser_bench import ARRIVED, CALL, NAMES, Bench

pytestmark = pytest.mark.integration

THIRD = spool_names(CALL, 1)
ANSWERED = ARRIVED + 60


class Evidence(Bench):
    """A bench whose call has a third."""

    def third(self, leg: int = 1, **more: object) -> None:
        """What the projector leaves of a third that answered."""
        row = asdict(AttemptRow(CALL, 1, leg, ANSWERED - 5, leg, answered_at=ANSWERED, result="answered")) | more
        segment = {"call_id": CALL, "leg": leg, "n": 1, "access": "consult", "started_at": ANSWERED, "state": "pending"}
        with writing(self.engine) as connection:
            connection.execute(insert(ATTEMPTS), row)
            connection.execute(insert(SEGMENTS), segment)

    def tell(self, **facts: object) -> None:
        """News of the third's leg."""
        with writing(self.engine) as connection:
            connection.execute(update(ATTEMPTS).values(facts))

    def citizen_left(self) -> None:
        """The call is over, whoever talks on."""
        with writing(self.engine) as connection:
            connection.execute(update(CALLS).values(state="ended"))

    @property
    def segment(self) -> SegmentRow:
        (row,) = TransferStore(self.engine).of_call(CALL).segments
        return row


@pytest.fixture
def bench(calls_url: str, tmp_path: Path) -> Iterator[Evidence]:
    """On both kinds of database."""
    engine = make_engine(calls_url)
    yield Evidence(engine, tmp_path)
    engine.dispose()


def test_a_call_with_a_third_gets_the_main_recording_and_the_third_s_segment(bench: Evidence) -> None:
    """Left what the third said, right what it heard; each with its own hash; no plain sound stays behind."""
    bench.ended_call()
    bench.third(ended_at=ANSWERED + 30)
    bench.sound(NAMES.rx, 1, 8000)
    bench.sound(NAMES.tx, 2, 8000)
    bench.sound(THIRD.rx, 5, 4000)
    bench.sound(THIRD.tx, 6, 4000)
    assert bench.steps(0.6) == 2
    row = bench.segment
    assert (row.state, row.path, row.length_s, row.detail) == ("ready", f"2026/11/22/{CALL}-third-1.ogg.enc", 0.5, None)
    assert bench.stereo(row) == ([5] * 4000, [6] * 4000)
    assert row.sha256 == sha256((bench.recordings / str(row.path)).read_bytes()).hexdigest()
    assert (bench.row.path, bench.row.length_s) == (f"2026/11/22/{CALL}.ogg.enc", 1.0)
    assert bench.left == []


def test_the_segment_of_a_third_who_has_left_does_not_wait_for_the_end_of_the_call(bench: Evidence) -> None:
    """Citizen and agent talk on; the main recording is made after the call, and nothing of it is touched before."""
    bench.ended_call(state="joined")
    bench.third(ended_at=ANSWERED + 30)
    bench.sound(NAMES.rx, 1, 8000, told=0)
    bench.sound(THIRD.rx, 5, 4000)
    assert bench.steps(0.6) == 1
    assert (bench.segment.state, bench.row.state, bench.left) == ("ready", "pending", [NAMES.rx])


def test_a_third_whose_end_nobody_told_is_waited_for_until_the_call_is_over(bench: Evidence) -> None:
    """The files are closed, but the news that a colleague took the call over, and when, may still be on its way."""
    bench.ended_call(state="joined")
    bench.third()
    bench.sound(THIRD.rx, 5, 8000)
    assert bench.steps(1.0, 100.0) == 0
    bench.tell(took_over_at=ANSWERED + 0.5)
    bench.citizen_left()
    assert bench.steps(0.6) == 1
    assert bench.segment.length_s == 0.5


def test_a_rescue_that_goes_on_without_the_citizen_is_recorded_to_its_own_end(bench: Evidence) -> None:
    """The citizen hangs up first: the main recording is made; the segment waits for as long as its file is open."""
    bench.ended_call()
    bench.third()
    bench.sound(NAMES.rx, 1, 8000)
    bench.sound(THIRD.rx, 5, 4000, told=0)
    assert bench.steps(0.6, 20.0, 20.0) == 1
    bench.sound(THIRD.rx, 5, 64000)
    bench.tell(ended_at=ANSWERED + 90)
    assert bench.steps(0.6) == 1
    assert (bench.row.state, bench.segment.length_s) == ("ready", 8.0)


def test_a_third_who_hangs_up_at_once_leaves_an_empty_segment_and_no_hole(bench: Evidence) -> None:
    """The file was opened and closed: nothing was said, and the evidence says so."""
    bench.ended_call()
    bench.third(ended_at=ANSWERED)
    bench.sound(THIRD.rx, 5, 0)
    bench.sound(THIRD.tx, 5, 0)
    assert bench.steps(1.0, 6.0) == 1
    assert (bench.segment.state, bench.segment.length_s, bench.segment.detail) == ("ready", 0.0, "empty")


def test_a_third_without_any_file_is_a_hole_that_is_told(bench: Evidence) -> None:
    """Answered, and no sound there: failed, and looked for again before it is given up."""
    bench.ended_call()
    bench.third(ended_at=ANSWERED + 30)
    bench.steps(6.0)
    assert (bench.segment.state, bench.segment.detail) == ("failed", "no_sound")
    bench.sound(THIRD.rx, 5, 4000)
    assert bench.steps(20.0, 20.0) == 1
    assert bench.segment.state == "ready"


@pytest.mark.parametrize(("told", "after_s"), [(True, 7.0), (False, 61.0)])
def test_asterisk_killed_under_three_on_the_line_costs_no_sound_that_was_written(
    bench: Evidence, told: bool, after_s: float
) -> None:
    """Headers without a length. The end of the leg may have been told or not; while the call goes on an open file is waited for."""
    bench.ended_call(state="joined")
    bench.third()
    bench.sound(THIRD.rx, 5, 8000, told=0)
    bench.sound(THIRD.tx, 6, 7000, told=0)
    assert bench.steps(1.0, 100.0) == 0
    bench.citizen_left()
    if told:
        bench.tell(ended_at=ANSWERED + 40)
    bench.started_again().resume()
    assert bench.steps(1.0) == 0
    assert bench.steps(after_s) == 1
    assert (bench.segment.length_s, bench.segment.detail) == (1.0, "torn rx, torn tx")


def test_a_third_that_nobody_told_of_is_found_by_its_sound(bench: Evidence) -> None:
    """Answered and left while no bridge lived: its segment is made all the same, bound to the transfer by its leg."""
    bench.ended_call()
    with writing(bench.engine) as connection:
        connection.execute(insert(ATTEMPTS), asdict(AttemptRow(CALL, 1, 1, ANSWERED - 5, 1)))
    bench.sound(THIRD.rx, 5, 4000)
    bench.steps(3.0)
    bench.sound(THIRD.rx, 5, 8000)
    assert TransferStore(bench.engine).of_call(CALL).segments == ()
    assert bench.steps(3.0, 3.0, 3.0, 5.0, 1.0) == 1
    assert (bench.segment.n, bench.segment.access, bench.segment.length_s, bench.left) == (1, "consult", 1.0, [])


def test_a_consulted_agent_s_segment_ends_where_the_call_became_theirs(bench: Evidence) -> None:
    """From there the main recording has every word, and who asked them in has no business with it."""
    bench.ended_call()
    bench.third(ended_at=ANSWERED + 100, took_over_at=ANSWERED + 0.5)
    bench.sound(THIRD.rx, 5, 80000)
    bench.sound(THIRD.tx, 6, 80000)
    assert bench.steps(0.6) == 1
    assert (bench.segment.length_s, bench.stereo(bench.segment)) == (0.5, ([5] * 4000, [6] * 4000))
    assert bench.left == []


def test_a_worker_killed_between_a_segment_s_file_and_its_row_makes_it_again_the_same(bench: Evidence) -> None:
    """And one killed before the clearing clears it at the next start."""
    bench.ended_call()
    bench.third(ended_at=ANSWERED + 30)
    bench.sound(THIRD.rx, 5, 4000)
    before = (bench.spool / THIRD.rx).read_bytes()
    path = bench.recordings / f"2026/11/22/{CALL}-third-1.ogg.enc"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half a file of before")
    bench.started_again().resume()
    assert bench.steps(0.6) == 1
    assert bench.segment.sha256 == sha256(path.read_bytes()).hexdigest()
    (bench.spool / THIRD.rx).write_bytes(before)
    bench.age(THIRD.rx, -1.0)
    bench.started_again().resume()
    assert bench.left == []
