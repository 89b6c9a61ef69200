"""Lines and trunks against real carriers on 127.0.0.0/8: registration, numbers in every dress, codecs, T.38, retired numbers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from hotline_core.settings import DEFAULT_CITY
from tests.running.instance import Hotline
from tests.sip.call import Call
from tests.sip.carrier import Carrier
from tests.sip.digest import Credentials
from tests.sip.policy import RingForever
from tests.sip.rtp import Tone
from tests.sip.sdp import PCMU
from tests.sip.tones import level_of

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

LOGIN = Credentials("hotline@ims.example", "geheim;7x", "ims.example")
IMS, MU, STRANGER = "127.0.0.2", "127.0.0.3", "127.0.0.9"
DUTY = "05573020002"


@dataclass(slots=True)
class Talk:
    """A citizen of the mu-law carrier who talks with the duty telephone at the carrier that wants registration."""

    citizen: Call
    duty: Call


def free_udp_port(host: str) -> int:
    """A port nobody listens on."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Where the two carriers listen."""
    return free_udp_port(IMS), free_udp_port(MU)


@pytest.fixture(scope="module")
def city(ports: tuple[int, int]) -> Iterator[Hotline]:
    """A hotline in service, no demo: two carriers, a number being retired and one whose day has passed."""
    ims, mu = ports
    trunks = f"""trunks:
  ims:
    host: ims.example
    outbound_proxy: {{host: {IMS}, port: {ims}}}
    login: {{user: hotline@ims.example, secret_file: ims.secret}}
    registration: {{user: "+8655712345", every_s: 60, retry_s: 1}}
  mu:
    host: {MU}
    port: {mu}
    trust_identity: false
    codecs: [ulaw]
    reliable_provisional: refused
"""
    retired = 'retired: [{number: "96588", until: 2099-12-31}, {number: "96100", until: 2026-01-31}]'
    text = DEFAULT_CITY.read_text(encoding="utf-8")
    text = text.replace("trunks: {}", f"{trunks}\n#").replace("no_agent_s: 5", "no_agent_s: 1").replace("retired: []", retired)
    hotline = Hotline(text, HOTLINE_DEMO="0")
    secret = hotline.home / "ims.secret"
    secret.write_text(f"{LOGIN.password}\n", encoding="ascii")
    secret.chmod(0o600)
    hotline.start()
    try:
        yield hotline
    finally:
        hotline.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ims(city: Hotline, ports: tuple[int, int]) -> AsyncIterator[Carrier]:
    """The carrier that wants registration with a digest; its telephones ring until a test answers."""
    async with Carrier(city.sip, local_ip=IMS, local_port=ports[0], login=LOGIN) as carrier:
        carrier.on_invite = RingForever()
        yield carrier


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mu(city: Hotline, ports: tuple[int, int]) -> AsyncIterator[Carrier]:
    """The carrier that speaks mu-law alone and is known by its address."""
    async with Carrier(city.sip, local_ip=MU, local_port=ports[1], codec=PCMU) as carrier:
        carrier.user = "05573021111"
        yield carrier


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def talk(city: Hotline, ims: Carrier, mu: Carrier) -> Talk:
    """Nobody is signed in, so the duty telephone rings; its carrier gives sound before the answer, reliably."""
    await registered(ims)
    headers = (("Supported", "timer"), ("Session-Expires", "90;refresher=uas"))
    citizen = await mu.call("12345", source=Tone(500), headers=headers)
    await citizen.answered.within(5)
    await citizen.listen(0.3)
    citizen.press("0")
    duty = await ims.next_call(20)
    duty.send(Tone(1300))
    duty.progress(183, (("Require", "100rel"), ("RSeq", "4711")), has_sound=True)
    await wait_for(lambda: bool(ims.got("PRACK")), "the sound before the answer is acknowledged")
    duty.answer()
    await duty.answered.within(5)
    return Talk(citizen, duty)


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


async def test_the_hotline_registers_under_its_number_with_another_user_for_the_digest_by_the_proxy(ims: Carrier) -> None:
    """The domain stands in the request, the proxy gets it, the secret comes from its own file."""
    contact = await registered(ims)
    asked = ims.got("REGISTER")[-1]
    assert asked.uri == "sip:ims.example"
    assert "<sip:+8655712345@ims.example>" in asked.need("To")
    assert 'username="hotline@ims.example"' in asked.need("Authorization")
    assert contact.startswith("sip:+8655712345@127.0.0.1:")


async def test_the_duty_telephone_is_called_through_the_proxy_that_asks_who_calls(ims: Carrier, talk: Talk) -> None:
    """The INVITE is challenged as well; the carrier sees the number it gave us, not the citizen's."""
    challenged, invite = ims.got("INVITE")[-2:]
    assert challenged.get("Proxy-Authorization") is None
    assert 'username="hotline@ims.example"' in invite.need("Proxy-Authorization")
    assert invite.uri == f"sip:{DUTY}@ims.example"
    assert invite.need("Route") == f"<sip:{IMS}:{ims.address[1]};lr>"
    assert talk.duty.caller_number == "+8655712345"
    assert [request.need("RAck").split()[0] for request in ims.got("PRACK")] == ["4711"]


async def test_mu_law_on_one_trunk_and_a_law_on_the_other_hear_each_other(talk: Talk) -> None:
    """Both ways, at full level: the telephones know nothing of each other's codec."""
    await talk.citizen.listen(1.5)
    citizen, duty = talk.citizen.heard(1.0), talk.duty.heard(1.0)
    assert level_of(citizen, 1300) == pytest.approx(8000, rel=0.1)
    assert level_of(duty, 500) == pytest.approx(8000, rel=0.1)
    assert level_of(citizen, 500) < 200
    assert level_of(duty, 1300) < 200
