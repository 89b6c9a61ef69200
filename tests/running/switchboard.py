"""Owns Asterisk's own word about a call: its channels, where each of them is, its room, and what it leaves behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import TracebackType

from ami_bridge.protocol import Decoder, Packet, encode
from hotline_core.adapters.secrets import load_or_make
from tests.running.instance import Hotline

ANSWER_S = 10.0
PLACES = {"wait": "waiting", "overflow": "waiting", "place": "waiting", "spoken": "waiting", "party": "led", "to-agent": "led"}
JOURNAL = ("hljoin", "hlcall", "hlans", "hlend", "hlleg", "hlout", "ivr")


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel as `core show channels concise` tells it."""

    channel: str
    context: str
    exten: str
    state: str
    app: str
    data: str
    bridge: str
    unique: str

    @property
    def room(self) -> str:
        """The conference this leg is in, empty for none."""
        return self.data.split(",")[0] if self.app == "ConfBridge" else ""


@dataclass(frozen=True, slots=True)
class Seen:
    """All legs at one moment."""

    legs: tuple[Leg, ...]

    def citizen(self, call_id: str) -> Leg | None:
        """The citizen's leg: the call bears its unique id."""
        return next((leg for leg in self.legs if leg.unique == call_id), None)

    def in_room(self, call_id: str) -> list[Leg]:
        """Who is in the call's room."""
        return [leg for leg in self.legs if leg.room == call_id]

    def thirds(self, call_id: str) -> list[Leg]:
        """Legs that were dialled as the third of this call."""
        return [leg for leg in self.legs if leg.unique.startswith(f"third-{call_id}-")]

    def beside(self, call_id: str) -> list[Leg]:
        """The other legs in the citizen's first bridge or room."""
        citizen = self.citizen(call_id)
        if citizen is None or not citizen.bridge:
            return []
        return [leg for leg in self.legs if leg.bridge == citizen.bridge and leg != citizen]

    def place(self, call_id: str) -> str:
        """Where the citizen is: gone, menu, waiting, agent, room, hold, alone, recover, led, duty, or the context's name."""
        citizen = self.citizen(call_id)
        if citizen is None:
            return "gone"
        if citizen.room:
            return "room"
        if citizen.bridge:
            return "agent" if any(leg.channel.startswith("PJSIP/agent-") for leg in self.beside(call_id)) else "led"
        return PLACES.get(citizen.context, citizen.context)


class Switchboard:
    """An AMI connection that only asks."""

    def __init__(self, hotline: Hotline) -> None:
        self._hotline = hotline
        self._packets: list[Packet] = []
        self._asking = asyncio.Lock()

    async def __aenter__(self) -> Switchboard:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._hotline.settings.ami_port)
        self._decoder = Decoder()
        secret = load_or_make(self._hotline.settings.paths.secrets).ami
        await self._ask("Login", ("Username", "bridge"), ("Secret", secret), ("Events", "off"))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._writer.close()

    async def action(self, name: str, *fields: tuple[str, str]) -> Packet:
        """One action and its response."""
        async with self._asking:
            return await self._ask(name, *fields)

    async def console(self, command: str) -> list[str]:
        """The lines a command of Asterisk's console prints."""
        return (await self.action("Command", ("Command", command))).all("Output")

    async def look(self) -> Seen:
        """All channels now."""
        rows = [line.split("!") for line in await self.console("core show channels concise")]
        return Seen(tuple(
            Leg(row[0], row[1], row[2], row[4], row[5], row[6], row[12], row[13]) for row in rows if len(row) >= 14
        ))  # fmt: skip

    async def roles(self, call_id: str) -> dict[str, str]:
        """The dialplan's journal of who is whom in a call's room: role (or held-role) and channel."""
        entries = [line.partition(": ") for line in await self.console(f"database show hljoin/{call_id}")]
        return {key.strip().rpartition("/")[2]: value.strip() for key, _, value in entries if key.startswith("/hljoin/")}

    async def left_of(self, call_id: str) -> list[str]:
        """What is still there of a call that is over: channels, its conference, its keys."""
        seen = await self.look()
        left = [f"channel {leg.channel}" for leg in seen.legs if call_id in (leg.unique, leg.room) or leg in seen.thirds(call_id)]
        left += [f"conference {line}" for line in await self.console("confbridge list") if line.startswith(call_id)]
        for family in JOURNAL:
            left += [line.strip() for line in await self.console(f"database show {family}") if f"/{call_id}" in line]
        return left

    async def _ask(self, name: str, *fields: tuple[str, str]) -> Packet:
        self._writer.write(encode(name, fields))
        async with asyncio.timeout(ANSWER_S):
            while not any(packet.text("Response") for packet in self._packets):
                self._packets += self._decoder.feed(await self._reader.read(65536))
        answer = next(packet for packet in self._packets if packet.text("Response"))
        self._packets.clear()
        return answer
