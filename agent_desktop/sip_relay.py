"""`python -m agent_desktop.sip_relay`: passes the telephone signalling of the pages to Asterisk; no Redis, no database."""

from __future__ import annotations

import asyncio
import http
import json
import logging
import signal
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers, MultipleValuesError
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from agent_desktop.origin import is_same_origin
from agent_desktop.session import Session, from_cookies, read
from agent_desktop.sip_frame import refusal
from agent_desktop.unix_listener import listen
from hotline_core.adapters import clock, ports, secrets
from hotline_core.adapters.tasks import Tasks
from hotline_core.errors import HotlineError, SetupError
from hotline_core.log import Log, open_log, take_over
from hotline_core.settings import Settings, load_settings

SIP = Subprotocol("sip")
LARGEST_FRAME = 65_536
CONNECT_S = 3.0
CLOSE_S = 0.5
MOST_PAGES = 2000
MOST_PAGES_OF_ONE = 50  # tabs and reloads of one person; one session cannot take the places of all
POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013


class Relay:
    """Pages on one side, Asterisk on the other, one connection there for each here."""

    def __init__(self, settings: Settings, key_hex: str, now: Callable[[], float], log: Log) -> None:
        self._settings = settings
        self._key = key_hex
        self._now = now
        self._log = log
        self._since = now()
        self._pages = 0
        self._pages_of: Counter[str] = Counter()
        self._is_asterisk_lost = False

    def check(self, page: ServerConnection, request: Request) -> Response | None:
        """Before the handshake: answer /health, refuse who is not signed in with an extension on our own page."""
        path = request.path.partition("?")[0]
        if path == "/health":
            body = {"state": "up", "since": self._since, "pages": self._pages}
            answer = page.respond(http.HTTPStatus.OK, json.dumps(body))
            del answer.headers["Content-Type"]
            answer.headers["Content-Type"] = "application/json"
            return answer
        if path != "/sip":
            return page.respond(http.HTTPStatus.NOT_FOUND, "no such path\n")
        if self._pages >= MOST_PAGES:
            return page.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "too many pages\n")
        if not is_same_origin(_one(request.headers, "Origin"), _one(request.headers, "Host")):
            return page.respond(http.HTTPStatus.FORBIDDEN, "not from our own page\n")
        session = self._session(request)
        if session is None:
            return page.respond(http.HTTPStatus.UNAUTHORIZED, "not signed in\n")
        if not session.ext:
            return page.respond(http.HTTPStatus.FORBIDDEN, "no extension\n")
        if self._pages_of[session.ext] >= MOST_PAGES_OF_ONE:
            return page.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "too many pages\n")
        return None

    def _session(self, request: Request) -> Session | None:
        return read(from_cookies("; ".join(request.headers.get_all("Cookie"))), self._key, self._now())

    async def serve(self, page: ServerConnection) -> None:
        """Relay one page until either side ends."""
        session = self._session(page.request) if page.request is not None else None
        if session is None or page.subprotocol != SIP:
            await page.close(POLICY_VIOLATION, "session and subprotocol sip are needed")
            return
        self._pages += 1
        self._pages_of[session.ext] += 1
        try:
            async with AsyncExitStack() as stack:
                asterisk = await self._connected(stack)
                if asterisk is None:
                    await page.close(TRY_AGAIN_LATER, "asterisk is not there")
                    return
                await self._both_ways(page, asterisk, session.ext)
        finally:
            self._pages -= 1
            self._pages_of[session.ext] -= 1

    async def _connected(self, stack: AsyncExitStack) -> ClientConnection | None:
        try:
            port = ports.read(self._settings.paths).asterisk_http
            asterisk = await stack.enter_async_context(
                connect(
                    f"ws://127.0.0.1:{port}/ws",
                    subprotocols=[SIP],
                    open_timeout=CONNECT_S,
                    close_timeout=CLOSE_S,
                    ping_interval=None,
                    compression=None,
                    max_size=LARGEST_FRAME,
                    proxy=None,
                )
            )
        except (OSError, TimeoutError, WebSocketException, SetupError) as error:
            if not self._is_asterisk_lost:
                self._log.warning("asterisk cannot be reached", reason=type(error).__name__)
            self._is_asterisk_lost = True
            return None
        if self._is_asterisk_lost:
            self._log.info("asterisk is reached again")
        self._is_asterisk_lost = False
        return asterisk

    async def _both_ways(self, page: ServerConnection, asterisk: ClientConnection, extension: str) -> None:
        tasks = Tasks(lambda name, error: self._log.error("relay task died", task=name, kind=type(error).__name__))
        back = tasks.spawn("to the page", self._to_page(asterisk, page))
        forth = tasks.spawn("to asterisk", self._to_asterisk(page, asterisk, extension))
        try:
            await asyncio.wait({back, forth}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await tasks.close(timeout_s=1.0)
            await page.close(TRY_AGAIN_LATER if back.done() and not back.cancelled() else 1000)

    async def _to_page(self, asterisk: ClientConnection, page: ServerConnection) -> None:
        try:
            async for frame in asterisk:
                await page.send(frame)
        except ConnectionClosed:
            return

    async def _to_asterisk(self, page: ServerConnection, asterisk: ClientConnection, extension: str) -> None:
        try:
            async for frame in page:
                raw = frame.encode() if isinstance(frame, str) else frame
                if (why := refusal(raw, extension)) is not None:
                    self._log.warning("a page's SIP was refused", extension=extension, why=why)
                    await page.close(POLICY_VIOLATION, why)
                    return
                await asterisk.send(frame)
        except ConnectionClosed:
            return


def _one(headers: Headers, name: str) -> str | None:
    try:
        return headers.get(name)
    except MultipleValuesError:
        return None


def serve_on(relay: Relay, settings: Settings) -> Server:
    """The server of `relay` on its Unix socket."""
    return serve(
        relay.serve,
        unix=True,
        path=None,
        sock=listen(settings.paths.relay_socket),
        process_request=relay.check,
        subprotocols=[SIP],
        compression=None,
        ping_interval=None,
        open_timeout=5.0,
        close_timeout=CLOSE_S,
        max_size=LARGEST_FRAME,
        max_queue=16,
        server_header=None,
        logger=_quiet(),
    )


def _quiet() -> logging.Logger:
    """websockets tells every scanner's broken handshake; we tell what matters ourselves."""
    logger = logging.getLogger("hotline.relay.websockets")
    logger.setLevel(logging.CRITICAL)
    return logger


async def run(settings: Settings, log: Log) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    key = secrets.load_or_make(settings.paths.secrets).session
    async with serve_on(Relay(settings, key, clock.now, log), settings) as server:
        log.info("relay serves")
        await stop.wait()
        server.close()
    log.info("relay stopped")


def main() -> int:
    """Run the relay; the exit code."""
    try:
        settings = load_settings()
        log = open_log("relay", settings.log_level)
        take_over(log)
        asyncio.run(run(settings, log))
    except (HotlineError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
