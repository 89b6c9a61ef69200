"""Three on the line by raw AMI: a citizen, an agent's telephone and a third, moved about by a test as the bridge would."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ami_bridge.protocol import Packet, encode
from tests.running.hardware import hardware_agent
from tests.running.instance import Hotline
from tests.running.outgoing import plug_in
from tests.running.watch import Watch
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.policy import Answer
from tests.sip.rtp import Tone
from tests.sip.tones import level_of

Place = tuple[str, str, str]  # channel, context, extension

TONES = {"citizen": 500, "agent": 900, "third": 1300}  # Hz; each at amplitude 8000
HEARD = 3000.0  # amplitude of a tone that counts as heard
MUSIC = 20.0  # mean amplitude of sound that is no tone
PATIENCE_S = 20.0
WINDOW_S = 0.4


class Hand(Watch):
    """A second AMI client that also acts; with `is_beating` it looks to the dialplan like a bridge that does nothing."""

    def __init__(self, hotline: Hotline) -> None:
        super().__init__(hotline)
        self.is_beating = False

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._beats = asyncio.create_task(self._beat(), name="a heart for no bridge")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._beats.cancel()
        await asyncio.wait({self._beats})
        await super().__aexit__(kind, error, trace)

    async def _beat(self) -> None:
        while True:
            if self.is_beating:
                self.writer.write(encode("Setvar", [("Variable", "HB"), ("Value", secrets.token_hex(4))]))
            await asyncio.sleep(0.5)

    async def beat(self, is_beating: bool) -> None:
        """Let the dialplan see a bridge, or none; told when it does."""
        self.is_beating = is_beating
        known = f"BRIDGE_UP={int(is_beating)}"

        def is_seen() -> bool:
            return known in self.hotline.asterisk("dialplan show globals")

        await asyncio.to_thread(self.hotline.wait, is_seen, PATIENCE_S, known)

    async def act(self, name: str, *fields: tuple[str, str]) -> Packet:
        """The response to one action."""
        mark = f"hand-{secrets.token_hex(6)}"
        self.writer.write(encode(name, [*fields, ("ActionID", mark)]))
        return await self.until(lambda packet: packet.text("ActionID") == mark and bool(packet.text("Response")), name)

    async def until(self, is_it: Callable[[Packet], bool], what: str, *, after: int = 0) -> Packet:
        """The first packet of that kind behind the first `after` ones; AssertionError if it does not come."""
        ends_at = asyncio.get_running_loop().time() + PATIENCE_S
        looked = after
        while asyncio.get_running_loop().time() < ends_at:
            for packet in self.packets[looked:]:
                looked += 1
                if is_it(packet):
                    return packet
            await asyncio.sleep(0.005)
        raise AssertionError(f"not within {PATIENCE_S} s: {what}")

    async def move(self, *places: Place) -> str:
        """Redirect one leg, or two in one stroke; what Asterisk answered: Success or Error."""
        fields: list[tuple[str, str]] = []
        for extra, place in zip(("", "Extra"), places, strict=False):
            names = ("Channel", "Context", "Exten", "Priority")
            fields += [(f"{extra}{name}", value) for name, value in zip(names, (*place, "1"), strict=True)]
        return (await self.act("Redirect", *fields)).text("Response")


@dataclass
class Talk:
    """A citizen and an agent in a talk, and whoever was brought in; `ears` are the telephones by role."""

    hand: Hand
    telephone: SipCaller  # the agent's
    call_id: str
    channels: dict[str, str]  # by role
    ears: dict[str, Call]
    thirds: int = 0

    async def move(self, **where: str) -> None:
        """Each role to its context, in one stroke; told when Asterisk says that they are there."""
        began = len(self.hand.packets)
        assert await self.hand.move(*((self.channels[role], context, role) for role, context in where.items())) == "Success"
        for role, context in where.items():
            await self.told({"room": "entered", "hold": "held"}[context], role, after=began)

    async def told(self, state: str, role: str = "citizen", *, after: int = 0) -> Packet:
        """The dialplan said so."""
        return await self.hand.until(
            lambda packet: packet.text("UserEvent") == "HotlineRoom" and packet.variable("CALLREF") == self.call_id
            and (packet.text("State"), packet.text("Role")) == (state, role), f"{role} {state}", after=after,
        )  # fmt: skip

    async def dial(self, number: str, *, way: str = "add") -> str:
        """Dial a third as the bridge does; its unique id."""
        self.thirds += 1
        third = f"third-{self.call_id}-{self.thirds}"
        variables = {"CALLREF": self.call_id, "LINE": "12345", "ROLE": "third", "WAY": way}
        await self.hand.act("DBPut", ("Family", f"hljoin/{self.call_id}"), ("Key", "dialled"), ("Val", third))
        answer = await self.hand.act(
            "Originate", ("Channel", f"PJSIP/{number}@trunk-demo"), ("Context", "room"), ("Exten", "third"), ("Priority", "1"),
            ("Timeout", "60000"), ("Async", "true"), ("ChannelId", third),
            *(("Variable", f"{name}={value}") for name, value in variables.items()),
        )  # fmt: skip
        assert answer.text("Response") == "Success", answer
        return third

    async def ring(self, telephone: SipCaller, *, way: str = "add") -> str:
        """The third's telephone rings; its unique id."""
        plug_in(self.hand.hotline, telephone)
        third = await self.dial(telephone.user, way=way)
        self.ears["third"] = await telephone.next_call(PATIENCE_S)
        return third

    async def join(self, telephone: SipCaller, *, way: str = "add") -> None:
        """The third's telephone, dialled and answered, is in the room and says its tone."""
        began = len(self.hand.packets)
        await self.ring(telephone, way=way)
        self.say("third")
        self.channels["third"] = (await self.told("entered", "third", after=began)).text("Channel")

    def say(self, role: str) -> None:
        """Its tone, from now on."""
        self.ears[role].send(Tone(TONES[role]))

    async def agent_again(self, *, after: int) -> None:
        """The agent's telephone was called once more and answered."""
        self.ears["agent"] = await self.telephone.next_call(PATIENCE_S)
        self.say("agent")
        resumed = await self.hand.until(
            lambda packet: (packet.text("UserEvent"), packet.text("State")) == ("HotlineRecover", "resumed"), "resumed", after=after
        )
        self.channels["agent"] = resumed.text("Channel")

    async def hears(self, **wanted: str) -> None:
        """Each ear hears these roles ("agent third", "music", "" for silence) and nobody else, or is "gone"; told when it is so."""
        ends_at = asyncio.get_running_loop().time() + PATIENCE_S
        await asyncio.sleep(WINDOW_S)  # what is heard is no older than the question
        while asyncio.get_running_loop().time() < ends_at:
            heard = {ear: " ".join(self.heard(ear)) for ear in wanted}
            if heard == wanted:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"wanted {wanted}, heard {heard}")

    def heard(self, ear: str) -> list[str]:
        """Whose tones reach this ear just now, in the order of their names; music if there is sound but no tone."""
        if self.ears[ear].ended.is_set():
            return ["gone"]
        sound = self.ears[ear].heard(WINDOW_S)
        roles = [role for role, hz in sorted(TONES.items()) if level_of(sound, hz) > HEARD]
        return roles or (["music"] if len(sound) and float(abs(sound.astype(float)).mean()) > MUSIC else [])

    async def keys(self) -> dict[str, str]:
        """What stands in the book of this call."""
        shown = await asyncio.to_thread(self.hand.hotline.asterisk, f"database show hljoin/{self.call_id}")
        rows = [row.split(":", 1) for row in shown.splitlines() if row.startswith("/hljoin/")]
        return {name.strip().rpartition("/")[2]: value.strip() for name, value in rows}

    async def book_is_closed(self) -> None:
        """Nothing of this call stands in astdb any more, and no leg of it and no room is left."""

        def is_closed() -> bool:
            left = self.hand.hotline.asterisk("core show channels concise") + self.hand.hotline.asterisk("confbridge list")
            return self.call_id not in self.hand.hotline.asterisk("database show hljoin") + left

        await asyncio.to_thread(self.hand.hotline.wait, is_closed, PATIENCE_S, "the book of the call is closed")


@asynccontextmanager
async def bridgeless(hotline: Hotline, login: str = "agent3", extension: str = "1003") -> AsyncIterator[tuple[Hand, SipCaller]]:
    """An agent on a hardware telephone who is ready, and then no bridge; it is back when the block is left."""
    async with Hand(hotline) as hand, hardware_agent(hotline, login, extension, policy=Answer()) as telephone:
        await asyncio.to_thread(hotline.stop, "bridge")
        try:
            yield hand, telephone
        finally:
            hand.is_beating = False
            await asyncio.to_thread(hotline.start_again, "bridge")
            await asyncio.to_thread(hotline.wait, hotline.is_ready, PATIENCE_S, "the bridge is back")


def told_by_asterisk(hotline: Hotline) -> str:
    """Who waits, who could be rung, and whether a bridge is seen: why a call reached nobody."""
    asked = ("queue show", "pjsip show contacts", "core show channels concise", "dialplan show globals")
    return "\n".join(hotline.asterisk(command) for command in asked)


@asynccontextmanager
async def connected(hand: Hand, telephone: SipCaller, number: str) -> AsyncIterator[Talk]:
    """One call of a citizen to the one agent who is ready; from here on the dialplan sees a bridge."""
    await hand.beat(False)  # else the citizen would be led through a menu
    async with SipCaller(hand.hotline.sip, number) as phone:
        began = len(hand.packets)
        citizen = await phone.call("12345")
        await citizen.answered.within(PATIENCE_S)
        try:
            agent = await telephone.next_call(PATIENCE_S)
        except TimeoutError:
            raise AssertionError(await asyncio.to_thread(told_by_asterisk, hand.hotline)) from None
        await agent.answered.within(PATIENCE_S)
        citizen.send(Tone(TONES["citizen"]))
        agent.send(Tone(TONES["agent"]))
        connect = await hand.until(lambda packet: packet.text("Event") == "AgentConnect", "agent and citizen talk", after=began)
        channels = {"citizen": connect.text("Channel"), "agent": connect.text("DestChannel")}
        talk = Talk(hand, telephone, connect.variable("CALLREF"), channels, {"citizen": citizen, "agent": agent})
        await talk.hears(citizen="agent", agent="citizen")
        await hand.beat(True)
        yield talk


async def called(hand: Hand, telephone: SipCaller, phone: SipCaller) -> Talk:
    """The agent's telephone called a citizen by itself; from here on the dialplan sees a bridge."""
    plug_in(hand.hotline, phone)
    began = len(hand.packets)
    agent = await telephone.call(phone.user)
    citizen = await phone.next_call(PATIENCE_S)
    citizen.send(Tone(TONES["citizen"]))
    agent.send(Tone(TONES["agent"]))

    async def told(state: str) -> Packet:
        wanted = ("HotlineDial", state)
        return await hand.until(lambda packet: (packet.text("UserEvent"), packet.text("State")) == wanted, state, after=began)

    channels = {"agent": (await told("begun")).text("Channel"), "citizen": (await told("talking")).text("Channel")}
    talk = Talk(hand, telephone, (await told("talking")).variable("CALLREF"), channels, {"citizen": citizen, "agent": agent})
    await talk.hears(citizen="agent", agent="citizen")
    await hand.beat(True)
    return talk
