"""Owns the self-tests of our test telephone: one calls another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import numpy as np
import pytest

from tests.sip import g711, sdp
from tests.sip.agent import Refused, SipCaller
from tests.sip.call import Call
from tests.sip.digest import Credentials, authorization
from tests.sip.message import BadMessage, Request, parse, reply
from tests.sip.policy import BUSY, DECLINE, Answer, RingForever
from tests.sip.rtp import Silence, Tone
from tests.sip.tones import dominant, level_of, silent_ms, tone
from tests.sip.wire import Address

pytestmark = pytest.mark.integration


@dataclass(frozen=True, slots=True)
class Pair:
    """A telephone and the one it calls."""

    caller: SipCaller
    callee: SipCaller

    async def talk(self) -> tuple[Call, Call]:
        """Both ends of an answered call."""
        outgoing = await self.caller.call("12328")
        incoming = await self.callee.next_call(2)
        await outgoing.answered.within(2)
        await incoming.answered.within(2)
        return outgoing, incoming


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Two telephones, the first with the second as its server."""
    async with AsyncExitStack() as stack:
        callee = await stack.enter_async_context(SipCaller(("127.0.0.1", 9), "12328"))
        caller = await stack.enter_async_context(SipCaller(callee.address, display='张三 "Lao" \\'))
        yield Pair(caller, callee)


async def test_each_side_hears_the_tone_of_the_other_at_its_level(pair: Pair) -> None:
    """Two frequencies, one each way: within 5 % of what was played, and nothing of one's own."""
    outgoing, incoming = await pair.talk()
    outgoing.send(Tone(440, 8000))
    incoming.send(Tone(1000, 4000))
    await incoming.listen(1.2)
    assert level_of(incoming.heard(0.8), 440) == pytest.approx(8000, rel=0.05)
    assert level_of(outgoing.heard(0.8), 1000) == pytest.approx(4000, rel=0.05)
    assert level_of(outgoing.heard(0.8), 440) < 50
    assert dominant(incoming.heard(0.8)) == pytest.approx(440, abs=2)
    assert silent_ms(incoming.heard(0.8)) < 2


async def test_a_new_source_is_heard_in_the_middle_of_the_call(pair: Pair) -> None:
    """Silence, then an array played once; its end is awaited, and after it there is silence again."""
    outgoing, incoming = await pair.talk()
    outgoing.send(Silence())
    await incoming.listen(0.5)
    assert silent_ms(incoming.heard(0.4)) == pytest.approx(400, abs=1)
    async with asyncio.timeout(3):
        await outgoing.send(tone(700, 0.5, 6000))
    await incoming.listen(0.2)
    record = incoming.heard()
    loud = np.flatnonzero(np.abs(record.astype(np.int32)) > 1000)
    assert (loud[-1] - loud[0]) / 8000 == pytest.approx(0.5, abs=0.02)
    assert dominant(incoming.heard(0.6)) == pytest.approx(700, abs=2)


async def test_packets_come_fifty_a_second(pair: Pair) -> None:
    """Two seconds of audio take two seconds, and no packet is missing."""
    outgoing, incoming = await pair.talk()
    await incoming.listen(2)
    packets = incoming.rtp.packets
    rate = (len(packets) - 1) / (packets[-1].arrived_s - packets[0].arrived_s)
    assert rate == pytest.approx(50, rel=0.05)
    assert packets[-1].sequence - packets[0].sequence in (len(packets) - 1, len(packets) - 1 - 65536)
    assert outgoing.answered_s is not None


async def test_keys_pressed_by_a_caller_arrive_once_each(pair: Pair) -> None:
    """All sixteen RFC 4733 keys with a repeated one; no audio is left out but the keys' own time."""
    outgoing, incoming = await pair.talk()
    outgoing.send(Tone(440))
    async with asyncio.timeout(10):
        await outgoing.press("1123*#0ABCD")
    await incoming.listen(0.1)
    assert incoming.digits == "1123*#0ABCD"
    assert silent_ms(incoming.heard(1)) == pytest.approx(160, abs=25)


async def test_audio_that_was_lost_is_silence_in_the_record(pair: Pair) -> None:
    """A gap of the timestamps stays a gap: what comes after it is not moved forward."""
    outgoing, incoming = await pair.talk()
    outgoing.send(Tone(440))
    await incoming.listen(0.4)
    del incoming.rtp.packets[10:15]
    assert silent_ms(incoming.heard()[: 20 * 160]) == pytest.approx(100, abs=3)


async def test_a_busy_number_says_486(pair: Pair) -> None:
    """The call ends by the other side with its status, and is never answered."""
    pair.callee.on_invite = BUSY
    call = await pair.caller.call("12328")
    await call.wait_ended(2)
    assert (call.status, call.ended_by, call.answered.is_set()) == (486, "them", False)


async def test_a_declined_call_says_603(pair: Pair) -> None:
    """As with busy; the callee's own record says that it ended the call."""
    pair.callee.on_invite = DECLINE
    call = await pair.caller.call("12328")
    await call.wait_ended(2)
    assert (call.status, call.ended_by) == (603, "them")
    assert (await pair.callee.next_call(2)).ended_by == "us"


async def test_a_caller_who_gives_up_while_it_rings_cancels(pair: Pair) -> None:
    """CANCEL, its 200 and a 487; the callee sees the reason and stops ringing."""
    pair.callee.on_invite = RingForever()
    call = await pair.caller.call("12328")
    await call.ringing.within(2)
    await call.hang_up(reason='SIP;cause=487;text="tired"')
    incoming = await pair.callee.next_call(2)
    await incoming.wait_ended(2)
    assert (call.status, call.ended_by) == (487, "us")
    assert (incoming.status, incoming.ended_by) == (487, "them")
    assert incoming.ended_reason == 'SIP;cause=487;text="tired"'


async def test_a_call_is_answered_after_the_wanted_time(pair: Pair) -> None:
    """Ringing first, talking half a second later."""
    pair.callee.on_invite = Answer(after_s=0.5)
    begun_s = asyncio.get_running_loop().time()
    call = await pair.caller.call("12328")
    assert call.ringing.is_set()
    assert not call.answered.is_set()
    await call.answered.within(3)
    assert call.answered_s is not None
    assert call.answered_s - begun_s == pytest.approx(0.5, abs=0.25)


async def test_a_call_picked_up_early_is_not_answered_twice(pair: Pair) -> None:
    """The test is faster than the policy; what the policy wanted to do later is dropped."""
    pair.callee.on_invite = Answer(after_s=0.3)
    call = await pair.caller.call("12328")
    (await pair.callee.next_call(2)).answer()
    await call.answered.within(0.25)
    await call.listen(0.5)
    assert pair.callee.wire.log.count(("sent", "200 INVITE")) == 1


async def test_a_test_can_pick_up_a_ringing_telephone_itself(pair: Pair) -> None:
    """RingForever, then `answer`: who called is known before."""
    pair.callee.on_invite = RingForever()
    call = await pair.caller.call("12328")
    incoming = await pair.callee.next_call(2)
    assert (incoming.caller_number, incoming.caller_name) == ("13855701234", '张三 "Lao" \\')
    incoming.answer()
    await call.answered.within(2)


async def test_a_caller_who_hangs_up_ends_both_sides(pair: Pair) -> None:
    """BYE from the caller with a Reason."""
    outgoing, incoming = await pair.talk()
    await outgoing.hang_up(reason="Q.850;cause=16")
    await incoming.wait_ended(2)
    assert (outgoing.ended_by, incoming.ended_by, incoming.ended_reason) == ("us", "them", "Q.850;cause=16")
    assert outgoing.status == incoming.status == 200


async def test_a_callee_who_hangs_up_ends_both_sides(pair: Pair) -> None:
    """BYE from the callee."""
    outgoing, incoming = await pair.talk()
    await incoming.hang_up()
    await outgoing.wait_ended(2)
    assert (outgoing.ended_by, incoming.ended_by) == ("them", "us")


async def test_a_lost_invite_is_sent_again(pair: Pair) -> None:
    """The first INVITE never arrives; half a second later the second does."""
    pair.caller.wire.drop_next = {"INVITE"}
    outgoing, _ = await pair.talk()
    assert pair.caller.wire.log[:2] == [("dropped", "INVITE"), ("sent", "INVITE")]
    assert outgoing.status == 200


async def test_a_lost_200_and_a_lost_ack_are_made_good(pair: Pair) -> None:
    """The 200 is sent until an ACK comes, and each 200 that arrives gets its ACK."""
    pair.callee.wire.drop_next, pair.caller.wire.drop_next = {"200 INVITE"}, {"ACK"}
    _, incoming = await pair.talk()
    assert pair.callee.wire.log.count(("sent", "200 INVITE")) == 2
    assert pair.caller.wire.log.count(("sent", "ACK")) == 1
    assert incoming.answered.is_set()


async def test_a_repeated_invite_rings_one_telephone_once(pair: Pair) -> None:
    """All answers to the first INVITE are lost; the repeat gets the same answer and makes no second call."""
    pair.callee.on_invite = RingForever()
    pair.callee.wire.drop_next = {"180 INVITE"}
    await pair.caller.call("12328")
    assert pair.callee.wire.log.count(("got", "INVITE")) == 2
    assert len(pair.callee.calls) == 1


async def test_a_call_on_hold_gets_no_audio_and_the_other_answers_recvonly(pair: Pair) -> None:
    """A re-INVITE with sendonly is answered 200 recvonly, OPTIONS inside the call 200."""
    outgoing, incoming = await pair.talk()
    await outgoing.listen(0.2)
    held = sdp.write(sdp.Media("127.0.0.1", outgoing.rtp.port, direction="sendonly"), session_id=1, version=2)
    request = outgoing.dialog.request("INVITE", (("Content-Type", "application/sdp"),), held)
    response = await pair.caller.wire.transact(request, pair.callee.address).final(2)
    pair.caller.wire.transmit(outgoing.dialog.ack(request), pair.callee.address)
    assert sdp.read(response.body).direction == "recvonly"
    sent = incoming.rtp.sent_packets
    options = outgoing.dialog.request("OPTIONS")
    assert (await pair.caller.wire.transact(options, pair.callee.address).final(2)).status == 200
    await incoming.listen(0.2)
    assert incoming.rtp.sent_packets <= sent + 1
    assert incoming.reinvites == 1


async def test_who_waits_for_audio_of_an_ended_call_is_told(pair: Pair) -> None:
    """Waiting for more fails at once when the call ends, not at a deadline."""
    outgoing, incoming = await pair.talk()
    async with asyncio.TaskGroup() as group:
        group.create_task(incoming.hang_up())
        with pytest.raises(ConnectionError):
            await outgoing.listen(60)


async def test_a_number_where_nobody_is_times_out(pair: Pair) -> None:
    """No answer at all within the deadline is an error of the test, not a call."""
    pair.caller.server = ("127.0.0.1", 9)
    with pytest.raises(TimeoutError):
        await pair.caller.call("12328", timeout_s=0.3)


async def test_a_telephone_refuses_to_leave_the_loopback_network(pair: Pair) -> None:
    """Test traffic to any other address is an error."""
    pair.caller.server = ("192.0.2.1", 5060)
    with pytest.raises(ValueError, match=r"127\.0\.0\.0"):
        await pair.caller.call("12328")


async def test_a_call_that_offers_audio_elsewhere_is_refused(pair: Pair) -> None:
    """A session description with an address outside 127.0.0.0/8, or without PCMA, is a 488 that says why."""
    away = sdp.write(sdp.Media("192.0.2.1", 4000), session_id=1)
    call = await pair.caller.call("12328")
    fixed = (("Content-Type", "application/sdp"),)
    stranger = replace(call.dialog, local_tag="stranger", call_id="stranger", remote="<sip:12328@127.0.0.1>")
    request = stranger.request("INVITE", fixed, away)
    assert (await pair.caller.wire.transact(request, pair.callee.address).final(2)).status == 488
    assert (await pair.callee.next_call(2)).status == 200
    assert "not in 127.0.0.0/8" in str((await pair.callee.next_call(2)).ended_reason)


async def test_a_registrar_that_asks_for_a_password_gets_the_right_digest() -> None:
    """REGISTER is challenged, answered, accepted; a server that says no is Refused."""

    class Registrar:
        """Challenges what has no Authorization; accepts realm `hotline` only with the right answer."""

        phone: SipCaller | None = None
        accepts = True

        def on_request(self, request: Request, source: Address) -> None:
            challenge = 'Digest realm="hotline", nonce="abc", qop="auth", algorithm=SHA-256'
            given = request.get("Authorization")
            assert self.phone is not None
            if given is None:
                answer = reply(request, 401, headers=(("WWW-Authenticate", challenge),))
            else:
                cnonce = given.split('cnonce="')[1].split('"')[0]
                right = authorization(challenge, Credentials("8001", "pw"), method="REGISTER", uri=request.uri, cnonce=cnonce)
                answer = reply(request, 200 if given == right and self.accepts else 403)
            self.phone.wire.respond(request, answer, source)

    registrar = Registrar()
    async with SipCaller(("127.0.0.1", 9)) as server:
        registrar.phone = server
        server.wire.listener = registrar
        async with SipCaller(server.address, "8001") as agent:
            await agent.register("8001", "pw", "hotline")
            with pytest.raises(Refused):
                await agent.register("8001", "wrong", "hotline")


def test_the_digest_is_that_of_the_rfc() -> None:
    """RFC 2617 section 3.5."""
    challenge = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    who = Credentials("Mufasa", "Circle Of Life", "testrealm@host.com")
    value = authorization(challenge, who, method="GET", uri="/dir/index.html", cnonce="0a4f113b")
    assert 'response="6629fae49393a05397450978507c4ef1"' in value


def test_a_law_survives_the_way_there_and_back() -> None:
    """Every code decodes to a value that encodes to it; known codes of G.711 are right."""
    codes = bytes(range(256))
    assert g711.encode(g711.decode(codes)) == codes
    assert g711.decode(b"\xd5\x55\xaa\x2a").tolist() == [8, -8, 32256, -32256]


def test_what_is_not_sip_is_refused() -> None:
    """Noise, a request without its headers, a number that is none."""
    noise = b"\x00\x01\x02"
    with pytest.raises(BadMessage):
        parse(noise)
    with pytest.raises(BadMessage):
        parse(b"BYE sip:a SIP/2.0\r\nVia: x\r\n\r\n")
