"""Citizens whom an agent calls: telephones that the demo carrier finds by their numbers."""

from __future__ import annotations

from tests.running.instance import Hotline
from tests.sip.agent import SipCaller


def plug_in(hotline: Hotline, phone: SipCaller) -> None:
    """From now on the carrier rings this telephone for its number, which must be a mobile's."""
    host, port = phone.address
    answer = hotline.asterisk(f"database put mobile {phone.user} {host}:{port}", which="carrier")
    assert "successfully" in answer, answer
