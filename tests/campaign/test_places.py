"""Twenty-three callers in one queue: each is told the place that is theirs, those behind the twentieth just that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from hotline_core.settings import DEFAULT_CITY
from tests.campaign.conftest import OpenTable
from tests.running.instance import Hotline, running
from tests.running.matching import find, prompt
from tests.sip.agent import SipCaller
from tests.sip.tones import Samples

pytestmark = pytest.mark.campaign

CALLERS = 23
APART_S = 0.4


async def test_each_caller_is_told_the_place_that_is_theirs(table: OpenTable, runs: Callable[[int], int]) -> None:
    """From the first, who hears that they are next, to those beyond the twentieth; in the order in which they came."""
    found = table("places", "Places told to callers who came one after the other", "came as", "told", "likeness", "right")
    with running(DEFAULT_CITY.read_text(encoding="utf-8")) as hotline:
        hotline.asterisk("devstate change Custom:busy INUSE")
        hotline.asterisk("queue add member PJSIP/0999002@trunk-demo to hotline penalty 0 as trial state_interface Custom:busy")
        wrong = []
        for _ in range(runs(1)):
            for place, heard in enumerate(await _all(hotline), 1):
                key, likeness = _told(heard)
                is_right = key == _expected(place)
                found.add(place, key, f"{likeness:.2f}", "yes" if is_right else "NO")
                wrong += [] if is_right else [(place, key)]
    assert wrong == []


def _expected(place: int) -> str:
    return "queue-youarenext" if place == 1 else f"position-{place}" if place <= 20 else "queue-beyond"


def _told(heard: Samples) -> tuple[str, float]:
    """The place that was said; `queue-beyond` comes behind the twentieth."""
    beyond = find(prompt("queue-beyond"), heard)
    if beyond.is_played and find(prompt("position-20"), heard).is_played:
        return "queue-beyond", beyond.likeness
    keys = ["queue-youarenext", *(f"position-{place}" for place in range(2, 21))]
    likeness, key = max((find(prompt(key), heard).likeness, key) for key in keys)
    return key, likeness


async def _all(hotline: Hotline) -> list[Samples]:
    async def one(place: int) -> Samples:
        await asyncio.sleep(place * APART_S)
        async with SipCaller(hotline.sip, f"138557{place:05d}") as phone:
            call = await phone.call("12328")
            await call.answered.within(10)
            await call.listen(0.3)
            await call.press("0")
            await call.listen(7.0)
            heard = call.heard()
            await asyncio.sleep((CALLERS - place) * APART_S)  # nobody goes before all have come
            await call.hang_up()
            return heard

    return list(await asyncio.gather(*(one(place) for place in range(1, CALLERS + 1))))
