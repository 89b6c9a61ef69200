"""A hotline in service attacked by telephone: toll fraud, floods of REGISTER and INVITE, stolen sound; citizens notice nothing."""

from __future__ import annotations

import asyncio

import pytest

from tests.running.attack import pids, tracebacks
from tests.running.carriers import MU, STRANGER, offered
from tests.running.instance import Hotline
from tests.security.rtp_spray import Spray
from tests.security.service import carrier, dialled, longest_gap_s, port, service, telephone
from tests.security.strangers import Asker
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.carrier import Carrier

pytestmark = pytest.mark.asterisk
__all__ = ["carrier", "port", "service", "telephone"]  # fixtures

ALLOWED = "13800001111"
# What a stolen telephone would dial: abroad and paid services in every dress, emergency, two numbers in one, the dialplan's words.
TOLLS = (
    "0085298765432", "+85298765432", "00861000000000", "+008613800001111", "0000085298765432", "0-0-8-5-2-9-8-7-6-5-4-3-2",
    "%30%30852987654", "%2B85298765432", "+%2085298765432",
    "96123", "9612345", "16012345", "16899999", "110", "119", "120", "122", "12395",
    "12328110", f"{ALLOWED}&PJSIP/0085298765432@trunk-one",
    f"{ALLOWED}%26PJSIP/0085298765432@trunk-one", f"{ALLOWED},1,0085298765432",
    f"{ALLOWED}%2C30", f"{ALLOWED}@trunk-two", f"{ALLOWED}/trunk-one", f"{ALLOWED}0085298765432", "1%0d%0a3800001111",
    "h", "s", "i", "t", "watchdog",
    "registered", "${SHELL(id)}", "%24%7BSHELL(id)%7D", "13800001111)}${SHELL(id)", "*720085298765432", "%00138",
    "１３８００００１１１１", "agent-1002", "1002",
)  # fmt: skip
REFER_S = 1.0  # without res_pjsip_refer nobody answers it
GAP_S = 0.3  # a citizen notices less than this hardly; a packet comes every 20 ms


def dial(source: str, server: tuple[str, int], number: str) -> list[str]:
    """What a call from this address to that number is answered at once."""
    asker = Asker(source, server, "13855709999")
    return asker.ask(1, lambda: asker.invite(number.encode("ascii", "ignore").decode()), wait_s=0.05)


def beyond(carrier: Carrier, reached: int) -> list[str]:
    """The calls since then whose number is not exactly the allowed one."""
    return [uri for uri in dialled(carrier)[reached:] if not uri.startswith(f"sip:{ALLOWED}@")]


async def is_refused(call: Call, refer_to: tuple[tuple[str, str], ...]) -> bool:
    """Whether a REFER inside the call is refused, or not even answered."""
    try:
        return (await call.ask("REFER", refer_to, timeout_s=REFER_S)).status >= 400
    except TimeoutError:
        return True


@pytest.mark.asyncio(loop_scope="module")
async def test_a_stolen_telephone_calls_nobody_whom_the_city_does_not_allow(carrier: Carrier, telephone: SipCaller) -> None:
    """Every evasion is refused before the carrier hears of it; the same telephone reaches a number that is allowed."""
    reached = len(dialled(carrier))
    at_once = asyncio.Semaphore(8)

    async def attempt(number: str) -> None:
        async with at_once:
            try:
                call = await telephone.call(f"sip:{number}@{telephone.server[0]}:{telephone.server[1]}", timeout_s=3.0)
            except TimeoutError:
                return  # it cannot be read as a request and gets no answer at all
            try:
                await call.wait_ended(8)  # refused at once, or after "this number may not be called"
            except TimeoutError:
                await call.hang_up()  # the allowed number in a disguise

    await asyncio.gather(*(attempt(number) for number in TOLLS))
    assert beyond(carrier, reached) == []
    allowed = await telephone.call(ALLOWED)
    assert ALLOWED in (await offered(carrier)).invite.uri
    await allowed.hang_up()


@pytest.mark.asyncio(loop_scope="module")
async def test_neither_a_carrier_nor_a_stranger_is_connected_outside_or_into_the_dialplan(
    service: Hotline, carrier: Carrier
) -> None:
    """From outside only the lines' own numbers exist."""
    reached = len(dialled(carrier))
    for source in (MU, STRANGER):
        for number in (*TOLLS, "1001", "agent-1001", "outgoing", "from-agent", ALLOWED, "05573020001"):
            assert "200" not in await asyncio.to_thread(dial, source, service.sip, number), (source, number)
    assert len(dialled(carrier)) == reached
    await asyncio.to_thread(service.wait, lambda: service.callers() == [], 15, "nobody is left on the line")


@pytest.mark.asyncio(loop_scope="module")
async def test_nobody_is_led_outside_by_a_transfer_or_by_a_forwarding_telephone(
    service: Hotline, carrier: Carrier, telephone: SipCaller
) -> None:
    """REFER is refused to carrier and agent; a 302 of the far end to a number abroad is not followed."""
    reached = len(dialled(carrier))
    refer_to = (("Refer-To", f"<sip:0085298765432@{service.sip[0]}:{service.sip[1]}>"),)
    citizen = await carrier.call("12345")
    await citizen.answered.within(5)
    assert await is_refused(citizen, refer_to)
    await citizen.hang_up()
    calling = await telephone.call(ALLOWED)
    leg = await offered(carrier)
    assert await is_refused(calling, refer_to)
    leg.reject(302, headers=(("Contact", f"<sip:0085298765432@{MU}:{carrier.address[1]}>"),))
    await calling.wait_ended(15)
    assert beyond(carrier, reached) == []
    assert len(dialled(carrier)) == reached + 1


@pytest.mark.asyncio(loop_scope="module")
async def test_a_citizen_hears_on_while_strangers_flood_the_sip_port(service: Hotline, carrier: Carrier) -> None:
    """REGISTER, INVITE and OPTIONS of strangers and of guessers at an agent's password, hundreds a second."""
    before = pids(service)
    citizen = await carrier.call("12345")
    await citizen.answered.within(5)
    await citizen.listen(0.5)
    who = ((91, "100"), (92, "agent-1001"), (93, "agent-1099"))
    flooders = [Asker(f"127.0.0.{number}", service.sip, user) for number, user in who]
    floods = (
        asyncio.to_thread(flooders[0].ask, 900, lambda: flooders[0].invite("0085298765432"), gap_s=0.003),
        asyncio.to_thread(flooders[1].register_wrongly, 300),
        asyncio.to_thread(flooders[2].ask, 900, lambda: flooders[2].request("REGISTER"), gap_s=0.003),
    )
    listening = asyncio.create_task(citizen.listen(3.0))
    answers = await asyncio.gather(*floods)
    await listening
    assert "200" not in [status for told in answers for status in told]
    assert longest_gap_s(citizen) < GAP_S
    await citizen.hang_up()
    assert pids(service) == before
    assert tracebacks(service) == []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("when", ["before the call", "during the call"])
async def test_who_sends_sound_to_every_port_gets_nobodys_and_the_citizen_hears_on(
    service: Hotline, carrier: Carrier, when: str
) -> None:
    """Sound goes to the far side of the call alone, also when a stranger's packets are there first."""
    first, last = service.settings.rtp_first_last
    if when == "during the call":
        citizen = await carrier.call("12345")
        await citizen.answered.within(5)
        await citizen.listen(0.5)
    with Spray(STRANGER, "127.0.0.1", first, last) as spray:
        if when == "before the call":
            await asyncio.to_thread(service.wait, lambda: spray.rounds > 5, 5, "the stranger sends")
            citizen = await carrier.call("12345")
            await citizen.answered.within(5)
        await citizen.listen(2.0)
    assert spray.rounds > 20
    assert spray.caught == []
    assert longest_gap_s(citizen) < GAP_S
    await citizen.hang_up()
