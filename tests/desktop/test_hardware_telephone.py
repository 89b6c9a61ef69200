"""A hardware SIP telephone instead of the page's: it rings and talks, the page shows the ticket and what happens."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from tests.running.facts import live_equals_asterisk, stored_call
from tests.running.instance import Hotline
from tests.running.page import Agents, Desk
from tests.sip.agent import Refused, SipCaller
from tests.sip.baresip import Baresip
from tests.sip.call import Call
from tests.sip.rtp import Tone
from tests.sip.tones import level_of, tone

pytestmark = pytest.mark.desktop

LOGIN, EXTENSION, USER = "agent2", "1002", "agent-1002"
CITIZEN_HZ, TELEPHONE_HZ = 500, 900


@pytest.fixture
def manager(hotline: Hotline) -> Iterator[httpx.Client]:
    """An administrator's token; agent2 has the page as telephone again afterwards."""
    with hotline.api("administrator") as api:
        yield api
        change_kind(api, "page")


def change_kind(manager: httpx.Client, kind: str) -> None:
    """Give agent2 the other kind of telephone."""
    manager.patch(f"/api/people/{LOGIN}", json={"phone_kind": kind}).raise_for_status()


def new_password(manager: httpx.Client) -> str:
    """The hardware telephone's password, as shown to the administrator."""
    answer = manager.post(f"/api/people/{LOGIN}/telephone").raise_for_status().json()
    assert (answer["user"], answer["in_force"]) == (USER, True)
    return str(answer["password"])


async def opens(hotline: Hotline, password: str) -> bool:
    """Whether Asterisk lets a telephone register with it."""
    async with SipCaller(hotline.sip, user=USER) as telephone:
        try:
            await telephone.register(USER, password)
        except Refused:
            return False
        return True


async def rings(desk: Desk, telephone: Baresip, citizen: SipCaller) -> Call:
    """A citizen calls: the telephone rings, the ticket pops, the page cannot answer; then the telephone is picked up."""
    telephone.ringing.clear()
    telephone.established.clear()
    call = await citizen.call("12328", source=Tone(CITIZEN_HZ))
    await call.answered.within(5)
    await desk.state("ringing", 25)
    await telephone.ringing.within(3)
    await expect(desk.page.locator("#ticket-number")).to_have_text(citizen.user)
    await expect(desk.page.locator("#btn-answer")).to_be_disabled()
    await expect(desk.page.locator("#state-hint")).to_have_text("请在话机上接听")
    await telephone.command("accept")
    await desk.state("talking")
    return call


async def test_an_agent_with_a_hardware_telephone_is_rung_talks_and_hangs_up_on_either(
    hotline: Hotline, manager: httpx.Client, tmp_path: Path
) -> None:
    """Baresip registers with the password shown once; tones both ways; ended by the page through the bridge, then by itself."""
    await asyncio.to_thread(change_kind, manager, "hardware")
    old = new_password(manager)
    password = new_password(manager)
    pictures = Path(os.environ.get("HOTLINE_TEST_PICTURES", tmp_path))
    source = tone(TELEPHONE_HZ, 120, 8000)
    async with (
        Agents(hotline, tmp_path) as agents,
        Baresip(tmp_path, USER, source=source, password=password, registrar=hotline.sip) as telephone,
        SipCaller(hotline.sip, "13855706001") as citizen,
    ):
        assert not await opens(hotline, old)
        await telephone.registered.within(5)
        desk = await agents.browser()
        await desk.enter(LOGIN)
        await desk.open("hardware")
        await expect(desk.page.locator("#phone-state")).to_have_text("话机")
        await desk.become_ready()

        call = await rings(desk, telephone, citizen)
        call_id = await desk.call_id()
        await call.listen(2.0)
        await call.rtp.hears_tone(TELEPHONE_HZ)
        await desk.screenshot(pictures / "hardware-telephone.png")
        for command, state in (("hold", "held"), ("resume", "talking")):
            await telephone.command(command)
            await desk.state(state, 5)
        await desk.page.click("#btn-hangup")
        await telephone.closed.within(5)
        await call.wait_ended(5)
        assert level_of(telephone.heard()[-4000:], CITIZEN_HZ) == pytest.approx(8000, rel=0.2)
        with hotline.api() as api:
            await stored_call(api, call_id, state="ended", ended_by="agent", agent=EXTENSION)

        await desk.page.click("#btn-pause")
        await desk.state("paused")
        await desk.become_ready()
        call = await rings(desk, telephone, citizen)
        second = await desk.call_id()
        await telephone.hang_up()
        await call.wait_ended(5)
        with hotline.api() as api:
            await stored_call(api, second, state="ended", ended_by="agent", agent=EXTENSION)
            await live_equals_asterisk(hotline, api)

        await asyncio.to_thread(change_kind, manager, "page")  # the open page takes the telephone over by itself
        await expect(desk.page.locator("#phone-state")).to_have_attribute("data-state", "registered", timeout=15_000)
        assert not await opens(hotline, password)
