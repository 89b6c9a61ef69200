"""Owns one SIP socket and the transactions on it: who an answer belongs to, and what is sent again when none comes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol, cast

from tests.sip.message import BadMessage, Request, Response, build, parse, reply
from tests.sip.rtp import loopback_only

T1_S = 0.5
T2_S = 4.0
GIVE_UP_S = 64 * T1_S
_REMEMBERED = 4096

Address = tuple[str, int]


class Repeater:
    """Sends one message now, then after T1, 2*T1 ... until stopped, or for 64*T1 and then says so."""

    def __init__(self, send: Callable[[], None], *, cap_s: float, gave_up: Callable[[], None]) -> None:
        self._send, self._cap_s, self._gave_up = send, cap_s, gave_up
        self._loop = asyncio.get_running_loop()
        self._ends_s = self._loop.time() + GIVE_UP_S
        self._wait_s = T1_S
        send()
        self._timer = self._loop.call_later(self._wait_s, self._again)

    def stop(self) -> None:
        """Send it no more."""
        self._timer.cancel()

    def _again(self) -> None:
        if self._loop.time() >= self._ends_s:
            self._gave_up()
            return
        self._send()
        self._wait_s = min(2 * self._wait_s, self._cap_s)
        self._timer = self._loop.call_at(min(self._loop.time() + self._wait_s, self._ends_s), self._again)


class Transaction:
    """One request of ours and its answers; an INVITE that fails is acknowledged here (RFC 3261 17.1.1.3)."""

    def __init__(self, wire: Wire, request: Request, to: Address, *, heard: Callable[[Response], None] | None = None) -> None:
        self.request, self.to = request, to
        self._wire, self._heard = wire, heard
        self._final: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._is_invite = request.method == "INVITE"
        self._repeater = Repeater(
            lambda: wire.transmit(request, to), cap_s=GIVE_UP_S if self._is_invite else T2_S, gave_up=self._time_out
        )

    async def final(self, timeout_s: float) -> Response:
        """The final answer; TimeoutError when none comes in time."""
        async with asyncio.timeout(timeout_s):
            return await asyncio.shield(self._final)

    def receive(self, response: Response) -> None:
        """Take one answer, maybe a repeated one; the listener hears them all."""
        if response.status >= 200 or self._is_invite:
            self._repeater.stop()
        if self._is_invite and response.status >= 300:
            self._wire.transmit(self._ack(response), self.to)
        if response.status >= 200 and not self._final.done():
            self._final.set_result(response)
        if self._heard is not None:
            self._heard(response)

    def close(self) -> None:
        """Send nothing more, expect nothing more."""
        self._repeater.stop()
        self._final.cancel()

    def _ack(self, response: Response) -> Request:
        kept = ("Via", "From", "Call-ID", "Route", "Max-Forwards")
        headers = [(name, self.request.all(name)[0]) for name in kept if self.request.all(name)]
        headers += [("To", response.need("To")), ("CSeq", f"{self.request.cseq} ACK")]
        return Request(method="ACK", uri=self.request.uri, headers=tuple(headers))

    def _time_out(self) -> None:
        """Nobody answered for 64*T1: RFC 3261 8.1.3.1 has us act as on a 408, but there is nobody to acknowledge it."""
        if not self._final.done():
            response = reply(self.request, 408, reason="Request Timeout")
            self._final.set_result(response)
            if self._heard is not None:
                self._heard(response)


class Listener(Protocol):
    """Who hears requests that are not repeats."""

    def on_request(self, request: Request, source: Address) -> None:
        """Take a request; must not raise."""


class Wire(asyncio.DatagramProtocol):
    """The socket. Datagrams that are not SIP are counted and dropped."""

    def __init__(self, listener: Listener) -> None:
        self.not_sip = 0
        self.log: list[tuple[str, str]] = []
        self.drop_next: set[str] = set()
        self.listener = listener
        self._transport: asyncio.DatagramTransport | None = None
        self._ours: OrderedDict[tuple[str, str], Transaction] = OrderedDict()
        self._answers: OrderedDict[tuple[str, str, int], Response | None] = OrderedDict()

    async def open(self, local_ip: str, port: int = 0) -> None:
        """Bind; port 0 takes a free one."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(loopback_only(local_ip), port))

    @property
    def local(self) -> Address:
        """The address that we are bound to."""
        if self._transport is None:
            raise RuntimeError("the wire is not open")
        host, port = self._transport.get_extra_info("sockname")
        return str(host), int(port)

    def transact(self, request: Request, to: Address, heard: Callable[[Response], None] | None = None) -> Transaction:
        """Send a request until it is answered."""
        transaction = Transaction(self, request, to, heard=heard)
        self._ours[(request.branch, request.method)] = transaction
        while len(self._ours) > _REMEMBERED:
            self._ours.popitem(last=False)[1].close()
        return transaction

    def respond(self, request: Request, response: Response, to: Address) -> None:
        """Answer a request; its repeats get the same answer."""
        self._answers[_key(request)] = response
        self.transmit(response, to)

    def transmit(self, message: Request | Response, to: Address) -> None:
        """Send once. A first line in `drop_next` is lost on purpose, once."""
        first = message.method if isinstance(message, Request) else f"{message.status} {message.cseq_method}"
        self.log.append(("sent", first))
        if first in self.drop_next:
            self.drop_next.discard(first)
            self.log[-1] = ("dropped", first)
        elif self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(build(message), (loopback_only(to[0]), to[1]))

    def close(self) -> None:
        """Let go of the socket and of all that was to be sent again."""
        for transaction in self._ours.values():
            transaction.close()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop gives us the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """The loop gives us a datagram."""
        if not data.strip():
            return  # a keep-alive
        try:
            message = parse(data)
        except BadMessage:
            self.not_sip += 1
            return
        if isinstance(message, Response):
            self.log.append(("got", f"{message.status} {message.cseq_method}"))
            transaction = self._ours.get((message.branch, message.cseq_method))
            if transaction is not None:
                transaction.receive(message)
            return
        self.log.append(("got", message.method))
        if message.method != "ACK":
            if (key := _key(message)) in self._answers:
                answer = self._answers[key]
                if answer is not None:
                    self.transmit(answer, addr)
                return
            self._answers[key] = None
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
        self.listener.on_request(message, addr)

    def error_received(self, exc: Exception) -> None:
        """The far port is closed: the repeats go on, and their deadline decides."""


def _key(request: Request) -> tuple[str, str, int]:
    return request.branch, request.method, request.cseq
