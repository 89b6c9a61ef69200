"""`make faults`: each fault in a crowd, then several in one round as the dice fall; everybody is served, nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from tests.campaign.conftest import OpenTable
from tests.faults.catalogue import FAULTS
from tests.faults.invariants import Findings
from tests.faults.rounds import play
from tests.faults.world import World, world

pytestmark = pytest.mark.campaign

COLUMNS = (
    "fault", "seed", "talks", "gave up", "dropped", "cut", "not answered", "slowest to an agent s", "drafts", "without sound",
    "longest gap ms", "most missing ms", "violations",
)  # fmt: skip
WALKS = 10
IN_A_ROUND = 3


@pytest.fixture(scope="module")
def hurt() -> Iterator[World]:
    """One hotline for all faults: what one leaves behind the next one finds."""
    with world() as one:
        yield one


@pytest.mark.parametrize("name", FAULTS)
async def test_everybody_is_served_whatever_fails(hurt: World, table: OpenTable, seed: int, name: str) -> None:
    """Eight citizens, three agents, one fault."""
    place = list(FAULTS).index(name)
    found = await play(hurt, [FAULTS[name]], random.Random(f"{seed} {name}"), place)
    tell(table, name, seed, found)
    assert found.faults == [], "\n".join(found.faults)


async def test_everybody_is_served_whatever_fails_one_after_the_other(
    hurt: World, table: OpenTable, runs: Callable[[int], int], seed: int
) -> None:
    """Three faults of different kinds in one round, before all who met the first are served."""
    violations = []
    for walk in range(runs(WALKS)):
        dice = random.Random(f"{seed} walk {walk}")
        names = drawn(dice, IN_A_ROUND)
        found = await play(hurt, [FAULTS[name] for name in names], dice, 1000 + walk)
        tell(table, ", ".join(names), f"{seed} walk {walk}", found)
        violations += [f"{names}: {one}" for one in found.faults]
    assert violations == [], "\n".join(violations)


def drawn(dice: random.Random, count: int) -> list[str]:
    """Faults of as many different kinds."""
    kinds = dice.sample(sorted({fault.kind for fault in FAULTS.values()}), count)
    return [dice.choice([name for name, fault in FAULTS.items() if fault.kind == kind]) for kind in kinds]


def tell(table: OpenTable, name: str, seed: object, found: Findings) -> None:
    """One row."""
    table("faults", "Faults in a crowd", *COLUMNS).add(
        name, seed, found.talks, found.gave_up, found.dropped, found.cut, found.unanswered, f"{found.slowest_s:.1f}",
        found.drafts, found.unrecorded, f"{found.longest_gap_ms:.0f}", f"{max(0.0, found.shortest_ms):.0f}",
        "; ".join(found.faults) or "none",
    )  # fmt: skip
