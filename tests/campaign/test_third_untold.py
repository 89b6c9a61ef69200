"""A third who answers and leaves while there is no bridge: nobody writes a record, the evidence has the sound all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.asterisk.test_third_evidence import OWN, segment_of, settled
from tests.campaign.harms import back
from tests.running.ears import CITIZEN, HEARD, HZ, THIRD
from tests.running.instance import Hotline, pretty, running
from tests.running.third import cast_of, city_with_parties, talk_of
from tests.sip.policy import Answer
from tests.sip.tones import RATE_HZ, level_of

pytestmark = pytest.mark.campaign


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """A hotline whose parties are telephones of ours."""
    with running(city_with_parties()) as one:
        yield one


@pytest.mark.parametrize("stays", [True, False])
async def test_a_third_who_came_while_no_bridge_lived_has_a_segment(hotline: Hotline, stays: bool) -> None:
    """Dialled by a bridge that is stopped before the answer; the third leaves before the next bridge, or the citizen does after."""
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        third = await cast.party(OWN, Answer(3.0))
        await talk.does("add", party="own")
        leg = await third.next_call(10)
        await leg.ringing.within(5)
        await asyncio.to_thread(hotline.stop, "bridge")
        await leg.answered.within(15)
        await leg.listen(3.0)
        if not stays:
            await leg.hang_up()
            await talk.citizen.listen(1.0)
            await talk.citizen.hang_up()
        await asyncio.to_thread(hotline.start_again, "bridge")
        await back(hotline)
        if stays:
            await talk.stage("three", timeout_s=20)
            await talk.citizen.hang_up()
            await talk.agent_leg.hang_up()
        await asyncio.sleep(12.0)  # sound that nobody told of is believed when it has not grown for ten
        stored = await settled(cast, talk.call_id)
        assert [(one["leg"], one["n"], one["state"]) for one in stored["segments"]] == [(1, 1, "ready")], pretty(stored)
        said, heard = await segment_of(cast, talk.call_id, 1)
    assert level_of(said[RATE_HZ : 2 * RATE_HZ], HZ[THIRD]) >= HEARD
    assert level_of(heard[RATE_HZ : 2 * RATE_HZ], HZ[CITIZEN]) >= HEARD
    assert stored["transfers"][0]["outcome"], pretty(stored)
