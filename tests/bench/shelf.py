"""Owns build/bench: results of series as JSON, one file per series and run, from which report and pictures are made at any time."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from tests.bench.drawing import drawn
from tests.bench.machine import Machine
from tests.bench.report import Kept, Series, report

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = CHECKOUT / "build" / "bench"


def keep(folder: Path, kept: Kept) -> None:
    """Write a result, in place of an earlier one of the same series and run."""
    results = folder / "results"
    results.mkdir(parents=True, exist_ok=True)
    (results / f"{kept.name}.{kept.run}.json").write_bytes(TypeAdapter(Kept).dump_json(kept))


def all_kept(folder: Path) -> list[Kept]:
    """Every result there is; pydantic.ValidationError for a file that is none (of an older contract: remove it)."""
    reader = TypeAdapter(Kept)
    return [reader.validate_json(path.read_bytes()) for path in sorted((folder / "results").glob("*.json"))]


def write(folder: Path, catalogue: Sequence[Series], machine: Machine) -> Path:
    """Make `report.md` and the pictures anew from all results; gives the report's path."""
    kept = all_kept(folder)
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    for series in catalogue:
        panels = [(one.run, one.result.picture) for one in sorted(kept, key=lambda one: one.run) if one.name == series.name]
        if panels:
            (folder / "pictures" / f"bench-{series.name}.png").write_bytes(drawn(panels))
    path = folder / "report.md"
    path.write_text(report(catalogue, kept, machine, "pictures"), encoding="utf-8")
    return path


def publish(folder: Path, docs: Path) -> Path:
    """Put report and pictures as they are into the documents: `bench.md` and its pictures; FileNotFoundError before any run."""
    for picture in sorted((folder / "pictures").glob("bench-*.png")):
        shutil.copyfile(picture, docs / "pictures" / picture.name)
    return Path(shutil.copyfile(folder / "report.md", docs / "bench.md"))
