"""Series `events`: how fast and how truly the bridge's AMI client reads, beside asterisk-ami and panoramisk."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from random import Random

from tests.bench.ami_stream import Stream, events
from tests.bench.machine import CHECKOUT
from tests.bench.report import Budget, Curve, Options, Picture, Result, Row, Series

EVENTS = 30_000
ROUNDS = 7
CLIENTS = ("ours", "asterisk-ami", "panoramisk")
FAULTS = {"lost": "lost", "disordered": "out of order", "changed": "with another name than was sent"}
CHILD_S = 90.0

Told = dict[str, float]


def measure(options: Options) -> Result:
    """Rounds of all three, the order turned by one in each, on whole pieces and on torn ones."""
    rounds, count = (1, 2000) if options.is_small else (ROUNDS, EVENTS)
    dice = Random(options.seed)
    data = b"".join(text for _, text in events(count))
    told: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for turn in range(rounds):
        for way in ("whole", "torn"):
            for client in CLIENTS[turn % 3 :] + CLIENTS[: turn % 3]:
                with Stream(data, tears=dice if way == "torn" else None).serving() as stream:
                    told[way, client].append(_read(client, stream.port, count))
    rows = [row for way in ("whole", "torn") for row in _rows(way, told, count)]
    rows.append(_truth(told))
    return Result(tuple(rows), _picture(told, count), _notes(told, count, len(data)))


def _read(client: str, port: int, count: int) -> Told:
    argv = [sys.executable, "-m", "tests.bench.ami_reader", client, str(port), str(count)]
    said = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, timeout=CHILD_S, check=True)
    found: Told = json.loads(said.stdout)
    return found


def _rows(way: str, told: dict[tuple[str, str], list[Told]], count: int) -> list[Row]:
    pieces = "in pieces of 64 kB" if way == "whole" else "torn into pieces of 1 to 300 bytes"
    rows = []
    for peer in CLIENTS[1:]:
        for measure, second in (("wall_s", "second"), ("cpu_s", "second of processor")):
            ours, theirs = (tuple(count / 1000 / one[measure] for one in told[way, client]) for client in ("ours", peer))
            budget = Budget(1.0, "ratio", at_most=False) if measure == "cpu_s" else None
            rows.append(Row(f"events a {second}, stream {pieces}, beside {peer}", "k", ours, theirs, peer, budget))
    return rows


def _truth(told: dict[tuple[str, str], list[Told]]) -> Row:
    wrong = tuple(sum(one[fault] for fault in FAULTS) for way in ("whole", "torn") for one in told[way, "ours"])
    return Row("events lost, out of order or changed by ours, in each round", "", wrong, budget=Budget(0.0))


def _notes(told: dict[tuple[str, str], list[Told]], count: int, size: int) -> tuple[str, ...]:
    counted = []
    for client in CLIENTS:
        runs = [one for way in ("whole", "torn") for one in told[way, client]]
        found = ", ".join(f"{sum(one[fault] for one in runs):.0f} {words}" for fault, words in FAULTS.items())
        counted.append(f"Of {len(runs) * count} events {client} read: {found}.")
    about = f"{count} events of {size / count:.0f} bytes on average, in the mix of the captures in tests/transcripts, over TCP."
    return about, "The budget counts processor time: what another program takes away from a reader is not its fault.", *counted


def _picture(told: dict[tuple[str, str], list[Told]], count: int) -> Picture:
    curves = []
    for way in ("whole", "torn"):
        for client in CLIENTS:
            ys = tuple(count / 1000 / one["cpu_s"] for one in told[way, client])
            curves.append(Curve(f"{client}, {way}", tuple(float(turn) for turn in range(1, len(ys) + 1)), ys))
    return Picture("AMI events read", "round", "thousand events a second of processor", tuple(curves))


SERIES = Series(
    "events",
    "Reading AMI events",
    "How many events does a client hand to its user, and are they the ones that were sent? A scripted Asterisk sends what a real "
    "one was heard to send; each client reads it in a process of its own and takes two values out of each event.",
    measure,
)
