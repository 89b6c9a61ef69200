"""Owns a stranger who sends RTP to every port of the range, hoping that a call's sound comes to them."""

from __future__ import annotations

import socket
import struct
import threading
import time
from types import TracebackType

PCMA_SILENCE = b"\xd5" * 160


class Spray:
    """Sends until closed, in a thread of its own: each port gets a stream in good order; `caught` is what came back."""

    def __init__(self, address: str, server: str, first: int, last: int) -> None:
        self.caught: list[bytes] = []
        self.rounds = 0
        self._server, self._ports = server, range(first, last + 1, 2)
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((address, 0))
        self._udp.setblocking(False)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spray")

    def __enter__(self) -> Spray:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_over.set()
        self._thread.join(10)
        self._udp.close()

    def _run(self) -> None:
        while not self._is_over.is_set():
            packet = struct.pack("!BBHII", 0x80, 8, self.rounds & 0xFFFF, self.rounds * 160, 0x5CA9) + PCMA_SILENCE
            for port in self._ports:
                self._try(packet, port)
            self._take()
            self.rounds += 1
            time.sleep(0.02)

    def _try(self, packet: bytes, port: int) -> None:
        try:
            self._udp.sendto(packet, (self._server, port))
        except OSError:
            return  # an ICMP refusal of an earlier one: nobody listens there

    def _take(self) -> None:
        while True:
            try:
                self.caught.append(self._udp.recv(2048))
            except BlockingIOError:
                return
            except OSError:
                continue
