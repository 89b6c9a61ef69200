"""The random walks of the campaign: the same ones for a seed, and all that an agent can ask is on the map."""

from __future__ import annotations

import pytest

from tests.campaign.third_stages import CELLS, ENDS, HARMS, STAGES
from tests.campaign.third_walks import EVERYTHING, MAP, STEPS, walk
from tests.running.ears import HEARS
from transfer.events import ACTS

pytestmark = pytest.mark.unit


def test_a_seed_gives_the_same_walks_and_another_one_others() -> None:
    """So that what a campaign found can be looked at again."""
    assert [walk(7, number) for number in range(200)] == [walk(7, number) for number in range(200)]
    assert walk(7, 3) != walk(8, 3)
    assert {len(walk(7, number)) for number in range(200)} == {STEPS + 1}


def test_200_walks_ask_for_every_act_and_go_through_every_step_of_the_map() -> None:
    """Nothing on the map is never walked; no act of an agent is forgotten."""
    walked = {step.what for number in range(200) for step in walk(20260101, number)}
    assert {step.what for step in EVERYTHING} <= walked
    assert set(ACTS) <= walked
    assert {stage for ways in MAP.values() for _, stage in ways} == set(MAP)


def test_every_failure_is_tried_at_some_stage_and_every_stage_has_its_listeners() -> None:
    """The table of the campaign has no hole that nobody meant."""
    assert set(ENDS) == set(HARMS)
    assert {stage for _, stage in CELLS} == set(STAGES)
    assert set(STAGES) <= set(HEARS)
