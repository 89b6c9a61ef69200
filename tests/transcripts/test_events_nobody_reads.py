"""What Asterisk is told not to say (manager.conf, stasis.conf) is what nobody of ours reads: the captures are from before that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ami_bridge.dial_tests import begun
from ami_bridge.protocol import Decoder, Packet
from ami_bridge.ring_watch import heard
from ami_bridge.translate import agi_result, translate
from ami_bridge.translate_join import call_of_third, translate_join

pytestmark = pytest.mark.transcripts

CAPTURES = sorted(Path(__file__).parent.glob("*.ami"), key=lambda path: path.name)
TEMPLATES = Path(__file__).parents[2] / "asterisk_conf/templates"
DECLINED = {  # types of stasis.conf, and the events the manager would make of them
    "ast_channel_varset_type": "VarSet", "ast_rtp_rtcp_sent_type": "RTCPSent", "ast_rtp_rtcp_received_type": "RTCPReceived",
    "agi_exec_start_type": "AGIExecStart", "agi_exec_end_type": "AGIExecEnd",
}  # fmt: skip


def silenced() -> set[str]:
    """The names of all events that Asterisk does not send."""
    manager = (TEMPLATES / "pbx/manager.conf.j2").read_text(encoding="utf-8")
    stasis = (TEMPLATES / "common/stasis.conf.j2").read_text(encoding="utf-8")
    named = re.search(r"^disabledevents = (.+)$", manager, re.MULTILINE)
    assert named is not None
    return {*named[1].split(","), *(DECLINED[one] for one in re.findall(r"^decline = (\w+)$", stasis, re.MULTILINE))}


def events_of(path: Path) -> list[Packet]:
    """The events of a capture."""
    return [packet for packet in Decoder().feed(path.read_bytes()) if "Event" in packet]


def tells(packet: Packet) -> bool:
    """Whether some part of the bridge makes something of it; of a third's channel the beginning is looked at too."""
    is_thirds_begin = packet.text("Event") == "Newchannel" and bool(call_of_third(packet.text("Uniqueid")))
    told = begun(packet) or translate_join(packet) or translate(packet) or agi_result(packet) or heard(packet)
    return bool(told) or is_thirds_begin


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_an_event_that_is_switched_off_has_nothing_to_tell_the_bridge(path: Path) -> None:
    """No step of a call, of a transfer, of a menu or of a dial-test comes of one."""
    for packet in events_of(path):
        assert not (packet.text("Event") in silenced() and tells(packet)), packet.text("Event")


def test_most_of_what_asterisk_said_is_silenced_and_the_captures_hold_what_is_read() -> None:
    """More than half of the events of eight calls."""
    names = [packet.text("Event") for path in CAPTURES for packet in events_of(path)]
    assert sum(name in silenced() for name in names) > len(names) / 2
    telling = {packet.text("Event") for path in CAPTURES for packet in events_of(path) if tells(packet)}
    assert {"Newchannel", "Newstate", "Hangup", "UserEvent", "AsyncAGIExec", "AgentConnect", "Hold"} <= telling
