"""Owns the AMI stream of the benchmark: real captured events, numbered by their time stamps, sent by a scripted Asterisk."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import cycle, islice
from pathlib import Path
from random import Random

CAPTURES = Path(__file__).resolve().parents[1] / "transcripts"
FIRST_S = 1_795_300_000
LAST = "BenchmarkEnd"  # name of the last event
LOGIN_S = 20.0
WHOLE = 65536  # bytes a send of a stream that is not torn

Mark = tuple[str, str]  # an event's own time stamp and its CallerIDName


def stamp(number: int) -> str:
    """The time stamp of event `number`: unique, as Asterisk writes it."""
    return f"{FIRST_S + number // 1_000_000}.{number % 1_000_000:06d}"


def events(count: int) -> Iterator[tuple[Mark, bytes]]:
    """`count` events in the mix of the captures, then the last one; each with what a reader must have found in it."""
    blocks = [
        block
        for path in sorted(CAPTURES.glob("*.ami"))
        for block in path.read_bytes().decode().split("\r\n\r\n")
        if block.startswith("Event: ") and "\r\nActionID: " not in block and "\r\nTimestamp: " in block
    ]
    for number, block in enumerate(islice(cycle(blocks), count)):
        text = re.sub(r"(?<=\r\nTimestamp: )[0-9.]+", stamp(number), block, count=1)
        name = re.search(r"\r\nCallerIDName: ([^\r]*)", text)
        yield (stamp(number), name[1] if name else ""), text.encode() + b"\r\n\r\n"
    head = f"Event: {LAST}\r\nPrivilege: user,all\r\nTimestamp: {stamp(count)}\r\nSystemName: h1\r\n\r\n"
    yield (stamp(count), ""), head.encode()


class Stream:
    """One connection: greeting, login, then all as fast as the client reads; `tears` cuts it into pieces of 1 to 300 bytes."""

    def __init__(self, data: bytes, *, tears: Random | None = None) -> None:
        self._pieces = list(_torn(data, tears)) if tears else [data[at : at + WHOLE] for at in range(0, len(data), WHOLE)]
        self.port = 0

    @contextmanager
    def serving(self) -> Iterator[Stream]:
        """Listen on 127.0.0.1 for one client."""
        with closing(socket.create_server(("127.0.0.1", 0))) as listener:
            listener.settimeout(LOGIN_S)
            self.port = int(listener.getsockname()[1])
            server = threading.Thread(target=self._serve, args=(listener,), daemon=True)
            server.start()
            yield self
            server.join(LOGIN_S)

    def _serve(self, listener: socket.socket) -> None:
        client, _ = listener.accept()
        with closing(client):
            client.settimeout(LOGIN_S)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.sendall(b"Asterisk Call Manager/11.0.0\r\n")
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += client.recv(4096)
            found = re.search(rb"ActionID: ([^\r]*)", asked)
            mark = b"ActionID: " + found[1] + b"\r\n" if found else b""
            client.sendall(b"Response: Success\r\n" + mark + b"Message: Authentication accepted\r\n\r\n")
            client.sendall(b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n")
            try:
                for piece in self._pieces:
                    client.sendall(piece)
                while client.recv(4096):  # until it leaves
                    pass
            except ConnectionError:
                return  # it left without reading everything, and says so itself


def _torn(data: bytes, dice: Random) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = dice.randint(1, 300)
        yield data[at : at + size]
        at += size
