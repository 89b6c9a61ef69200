"""Owns one call of our telephone from INVITE to BYE: its state, its media, and who ended it."""

from __future__ import annotations

import asyncio
import secrets
from typing import Literal

from tests.sip import sdp
from tests.sip.deadline import Signal
from tests.sip.dialog import ALLOW, Dialog
from tests.sip.digest import Credentials, WrongRealm, authorization
from tests.sip.message import Headers, Request, Response, display_in, reply, user_in
from tests.sip.policy import Answer, Policy, Refuse, RingForever
from tests.sip.rtp import RtpStream, Source, loopback_only
from tests.sip.tones import Samples
from tests.sip.wire import T2_S, Address, Repeater, Wire

_ANSWER_WAIT_S = 5.0


class Call:
    """One call, out or in; made by SipCaller."""

    def __init__(self, wire: Wire, dialog: Dialog, rtp: RtpStream, *, invite: Request, is_incoming: bool) -> None:
        self.is_incoming = is_incoming
        self.invite = invite
        self.responded, self.ringing, self.early_media = Signal(), Signal(), Signal()
        self.answered, self.ended = Signal(), Signal()
        self.status: int | None = None
        self.ended_by: Literal["us", "them"] | None = None
        self.ended_reason: str | None = None
        self.answered_s: float | None = None
        self.ended_s: float | None = None
        self.reinvites = 0
        self.refreshes = 0
        self.rtp = rtp
        self.dialog = dialog
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._credentials: Credentials | None = None
        self._cancelled = self._answering = self._acked = False
        self._repeater: Repeater | None = None
        self._policy_task: asyncio.Task[None] | None = None
        self._session_id = secrets.randbelow(1 << 31)
        self._media = sdp.Media(host=dialog.ours[0], port=rtp.port, codecs=(rtp.codec,))

    # --- what a test does with it

    async def hang_up(self, *, reason: str | None = None, timeout_s: float = _ANSWER_WAIT_S) -> None:
        """BYE, or CANCEL, or 603, whichever fits; returns when the other side has agreed."""
        if self.ended.is_set():
            return
        headers = (("Reason", reason),) if reason is not None else ()
        if self._answering:
            await self.answered.within(timeout_s)  # RFC 3261 15: a callee sends no BYE before the ACK
        if self.answered.is_set():
            await self._bye(headers, timeout_s)
        elif self.is_incoming:
            self.reject(603, headers=headers)
        else:
            self._cancelled = True
            cancel = self.dialog.cancel(self.invite)
            transaction = self._wire.transact(
                Request(method="CANCEL", uri=cancel.uri, headers=(*cancel.headers, *headers)), self.dialog.peer
            )
            await transaction.final(timeout_s)
            await self.ended.within(timeout_s)

    async def wait_ended(self, timeout_s: float) -> None:
        """Return when the call is over, whoever ended it."""
        await self.ended.within(timeout_s)

    def send(self, source: Source) -> asyncio.Future[None]:
        """Say this from now on; may be awaited: done when an array has been played."""
        return self.rtp.send(source)

    def press(self, digits: str) -> asyncio.Future[None]:
        """Press keys (RFC 4733); may be awaited: done when the last one is out."""
        return self.rtp.press(digits)

    def heard(self, last_s: float | None = None) -> Samples:
        """What the other side said, all of it or the newest seconds; see RtpStream.heard."""
        return self.rtp.heard(last_s)

    async def listen(self, seconds: float) -> None:
        """Return when this much more audio has come; see RtpStream.listen."""
        await self.rtp.listen(seconds)

    @property
    def digits(self) -> str:
        """The keys that the other side pressed."""
        return self.rtp.digits

    @property
    def caller_number(self) -> str:
        """The number in From."""
        return user_in(self.invite.need("From"))

    @property
    def caller_name(self) -> str:
        """The display name in From."""
        return display_in(self.invite.need("From"))

    def answer(self, headers: Headers = ()) -> None:
        """Pick up an incoming call; `answered` is set by the ACK."""
        if not self.is_incoming or self._answering or self.status is not None:
            raise RuntimeError("not a call that can be answered now")
        self._stop_waiting()
        self.status, self._answering = 200, True
        self._finally(200, self._describe(self.invite), headers)

    def reject(self, status: int = 603, *, headers: Headers = ()) -> None:
        """Refuse an incoming call."""
        if not self.is_incoming or self._answering or self.status is not None:
            raise RuntimeError("not a call that can be refused now")
        self._finally(status, "", headers)
        self._end("us", status=status)

    async def ask(self, method: str, headers: Headers = (), body: str = "", *, timeout_s: float = 5.0) -> Response:
        """Send a request inside the call as it stands and return its final answer."""
        request = self.dialog.request(method, headers, body)
        response = await self._wire.transact(request, self.dialog.peer).final(timeout_s)
        if method == "INVITE" and response.status < 300:
            self._wire.transmit(self.dialog.ack(request), self.dialog.peer)
        return response

    def progress(self, status: int, headers: Headers = (), *, has_sound: bool = False) -> None:
        """A provisional answer to an incoming call, with our sound before the answer if wanted."""
        self._respond(self.invite, status, self.dialog.peer, self._describe(self.invite) if has_sound else "", headers)

    # --- what SipCaller does with it

    def place(self, invite: Request, credentials: Credentials | None) -> None:
        """Send the INVITE of an outgoing call."""
        self.invite, self._credentials = invite, credentials
        self._wire.transact(invite, self.dialog.peer, self._on_response)

    def offer(self) -> str:
        """Our first session description."""
        return sdp.write(self._media, session_id=self._session_id)

    def take(self, policy: Policy) -> None:
        """Do with an incoming call what the policy says."""
        problem = self._problem_of(self.invite.body) if self.invite.body else None
        if problem is not None:
            self.reject(488)
            self.ended_reason = problem
            return
        match policy:
            case Refuse(status=status):
                self.reject(status)
            case RingForever():
                self._ring()
            case Answer(after_s=after_s):
                self._ring()
                self._policy_task = asyncio.create_task(self._answer_after(after_s), name="answer later")

    def on_request(self, request: Request, source: Address) -> None:
        """Take a request of this call: CANCEL, or one inside the dialog."""
        match request.method:
            case "ACK":
                self._on_ack(request)
            case "CANCEL":
                self._respond(request, 200, source)
                if self.status is None:
                    self._finally(487, "")
                    self._end("them", status=487, reason=request.get("Reason"))
            case "BYE":
                self._respond(request, 200, source)
                if self.is_incoming and self.status is None:
                    self._finally(487, "")
                elif self._answering:
                    self._stop_repeating()
                self._end("them", reason=request.get("Reason"))
            case "INVITE" | "UPDATE" if self.ended.is_set():
                self._respond(request, 481, source)
            case "INVITE":
                self.reinvites += 1
                self.refreshes += 1
                self._finally(200, self._describe(request), request=request, to=source)
            case "UPDATE":
                self.refreshes += 1
                self._respond(request, 200, source, self._describe(request) if request.body else "")
            case "OPTIONS" | "INFO" | "NOTIFY" | "PRACK":
                self._respond(request, 200, source)
            case _:
                self._respond(request, 501, source)

    async def close(self) -> None:
        """Leave nothing behind: no task, no timer, no socket."""
        self._stop_repeating()
        self._cancelled = True  # a 200 that comes from now on gets its ACK and a BYE
        self._end("us")
        if self._policy_task is not None:
            await asyncio.wait({self._policy_task})
        await self.rtp.wait_closed()

    # --- inside

    def _on_response(self, response: Response) -> None:
        """An answer to the INVITE, maybe a repeated one; an answer to one we gave up is an old one."""
        if response.cseq != self.invite.cseq:
            return
        status = response.status
        challenge = response.get("WWW-Authenticate") or response.get("Proxy-Authenticate")
        if status in (401, 407) and self._credentials is not None and challenge is not None and not self._cancelled:
            self._authorize(status, challenge, self._credentials)
            return
        self.responded.set()
        if status < 200:
            if status == 180:
                self.ringing.set()
            if response.body and self._start_media(response.body):
                self.early_media.set()
        elif status < 300:
            self._on_accepted(response)
        elif self.status is None:
            self._end("us" if self._cancelled else "them", status=status, reason=response.get("Reason"))

    def _on_accepted(self, response: Response) -> None:
        if not self._acked:
            self._acked, self.status = True, response.status
            self.dialog.confirm(response)
            problem = self._problem_of(response.body)
            self._start_media(response.body)
            self._wire.transmit(self.dialog.ack(self.invite), self.dialog.peer)
            if self._cancelled or problem is not None:
                self._wire.transact(self.dialog.request("BYE"), self.dialog.peer)
                self._end("us", reason=problem)
                return
            self._set_answered()
        else:
            self._wire.transmit(self.dialog.ack(self.invite), self.dialog.peer)

    def _authorize(self, status: int, challenge: str, credentials: Credentials) -> None:
        """Try once more with the password; a second challenge is a refusal."""
        header = "Authorization" if status == 401 else "Proxy-Authorization"
        self._credentials = None
        uri = self.invite.uri
        try:
            value = authorization(challenge, credentials, method="INVITE", uri=uri, cnonce=secrets.token_hex(8))
        except WrongRealm as error:
            self._end("us", status=status, reason=str(error))
            return
        kept = ("via", "from", "to", "call-id", "cseq", "max-forwards", "contact", "user-agent", "route")
        extra = tuple(pair for pair in self.invite.headers if pair[0].lower() not in kept)
        self.invite = self.dialog.request("INVITE", (*extra, (header, value)), self.invite.body)
        self._wire.transact(self.invite, self.dialog.peer, self._on_response)

    def _on_ack(self, request: Request) -> None:
        self._stop_repeating()
        if request.body:
            self._start_media(request.body)
        if self._answering and not self.ended.is_set():
            self._answering = False
            self._set_answered()

    def _set_answered(self) -> None:
        self.answered_s = self._loop.time()
        self.answered.set()

    async def _bye(self, headers: Headers, timeout_s: float) -> None:
        transaction = self._wire.transact(self.dialog.request("BYE", headers), self.dialog.peer)
        self._end("us")
        await transaction.final(timeout_s)

    async def _answer_after(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        self.answer()

    def _stop_waiting(self) -> None:
        """The policy has nothing more to decide."""
        if self._policy_task is not None and self._policy_task is not asyncio.current_task(self._loop):
            self._policy_task.cancel()

    def _ring(self) -> None:
        self.ringing.set()
        self._respond(self.invite, 180, self.dialog.peer)

    def _describe(self, request: Request) -> str:
        """Our session description: to an offer the answer, and media go to it; without an offer our own."""
        if not request.body or not self._start_media(request.body):
            return self.offer()
        answer = sdp.answering(sdp.read(request.body), host=self._media.host, port=self._media.port, codec=self.rtp.codec)
        return sdp.write(answer, session_id=self._session_id, version=1 + self.reinvites)

    def _start_media(self, body: str) -> bool:
        """Send audio where a description says, or pause if it says so; False if it has none we can use."""
        if self._problem_of(body) is not None:
            return False
        theirs = sdp.read(body)
        if theirs.wants_audio:
            self.rtp.start(theirs.host, theirs.port, theirs.event_payload)
        else:
            self.rtp.pause()
        return True

    def _respond(self, request: Request, status: int, to: Address, body: str = "", headers: Headers = ()) -> None:
        fixed = (("Contact", f"<{self.dialog.contact}>"), ("Allow", ALLOW), *headers)
        if body:
            fixed = (*fixed, ("Content-Type", "application/sdp"))
        response = reply(request, status, to_tag=self.dialog.local_tag, headers=fixed, body=body)
        self._wire.respond(request, response, to)

    def _finally(
        self,
        status: int,
        body: str,
        headers: Headers = (),
        *,
        request: Request | None = None,
        to: Address | None = None,
    ) -> None:
        """The final answer to an INVITE, again and again until the ACK."""
        self._stop_repeating()
        asked, where = request or self.invite, to or self.dialog.peer
        self._repeater = Repeater(lambda: self._respond(asked, status, where, body, headers), cap_s=T2_S, gave_up=self._never_acked)

    def _never_acked(self) -> None:
        """RFC 3261 13.3.1.4: a 200 that is never acknowledged ends the call."""
        if not self.ended.is_set():
            self._wire.transact(self.dialog.request("BYE"), self.dialog.peer)
            self._end("us", reason="our phone: no ACK came")

    def _stop_repeating(self) -> None:
        if self._repeater is not None:
            self._repeater.stop()

    def _end(self, by: Literal["us", "them"], *, status: int | None = None, reason: str | None = None) -> None:
        if self.ended.is_set():
            return
        self.status = status if status is not None else self.status
        self.ended_by, self.ended_reason, self.ended_s = by, reason, self._loop.time()
        self._stop_waiting()
        self.rtp.close()
        self.responded.set()
        self.ended.set()

    def _problem_of(self, body: str) -> str | None:
        """Why we cannot talk by this session description; None when we can."""
        try:
            theirs = sdp.read(body)
            loopback_only(theirs.host)
        except ValueError as error:
            return f"our phone: {error}"
        return None if self.rtp.codec in theirs.codecs else "our phone: not our codec"
