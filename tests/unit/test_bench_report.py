"""The report of benchmarks: what a reader finds in it, and that a noisy machine does not decide what it says."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from tests.bench import shelf
from tests.bench.machine import Machine
from tests.bench.report import Budget, Curve, Kept, Picture, Result, Row, Series, distribution, figure, rank, report

pytestmark = pytest.mark.unit

MACHINE = Machine((("processor", "two cores"),))
PICTURE = Picture("keys", "ms", "share of keys (%)", (distribution("ours", [3.0, 1.0, 2.0]),), limit=2.5, limit_on="x")


def a_series(name: str) -> Series:
    return Series(name, f"The {name}", "How long does it take?", lambda options: Result((), PICTURE))


def kept(name: str, run: int, *rows: Row, profile: str = "") -> Kept:
    result = Result(rows, PICTURE, ("Sound both ways.",), profile)
    return Kept(name, run, 1795300000.0, 61.0, "abc1234", (1.0, 2.5), "seed 1, hours 0.1", result)


def test_a_noisy_moment_of_the_machine_does_not_decide_a_ratio() -> None:
    """The median of the rounds' ratios, where ours and the peer's of a round were taken side by side."""
    row = Row("events", "k/s", ours=(100.0, 10.0, 90.0), peer=(50.0, 5.0, 10.0), peer_name="other")
    assert row.measured("ratio") == pytest.approx(2.0)
    assert row.spread("ratio") == (2.0, 9.0)
    assert row.measured("difference") == pytest.approx(50.0)


def test_a_budget_is_a_limit_on_ours_on_the_ratio_or_on_the_difference() -> None:
    """Each of the three, kept and missed; at least as well as at most."""
    row = Row("key to prompt", "ms", ours=(120.0,), peer=(100.0,), peer_name="dialplan")
    assert Budget(150).is_met(row)
    assert not Budget(110).is_met(row)
    assert Budget(25, "difference").is_met(row)
    assert not Budget(19, "difference").is_met(row)
    assert Budget(0.9, "ratio", at_most=False).is_met(row)
    assert not Budget(1.1, "ratio").is_met(row)
    assert Result((row,), PICTURE).missed() == []


@pytest.mark.parametrize(
    ("ours", "peer", "name"), [((), (), ""), ((1.0, 2.0), (1.0,), "other"), ((1.0,), (1.0,), ""), ((1.0,), (), "other")]
)
def test_a_row_without_rounds_or_with_half_a_peer_is_refused(ours: tuple[float, ...], peer: tuple[float, ...], name: str) -> None:
    """Ours and the peer's belong to the same rounds."""
    with pytest.raises(ValueError, match="each round"):
        Row("events", "k/s", ours, peer, name)


def test_a_budget_against_a_peer_that_is_not_there_is_refused() -> None:
    """It would be met by nobody having looked."""
    with pytest.raises(ValueError, match="no peer"):
        Budget(0.9, "ratio").is_met(Row("events", "k/s", (1.0,)))


def test_a_percentile_is_a_value_that_was_measured() -> None:
    """Nearest rank, at both ends and between."""
    values = [float(value) for value in range(1, 21)]
    assert (rank(values, 0), rank(values, 50), rank(values, 95), rank(values, 100)) == (1.0, 10.0, 19.0, 20.0)
    assert rank([7.0], 95) == 7.0
    with pytest.raises(ValueError, match="no values"):
        rank([], 50)


def test_figures_have_the_digits_that_are_worth_reading() -> None:
    """From thousandths to thousands."""
    told = [figure(value) for value in (0.0, 0.01234, 0.456, 12.34, 123.4, 51234.0, -3.14)]
    assert told == ["0.00", "0.0123", "0.46", "12.3", "123", "51 234", "-3.14"]


def test_a_reader_finds_two_runs_of_a_row_under_each_other_with_the_budget_and_whether_it_was_kept() -> None:
    """Title, question, picture, rows, circumstances, note once, profile of the run that missed; what was not run is named."""
    budget = Budget(150)
    first = Row("ring to ticket, p95", "ms", (100.0, 120.0, 110.0), budget=budget)
    second = Row("ring to ticket, p95", "ms", (200.0,), budget=budget, note="busy machine")
    runs = [kept("ring", 2, second, profile="hub 61 %"), kept("ring", 1, first)]
    told = report([a_series("ring"), a_series("menu")], runs, MACHINE, "pictures")
    lines = told.splitlines()
    assert "| processor | two cores |" in lines
    at = lines.index("| ring to ticket, p95 | 1 | 3 | 110 ms [100, 120] |  |  | ours <= 150 ms | yes |")
    assert lines[at + 1] == "| ring to ticket, p95 (busy machine) | 2 | 1 | 200 ms |  |  | ours <= 150 ms | **no** |"
    assert "![The ring](pictures/bench-ring.png)" in lines
    assert lines.count("- Sound both ways.") == 1
    assert "Where the time goes (run 2):" in lines
    assert "Where the time goes (run 1):" not in lines
    assert lines[-1] == "Not run: menu."
    assert any(line.startswith("- Run 1: 2026-11-21") and "load 1.0 before and 2.5 after" in line for line in lines)


def test_a_run_that_was_stopped_has_kept_what_it_knew_and_a_second_one_stands_beside_it(tmp_path: Path) -> None:
    """Results are files; report and pictures are made of whatever is there."""
    row = Row("events", "k/s", (2.0,), (1.0,), "other", Budget(1, "ratio", at_most=False))
    catalogue = [a_series("ring"), a_series("menu")]
    shelf.keep(tmp_path, kept("ring", 1, row))
    shelf.keep(tmp_path, kept("ring", 2, row))
    shelf.keep(tmp_path, kept("ring", 2, row))
    assert [one.run for one in shelf.all_kept(tmp_path)] == [1, 2]
    assert shelf.all_kept(tmp_path)[0] == kept("ring", 1, row)
    text = shelf.write(tmp_path, catalogue, MACHINE).read_text(encoding="utf-8")
    assert text.count("| events | ") == 2
    picture = (tmp_path / "pictures/bench-ring.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">I", picture[16:20])[0] >= 1200
    assert not (tmp_path / "pictures/bench-menu.png").exists()
    docs = tmp_path / "docs"
    (docs / "pictures").mkdir(parents=True)
    assert shelf.publish(tmp_path, docs).read_text(encoding="utf-8") == text
    assert (docs / "pictures/bench-ring.png").read_bytes() == picture


def test_a_distribution_rises_to_all_of_its_values() -> None:
    """Share in per cent up to each value."""
    assert distribution("ours", [3.0, 1.0]) == Curve("ours", (1.0, 3.0), (50.0, 100.0))


def test_make_asks_for_a_run_of_the_report_only_where_the_operator_named_one() -> None:
    """RUN is also the Makefile's own word for how it starts Python: without this `make bench` asks for run "python3"."""

    def asked(*more: str) -> str:
        argv = ["make", "-n", "bench", *more]
        return subprocess.run(argv, cwd=shelf.CHECKOUT, capture_output=True, text=True, check=True, timeout=20).stdout

    plain, second = asked(), asked("RUN=2", "PUBLISH=1")
    assert "-m tests.bench" in plain
    assert "--run" not in plain
    assert "--run 2 --publish" in " ".join(second.split())
