"""What a jump of the machine's clock leaves behind in Asterisk, and the actions that mend it; pure.

Asterisk 22 counts its waits by the wall clock. Set back by an hour in the middle of one, a wait of a second lasts an hour and a
second: of a caller in the queue, between two looks for a free agent; of one for whom nobody is reachable, between two trials; of a
telephone that rings. Set on by an hour, a telephone's registration is over in the next moment in which it is looked for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ami_bridge.actions import Action, take_to_queue
from ami_bridge.protocol import Packet
from ami_bridge.translate import agent_of, whole

JUMP_S = 1.0  # less is no jump: nobody notices a second
TIMED = ("MusicOnHold", "Wait")  # applications that the dialplan uses for a second or less at a time
LONGEST_VALUE = 1000  # one AMI line has 1024 bytes


@dataclass(frozen=True, slots=True)
class Look:
    """One look at both clocks: the wall clock (epoch seconds), and one that nobody sets (seconds)."""

    at: float
    steady_s: float


def jumped_s(before: Look, after: Look) -> float:
    """By how much the wall clock was set on (positive) or back (negative) between two looks, 0 if it was not."""
    by_s = (after.at - before.at) - (after.steady_s - before.steady_s)
    return by_s if abs(by_s) > JUMP_S else 0.0


def waiters(channels: Sequence[Packet], entries: Sequence[Packet]) -> list[Action]:
    """Let who stands in a queue (QueueEntry) enter it anew, in its order, and who is asked there whether to be called back.

    Not by a key, which would end their wait too: a channel that got a key before the clock was set back takes no other until that
    moment comes again, and meanwhile has no sound (measured). Who is rung for is left alone: somebody may be answering.
    """
    rung = {packet.text("Linkedid") for packet in channels if agent_of(packet.text("Channel"))}
    calls = {packet.text("Channel"): packet.text("Linkedid") for packet in channels}
    standing = [packet.text("Channel") for packet in sorted(entries, key=lambda packet: whole(packet.text("Position")))]
    asked = [packet.text("Channel") for packet in channels if _is_in(packet, "overflow", "Read")]
    return [
        ("Redirect", (("Channel", channel), ("Context", "wait"), ("Exten", "woken"), ("Priority", "1")))
        for channel in (*standing, *asked)
        if channel in calls and calls[channel] not in rung
    ]


def stuck(before: Sequence[Packet], after: Sequence[Packet]) -> list[Action]:
    """Lead on who stands, some seconds later, where the dialplan waits for a second: to the step after it.

    Never on memory: `after` has just been read, and a channel in a bridge, or one that has moved on, is left alone.
    """
    places = {packet.text("Uniqueid"): _place(packet) for packet in before}
    return [
        (
            "Redirect", (
                ("Channel", packet.text("Channel")), ("Context", packet.text("Context")), ("Exten", packet.text("Exten")),
                ("Priority", str(int(packet.text("Priority")) + 1)),
            ),
        )
        for packet in after
        if packet.text("Application") in TIMED and packet.text("Channel").startswith("PJSIP/") and not packet.text("BridgeId")
        and packet.text("Priority").isdecimal() and places.get(packet.text("Uniqueid")) == _place(packet)
    ]  # fmt: skip


def unanswered(before: Sequence[Packet], after: Sequence[Packet]) -> list[Action]:
    """Take out of the menu who still hears a question in it, longer than any waits for its answer."""
    asked = {packet.text("Uniqueid") for packet in before if _is_in(packet, "arrive", "Read")}
    return [
        take_to_queue(packet.text("Channel")) for packet in after
        if _is_in(packet, "arrive", "Read") and packet.text("Uniqueid") in asked
    ]  # fmt: skip


def ringing_on(before: Sequence[Packet], after: Sequence[Packet]) -> list[Action]:
    """End the rings that outlast every ring's time: app_queue and Dial then go on as with a telephone that nobody answered."""
    rang = {packet.text("Uniqueid") for packet in before if packet.text("ChannelStateDesc") == "Ringing"}
    return [
        ("Hangup", (("Channel", packet.text("Channel")), ("Cause", "19")))
        for packet in after
        if packet.text("ChannelStateDesc") == "Ringing" and packet.text("Uniqueid") in rang
    ]


def kept(contact: str, by_s: float) -> str:
    """A registration as astdb has it, with its end moved along with the clock; empty if it cannot be said in one AMI line."""
    try:
        fields = json.loads(contact)
        ends_at = int(fields["expiration_time"])
    except (ValueError, KeyError, TypeError):
        return ""
    told = json.dumps(fields | {"expiration_time": str(ends_at + round(by_s))}, ensure_ascii=False, separators=(",", ":"))
    return told if len(told.encode()) <= LONGEST_VALUE else ""


def _is_in(packet: Packet, context: str, application: str) -> bool:
    return (packet.text("Context"), packet.text("Application")) == (context, application)


def _place(packet: Packet) -> tuple[str, ...]:
    return tuple(packet.text(name) for name in ("Context", "Exten", "Priority", "Application"))
