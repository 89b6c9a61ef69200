"""A sample of all acts at all stages by all roles, refused over HTTP with the code docs/states.md means; all by the campaign."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.integration.desk_kit import settings_of
from tests.integration.ticket_room import Room, open_room
from tests.integration.ticket_triples import STATUS, refused_triples, triples, try_all, who_decides

pytestmark = pytest.mark.integration
SAMPLE = 240


@pytest.fixture
async def room(short_folder: Path) -> AsyncGenerator[Room, None]:
    async with open_room(settings_of(short_folder)) as made:
        yield made


async def test_what_the_table_refuses_is_refused_over_http_with_its_code_and_changes_nothing(room: Room, seed: int) -> None:
    approver = await who_decides(room)
    refused = refused_triples(approver)
    assert len(refused) > len(list(triples())) / 2
    tried = await try_all(room, random.Random(seed).sample(sorted(refused.items(), key=str), SAMPLE))
    assert tried.wrong == []
    assert set(tried.codes) == set(STATUS), "each kind of refusal is in the sample"
