"""Citizens whom an agent calls: a telephone the demo carrier finds by its number, and an intent `dial` sent to the bridge."""

from __future__ import annotations

import json
import socket
import time
import uuid
from typing import Any

from tests.running.instance import Hotline
from tests.sip.agent import SipCaller

ANSWER_S = 5.0


def plug_in(hotline: Hotline, phone: SipCaller) -> None:
    """From now on the carrier rings this telephone for its number, which must be a mobile's."""
    host, port = phone.address
    answer = hotline.asterisk(f"database put mobile {phone.user} {host}:{port}", which="carrier")
    assert "successfully" in answer, answer


def ask_bridge(hotline: Hotline, **fields: str) -> dict[str, Any]:
    """Send one intent to the bridge, as the desk does, and return its answer."""
    intent = {"id": str(uuid.uuid4()), "expires": time.time() + 3.0, **fields}
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(ANSWER_S)
        link.connect(str(hotline.settings.paths.bridge_socket))
        link.sendall(json.dumps(intent).encode() + b"\n")
        answer: dict[str, Any] = json.loads(link.makefile().readline())
    return answer
