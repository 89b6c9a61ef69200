"""A city in service between two carriers of our own: its file, and what tests ask of it."""

from __future__ import annotations

import asyncio
import wave
from typing import Any

import httpx
import numpy as np

from ami_bridge.protocol import encode
from hotline_core.adapters.secrets import load_or_make
from hotline_core.settings import DEFAULT_CITY
from ivr.catalogue import RECORDINGS_FOLDER
from tests.running.instance import Hotline
from tests.sip.call import Call
from tests.sip.carrier import Carrier
from tests.sip.digest import Credentials
from tests.sip.tones import Samples

LOGIN = Credentials("hotline@ims.example", "s3cret;7x", "ims.example")
IMS, MU, STRANGER = "127.0.0.2", "127.0.0.3", "127.0.0.9"


def city_of(ims: int, mu: int) -> str:
    """The default city with two trunks on these ports, a number being retired and one whose day has passed."""
    trunks = f"""trunks:
  ims:
    host: ims.example
    outbound_proxy: {{host: {IMS}, port: {ims}}}
    login: {{user: hotline@ims.example, secret_file: ims.secret}}
    registration: {{user: "+8655712345", every_s: 60, retry_s: 1}}
    forwarded_caller: line
  mu:
    host: {MU}
    port: {mu}
    trust_identity: false
    codecs: [ulaw]
    early_media: false
    reliable_provisional: refused
    silence_s: 10
"""
    retired = 'retired: [{number: "96588", until: 2099-12-31}, {number: "96100", until: 2026-01-31}]'
    text = DEFAULT_CITY.read_text(encoding="utf-8")
    return text.replace("trunks: {}", f"{trunks}\n#").replace("no_agent_s: 5", "no_agent_s: 1").replace("retired: []", retired)


async def offered(carrier: Carrier, timeout_s: float = 20.0) -> Call:
    """The next call to a telephone of the carrier that is not over yet."""
    async with asyncio.timeout(timeout_s):
        while (call := await carrier.next_call(timeout_s)).ended.is_set():
            pass
        return call


async def registered(ims: Carrier) -> str:
    """The Contact of the PBX, once it is there."""
    await wait_for(lambda: ims.registered is not None, "the PBX registers")
    assert ims.registered is not None
    return ims.registered


async def wait_for(is_true: Any, what: str, timeout_s: float = 10.0) -> None:
    """Look until it is true."""
    ends_at = asyncio.get_running_loop().time() + timeout_s
    while not is_true():
        assert asyncio.get_running_loop().time() < ends_at, f"not within {timeout_s} s: {what}"
        await asyncio.sleep(0.05)


async def live_call(city: Hotline, api: httpx.Client, **wanted: str) -> dict[str, Any]:
    """The running call with these fields, once the live view shows it."""
    live: dict[str, Any] = {}
    for _ in range(60):
        live = await asyncio.to_thread(city.live, api)
        if found := [call for call in live["calls"] if all(call[name] == value for name, value in wanted.items())]:
            return dict(found[0])
        await asyncio.sleep(0.1)
    raise AssertionError(f"no live call with {wanted}: {live['calls']}")


def prompt(name: str) -> Samples:
    """The recording of a prompt."""
    with wave.open(str(RECORDINGS_FOLDER / f"{name}.wav")) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(np.int16)


async def dial(city: Hotline, telephone: str, number: str, call_id: str) -> None:
    """What the bridge asks for when an agent calls a citizen."""
    reader, writer = await asyncio.open_connection("127.0.0.1", city.settings.ami_port)
    secret = load_or_make(city.settings.paths.secrets).ami
    writer.write(encode("Login", [("Username", "bridge"), ("Secret", secret), ("Events", "off")]))
    call = [("Channel", telephone), ("Context", "outgoing"), ("Exten", number), ("Priority", "1"), ("Async", "true")]
    writer.write(encode("Originate", [*call, ("Variable", f"__CALLREF={call_id}"), ("Variable", "LINE=12345")]))
    async with asyncio.timeout(5):
        assert b"successfully queued" in await reader.readuntil(b"queued\r\n\r\n")
    writer.close()
