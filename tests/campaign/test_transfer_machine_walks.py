"""The machine of transfers against a small dialplan, by the ten thousand: `make campaign ONLY=machine N=100000`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.campaign.conftest import OpenTable
from tests.unit.test_transfer_walks import walked

pytestmark = pytest.mark.campaign

WALKS = 20_000
COLUMNS = ("seeds", "walks", "links lost", "complaints")


def test_no_walk_of_the_machine_of_transfers_loses_the_citizen(table: OpenTable, runs: Callable[[int], int], seed: int) -> None:
    """Each walk is replayed by its seed; the story of the first bad one is told."""
    walks = runs(WALKS)
    bad: Counter[str] = Counter()
    first = ""
    links = 0
    for number in range(seed, seed + walks):
        walk = walked(number)
        links += walk.lost_links
        for complaint in walk.complaints():
            bad[complaint] += 1
            first = first or f"seed {number}: {complaint}\n" + "\n".join(walk.story)
    rows = table("machine_walks", "Walks of the machine of transfers through a small dialplan", *COLUMNS)
    rows.add(f"{seed} to {seed + walks - 1}", walks, links, sum(bad.values()))
    assert not bad, first
