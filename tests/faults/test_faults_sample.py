"""What `make test` has of the fault campaign: one crowd, three faults as the seed draws them, everything looked at afterwards."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.rounds import play
from tests.faults.world import World, world

pytestmark = pytest.mark.asterisk

QUICK = (
    ("bridge killed", "two bridges", "ledger's tail torn"),
    ("Redis emptied", "Redis evicts the view", "live view corrupted", "mark of the live view corrupted"),
    ("desk killed", "worker killed", "front killed"),
)


@pytest.fixture(scope="module")
def hurt() -> Iterator[World]:
    """A hotline on a disk and in a network of its own."""
    with world() as one:
        yield one


async def test_everybody_is_served_whatever_three_parts_do(hurt: World, seed: int) -> None:
    """No caller, no draft and no recording is lost; the live view is Asterisk's, the figures are the ledger's."""
    dice = random.Random(f"{seed} sample")
    names = [dice.choice(kind) for kind in QUICK]
    found = await play(hurt, [FAULTS[name] for name in names], dice, 1, citizens=6)
    assert found.faults == [], f"{names}: " + "\n".join(found.faults)
    assert found.talks + found.gave_up >= 6
