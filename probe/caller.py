"""`python -m probe.caller`: one telephone call by pyVoIP, in a process of its own, which whoever started it may kill.

pyVoIP waits for some answers without end, drops most refusals without a word, prints to standard output, and leaves threads
behind. So it lives here for one call: the order comes on standard input, what was heard goes to the descriptor named there.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
import socket
import sys
import time
from contextlib import closing
from typing import Any

REGISTER_S = 8.0
SETTLE_S = 1.2  # its receiver starts a second after the registration
LOOK_S = 0.005


class Ear:
    """Stands in for the library's buffer of received sound: keeps each packet with its time. Its reader is never used."""

    def __init__(self) -> None:
        self.packets: list[tuple[float, int, bytes]] = []

    def write(self, offset: int, data: bytes) -> None:
        """Called by the library's receiving thread."""
        self.packets.append((time.monotonic(), offset, data))


def free_port(address: str) -> int:
    """A UDP port nobody has now."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as one:
        one.bind((address, 0))
        return int(one.getsockname()[1])


def own_address(host: str, port: int) -> str:
    """The address this machine has towards the account's registrar; OSError without a way there."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as one:
        one.connect((host, port))
        return str(one.getsockname()[0])


def ring(order: dict[str, Any]) -> dict[str, Any]:
    """Register, ring the number, listen until the other side hangs up or the time is over."""
    from pyVoIP.VoIP import CallState, PhoneStatus, VoIPPhone  # here, so that a machine without it can tell

    heard: dict[str, Any] = {"registered": False, "answered_s": None, "began_s": None, "status": 0, "packets": []}
    host = socket.gethostbyname(order["host"])
    mine = own_address(host, order["port"])
    rtp = free_port(mine)
    phone = VoIPPhone(
        host, order["port"], order["user"], order["password"], myIP=mine, sipPort=free_port(mine), rtpPortLow=rtp, rtpPortHigh=rtp
    )
    phone.sip.register_timeout = 3
    phone.sip.callID.x = random.SystemRandom().randrange(1 << 40)  # else each process would begin with the same Call-ID
    _note_refusals(phone.sip, heard)
    _acknowledge_rightly(phone.sip)
    phone.start()
    _wait(lambda: phone.get_status() == PhoneStatus.REGISTERED, REGISTER_S)
    if phone.get_status() != PhoneStatus.REGISTERED:
        return heard
    heard["registered"] = True
    time.sleep(SETTLE_S)
    began = time.monotonic()
    call: Any = phone.call(order["number"])

    def has_ended() -> bool:
        return bool(call.state == CallState.ENDED)

    _wait(lambda: call.state == CallState.ANSWERED or has_ended() or heard["status"] >= 300, order["answer_s"])
    if call.state == CallState.ANSWERED:
        heard["answered_s"] = time.monotonic() - began
        ear = Ear()
        call.RTPClients[0].pmin = ear
        _wait(has_ended, order["listen_s"])
        heard["packets"] = [(at - began, offset, base64.b64encode(data).decode()) for at, offset, data in list(ear.packets)]
        heard["began_s"] = ear.packets[0][0] - began if ear.packets else None
        if not has_ended():
            call.hangup()
    return heard


def _note_refusals(sip: Any, heard: dict[str, Any]) -> None:
    """The library reads a refusal's status and forgets it."""
    library = sip.parse_message

    def parse_message(message: Any) -> None:
        status = getattr(message, "status", None)
        if status is not None and heard["registered"] and message.headers.get("CSeq", {}).get("method") == "INVITE":
            heard["status"] = int(status) if 300 <= int(status) <= 699 and int(status) not in (401, 407) else heard["status"]
        library(message)

    sip.parse_message = parse_message


def _acknowledge_rightly(sip: Any) -> None:
    """The library acknowledges an answer under a new tag, so for the other side it never did: no BYE comes, and it ends after 32 s.

    The tag of the answer belongs there, and its Contact into the request line (RFC 3261, 12.2.1.1 and 13.2.2.4).
    """
    library = sip.gen_ack

    def gen_ack(answer: Any) -> str:
        text: str = library(answer)
        if int(answer.status) != 200:
            return text
        contact = re.sub(r"^.*<|>.*$", "", str(answer.headers["Contact"]))
        whom = answer.headers["To"]
        text = re.sub(r"^ACK \S+ ", lambda _: f"ACK {contact} ", text, count=1)
        return re.sub(r"^To: .*$", lambda _: f"To: {whom['raw']};tag={whom['tag']}\r", text, count=1, flags=re.MULTILINE)

    sip.gen_ack = gen_ack


def _wait(is_true: Any, timeout_s: float) -> None:
    ends_at = time.monotonic() + timeout_s
    while not is_true() and time.monotonic() < ends_at:
        time.sleep(LOOK_S)


def main() -> None:
    """Read the order, ring, tell; the process ends at once, whatever threads the library has left."""
    out = int(sys.argv[1])
    order = json.load(sys.stdin)
    told = json.dumps(ring(order)).encode()
    with os.fdopen(out, "wb") as pipe:
        pipe.write(told)
    os._exit(0)


if __name__ == "__main__":
    main()
