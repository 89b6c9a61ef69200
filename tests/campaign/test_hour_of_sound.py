"""A recording of one hour, as it is kept: how long until an ear hears it, from its beginning, its middle and its end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.campaign.conftest import OpenTable
from tests.desktop.test_player import AUDIO, STARTS, opened
from tests.running.instance import Hotline
from tests.running.long_call import HOUR_S, put_long_call
from tests.running.page import Agents

pytestmark = pytest.mark.campaign

CALL = "h1-9200.1"
START_MS = 500.0  # the issue's own bound
JUMPS = (1800, 10, 3500, 900, 3590)


async def test_an_hour_starts_and_jumps_within_half_a_second(hotline: Hotline, tmp_path: Path, table: OpenTable) -> None:
    """Encrypted Opus through desk and front into Chromium, from the press to moving sound."""
    put_long_call(hotline.settings, CALL, time.time() - 60, length_s=HOUR_S)
    rows = table("playback-start", "Start of playback of one hour", "from", "ms")
    async with Agents(hotline, tmp_path) as agents:
        page = await opened(agents, hotline, CALL)
        await page.locator(".player .why select").select_option("quality")
        start_ms = float(await page.evaluate(STARTS, "() => document.querySelector('.player [data-do=open]').click()"))
        rows.add("the reason", f"{start_ms:.0f}")
        taken = [start_ms]
        for second in JUMPS:
            taken.append(float(await page.evaluate(STARTS, f"() => {{ {AUDIO}.currentTime = {second}; }}")))
            rows.add(f"a jump to {second} s", f"{taken[-1]:.0f}")
    assert max(taken) < START_MS, taken
