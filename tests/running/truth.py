"""Owns what must be true of a call with a third party at any moment: Asterisk alone, compared with the live view; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.running.switchboard import Leg, Seen

OUT = ("", "alone", "led", "sought")  # the citizen is in the dialplan's hands; where exactly, the citizen's place tells
WAITS = ("waiting", "alone", "recover", "duty", "rescue")  # in a queue, or on the dialplan's way to it


@dataclass(frozen=True, slots=True)
class Look:
    """One moment of one call: Asterisk's channels, the dialplan's journal ([held-]role -> channel), the live view."""

    call_id: str
    seen: Seen
    roles: Mapping[str, str]
    live: Mapping[str, Any] | None

    def leg(self, role: str) -> Leg | None:
        """The leg that has this role, if it lives."""
        if role == "citizen":
            return self.seen.citizen(self.call_id)
        return next((leg for leg in self.seen.legs if leg.channel == self.roles.get(role)), None)

    def in_room(self, role: str) -> bool:
        """Whether the leg of this role is in the call's room."""
        leg = self.leg(role)
        return leg is not None and leg.room == self.call_id

    @property
    def held_third(self) -> bool:
        """A third hears music."""
        channel = self.roles.get("held-third")
        return any(leg.channel == channel and leg.context == "hold" for leg in self.seen.legs)

    @property
    def dialled(self) -> bool:
        """A third's telephone is being rung."""
        return any(leg.state != "Up" for leg in self.seen.thirds(self.call_id))

    def stage(self) -> str:
        """The stage by Asterisk's word; an empty one where nobody else is on the line."""
        place = self.seen.place(self.call_id)
        agent, third = self.in_room("agent"), self.in_room("third")
        match place:
            case "gone":
                return "rescue_on" if agent and (third or self.dialled) else ""
            case "agent":
                return "adding" if self.dialled else "talk"
            case "hold":
                return "consult" if third else "calling" if self.dialled else "parked"
            case "room" if third:
                return "three" if agent else "handed"
            case "room" if agent:
                return "swapped" if self.held_third else "adding" if self.dialled else "talk"
            case "led" | "alone":
                return place
        return ""

    def shown(self) -> str:
        """The stage by the live view; an empty one where it knows of nobody else on the line."""
        if self.live is None:
            return ""
        join = self.live.get("join")
        if join:
            return str(join["stage"])
        return {"talking": "talk", "party": "led"}.get(self.live["phase"], "")

    def faults(self, *, agents: int = 1, may_end: bool = False) -> list[str]:
        """What is wrong at this moment; some of it may be on its way (see `grave` for what never may be).

        agents: how many may be with the citizen; may_end: the call may be over by now.
        """
        found = self.grave(agents=agents, may_end=may_end)
        place = self.seen.place(self.call_id)
        if place == "room" and len(self.seen.in_room(self.call_id)) < 2:
            found.append("the citizen is alone in the room")
        if place == "hold" and not self.seen.in_room(self.call_id):
            found.append("the citizen hears music and nobody is there")
        if place not in ("room", "hold", "agent", "led", "gone", *WAITS):
            found.append(f"the citizen is in {place}")
        if place == "gone" and self.stage() != "rescue_on":
            found += [f"still there: {leg.channel}" for leg in (*self.seen.in_room(self.call_id), *self.seen.thirds(self.call_id))]
        if self.stage() != self.shown() and not {self.stage(), self.shown()} <= set(OUT):
            found.append(f"Asterisk has {self.stage() or place!r}, the live view {self.shown()!r}")
        return found

    def grave(self, *, agents: int = 1, may_end: bool = False) -> list[str]:
        """What must not be even for a moment."""
        found = []
        if self.seen.place(self.call_id) == "gone" and not may_end:
            found.append("the citizen was cut off")
        with_citizen = [leg for leg in self.seen.beside(self.call_id) if leg.channel.startswith("PJSIP/agent-")]
        if len(with_citizen) > agents:
            found.append(f"{len(with_citizen)} agents with the citizen, {agents} asked for")
        return found
