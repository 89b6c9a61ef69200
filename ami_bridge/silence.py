"""Which telephones have vanished: a far end that is gone sends no BYE, only silence; pure.

Asterisk's own rtp_timeout goes by the wall clock: where that is set on, it ends calls whose sound never stopped. Here packets are
counted from look to look, and the time between is told by a clock that nobody sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ami_bridge.protocol import Packet

AGENT = "agent"
AGENT_S = 30.0  # silence suppression sends a comfort packet now and then at best
HELD_S = 600.0  # on hold many telephones send nothing at all


@dataclass(frozen=True, slots=True)
class Leg:
    """One answered leg at one look: its RTP packets since it began, whether its far end holds it, which bridge it is in."""

    channel: str
    received: int
    is_held: bool
    sent: int = 0
    lost: int = 0  # of those that should have come, by their numbers
    source: str = ""  # SSRC of what comes in
    bridge: str = ""  # empty while it is in none


@dataclass(frozen=True, slots=True)
class Heard:
    """So many packets, and since when no more, or since it was put on or off hold (seconds of a clock that nobody sets)."""

    received: int
    is_held: bool
    since_s: float


def answered(channels: Sequence[Packet]) -> dict[str, str]:
    """The channels (CoreShowChannel) whose sound comes from outside, answered, a carrier's or an agent's, each with its bridge."""
    return {
        packet.text("Channel"): packet.text("BridgeId") for packet in channels
        if packet.text("ChannelStateDesc") == "Up" and packet.text("Channel").startswith("PJSIP/")
    }  # fmt: skip


def step(
    heard: Mapping[str, Heard], legs: Sequence[Leg], patience_s: Mapping[str, float], now_s: float
) -> tuple[dict[str, Heard], list[str]]:
    """What is known of each leg after this look, and the channels nobody has spoken on for too long.

    `patience_s` is by trunk (`trunk-NAME`), and of agents' telephones under `AGENT`; who is in neither is never silent too long.
    """
    known: dict[str, Heard] = {}
    gone: list[str] = []
    for leg in legs:
        before = heard.get(leg.channel)
        is_as_before = before is not None and (before.received, before.is_held) == (leg.received, leg.is_held)
        known[leg.channel] = before if before is not None and is_as_before else Heard(leg.received, leg.is_held, now_s)
        limit_s = patience_s.get(_end_of(leg.channel), float("inf"))
        if now_s - known[leg.channel].since_s >= (max(limit_s, HELD_S) if leg.is_held else limit_s):
            gone.append(leg.channel)
    return known, gone


def _end_of(channel: str) -> str:
    """`trunk-city` of PJSIP/trunk-city-0000001f; `AGENT` of PJSIP/agent-1003-00000020."""
    endpoint = channel.removeprefix("PJSIP/").rpartition("-")[0]
    return AGENT if endpoint.startswith(f"{AGENT}-") else endpoint
