"""A small dialplan for walks: one call's legs, what the nets of extensions_room.conf do, and the words Asterisk has for it.

Commands are carried out one by one, legs arrive where they were sent a moment later, and events wait until the machine reads them:
whatever order a busy machine could bring about, a walk can.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

from hotline_core.domain.commands import HangUp
from transfer import commands as tc
from transfer import events as te
from transfer.events import AGENT, CITIZEN, THIRD

CALL, CIT, LEG = "h1-1.1", "PJSIP/trunk-demo-1", "PJSIP/agent-1001-1"
BRIDGE, ROOM, HOLD, DIALLED = "bridge", "room", "hold", "dialled"
OUT = ("alone", "wait", "recover", "to-agent", "party")
LOOKS_S, ALONE_S, QUEUE_S, RING_S, RECOVER_S, DEAF_S, LONELY_S = 1.5, 4.0, 5.0, 25.0, 10.0, 3.0, 10.0
VANISHED = 44


@dataclass
class Leg:
    """One channel; `goes` is where it was sent and has not come to yet."""

    channel: str
    role: str
    place: str
    since: float
    unique_id: str = ""
    agent: str = ""
    goes: str = ""
    dropped: bool = False
    dial: tc.DialThird | None = None
    deaf_at: float = 0.0  # its page was reloaded then: without sound it ends by itself


class SmallPbx:
    """Owns the legs; `events` are for the machine, `commands` are the machine's."""

    def __init__(self, choice: random.Random) -> None:
        self.choice = choice
        self.now = 100.0
        self.legs = {CIT: Leg(CIT, CITIZEN, BRIDGE, self.now), LEG: Leg(LEG, AGENT, BRIDGE, self.now, agent="1001")}
        self.events: deque[te.JoinEvent] = deque()
        self.commands: deque[tc.JoinCommand] = deque()
        self.owner = LEG  # hljoin/ID/agent
        self.left_at = 0.0
        self.dropped: list[str] = []  # what must never happen to a citizen, if it did
        self.serial = 1
        self.is_bridge_up = True
        self.lonely = 0

    # -- who is where -----------------------------------------------------------------------------------------------

    def leg(self, role: str, *places: str) -> Leg | None:
        """The leg of this role at one of these places."""
        return next((leg for leg in self.legs.values() if leg.role == role and leg.place in places and self._owns(leg)), None)

    def _owns(self, leg: Leg) -> bool:
        return leg.role != AGENT or leg.place == BRIDGE or leg.channel == self.owner

    @property
    def citizen(self) -> Leg | None:
        """The citizen's leg."""
        return self.legs.get(CIT)

    def in_room(self) -> list[Leg]:
        """Everybody who hears each other."""
        return [leg for leg in self.legs.values() if leg.place == ROOM and not leg.goes]

    # -- what the machine wants -------------------------------------------------------------------------------------

    def execute(self) -> None:
        """Carry out the oldest command."""
        command = self.commands.popleft()
        match command:
            case tc.Move():
                self._move(command)
            case tc.DialThird():
                leg = Leg(f"ch-{command.third}", THIRD, DIALLED, self.now, command.third, command.agent, dial=command)
                self.legs[leg.channel] = leg
            case tc.HangUpThird():
                for leg in [leg for leg in self.legs.values() if leg.unique_id == command.third]:
                    leg.dropped = True
                    self.hang_up(leg, 16)
            case HangUp():
                if command.channel in self.legs:
                    self.hang_up(self.legs[command.channel], command.cause, is_wish=True)
            case tc.Promote():
                if command.channel in self.legs:
                    self.legs[command.channel].role = AGENT
                    self.owner = command.channel
            case tc.Rejoin():
                self.serial += 1
                channel = f"PJSIP/agent-{command.agent}-{self.serial}"
                if self.choice.random() < 0.8:
                    self.legs[channel] = Leg(channel, AGENT, "called", self.now, agent=command.agent, goes=ROOM)
            case _:
                pass

    def _move(self, command: tc.Move) -> None:
        legs = [self.legs.get(place.channel) for place in command.places]
        if any(leg is None or leg.place == DIALLED for leg in legs):
            self.events.append(te.MoveRefused(CALL, command.move))
            return
        moved = [leg for leg in legs if leg is not None]
        was_bridged = any(leg.role == CITIZEN and leg.place == BRIDGE for leg in moved)
        for leg, place in zip(moved, command.places, strict=True):
            leg.goes = place.context
            if place.context not in (ROOM, HOLD):
                leg.place = "led"  # its keys are deleted before it is moved
        self.events.append(te.MoveDone(CALL, command.move))
        if was_bridged:
            for leg in [leg for leg in self.legs.values() if leg.role == AGENT and leg.place == BRIDGE and not leg.goes]:
                self._end(leg, 16)  # the queue's application ends with its caller's

    # -- what happens by itself -------------------------------------------------------------------------------------

    def arrive(self, leg: Leg) -> None:
        """A leg that was sent somewhere is there."""
        leg.place, leg.goes, leg.since = leg.goes, "", self.now
        if leg.place == ROOM:
            if leg.role == AGENT:
                self.owner = leg.channel
            self.events.append(te.RoomEntered(CALL, leg.role, leg.channel, leg.unique_id if leg.role == THIRD else ""))
        elif leg.place == HOLD:
            self.events.append(te.HoldEntered(CALL, leg.role, leg.channel, leg.unique_id if leg.role == THIRD else ""))
        elif leg.place == "alone":
            self.events.append(te.AloneEntered(CALL))
        elif leg.place in ("wait", "recover", "party"):
            self.events.append(te.CitizenElsewhere(CALL))
        elif leg.place == "gone":
            self.hang_up(leg, 16)

    def answer(self, third: Leg) -> None:
        """The third's telephone is answered."""
        third.place, third.goes = "called", ROOM

    def hang_up(self, leg: Leg, cause: int, *, is_wish: bool = False) -> None:
        """A leg ends, for whatever reason; its net looks who is left."""
        was, owned = leg.place, self._owns(leg)
        self._end(leg, cause)
        if was == DIALLED or was == "called":
            return
        if leg.role == CITIZEN:
            self._after_citizen()
        elif leg.role == AGENT and was == BRIDGE:
            self._after_first_talk(leg, cause)
        elif leg.role == AGENT and owned:
            self._after_agent(leg, cause, is_wish)
        elif leg.role == THIRD:
            self.left_at = self.left_at if leg.dropped else self.now
            if self.leg(AGENT, ROOM) is None:
                self._send(self.leg(CITIZEN, ROOM), "alone")

    def _end(self, leg: Leg, cause: int) -> None:
        del self.legs[leg.channel]
        if leg.role == CITIZEN:
            self.events.append(te.CitizenGone(CALL))
        if leg.agent and leg.place != DIALLED:
            self.events.append(te.AgentGone(CALL, leg.agent, leg.channel, cause))
        if leg.unique_id:
            told = te.ThirdFailed if leg.place == DIALLED else te.ThirdLeft
            self.events.append(told(CALL, leg.unique_id, cause))

    def _send(self, leg: Leg | None, place: str) -> None:
        if leg is not None:
            leg.goes = place

    def _after_citizen(self) -> None:
        agent, held = self.leg(AGENT, ROOM), self.leg(THIRD, HOLD)
        if agent is None:
            for leg in [leg for leg in self.legs.values() if leg.role == THIRD and leg.place in (ROOM, HOLD)]:
                self._send(leg, "gone")
            for leg in [leg for leg in self.legs.values() if leg.role == AGENT and leg.place == BRIDGE]:
                self._end(leg, 16)
        elif self.leg(THIRD, ROOM, DIALLED) is None:
            self._send(held, ROOM) if held is not None else self._send(agent, "gone")

    def _after_first_talk(self, agent: Leg, cause: int) -> None:
        citizen = self.citizen
        if citizen is None or citizen.goes or citizen.place != BRIDGE:
            return
        if cause == VANISHED:
            citizen.goes = "recover"
        else:
            self._end(citizen, 16)  # a farewell

    def _after_agent(self, agent: Leg, cause: int, is_wish: bool) -> None:
        citizen, held = self.leg(CITIZEN, ROOM), self.leg(CITIZEN, HOLD)
        if citizen is not None and self.leg(THIRD, ROOM) is not None:
            return
        thirds = [leg for leg in self.legs.values() if leg.role == THIRD and leg.place in (ROOM, HOLD)]
        if not thirds and cause == VANISHED:
            self._send(citizen or held, "recover")
        elif thirds or citizen is None or self.leg(THIRD, DIALLED) is not None or self.now - self.left_at < 3.0:
            self._send(citizen or held, "alone")
            for leg in thirds:
                self._send(leg, "gone")
        else:
            if is_wish:
                self.dropped.append("the machine's own hang-up was taken for a farewell")
            self._end(citizen, 16)

    def time_passes(self) -> None:
        """Half a second: loops of music look, the sentence ends, the queue answers, telephones ring in vain."""
        self.now += 0.5
        for leg in list(self.legs.values()):
            if leg.deaf_at and self.now - leg.deaf_at >= DEAF_S and leg.channel in self.legs:
                self.hang_up(leg, VANISHED)
            if leg.goes or leg.channel not in self.legs:
                continue
            waited = self.now - leg.since
            is_lonely = leg.place == ROOM and leg.role != CITIZEN and self.in_room() == [leg]
            is_lonely = is_lonely and self.leg(CITIZEN, HOLD) is None and self.leg(THIRD, DIALLED) is None
            if is_lonely and waited >= LONELY_S:
                self.lonely += 1
                self.hang_up(leg, 16)  # the watchdog's look into rooms
                continue
            if leg.place == HOLD and waited >= LOOKS_S:
                is_agent = self.leg(AGENT, ROOM) is not None
                if leg.role == CITIZEN and not is_agent:
                    leg.goes = "alone"
                elif leg.role == THIRD and not is_agent and self.leg(CITIZEN, ROOM) is None:
                    self.hang_up(leg, 16)
                elif not self.is_bridge_up and waited >= self._patience(leg):
                    leg.goes = ROOM
            elif leg.place == "alone" and waited >= ALONE_S:
                leg.goes = "wait"
            elif leg.place == "wait" and waited >= QUEUE_S:
                self.taken(leg, str(self.choice.choice((1001, 1003))))
            elif leg.place in ("recover", "to-agent", "party") and waited >= RECOVER_S:
                leg.goes = "wait"
            elif leg.place == DIALLED and waited >= RING_S:
                self.hang_up(leg, 19)

    def _patience(self, leg: Leg) -> float:
        """Without a bridge nobody else would end the music."""
        is_for_third = leg.role == THIRD or self.leg(THIRD, ROOM) is not None
        return 15.0 if is_for_third else 3.0

    def seen(self) -> te.JoinSeen | None:
        """What a login finds of the call, None if no leg is in the room, on hold or dialled."""
        citizen, third = self.legs.get(CIT), self.leg(THIRD, ROOM, HOLD, DIALLED)
        agent = self.leg(AGENT, ROOM) or self.leg(AGENT, BRIDGE)
        if not any(leg.place in (ROOM, HOLD, DIALLED) for leg in self.legs.values()):
            return None
        place = {ROOM: "room", HOLD: "hold", DIALLED: "ringing"}
        talk = te.Talk(CALL, "12328", CIT if citizen else "", agent.agent if agent else "", agent.channel if agent else "")
        dial = third.dial if third is not None else None
        return te.JoinSeen(
            CALL,
            talk,
            place.get(citizen.place, "") if citizen else "",
            place.get(agent.place, "") if agent else "",
            place[third.place] if third else "",
            third.unique_id if third else "",
            third.channel if third else "",
            dial.target if dial else te.Target(),
            dial.way if dial else "",
            dial.number if dial else "",
            dial.trunk if dial else "",
            dialled=50,
        )

    def taken(self, citizen: Leg, agent: str) -> None:
        """An agent answers the citizen, from the queue or back in the talk."""
        self.serial += 1
        channel = f"PJSIP/agent-{agent}-{self.serial}"
        citizen.place, citizen.goes, citizen.since = BRIDGE, "", self.now
        self.legs[channel] = Leg(channel, AGENT, BRIDGE, self.now, agent=agent)
        self.events.append(te.AgentTook(CALL, agent, channel))
