"""Campaign: callers' numbers drawn by dice get the same form from the real dialplan and from the pure function."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from hotline_core.domain.numbers import of_caller
from tests.campaign.conftest import OpenTable
from tests.running.instance import Hotline
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.campaign

ROUNDS, AT_ONCE = 50, 20
PREFIXES = ("", "", "0", "86", "+86", "0086", "+", "00", "+860", "860", "08", "1", "400", "800", "010", "021", "0557", "+86557")


async def test_the_dialplan_writes_every_number_as_the_settings_do(
    hotline: Hotline, runs: Callable[[int], int], seed: int, table: OpenTable
) -> None:
    """One citizen is one citizen, whichever of the two has brought the number into its form."""
    dice = random.Random(seed)
    for _ in range(runs(ROUNDS)):
        written = [dice.choice(PREFIXES) + "".join(dice.choices("0123456789", k=dice.randrange(1, 13))) for _ in range(AT_ONCE)]
        assert await _kept(hotline, written) == Counter(of_caller(number, "0557") for number in written), written
    told = table("numbers", "Callers' numbers: the real dialplan and the pure function", "seed", "numbers", "alike")
    told.add(seed, runs(ROUNDS) * AT_ONCE, runs(ROUNDS) * AT_ONCE)


async def _kept(hotline: Hotline, written: list[str]) -> Counter[str]:
    """The numbers of all citizens on the line, after one call from each of these."""
    async with AsyncExitStack() as stack:
        for number in written:
            phone = await stack.enter_async_context(SipCaller(hotline.sip, number))
            call = await phone.call("12345")
            await call.answered.within(10)
        shown = await asyncio.to_thread(hotline.asterisk, "core show channels concise")
    rows = [row.split("!") for row in shown.splitlines()]
    return Counter(row[7] for row in rows if row[0].startswith("PJSIP/trunk-"))
