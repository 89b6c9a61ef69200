"""`make bench`: runs the series, one after the other, and writes the report after each; a failed one stops no other."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
import traceback

from hotline_core.adapters import clock
from hotline_core.settings import Settings
from launcher import fetch
from tests.bench import shelf
from tests.bench.catalogue import SERIES
from tests.bench.machine import Machine, described, load, revision
from tests.bench.report import Kept, Options, Series


def main() -> int:
    """0 when every series asked for has run, whatever its figures: a missed budget stands in the report; 1 when one failed."""
    asked = _arguments()
    chosen = [series for series in SERIES if asked.only in series.name]
    if not chosen:
        print(f"no series is called {asked.only}; there are: {', '.join(series.name for series in SERIES)}", file=sys.stderr)
        return 2
    machine, failed = _machine(), []
    if asked.publish:
        shelf.write(shelf.FOLDER, SERIES, machine)
        print(f"published: {shelf.publish(shelf.FOLDER, shelf.CHECKOUT / 'docs')}")
        return 0
    for series in chosen:
        print(f"{series.name}: {series.title}", flush=True)
        try:
            kept = _measured(series, asked)
        except Exception:  # noqa: BLE001 - the outermost loop: the other series are still worth their figures
            traceback.print_exc()
            failed.append(series.name)
            continue
        shelf.keep(shelf.FOLDER, kept)
        shelf.write(shelf.FOLDER, SERIES, machine)
        for row in kept.result.missed():
            print(f"  budget missed: {row.what}", flush=True)
        print(f"  took {kept.took_s:.0f} s", flush=True)
    print(f"report: {shelf.FOLDER / 'report.md'}" + (f"; failed: {', '.join(failed)}" if failed else ""), flush=True)
    return 1 if failed else 0


def _measured(series: Series, asked: argparse.Namespace) -> Kept:
    folder = shelf.FOLDER / "work" / f"{series.name}.{asked.run}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    before, began_at, began = load(), clock.now(), time.monotonic()
    result = series.run(Options(seed=asked.seed, hours=asked.hours, folder=folder))
    took_s = time.monotonic() - began
    told = f"seed {asked.seed}, hours {asked.hours:g}"
    return Kept(series.name, asked.run, began_at, took_s, revision(), (before, load()), told, result)


def _machine() -> Machine:
    programs = fetch.find(Settings().cache, [])
    asterisk = _said([*programs.argv("asterisk"), "-V"]) if programs else "none"
    return described(asterisk, _said(["chromium", "--version"]))


def _said(argv: list[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True).stdout.strip()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--only", default="", help="series whose name holds this")
    parser.add_argument("--run", type=int, default=1, help="number of this run in the report; the same number replaces")
    parser.add_argument("--hours", type=float, default=0.05, help="how long series about slow growth last")
    parser.add_argument("--publish", action="store_true", help="run nothing: put what was kept into docs/")
    parser.add_argument("--seed", type=int, default=20260101)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
