"""`make faults`: the machine's clock jumps while citizens ring, wait and talk; nobody notices, and the records stay whole."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from tests.campaign.conftest import OpenTable
from tests.faults.catalogue import Cost, Fault
from tests.faults.clocked import FalseClock
from tests.faults.invariants import Findings
from tests.faults.network import own_network
from tests.faults.rounds import play
from tests.faults.test_faults import tell
from tests.faults.world import World
from tests.running.instance import Hotline

pytestmark = pytest.mark.campaign

# the records' times jump with the clock, so they cannot tell how long a recording must be
COST = Cost(tail_s=1e9)
LASTS_S = 3.0
JUMPS = {"90 s on": 90, "an hour on": 3600, "90 s back": -90, "an hour back": -3600}


class Clocked(World):
    """A world whose parts read a wall clock that the test sets."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FalseClock(self)

    def start(self) -> None:
        """Long ago, so that a clock that is set back does not lead to a time before the agents had their extensions."""
        super().start()
        self.clock.begun()

    def remove(self) -> None:
        """The clock goes too."""
        super().remove()
        self.clock.remove()


@pytest.fixture(scope="module")
def clocked() -> Iterator[Clocked]:
    """One hotline for all jumps."""
    with own_network():
        one = Clocked()
        try:
            one.start()
            one.prepare()
            yield one
        finally:
            one.close()


def jump(seconds: int) -> Fault:
    """The clock jumps, and stays so for the rest of the round."""

    @asynccontextmanager
    async def harm(hotline: Hotline) -> AsyncIterator[None]:
        assert isinstance(hotline, Clocked)
        hotline.clock.set(seconds)
        yield
        await asyncio.sleep(LASTS_S)

    return Fault("clock", harm, COST)


@pytest.mark.parametrize("name", JUMPS)
async def test_everybody_is_served_whatever_the_clock_does(clocked: Clocked, table: OpenTable, seed: int, name: str) -> None:
    """There, and back again in the same round."""
    dice, there = random.Random(f"{seed} {name}"), JUMPS[name]
    found: Findings = await play(clocked, [jump(there), jump(0)], dice, 2000 + list(JUMPS).index(name))
    tell(table, f"clock jumps {name}, and back", seed, found)
    assert found.faults == [], "\n".join(found.faults)
