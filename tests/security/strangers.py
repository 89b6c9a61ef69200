"""Owns SIP of strangers, trunks and telephones as plain datagrams from any address of this namespace; and what comes back."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from tests.sip.digest import Credentials, authorization

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: an address of this machine, and the user that From claims."""

    address: str
    server: Address
    user: str = "100"
    port: int = 0  # 0: another one for each question

    def request(
        self, method: str = "OPTIONS", *, call_id: str = "", more: Sequence[tuple[str, str]] = (), number: str = "", body: str = ""
    ) -> bytes:
        """A request of its own transaction, as a scanner sends one."""
        host, port = self.server
        target = f"{number}@{host}" if number else host
        mark = secrets.token_hex(8)
        heads = (
            ("Via", f"SIP/2.0/UDP {self.address}:5060;branch=z9hG4bK{mark};rport"), ("Max-Forwards", "70"),
            ("From", f"<sip:{self.user}@{host}>;tag={mark}"), ("To", f"<sip:{self.user}@{host}>"),
            ("Call-ID", call_id or mark), ("CSeq", f"1 {method}"), ("Contact", f"<sip:{self.user}@{self.address}:5060>"), *more,
            ("Content-Length", str(len(body))),
        )  # fmt: skip
        lines = [f"{method} sip:{target}:{port} SIP/2.0", *(f"{name}: {value}" for name, value in heads)]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def invite(self, number: str) -> bytes:
        """A call that offers sound."""
        lines = ("v=0", f"o=- 1 1 IN IP4 {self.address}", "s=-", f"c=IN IP4 {self.address}", "t=0 0", "m=audio 40000 RTP/AVP 8")
        offer = "".join(f"{line}\r\n" for line in lines)
        return self.request("INVITE", number=number, more=(("Content-Type", "application/sdp"),), body=offer)

    def ask(self, count: int, make: Callable[[], bytes], *, gap_s: float = 0.01, wait_s: float = 0.3) -> list[str]:
        """Send `count` requests; the status of each answer that came until `wait_s` after the last."""
        statuses = []
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as udp:
            udp.bind((self.address, self.port))
            for _ in range(count):
                udp.sendto(make(), self.server)
                time.sleep(gap_s)
            ends_at = time.monotonic() + wait_s
            try:
                while (left_s := ends_at - time.monotonic()) > 0:
                    udp.settimeout(left_s)
                    statuses.append(udp.recv(65_535).split(b" ", 2)[1].decode("ascii", "replace"))
            except TimeoutError:
                pass
        return statuses

    def register_wrongly(self, count: int) -> list[str]:
        """Answer a challenge with a password that is not it, again and again with the same nonce."""
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as udp:
            udp.bind((self.address, 0))
            udp.settimeout(2.0)
            udp.sendto(self.request("REGISTER"), self.server)
            challenge = next(
                line.split(b": ", 1)[1].decode() for line in udp.recv(65_535).split(b"\r\n") if line.startswith(b"WWW-Auth")
            )
        login = Credentials(self.user, "a guess")
        uri = f"sip:{self.server[0]}:{self.server[1]}"

        def guess() -> bytes:
            answer = authorization(challenge, login, method="REGISTER", uri=uri, cnonce=secrets.token_hex(8))
            return self.request("REGISTER", more=(("Authorization", answer),))

        return self.ask(count, guess)
