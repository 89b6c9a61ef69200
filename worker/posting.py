"""One HTTP POST to another system within a bounded time: no redirect is followed, nothing of the answer but its status is read."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ssl import create_default_context
from urllib.parse import SplitResult, urlsplit

from worker.courier import Answer

CONNECT_S = 5.0
WHOLE_S = 10.0  # from the name's look-up to the status


def post(url: str, body: bytes, headers: Mapping[str, str], *, connect_s: float = CONNECT_S, whole_s: float = WHOLE_S) -> Answer:
    """The other side's status; never raises for what the other side or the network does.

    A thread of its own does it, so that neither a name server nor a server that sends a byte a second can hold us for longer.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return Answer(0, "bad_url")
    attempt = _Attempt(parts, body, headers, connect_s)
    attempt.start()
    attempt.join(whole_s)
    if attempt.is_alive():
        attempt.give_up()
        return Answer(0, "timeout")
    return attempt.answer


class _Attempt(threading.Thread):
    """One connection; `answer` is there once the thread has ended."""

    def __init__(self, url: SplitResult, body: bytes, headers: Mapping[str, str], timeout_s: float) -> None:
        super().__init__(name="webhook", daemon=True)
        self._url = url
        self._body = body
        self._headers = dict(headers)
        self._timeout_s = timeout_s
        self._connection: HTTPConnection | None = None
        self.answer = Answer(0, "not_tried")

    def run(self) -> None:
        """Connect, post, read the status line."""
        try:
            self._connection = connection = self._open()
            path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
            connection.request("POST", path, self._body, self._headers)
            self.answer = Answer(connection.getresponse().status)
        except (OSError, HTTPException, ValueError) as error:  # ValueError: a port or a host that is none
            self.answer = Answer(0, "timeout" if isinstance(error, TimeoutError) else type(error).__name__)
        finally:
            if self._connection is not None:
                self._connection.close()

    def _open(self) -> HTTPConnection:
        host = self._url.hostname or ""
        if self._url.scheme == "https":
            return HTTPSConnection(host, self._url.port, timeout=self._timeout_s, context=create_default_context())
        return HTTPConnection(host, self._url.port, timeout=self._timeout_s)

    def give_up(self) -> None:
        """Wake the thread out of a read that the other side drags on."""
        held = self._connection.sock if self._connection is not None else None
        if held is not None:
            try:
                held.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it ended in this moment
