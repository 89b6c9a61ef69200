"""Owns agents on hardware telephones: an account with one, its password, its registration, its person made ready."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from tests.running.attack import sign_in
from tests.running.bridge_socket import ask
from tests.running.instance import CHECKOUT, Hotline
from tests.sip.agent import Refused, SipCaller
from tests.sip.call import Call
from tests.sip.policy import Answer, Policy

IN_FORCE_S = 20.0
REGISTERED_AGAIN_S = 100.0  # Asterisk forgets a telephone after 300 s


def accounts(hotline: Hotline, *arguments: str) -> str:
    """What the operator's command says."""
    argv = [sys.executable, "-m", "agent_desktop.accounts", *arguments]
    return subprocess.run(
        argv, cwd=CHECKOUT, env=hotline.environment, check=True, capture_output=True, text=True, timeout=30
    ).stdout.strip()


@asynccontextmanager
async def hardware_agent(
    hotline: Hotline, login: str, extension: str, *, policy: Policy = Answer()  # noqa: B008 - frozen
) -> AsyncIterator[SipCaller]:
    """The telephone of an agent who is signed in and ready; afterwards they have the page's again and are in no queue."""
    await asyncio.to_thread(accounts, hotline, "change", "--login", login, "--phone-kind", "hardware")
    password = await asyncio.to_thread(accounts, hotline, "telephone", "--login", login)
    cookie = await sign_in(hotline, login)
    user = f"agent-{extension}"
    async with SipCaller(hotline.sip, user, on_invite=policy) as phone:
        await _registered(phone, user, password)
        url = f"ws://127.0.0.1:{hotline.settings.http_port}/ws"
        async with connect(url, origin=Origin(hotline.origin), additional_headers={"Cookie": cookie}, proxy=None) as page:
            await click_ready(page)
            tasks = {
                asyncio.create_task(_drain(page), name=f"page of {login}"),
                asyncio.create_task(phone.refresh(REGISTERED_AGAIN_S), name=f"{user} registers again"),
            }
            try:
                yield phone
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                await ask(hotline, "sign_out", extension)
                await asyncio.to_thread(accounts, hotline, "change", "--login", login, "--phone-kind", "page")


async def _registered(phone: SipCaller, user: str, password: str) -> None:
    """The desk puts a changed telephone in force within seconds."""
    ends_at = asyncio.get_running_loop().time() + IN_FORCE_S
    while True:
        try:
            await phone.register(user, password)
            return
        except Refused:
            if asyncio.get_running_loop().time() > ends_at:
                raise
            await asyncio.sleep(0.3)


async def click_ready(page: ClientConnection) -> None:
    """Click, and wait for the acknowledgement."""
    await page.send(json.dumps({"type": "intent", "id": f"ready-{secrets.token_hex(6)}", "op": "ready"}))
    async with asyncio.timeout(10):
        while True:
            told = json.loads(await page.recv())
            if told.get("type") == "ack":
                assert told["ok"], told
                return


async def _drain(page: ClientConnection) -> None:
    """Read what the page is told, as a browser does."""
    async for _ in page:
        pass


async def hold_key(leg: Call, *, is_held: bool) -> None:
    """The agent's telephone puts its call on hold, or takes it off again, by itself (a re-INVITE)."""
    offer = leg.offer() if not is_held else leg.offer().replace("a=sendrecv", "a=sendonly")
    answer = await leg.ask("INVITE", (("Content-Type", "application/sdp"),), offer)
    assert answer.status == 200, answer
