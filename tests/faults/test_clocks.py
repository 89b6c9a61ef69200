"""`make faults`: the machine's clock jumps while citizens ring, wait and talk; nobody notices, and the records stay whole."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.campaign.conftest import OpenTable
from tests.faults.catalogue import Cost, Fault
from tests.faults.clocked import OFFSET_FILE
from tests.faults.invariants import Findings
from tests.faults.network import own_network
from tests.faults.rounds import play
from tests.faults.test_faults import tell
from tests.faults.world import World
from tests.running.instance import Hotline

pytestmark = pytest.mark.campaign

SEEN_S = 3.0  # libfaketime looks once a second
LENGTHS_UNKNOWN = Cost(tail_s=1e9)  # the records' times jump with the clock, so they cannot tell how long a recording must be
JUMPS = {"90 s on": 90, "an hour on": 3600, "90 s back": -90, "an hour back": -3600}


class Clocked(World):
    """A world whose parts read a wall clock that the test sets."""

    launching = ("-m", "tests.faults.clocked")

    def __init__(self) -> None:
        super().__init__()
        self._offset = Path(f"{self.home}.clock")
        self.environment[OFFSET_FILE] = str(self._offset)
        self.set_clock(0)

    def set_clock(self, seconds: int) -> None:
        """The wall clock of every part is so far off, within a second."""
        fresh = self._offset.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n", encoding="ascii")
        fresh.replace(self._offset)

    def remove(self) -> None:
        """The clock goes too."""
        super().remove()
        self._offset.unlink()


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
        hotline.set_clock(seconds)
        yield
        await asyncio.sleep(SEEN_S)

    return Fault("clock", harm, LENGTHS_UNKNOWN)


@pytest.mark.parametrize("name", JUMPS)
async def test_everybody_is_served_whatever_the_clock_does(clocked: Clocked, table: OpenTable, seed: int, name: str) -> None:
    """There, and back again in the same round."""
    dice, there = random.Random(f"{seed} {name}"), JUMPS[name]
    found: Findings = await play(clocked, [jump(there), jump(0)], dice, 2000 + list(JUMPS).index(name))
    tell(table, f"clock jumps {name}, and back", seed, found)
    assert found.faults == [], "\n".join(found.faults)
