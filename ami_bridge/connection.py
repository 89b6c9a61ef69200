"""One AMI connection after the other: login, actions with their answers, lists, liveness, reconnect with back-off.

It never re-sends an action after a reconnect (a second Originate or Redirect would be a second call); what was
unanswered fails with AmiError and the resync tells the truth.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import cast

from ami_bridge.protocol import BANNER, Decoder, Packet, encode
from hotline_core.adapters.pace import Pace
from hotline_core.errors import AmiError
from hotline_core.log import Log

SILENCE_S = 5.0  # the engine beats twice a second and each beat is answered: 5 s without a byte is a dead link
ANSWER_S = 3.0
BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
GATHER_S = 0.005  # in a crowd; a step of a menu has 20 ms until Asterisk looks for it, a ring 150 ms until the page
AT_ONCE = 20  # pieces that are read without a wait: more than a call's steps
SMALL = 4096  # bytes, some eight events: with larger pieces nothing is to be gained by gathering

Fields = Sequence[tuple[str, str]]


class Connection:
    """The link to one Asterisk; events go to `on_event` in their order, `on_up` runs after each login."""

    def __init__(
        self, host: str, port: int, user: str, secret: str, *, log: Log,
        on_event: Callable[[Packet], None], on_up: Callable[[Connection], Awaitable[None]], on_down: Callable[[], None],
    ) -> None:  # fmt: skip
        self._address = (host, port)
        self._credentials = (user, secret)
        self._log = log
        self._on_event = on_event
        self._on_up = on_up
        self._on_down = on_down
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[str, asyncio.Future[Packet]] = {}
        self._lists: dict[str, tuple[list[Packet], asyncio.Future[list[Packet]]]] = {}
        # unique over restarts, or the answer to a dead bridge's command would be taken for our own
        self._prefix = uuid.uuid4().hex[:12]
        self._count = 0
        self._unsent: list[bytes] = []

    @property
    def is_up(self) -> bool:
        """True between login and loss."""
        return self._writer is not None

    def next_id(self) -> str:
        """A fresh ActionID or CommandID."""
        self._count += 1
        return f"{self._prefix}-{self._count}"

    def post(self, action: str, fields: Fields = ()) -> asyncio.Future[Packet]:
        """Send an action now, in order; the future holds its Response, or AmiError.

        `fields` may hold an ActionID of their own, unique over restarts: the event that tells an Originate's end bears it.
        """
        future: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()
        action_id = dict(fields).get("ActionID") or self.next_id()
        try:
            data = encode(action, [("ActionID", action_id), *(field for field in fields if field[0] != "ActionID")])
            if self._writer is None:
                raise AmiError("asterisk_down", action=action)
            self._send(data)
            self._waiting[action_id] = future
        except (AmiError, UnicodeError) as error:
            future.set_exception(error if isinstance(error, AmiError) else AmiError("not_utf8", action=action))
        future.add_done_callback(_seen)
        return future

    async def ask(self, action: str, fields: Fields = ()) -> Packet:
        """Send an action and wait for its Response; AmiError if refused, lost or later than 3 s."""
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await self.post(action, fields)
        except TimeoutError:
            raise AmiError("no_answer", action=action) from None
        if answer.text("Response") == "Error":
            raise AmiError("refused", action=action, reason=answer.text("Message"))
        return answer

    async def ask_list(self, action: str, fields: Fields = ()) -> list[Packet]:
        """Send an action that answers with a list of events; AmiError as for `ask`. An empty tree is an empty list."""
        if self._writer is None:
            raise AmiError("asterisk_down", action=action)
        action_id = self.next_id()
        done: asyncio.Future[list[Packet]] = asyncio.get_running_loop().create_future()
        done.add_done_callback(_seen)
        self._lists[action_id] = ([], done)
        self._send(encode(action, [("ActionID", action_id), *fields]))
        try:
            async with asyncio.timeout(ANSWER_S):
                return await done
        except TimeoutError:
            raise AmiError("no_answer", action=action) from None
        finally:
            self._lists.pop(action_id, None)

    def _send(self, data: bytes) -> None:
        """All that is posted in one turn of the loop goes out at its end in one piece: each system call wakes Asterisk."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(data)

    def _flush(self) -> None:
        if self._unsent and self._writer is not None:
            self._writer.write(b"".join(self._unsent))
        self._unsent.clear()

    async def run(self) -> None:
        """Connect, and again after each loss, until cancelled."""
        attempt = 0
        told = False
        while True:
            try:
                await self._session()
                attempt, told = 0, False
                self._log.warning("asterisk link lost")
            except (OSError, AmiError, TimeoutError) as error:
                if not told:
                    self._log.warning("asterisk not reachable", error=str(error))
                told = True
            await asyncio.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
            attempt += 1

    async def _session(self) -> None:
        """One connection from open to loss; returns normally only if login had succeeded."""
        reader, writer = await asyncio.wait_for(asyncio.open_connection(*self._address), ANSWER_S)
        was_up = False
        try:
            decoder = Decoder()
            user, secret = self._credentials
            login = [("Username", user), ("Secret", secret), ("ActionID", "login")]
            writer.write(encode("Login", login))
            booted = await asyncio.wait_for(self._log_in(reader, decoder), 30)
            self._writer = writer
            was_up = True
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(reader, decoder, booted, cast(asyncio.Transport, writer.transport)))
                group.create_task(self._on_up_once())
        except* (OSError, AmiError, TimeoutError, asyncio.IncompleteReadError) as errors:
            if not was_up:
                raise errors.exceptions[0] from None
        finally:
            self._flush()
            self._writer = None
            self._fail_all()
            if was_up:
                self._on_down()
            writer.close()
            with suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 1)

    async def _on_up_once(self) -> None:
        try:
            await self._on_up(self)
        except AmiError as error:
            self._log.warning("resync failed, the link is opened again", error=str(error))
            raise

    async def _log_in(self, reader: asyncio.StreamReader, decoder: Decoder) -> list[Packet]:
        """Wait for the login's answer and FullyBooted; returns the events that came along."""
        accepted = False
        early: list[Packet] = []
        while True:
            data = await reader.read(65536)
            if not data:
                raise AmiError("asterisk_down", reason="closed")
            packets = decoder.feed(data)
            for place, packet in enumerate(packets, 1):
                if packet.text("ActionID") == "login":
                    if packet.text("Response") != "Success":
                        raise AmiError("login_refused", reason=packet.text("Message"))
                    accepted = True
                elif packet.text("Event") == "FullyBooted" and accepted:
                    return early + packets[place:]  # a busy Asterisk sends on at once
                elif BANNER not in packet and accepted:
                    early.append(packet)

    async def _read(
        self, reader: asyncio.StreamReader, decoder: Decoder, early: list[Packet], transport: asyncio.Transport
    ) -> None:
        """Asterisk writes event by event, and each piece that is read costs a turn of the loop and of the live view: in a crowd the
        pieces gather for a moment, else each is read at once.
        """
        for packet in early:
            self._take(packet)
        pace = Pace(GATHER_S, AT_ONCE)
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    data = await reader.read(65536)
            except TimeoutError:
                raise AmiError("asterisk_down", reason="silence") from None
            if not data:
                raise AmiError("asterisk_down", reason="closed")
            for packet in decoder.feed(data):
                self._take(packet)
            if len(data) < SMALL and (wait_s := pace.wait_s(asyncio.get_running_loop().time())):
                transport.pause_reading()
                await asyncio.sleep(wait_s)
                transport.resume_reading()

    def _take(self, packet: Packet) -> None:
        action_id = packet.text("ActionID")
        if action_id and action_id in self._lists:
            self._take_list(self._lists[action_id], packet)
        elif action_id and "Response" in packet and "Event" not in packet:  # the event OriginateResponse has one too
            future = self._waiting.pop(action_id, None)
            if future is not None and not future.done():
                future.set_result(packet)
        elif packet.is_genuine:
            self._on_event(packet)

    def _take_list(self, entry: tuple[list[Packet], asyncio.Future[list[Packet]]], packet: Packet) -> None:
        items, done = entry
        if done.done():
            return
        if packet.text("Response") == "Error":
            done.set_result([])  # Asterisk answers an empty astdb tree with an error
        elif packet.text("EventList") == "Complete":
            done.set_result(items)
        elif "Event" in packet:
            items.append(packet)

    def _fail_all(self) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(AmiError("asterisk_down", reason="lost"))
        for _, done in self._lists.values():
            if not done.done():
                done.set_exception(AmiError("asterisk_down", reason="lost"))
        self._waiting.clear()
        self._lists.clear()


def _seen(future: asyncio.Future[Packet] | asyncio.Future[list[Packet]]) -> None:
    """Mark an error as looked at, so that a posted action nobody waits for ends quietly."""
    if not future.cancelled():
        future.exception()
