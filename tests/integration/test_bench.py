"""The benchmarks run: each series once, small, on its real parts; what it prints is a report and no proof of any speed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import events, fanout, recordings, tickets
from tests.bench.drawing import drawn
from tests.bench.report import Options, Result, Series

pytestmark = pytest.mark.integration


def small(series: Series, folder: Path) -> Result:
    """A few rounds of a series, and its picture."""
    result = series.run(Options(seed=1, hours=0.0, folder=folder, is_small=True))
    assert drawn([(1, result.picture)]).startswith(b"\x89PNG")
    return result


def test_every_event_that_an_asterisk_sends_is_read_once_in_order_and_as_it_was_sent(tmp_path: Path) -> None:
    """Beside asterisk-ami and panoramisk, on a stream in whole and in torn pieces; each of the three read something."""
    result = small(events.SERIES, tmp_path)
    truth = next(row for row in result.rows if row.what.startswith("events lost"))
    assert truth.measured("ours") == 0
    assert {row.peer_name for row in result.rows} == {"", "asterisk-ami", "panoramisk"}


def test_every_desk_is_told_every_change_by_us_and_by_the_bare_peer(tmp_path: Path) -> None:
    """Each change reached the last page of both."""
    result = small(fanout.SERIES, tmp_path)
    assert len(result.rows) == 3
    assert all(row.peer_name == fanout.PEER for row in result.rows)


def test_every_question_about_tickets_is_answered_by_either_database(tmp_path: Path) -> None:
    """Lists, searches, deadlines, acts and the export; the same questions of both."""
    result = small(tickets.SERIES, tmp_path)
    asked: dict[str, list[str]] = {kind: [] for kind in tickets.KINDS}
    for row in result.rows:
        kind, _, what = row.what.partition(": ")
        asked[kind].append(what.partition(" (")[0])
    assert len(asked["SQLite"]) > 20
    assert asked["SQLite"] == asked["PostgreSQL"]


def test_recordings_are_made_and_played_as_the_finaliser_and_the_desk_do_it(tmp_path: Path) -> None:
    """Every figure is there; the kept sound is smaller than the plain one."""
    result = small(recordings.SERIES, tmp_path)
    assert len(result.rows) == 6
    assert result.rows[2].measured("ours") < 128
