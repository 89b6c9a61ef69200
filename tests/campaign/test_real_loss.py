"""A talk in a network that really loses packets: the agent is warned by the call's own statistics while it lasts, and no longer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.campaign.conftest import OpenTable
from tests.faults.network import lay_cable, losing, own_network, share
from tests.running.instance import Hotline, running
from tests.running.page import AGENT_HZ, asks_for_a_person, ready_agent
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.campaign

ADDRESS = "192.0.2.10"  # a documentation address, in the test's own network
CITIZEN, CITIZEN_HZ = "13855709901", 500.0
WARN_S, CALM_S = 20.0, 20.0  # two measurements of 2 s, and the other side's report every 5 s; three good ones at the end
GOOD_S = 12.0
# Packets lost of 100 on the way to the agent, and from the agent; what the page says of it, who cannot hear well among it. The
# other side's own report comes every 5 s: of both ways the page may know one before the other.
LOSSES = (
    (20, 0, "poor", "您可能听不清市民"), (0, 20, "poor", "市民可能听不清您"), (20, 20, "poor", "可能听不清"),
    (6, 0, "fair", "请市民再说一遍"),
)  # fmt: skip


@pytest.fixture
def hotline() -> Iterator[Hotline]:
    """A hotline in a network of its own."""
    with own_network():
        lay_cable(ADDRESS)
        with running() as one:
            yield one


async def test_packets_that_get_lost_in_a_talk_are_warned_of_until_no_more_are(
    hotline: Hotline, tmp_path: Path, table: OpenTable
) -> None:
    """Real Asterisk, real Chromium, nftables that drops by chance; the talk is never cut and both hear each other afterwards."""
    rows = table("real-loss", "A talk that loses packets", "lost to the agent", "lost from the agent", "warned after s",
        "what the agent read", "gone after s")  # fmt: skip
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, CITIZEN) as phone:
        page = desk.page
        call = await asks_for_a_person(phone, "12328", CITIZEN_HZ)
        await desk.answer()
        await desk.hears_tone(CITIZEN_HZ)
        await asyncio.sleep(GOOD_S)
        await expect(page.locator("#quality")).to_have_attribute("data-state", "good")
        await expect(page.locator("#notice[data-key=quality]")).to_have_count(0)
        asterisk = hotline.settings.rtp_ports
        for to_agent, from_agent, quality, words in LOSSES:
            matches = {
                f"udp sport {asterisk} udp dport != {call.rtp.port}": to_agent,
                f"udp dport {asterisk} udp sport != {call.rtp.port}": from_agent,
            }
            with losing(*(share(percent, match) for match, percent in matches.items() if percent)):
                warned_s = await _until_warned(page, quality, words)
                read = (await page.locator("#notice").inner_text()).splitlines()[0]
            gone_s = await _until_calm(page)
            rows.add(to_agent, from_agent, f"{warned_s:.1f}", read, f"{gone_s:.1f}")
        await desk.state("talking")
        await desk.hears_tone(CITIZEN_HZ)
        await call.rtp.hears_tone(AGENT_HZ)
        await call.hang_up()


async def _until_warned(page: Page, quality: str, words: str) -> float:
    """Seconds until the line of notices warns, the lamp of the quality saying the same."""
    began = time.monotonic()
    await expect(page.locator("#notice")).to_have_attribute("data-key", "quality", timeout=WARN_S * 1000)
    took = time.monotonic() - began
    await expect(page.locator("#notice")).to_contain_text(words, timeout=WARN_S * 1000)
    await expect(page.locator("#quality")).to_have_attribute("data-state", quality, timeout=WARN_S * 1000)
    return took


async def _until_calm(page: Page) -> float:
    """Seconds until nothing is warned of any more."""
    began = time.monotonic()
    await expect(page.locator("#notice")).not_to_have_attribute("data-key", "quality", timeout=CALM_S * 1000)
    took = time.monotonic() - began
    await expect(page.locator("#quality")).to_have_attribute("data-state", "good", timeout=CALM_S * 1000)
    return took
