"""Callers as the real world sends them: numbers in every dress, hostile names, and a bridge that does not hear."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import httpx
import pytest

from ami_bridge.protocol import Decoder, encode
from hotline_core.adapters.secrets import load_or_make
from tests.running.facts import stored_call
from tests.running.instance import Hotline
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.asterisk


async def live_call(hotline: Hotline, api: httpx.Client, dialled: str) -> dict[str, Any]:
    """The running call that dialled this number, once the live view shows it."""
    for _ in range(60):
        live = await asyncio.to_thread(hotline.live, api)
        if found := [call for call in live["calls"] if call["dialled"] == dialled]:
            return dict(found[0])
        await asyncio.sleep(0.1)
    raise AssertionError(f"no live call to {dialled}")


@pytest.mark.parametrize(
    ("uri", "dialled", "line"),
    [("+8655712328", "055712328", "12328"), ("0557-12345", "055712345", "12345"), ("12328;phone-context=+86", "12328", "12328")],
)
async def test_a_line_is_reached_in_every_dress_its_carrier_gives_the_number(
    hotline: Hotline, uri: str, dialled: str, line: str
) -> None:
    """Country code, area code, or the telephone parameters of an IMS carrier."""
    async with SipCaller(hotline.sip, "13855707001") as phone:
        call = await phone.call(f"sip:{uri}@{hotline.sip[0]}:{hotline.sip[1]}")
        await call.answered.within(5)
        with hotline.api() as api:
            assert (await live_call(hotline, api, dialled))["line"] == line
        await call.hang_up()


async def test_a_number_with_line_breaks_in_it_is_a_call_like_any_other_and_ends_nobody_elses(hotline: Hotline) -> None:
    """What a stranger writes into From becomes no AMI packet: both calls are listed, each ended by its own caller."""
    async with SipCaller(hotline.sip, "13855707002") as honest, SipCaller(hotline.sip, "1%0d%0a%0d%0aEvent%3a%20Hangup") as hostile:
        first = await honest.call("12345")
        await first.answered.within(5)
        with hotline.api() as api:
            known = await live_call(hotline, api, "12345")
            second = await hostile.call("12328")
            await second.answered.within(5)
            odd = await live_call(hotline, api, "12328")
            assert (odd["caller"], odd["line"]) == ("1EventHangup", "12328")
            await second.hang_up()
            await stored_call(api, odd["id"], state="ended", ended_by="caller")
            assert not first.ended.is_set()
            await first.hang_up()
            await stored_call(api, known["id"], state="ended", caller="13855707002", ended_by="caller")


async def answer_of(reader: asyncio.StreamReader, action_id: str) -> str:
    """The value that one AMI action was answered with."""
    decoder = Decoder()
    async with asyncio.timeout(3):
        while True:
            for packet in decoder.feed(await reader.read(65536)):
                if packet.text("ActionID") == action_id:
                    return packet.text("Value")


async def test_a_caller_whom_the_bridge_does_not_hear_leaves_the_silent_menu_when_the_lease_ends(hotline: Hotline) -> None:
    """The heart beats, so the watchdog is content, yet nobody answers the menu: the dialplan goes on by itself, and no
    lease is left on the talk with the duty telephone."""
    reader, writer = await asyncio.open_connection("127.0.0.1", hotline.settings.ami_port)
    secret = load_or_make(hotline.settings.paths.secrets).ami
    writer.write(encode("Login", [("Username", "bridge"), ("Secret", secret), ("Events", "off")]))
    hotline.signal("bridge", signal.SIGSTOP)
    try:
        async with SipCaller(hotline.sip, "13855707003") as phone, asyncio.TaskGroup() as group:

            async def beat() -> None:
                for count in range(10_000):
                    writer.write(encode("Setvar", [("Variable", "HB"), ("Value", f"t{count}")]))
                    await asyncio.sleep(0.4)

            beating = group.create_task(beat())
            call = await phone.call("12328")
            await call.answered.within(5)
            await asyncio.sleep(20)  # nothing at all is to be heard there
            assert "AGI" in hotline.asterisk("core show channels")
            await asyncio.to_thread(hotline.wait, lambda: "@duty" in hotline.asterisk("core show channels"), 30, "rescued")
            rows = [row.split("!") for row in hotline.asterisk("core show channels concise").splitlines()]
            [caller] = [row[0] for row in rows if row[0].startswith("PJSIP/trunk-") and row[1] == "duty"]
            asked = [("Channel", caller), ("Variable", "TIMEOUT(absolute)"), ("ActionID", "left")]
            writer.write(encode("Getvar", asked))
            assert await answer_of(reader, "left") == "0", "seconds until Asterisk hangs up; 0 is never"
            assert not call.ended.is_set()
            await call.hang_up()
            beating.cancel()
    finally:
        hotline.signal("bridge", signal.SIGCONT)
        writer.close()
    await asyncio.to_thread(hotline.wait, hotline.is_ready, 20, "the bridge is back")


async def test_the_watchdog_outlives_a_caller_who_hangs_up_while_it_takes_him_out_of_a_dead_bridges_hands(hotline: Hotline) -> None:
    """The journal names him still and his channel no more; who comes after him needs the watchdog as much."""

    def ticks() -> int:
        told = hotline.asterisk("dialplan show globals")
        return int(next(line.partition("=")[2] for line in told.splitlines() if line.strip().startswith("WD_TICK=")))

    await asyncio.to_thread(hotline.stop, "bridge")
    try:
        hotline.asterisk('database put ivr h1-1.1 ""')
        looked = ticks()
        await asyncio.to_thread(hotline.wait, lambda: "0 results" in hotline.asterisk("database show ivr"), 5, "the key is taken")
        await asyncio.to_thread(hotline.wait, lambda: ticks() > looked + 4, 6, "the watchdog goes on")
    finally:
        await asyncio.to_thread(hotline.start_again, "bridge")
    await asyncio.to_thread(hotline.wait, hotline.is_ready, 20, "the bridge is back")
