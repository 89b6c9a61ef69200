"""AMI packets to the events of a call that has, or shall have, a third on the line; pure.

The machine is told of every call: it ignores those it does not know. Of one packet these events go before the board's.
"""

from __future__ import annotations

import re

from ami_bridge.protocol import Packet
from ami_bridge.translate import CALL_ID, agent_of, cause
from transfer import events as te
from transfer.events import JoinEvent

THIRD_ID = re.compile(r"third-([A-Za-z0-9._-]{1,64})-[0-9]{1,6}")  # the unique id that the bridge gives a third's channel
MUTE_EVENT = "HotlineMute"  # the bridge's own, told in order with what it did


def translate_join(packet: Packet) -> list[JoinEvent]:
    """The events one packet stands for, in order."""
    name = packet.text("Event")
    if name == "OriginateResponse":
        # a trunk or telephone that cannot be called at all has no channel whose end could tell it; else Joins passes this over
        third = packet.text("ActionID")
        call_id = call_of_third(third)
        return [te.ThirdFailed(call_id, third, 0)] if call_id and packet.text("Response") == "Failure" else []
    if packet.text("UserEvent") == MUTE_EVENT:
        return [te.LegMuted(packet.text("Call"), packet.text("Leg"), packet.text("State") == "muted")]
    third = packet.text("Uniqueid")
    if call_id := call_of_third(third):
        return _third(name, call_id, third, packet)
    call_id = packet.variable("CALLREF")
    if not CALL_ID.fullmatch(call_id):
        return []
    match name:
        case "UserEvent":
            return _user_event(call_id, packet)
        case "QueueCallerJoin":
            return [te.CitizenElsewhere(call_id)]
        case "AgentConnect":
            return [te.AgentTook(call_id, agent_of(packet.text("Interface")), packet.text("DestChannel"))]
        case "Hangup" if agent := agent_of(packet.text("Channel")):
            return [te.AgentGone(call_id, agent, packet.text("Channel"), cause(packet.text("Cause")))]
        case "Hangup" if packet.text("Uniqueid") in (call_id, packet.variable("CITIZEN")):
            return [te.CitizenGone(call_id)]
    return []


def call_of_third(unique_id: str) -> str:
    """The call a third's channel belongs to, empty for any other channel."""
    found = THIRD_ID.fullmatch(unique_id)
    return found[1] if found else ""


def _third(name: str, call_id: str, third: str, packet: Packet) -> list[JoinEvent]:
    match name:
        case "UserEvent":
            return _user_event(call_id, packet)
        case "Newstate" if packet.text("ChannelStateDesc") == "Ringing":
            return [te.ThirdRinging(call_id, third)]
        case "Hangup":
            why = cause(packet.text("Cause"))
            has_answered, channel = packet.text("ChannelStateDesc") == "Up", packet.text("Channel")
            gone: JoinEvent = te.ThirdLeft(call_id, third, why) if has_answered else te.ThirdFailed(call_id, third, why)
            agent = agent_of(channel)  # a colleague may have taken the call over, and is its agent then
            return [gone, te.AgentGone(call_id, agent, channel, why)] if agent else [gone]
    return []


def _user_event(call_id: str, packet: Packet) -> list[JoinEvent]:
    match packet.text("UserEvent"), packet.text("State"):
        case "HotlineRoom", "entered":
            return _placed(te.RoomEntered, call_id, packet)
        case "HotlineRoom", "held":
            return _placed(te.HoldEntered, call_id, packet)
        case "HotlineRoom", "alone":
            return [te.AloneEntered(call_id)]
        case ("HotlineRecover", "waiting") | ("HotlineParty" | "HotlineDuty", "rung"):
            return [te.CitizenElsewhere(call_id)]
        case "HotlineRecover", "resumed":
            return [te.AgentTook(call_id, packet.text("Agent"), packet.text("Channel"))]
    return []


def _placed(kind: type[te.RoomEntered] | type[te.HoldEntered], call_id: str, packet: Packet) -> list[JoinEvent]:
    role, third = packet.text("Role"), packet.text("Uniqueid")
    return [kind(call_id, role, packet.text("Channel"), third if role == te.THIRD else "")] if role in te.ROLES else []
