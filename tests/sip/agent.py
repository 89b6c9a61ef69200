"""Owns a telephone for tests: a SIP user agent on one UDP socket that calls, is called and registers."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests.sip.call import Call
from tests.sip.dialog import ALLOW, Dialog
from tests.sip.digest import Credentials, authorization
from tests.sip.message import Headers, Request, name_address, parameter, reply
from tests.sip.policy import Answer, Policy
from tests.sip.rtp import RtpStream, Silence, Source
from tests.sip.sdp import PCMA, read
from tests.sip.wire import Address, Wire

_MAX_WAITING_CALLS = 64
_GOODBYE_S = 2.0


class Refused(Exception):
    """A REGISTER was refused."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status


class SipCaller:
    """One telephone; many calls at once. `on_invite` and `voice`, what is said into incoming calls, may be changed at any time."""

    def __init__(
        self,
        server: Address,
        user: str = "13855701234",
        display: str | None = None,
        local_ip: str = "127.0.0.1",
        *,
        local_port: int = 0,
        on_invite: Policy = Answer(),  # noqa: B008 - frozen
        credentials: Credentials | None = None,
        codec: int = PCMA,
        voice: Source = Silence(),  # noqa: B008 - frozen
        takes: Sequence[int] = (),
    ) -> None:
        self.server, self.user, self.display = server, user, display
        self.voice = voice
        self.first_number: int | None = None  # of the packets of incoming calls; None: by chance, as RFC 3550 wants
        self._takes = takes or (codec,)  # of a call that comes in: the first that is offered
        self.on_invite = on_invite
        self.credentials = credentials
        self.calls: list[Call] = []
        self.wire = Wire(self)
        self._local_ip, self._local_port, self._codec = local_ip, local_port, codec
        self._incoming: asyncio.Queue[Call] = asyncio.Queue(_MAX_WAITING_CALLS)
        self._registration: Dialog | None = None

    async def __aenter__(self) -> Self:
        await self.wire.open(self._local_ip, self._local_port)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Hang up what still talks, unregister, close; a far side that is gone costs two seconds, no error."""
        try:
            goodbyes = [call.hang_up(timeout_s=_GOODBYE_S) for call in self.calls if not call.ended.is_set()]
            if self._registration is not None:
                goodbyes.append(self.unregister(timeout_s=_GOODBYE_S))
            await asyncio.gather(*goodbyes, return_exceptions=True)
        finally:
            self.wire.close()
            for call in self.calls:
                await call.close()

    @property
    def address(self) -> Address:
        """Where this telephone listens; another one can have it as its server."""
        return self.wire.local

    @property
    def contact(self) -> str:
        """The SIP URI of this telephone."""
        return f"sip:{self.user}@{self.address[0]}:{self.address[1]}"

    async def call(
        self, number: str, *, timeout_s: float = 5.0, source: Source | None = None, headers: Headers = (), to: str | None = None
    ) -> Call:
        """Dial; returns at the first answer of any kind (ringing, talking, refused), TimeoutError if none comes.

        `to`: what To says, where a carrier asks for something else than was dialled.
        """
        host, port = self.server
        target = number if number.startswith("sip:") else f"sip:{number}@{host}:{port}"
        ours = name_address(f"sip:{self.user}@{self.address[0]}", self.display)
        dialog = self._dialog(local=ours, target=target)
        dialog.remote = to or dialog.remote
        rtp = RtpStream(self._local_ip, self._codec)
        rtp.send(source if source is not None else Silence())
        placeholder = Request(method="INVITE", uri=target, headers=())
        call = Call(self.wire, dialog, rtp, invite=placeholder, is_incoming=False)
        self.calls.append(call)
        fixed = (("Allow", ALLOW), ("Content-Type", "application/sdp"), *headers)
        call.place(dialog.request("INVITE", fixed, call.offer()), self.credentials)
        try:
            await call.responded.within(timeout_s)
        except TimeoutError:
            await call.close()
            raise
        return call

    async def next_call(self, timeout_s: float) -> Call:
        """The oldest incoming call not yet taken by a test."""
        async with asyncio.timeout(timeout_s):
            return await self._incoming.get()

    async def register(
        self, user: str, password: str, realm: str | None = None, *, expires_s: int = 3600, timeout_s: float = 5.0
    ) -> None:
        """Register our Contact, and use the password for calls too; Asterisk keeps a telephone for 300 s: see `refresh`."""
        self.credentials = Credentials(user, password, realm)
        host, port = self.server
        aor = f"<sip:{user}@{host}:{port}>"
        registration = self._dialog(local=aor, target=f"sip:{host}:{port}")
        await self._register(registration, expires_s, timeout_s)
        self._registration = registration

    async def refresh(self, every_s: float) -> None:
        """Register again and again until cancelled."""
        while self._registration is not None:
            await asyncio.sleep(every_s)
            await self._register(self._registration, 3600, 5.0)

    async def unregister(self, *, timeout_s: float = 5.0) -> None:
        """Take our Contact back."""
        if self._registration is not None:
            registration, self._registration = self._registration, None
            await self._register(registration, 0, timeout_s)

    async def _register(self, registration: Dialog, expires_s: int, timeout_s: float) -> None:
        """REGISTER, and once more with the answer to a challenge."""
        headers: Headers = (("Expires", str(expires_s)),)
        async with asyncio.timeout(timeout_s):
            request = registration.request("REGISTER", headers)
            response = await self.wire.transact(request, self.server).final(timeout_s)
            challenge = response.get("WWW-Authenticate")
            if response.status == 401 and challenge is not None and self.credentials is not None:
                value = authorization(challenge, self.credentials, method="REGISTER", uri=request.uri, cnonce=secrets.token_hex(8))
                request = registration.request("REGISTER", (*headers, ("Authorization", value)))
                response = await self.wire.transact(request, self.server).final(timeout_s)
        if response.status != 200:
            raise Refused(response.status, response.reason)

    def _dialog(self, *, local: str, target: str) -> Dialog:
        """A dialog that we begin; what it calls itself and what it calls are the same for a REGISTER."""
        remote = local if target.count("@") == 0 else f"<{target}>"
        return Dialog(ours=self.address, contact=self.contact, local=local, remote=remote, target=target, peer=self.server)

    def on_request(self, request: Request, source: Address) -> None:
        """The wire gives us a request: to its call, or a new call, or an answer from the telephone itself."""
        tagged = parameter(request.need("To"), "tag") is not None
        for call in self.calls:
            known = call.dialog.call_id == request.call_id
            if known and (call.dialog.has(request) if tagged else request.cseq == call.invite.cseq):
                call.on_request(request, source)
                return
        match request.method:
            case "ACK":
                pass
            case "INVITE" if not tagged:
                self._ring(request, source)
            case "OPTIONS":
                self.wire.respond(request, reply(request, 200, to_tag="options", headers=(("Allow", ALLOW),)), source)
            case _:
                self.wire.respond(request, reply(request, 481, to_tag="nobody"), source)

    def _chosen(self, offer: str) -> int:
        """The codec of an incoming call; of an offer we cannot read or take our own, for the call to refuse it by."""
        try:
            offered = read(offer).codecs if offer else ()
        except ValueError:
            offered = ()
        return next((codec for codec in offered if codec in self._takes), self._codec)

    def _ring(self, invite: Request, source: Address) -> None:
        """A new incoming call; a 65th that no test has taken is refused as busy."""
        if self._incoming.full():
            self.wire.respond(invite, reply(invite, 486, to_tag="full"), source)
            return
        dialog = Dialog.of_invite(invite, ours=self.address, contact=self.contact, peer=source)
        rtp = RtpStream(self._local_ip, self._chosen(invite.body), first_number=self.first_number)
        call = Call(self.wire, dialog, rtp, invite=invite, is_incoming=True)
        call.send(self.voice)
        self.calls.append(call)
        self._incoming.put_nowait(call)
        call.take(self.on_invite)
