"""Owns what a benchmark tells: series, rows of rounds, budgets, pictures; and the report in Markdown that is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Literal

from tests.bench.machine import Machine

Measure = Literal["ours", "ratio", "difference"]


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit of design.md section 5 or of the series itself, on ours, on ours / peer or on ours - peer (each as a median)."""

    limit: float
    on: Measure = "ours"
    at_most: bool = True  # False: at least

    def is_met(self, row: Row) -> bool:
        """Whether the row's median keeps the limit; ValueError when the row has no peer to be compared with."""
        value = row.measured(self.on)
        return value <= self.limit if self.at_most else value >= self.limit

    def told(self, unit: str) -> str:
        """The limit in words, like `ratio >= 0.9`."""
        unit = "" if self.on == "ratio" or not unit else f" {unit}"
        return f"{self.on} {'<=' if self.at_most else '>='} {figure(self.limit)}{unit}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured in each round, ours and, a moment before or after it, the peer's.

    `ours[i]` and `peer[i]` belong to the same round, so that a noisy moment of the machine falls on both. A series that has only
    one round of a figure gives one value. `peer` is empty where there is nothing to compare with.
    """

    what: str
    unit: str  # "ms", "calls/s", "MB/h", ...; empty for a plain number
    ours: tuple[float, ...]
    peer: tuple[float, ...] = ()
    peer_name: str = ""
    budget: Budget | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not self.ours or (self.peer and len(self.peer) != len(self.ours)) or bool(self.peer) is not bool(self.peer_name):
            raise ValueError(f"{self.what}: a value for each round, of a peer that has a name")

    def measured(self, on: Measure) -> float:
        """The median over the rounds of ours, of ours / peer or of ours - peer; ValueError without a peer."""
        if on == "ours":
            return median(self.ours)
        return median(self._compared(on))

    def spread(self, on: Measure) -> tuple[float, float]:
        """The smallest and the largest of the rounds."""
        values = self.ours if on == "ours" else self._compared(on)
        return min(values), max(values)

    def _compared(self, on: Measure) -> Sequence[float]:
        if not self.peer:
            raise ValueError(f"{self.what}: no peer to be compared with")
        pairs = list(zip(self.ours, self.peer, strict=True))
        return [one / other if on == "ratio" else one - other for one, other in pairs]


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a picture."""

    label: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A series' picture: curves over one pair of axes; `limit` is a budget drawn as a line across (`limit_on` tells which axis)."""

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    log_x: bool = False
    limit: float | None = None
    limit_on: Literal["x", "y"] = "y"


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of a series found."""

    rows: tuple[Row, ...]
    picture: Picture
    notes: tuple[str, ...] = ()  # what a reader must know to trust the figures: one sentence each
    profile: str = ""  # where the time goes, as text; wanted when a budget is missed

    def missed(self) -> list[Row]:
        """The rows whose budget is not kept."""
        return [row for row in self.rows if row.budget is not None and not row.budget.is_met(row)]


@dataclass(frozen=True, slots=True)
class Options:
    """What one run of a series is asked for."""

    seed: int
    hours: float  # how long a series about slow growth keeps its load up
    folder: Path  # empty, the series' own; kept after the run
    is_small: bool = False  # as few rounds as show that the series works; its figures are worth nothing


@dataclass(frozen=True, slots=True)
class Series:
    """One benchmark, registered by one line in tests/bench/catalogue.py; `run` may take minutes, and raises without its parts."""

    name: str  # file names and ONLY=
    title: str
    question: str  # what the figures answer and how they were taken: one short paragraph
    run: Callable[[Options], Result]


@dataclass(frozen=True, slots=True)
class Kept:
    """A series' result with the circumstances of its run."""

    name: str
    run: int  # `make bench RUN=2` is the second run
    began_at: float  # seconds since the epoch
    took_s: float
    revision: str
    load: tuple[float, float]  # of the machine over one minute, before and after
    options: str
    result: Result


def rank(values: Iterable[float], percent: float) -> float:
    """The smallest value that `percent` of the values do not exceed (nearest rank); ValueError without values."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, -int(-percent * len(ordered) // 100) - 1)]


def distribution(label: str, values: Iterable[float]) -> Curve:
    """The share of values (per cent) up to each value: the curve to show latencies with."""
    ordered = sorted(values)
    return Curve(label, tuple(ordered), tuple(100 * (place + 1) / len(ordered) for place in range(len(ordered))))


def figure(value: float) -> str:
    """A number with as many digits as are worth reading."""
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    if size >= 10:
        return f"{value:.0f}" if size >= 100 else f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 or not size else f"{value:.3g}"


def report(catalogue: Sequence[Series], kept: Sequence[Kept], machine: Machine, pictures: str) -> str:
    """The whole report; series without a result are only named. `pictures` is the folder of the pictures as links see it."""
    lines = ["# Benchmarks", "", *OPENING, "", "## The machine", "", "| | |", "|---|---|"]
    lines += [f"| {what} | {value} |" for what, value in machine.facts]
    for series in catalogue:
        runs = sorted((one for one in kept if one.name == series.name), key=lambda one: one.run)
        if runs:
            shown = f"![{series.title}]({pictures}/bench-{series.name}.png)"
            lines += ["", f"## {series.title}", "", series.question, "", shown, "", *_table(runs), "", *_circumstances(runs)]
    left = [series.name for series in catalogue if series.name not in {one.name for one in kept}]
    if left:
        lines += ["", f"Not run: {', '.join(left)}."]
    return "\n".join([*lines, ""])


OPENING = (
    "Made by `make bench`. A figure is the median of its rounds; rounds of ours and of the peer alternate in one run, and a ratio",
    "is the median of the rounds' ratios, with the smallest and the largest in brackets. Another machine gives other figures; the",
    "ratios should hold.",
)
COLUMNS = ("what", "run", "rounds", "ours", "peer", "ours / peer", "budget", "kept")


def _table(runs: Sequence[Kept]) -> list[str]:
    """Rows of the same name from all runs stand together."""
    names = list(dict.fromkeys(row.what for run in runs for row in run.result.rows))
    cells = [_cells(run.run, row) for name in names for run in runs for row in run.result.rows if row.what == name]
    return [_line(COLUMNS), "|" + "---|" * len(COLUMNS), *(_line(row) for row in cells)]


def _cells(run: int, row: Row) -> tuple[str, ...]:
    unit = f" {row.unit}" if row.unit else ""
    low, high = row.spread("ours")
    ours = f"{figure(row.measured('ours'))}{unit}" + (f" [{figure(low)}, {figure(high)}]" if len(row.ours) > 1 else "")
    peer, ratio = "", ""
    if row.peer:
        peer = f"{figure(median(row.peer))}{unit} ({row.peer_name})"
        if all(row.peer):
            low, high = row.spread("ratio")
            ratio = f"{figure(row.measured('ratio'))}" + (f" [{figure(low)}, {figure(high)}]" if len(row.ours) > 1 else "")
    budget, is_met = ("", "")
    if row.budget is not None:
        budget = row.budget.told(row.unit)
        is_met = "yes" if row.budget.is_met(row) else "**no**"
        if row.budget.on == "difference":
            budget += f" (is {figure(row.measured('difference'))})"
    what = f"{row.what} ({row.note})" if row.note else row.what
    return what, str(run), str(len(row.ours)), ours, peer, ratio, budget, is_met


def _circumstances(runs: Sequence[Kept]) -> list[str]:
    """When, at which revision and under which load; notes once, profiles of runs that missed a budget."""
    lines = [
        f"- Run {one.run}: {_day(one.began_at)}, {one.took_s:.0f} s, revision {one.revision}, load {one.load[0]:.1f} before "
        f"and {one.load[1]:.1f} after; {one.options}."
        for one in runs
    ]
    lines += [f"- {note}" for note in dict.fromkeys(note for one in runs for note in one.result.notes)]
    for one in runs:
        if one.result.profile:
            lines += ["", f"Where the time goes (run {one.run}):", "", "```text", one.result.profile.rstrip(), "```"]
    return lines


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"
