"""Lines and trunks against real carriers on 127.0.0.0/8: registration, numbers in every dress, codecs, T.38, retired numbers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.hostile.sip import corpus
from tests.numbers import CALLERS, DIALLED
from tests.running.carriers import IMS, LOGIN, MU, STRANGER, city_of, dial, live_call, offered, prompt, registered, wait_for
from tests.running.instance import Hotline
from tests.sip.agent import Refused, SipCaller
from tests.sip.call import Call
from tests.sip.carrier import Carrier
from tests.sip.policy import Answer, Refuse, RingForever
from tests.sip.ports import free_port
from tests.sip.rtp import Tone
from tests.sip.sdp import PCMU
from tests.sip.tones import RATE_HZ, level_of, place_of

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

DUTY = "05573020002"
ASSERTED = "05573029999"  # what that telephone says its number is
TIMER = (("Supported", "timer"), ("Session-Expires", "90;refresher=uas"))


@dataclass(slots=True)
class Talk:
    """A citizen of the mu-law carrier who talks with the duty telephone at the carrier that wants registration."""

    citizen: Call
    duty: Call


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Where the two carriers listen."""
    return free_port(IMS), free_port(MU)


@pytest.fixture(scope="module")
def city(ports: tuple[int, int]) -> Iterator[Hotline]:
    """A hotline in service, no demo: two carriers, a number being retired and one whose day has passed."""
    hotline = Hotline(city_of(*ports), HOTLINE_DEMO="0")
    secret = hotline.home / "ims.secret"
    secret.write_text(f"{LOGIN.password}\n", encoding="ascii")
    secret.chmod(0o600)
    try:
        hotline.start()
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
    citizen = await mu.call("12345", source=Tone(500), headers=TIMER)
    await citizen.answered.within(5)
    await citizen.listen(0.3)
    citizen.press("0")
    duty = await offered(ims)
    duty.send(Tone(1300))
    duty.progress(183, (("Require", "100rel"), ("RSeq", "4711")), has_sound=True)
    await wait_for(lambda: bool(ims.got("PRACK")), "the sound before the answer is acknowledged")
    duty.answer((("P-Asserted-Identity", f"<sip:{ASSERTED}@ims.example>"),))
    await duty.answered.within(5)
    return Talk(citizen, duty)


async def test_the_hotline_registers_under_its_number_with_another_user_for_the_digest_by_the_proxy(ims: Carrier) -> None:
    """The domain stands in the request, the proxy gets it, the secret comes from its own file."""
    contact = await registered(ims)
    asked = ims.got("REGISTER")[-1]
    assert asked.uri == "sip:ims.example"
    assert "<sip:+8655712345@ims.example>" in asked.need("To")
    assert 'username="hotline@ims.example"' in asked.need("Authorization")
    assert contact.startswith("sip:+8655712345@127.0.0.1:")


async def test_the_duty_telephone_is_called_through_the_proxy_that_asks_who_calls(ims: Carrier, talk: Talk) -> None:
    """The INVITE is challenged as well; the carrier sees the line's number, not the citizen's."""
    challenged, invite = ims.got("INVITE")[-2:]
    assert challenged.get("Proxy-Authorization") is None
    assert 'username="hotline@ims.example"' in invite.need("Proxy-Authorization")
    assert invite.uri == f"sip:{DUTY}@ims.example"
    assert invite.need("Route") == f"<sip:{IMS}:{ims.address[1]};lr>"
    assert (talk.duty.caller_number, invite.need("From").partition("@")[2].partition(">")[0]) == ("12345", "ims.example")
    assert [request.need("RAck").split()[0] for request in ims.got("PRACK")] == ["4711"]


async def test_what_a_called_telephone_says_of_its_own_number_is_believed_nowhere(city: Hotline, talk: Talk) -> None:
    """Trusted is who calls; a far end that answers could write line breaks, and so packets of AMI, into its number."""
    rows = [row.split("!") for row in city.asterisk("core show channels concise").splitlines()]
    legs = [city.asterisk(f"core show channel {row[0]}") for row in rows if row[0].startswith("PJSIP/trunk-")]
    assert len(legs) == 2
    assert [leg for leg in legs if ASSERTED in leg] == []


async def test_mu_law_on_one_trunk_and_a_law_on_the_other_hear_each_other(talk: Talk) -> None:
    """Both ways, at full level: the telephones know nothing of each other's codec."""
    await talk.citizen.listen(1.5)
    citizen, duty = talk.citizen.heard(1.0), talk.duty.heard(1.0)
    assert level_of(citizen, 1300) == pytest.approx(8000, rel=0.1)
    assert level_of(duty, 500) == pytest.approx(8000, rel=0.1)
    assert level_of(citizen, 500) < 200
    assert level_of(duty, 1300) < 200


T38 = "\r\n".join(
    ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", "{audio}m=image 4000 udptl t38", "a=T38FaxVersion:0",
     "a=T38FaxRateManagement:transferredTCF", "a=T38FaxUdpEC:t38UDPRedundancy", ""]
)  # fmt: skip


async def test_an_offer_of_a_fax_in_the_talk_is_refused_with_488_and_the_talk_goes_on(talk: Talk) -> None:
    """With the sound given up for it, and with no word of the sound at all."""
    for audio in ("m=audio 0 RTP/AVP 0\r\n", ""):
        headers = (*TIMER, ("Content-Type", "application/sdp"))
        answer = await talk.citizen.ask("INVITE", headers, T38.replace("{audio}", audio))
        assert answer.status == 488
        await talk.citizen.listen(0.6)
        assert level_of(talk.citizen.heard(0.4), 1300) > 7000
        assert level_of(talk.duty.heard(0.4), 500) > 7000
    assert not talk.citizen.ended.is_set()


async def test_lines_and_callers_are_known_by_one_number_however_the_carrier_writes_it(city: Hotline) -> None:
    """By the dialplan alone; the same tables are tried on the pure function."""
    forms = [(caller, "12345") for caller in CALLERS] + [(f"1385570{place:04}", dialled) for place, dialled in enumerate(DIALLED)]
    async with AsyncExitStack() as stack:
        for caller, dialled in forms:
            phone = await stack.enter_async_context(SipCaller(city.sip, caller, local_ip=IMS))
            call = await phone.call(f"sip:{dialled}@{city.sip[0]}:{city.sip[1]}")
            await call.answered.within(5)
        with city.api() as api:
            for caller, dialled in forms:
                wanted = {"caller": CALLERS.get(caller, caller), "dialled": DIALLED[dialled]}
                assert (await live_call(city, api, **wanted))["line"] in ("12345", "12328")


async def test_the_dialled_number_is_what_the_network_says_then_the_request_then_to(city: Hotline, ims: Carrier) -> None:
    """A registrar puts our own Contact into the request; what was dialled stands beside it."""
    contact = await registered(ims)
    party = (("P-Called-Party-ID", '"12345" <tel:+8655712328;phone-context=+86>'),)
    by_network = await ims.call(contact, headers=party)
    by_request = await ims.call(contact, to="<sip:055712328@ims.example>")
    by_to = await ims.call("sip:7654321@hotline", to='"7" <sip:+86557-12328@ims.example;user=phone>')
    nobody = await ims.call("sip:7654321@hotline", to="<sip:7654322@ims.example>")
    await nobody.wait_ended(5)
    with city.api() as api:
        dialled = sorted([(await live_call(city, api, dialled=number))["line"] for number in ("055712328", "055712345")])
        live = await asyncio.to_thread(city.live, api)
    assert dialled == ["12328", "12345"]
    seen = sorted(call["dialled"] for call in live["calls"] if call["caller"] == ims.user)
    assert seen == ["055712328", "055712328", "055712345"]
    assert nobody.status == 404
    for call in (by_network, by_request, by_to):
        await call.hang_up()


async def test_who_calls_is_what_a_trusted_trunk_asserts_and_from_elsewhere_what_from_says(city: Hotline, mu: Carrier) -> None:
    """A stranger's call is none at all, whatever it asserts; a withheld number is kept."""
    asserted = (
        ("P-Asserted-Identity", "<sip:+8613855708888@ims.example;user=phone>"), ("P-Asserted-Identity", "<tel:+8613855708888>"),
        ("Privacy", "id"),
    )  # fmt: skip
    remote = (("Remote-Party-ID", "<sip:05573028888@ims.example>;party=calling;privacy=off"),)
    async with AsyncExitStack() as stack:
        told = {"anonymous": asserted, "13855700000": remote, "Anonymous": ()}
        for caller, headers in told.items():
            phone = await stack.enter_async_context(SipCaller(city.sip, caller, local_ip=IMS))
            await (await phone.call("12345", headers=headers)).answered.within(5)
        untrusted = await mu.call("12345", headers=asserted)
        await untrusted.answered.within(5)
        stranger = await stack.enter_async_context(SipCaller(city.sip, "trunk-ims", local_ip=STRANGER))
        refused = await stranger.call("12345", headers=asserted)
        await refused.wait_ended(5)
        assert refused.status == 401
        with city.api() as api:
            for number in ("13855708888", "05573028888", "", mu.user):
                call = await live_call(city, api, caller=number)
                assert call["withheld"] is (number == "13855708888")
            live = await asyncio.to_thread(city.live, api)
            assert not [call for call in live["calls"] if call["caller"] == "trunk-ims"]
        await untrusted.hang_up()


async def test_a_retired_number_tells_so_and_leads_to_its_line_until_its_day_and_no_longer(city: Hotline, ims: Carrier) -> None:
    """The notice is heard whole, then the greeting of the line; after the day the number is unallocated (R4)."""
    call = await ims.call("96588", source=Tone(500))
    await call.answered.within(5)
    with city.api() as api:
        assert (await live_call(city, api, dialled="96588"))["line"] == "12345"
    await call.listen(11)
    notice, greeting = (place_of(call.heard(), prompt(name)) for name in ("retired-number", "greet-12345"))
    assert notice < 1.0
    assert greeting > notice + len(prompt("retired-number")) / RATE_HZ - 0.1
    await call.hang_up()
    over = await ims.call("0557-96100")
    await over.wait_ended(5)
    assert over.status == 404


async def test_scanners_and_broken_messages_leave_the_next_citizen_a_free_line(city: Hotline, ims: Carrier) -> None:
    """From a stranger and from the carrier's own address; no number of theirs stands in the log."""
    pid = city.pid("asterisk")
    for source in (STRANGER, IMS):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as scanner:
            scanner.bind((source, 0))
            for message in corpus(source, scanner.getsockname()[1], f"{city.sip[0]}:{city.sip[1]}").values():
                scanner.sendto(message, city.sip)
                await asyncio.sleep(0.01)
    async with SipCaller(city.sip, "100", local_ip=STRANGER) as phone:
        for user in ("100", "agent-1001", "trunk-ims"):
            with pytest.raises(Refused):
                await phone.register(user, "1234", timeout_s=10)
    call = await ims.call("12328")
    await call.answered.within(5)
    await call.hang_up()
    assert city.pid("asterisk") == pid
    assert "13855709999" not in (city.home / "log/asterisk.log").read_text(encoding="utf-8", errors="replace")


async def test_a_call_that_demands_reliable_answers_is_taken_on_any_trunk(mu: Carrier, ims: Carrier) -> None:
    """We answer at once, with no provisional answer to be made reliable; no citizen is turned away for an extension."""
    for carrier in (mu, ims):
        call = await carrier.call("12345", headers=(("Require", "100rel"),))
        await call.answered.within(5)
        await call.hang_up()


async def test_the_next_carrier_is_tried_when_one_refuses_and_a_withheld_number_stays_withheld(ims: Carrier, mu: Carrier) -> None:
    """The number that we know of the citizen is not told to whom we call for him."""
    ims.on_invite, mu.on_invite = Refuse(503), RingForever()
    headers = (("P-Asserted-Identity", "<tel:+8613855706666>"), ("Privacy", "id"))
    citizen = await ims.call("12345", headers=headers)
    await citizen.answered.within(5)
    await citizen.listen(0.3)
    citizen.press("0")
    duty = await offered(mu)
    assert duty.invite.uri.startswith(f"sip:{DUTY}@{MU}")
    assert "anonymous" in duty.invite.need("From")
    assert "13855706666" not in str(duty.invite)
    await citizen.hang_up()
    await duty.wait_ended(5)


async def test_a_caller_in_danger_waits_20_s_for_the_rescuers_however_many_carriers_there_are_and_then_a_telephone_rings_once(
    city: Hotline, ims: Carrier, mu: Carrier
) -> None:
    """Nobody answers at 12395 by the first carrier: a person is next, not the second one; so too with an engaged duty telephone."""
    ims.on_invite, mu.on_invite = RingForever(), Answer()
    citizen = await ims.call("12345", headers=(("P-Asserted-Identity", "<tel:+8613855706667>"),))
    await citizen.answered.within(5)
    await citizen.listen(0.3)
    citizen.press("9")
    rescuers = await offered(ims)
    began = asyncio.get_running_loop().time()
    ims.on_invite = Refuse(486)
    await rescuers.wait_ended(30)
    assert 18 < asyncio.get_running_loop().time() - began < 24
    invites = len(mu.got("INVITE"))
    with city.api() as api:
        assert (await live_call(city, api, caller="13855706667"))["urgent"] is True
    await wait_for(lambda: any(DUTY in request.uri for request in ims.got("INVITE")[-2:]), "the duty telephone is called", 20)
    await citizen.listen(4.0)  # by the other carrier it would be called at once
    assert len(mu.got("INVITE")) == invites
    await citizen.hang_up()


async def test_a_rescue_whose_number_one_carrier_does_not_know_is_called_by_the_other(ims: Carrier, mu: Carrier) -> None:
    """A short number is not known everywhere."""
    ims.on_invite, mu.on_invite = Refuse(404), RingForever()
    citizen = await ims.call("12345")
    await citizen.answered.within(5)
    await citizen.listen(0.3)
    citizen.press("9")
    assert (await offered(mu)).invite.uri.startswith("sip:12395@")
    await citizen.hang_up()


@pytest.mark.parametrize("is_heard", [True, False], ids=["a trunk with early media", "a trunk without"])
async def test_the_carriers_sound_before_the_answer_is_heard_or_a_ringing_tone(
    city: Hotline, ims: Carrier, mu: Carrier, is_heard: bool
) -> None:
    """A telephone at one carrier stands for the agent's, which is up while the citizen is called by the other carrier."""
    agent, citizen = (mu, ims) if is_heard else (ims, mu)
    agent.on_invite, citizen.on_invite = Answer(), RingForever()
    await dial(city, f"PJSIP/5551@trunk-{'mu' if is_heard else 'ims'}", "13855703333", f"early-{is_heard}")
    near = await offered(agent)
    await near.answered.within(5)
    agent.on_invite = Refuse(503)  # where it is the first trunk, the second one is to carry the call
    far = await offered(citizen)
    far.send(Tone(1300))
    far.progress(183, has_sound=True)
    await near.listen(1.5)
    assert (level_of(near.heard(0.5), 1300) > 7000) is is_heard
    assert (level_of(near.heard(), 450) > 500) is not is_heard
    await near.hang_up()
    await far.wait_ended(5)


async def test_the_session_of_a_long_talk_is_refreshed_from_either_side(talk: Talk) -> None:
    """The citizen's carrier left the refreshing to us: half of 90 s after the answer at the latest it has come (RFC 4028)."""
    answer = await talk.duty.ask("UPDATE", (("Supported", "timer"), ("Session-Expires", "1800;refresher=uac")))
    assert answer.status == 200
    assert answer.need("Session-Expires").startswith("1800")
    await wait_for(lambda: talk.citizen.refreshes > 0, "the PBX refreshes the session", 60)
    assert not talk.citizen.ended.is_set()
    await talk.citizen.listen(0.6)
    assert level_of(talk.citizen.heard(0.4), 1300) > 7000
    await talk.citizen.hang_up()
    await talk.duty.wait_ended(5)


async def test_a_citizen_whose_line_was_cut_without_a_word_waits_no_longer_and_one_who_is_there_does(mu: Carrier) -> None:
    """A carrier that lost its link sends no BYE; silence tells, and nobody else's call is ended for it."""
    there, vanished = [await mu.call("12345", source=Tone(500)) for _ in range(2)]
    await asyncio.gather(there.answered.within(5), vanished.answered.within(5))
    vanished.rtp.pause()
    await vanished.wait_ended(25)
    assert not there.ended.is_set()
    await there.hang_up()
