"""Makes the captures: runs some calls on a real hotline and keeps every byte Asterisk sent to a second AMI client.

    python -m tests.transcripts.capture

Callers are made-up numbers; what a client sends (with the secret) is not kept.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from ami_bridge.protocol import encode
from hotline_core.adapters.secrets import load_or_make
from hotline_core.settings import DEFAULT_CITY
from tests.running.bridge_socket import ask
from tests.running.instance import CHECKOUT, Hotline, running
from tests.running.outgoing import plug_in
from tests.running.page import Agents
from tests.running.third import cast_of, city_with_parties, running_leg, talk_of
from tests.sip.agent import SipCaller
from tests.sip.policy import Answer, Refuse
from tests.sip.rtp import Tone

HERE = Path(__file__).parent


class Recorder:
    """A second AMI client that only listens."""

    def __init__(self, hotline: Hotline) -> None:
        self._hotline = hotline
        self._kept = bytearray()

    async def __aenter__(self) -> Recorder:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._hotline.settings.ami_port)
        secret = load_or_make(self._hotline.settings.paths.secrets).ami
        self._writer.write(encode("Login", [("Username", "bridge"), ("Secret", secret), ("ActionID", "login")]))
        self._reading = asyncio.ensure_future(self._read(reader))
        await asyncio.sleep(0.5)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._reading

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            self._kept += data

    def keep(self, name: str) -> None:
        """Write what came so far and begin anew, with the greeting line so that each file stands alone."""
        greeting = b"Asterisk Call Manager/11.0.0\r\n"
        data = bytes(self._kept)
        whole = data[: data.rfind(b"\r\n\r\n") + 4]
        (HERE / f"{name}.ami").write_bytes(self._anywhere(whole if whole.startswith(greeting) else greeting + whole))
        self._kept = bytearray(data[len(whole) :])

    @staticmethod
    def _anywhere(data: bytes) -> bytes:
        """The prompts' folder is the one thing of this machine in a capture."""
        return data.replace(str(CHECKOUT).encode(), b"/opt/hotline")


async def capture(hotline: Hotline) -> None:
    """A whole call; a missed ring and a caller who gives up; nobody there."""
    with tempfile.TemporaryDirectory() as folder:
        async with Recorder(hotline) as recorder:
            async with Agents(hotline, Path(folder)) as agents, SipCaller(hotline.sip, "13855701234", display="张三") as phone:
                desk = await agents.desk("agent1")
                await desk.become_ready()
                recorder.keep("agent_ready")
                call = await phone.call("12328", source=Tone(500))
                await desk.answer()
                await call.listen(1)
                await desk.page.click("#btn-hold")
                await desk.state("held")
                await desk.page.click("#btn-hold")
                await desk.state("talking")
                await desk.page.click("#btn-hangup")
                await call.wait_ended(5)
                await asyncio.sleep(1.5)
                recorder.keep("whole_call")
                call = await phone.call("12345", source=Tone(500))
                await desk.state("ringing", 15)
                await desk.state("paused", 15)
                await call.listen(1)
                await call.hang_up()
                await asyncio.sleep(1)
                recorder.keep("missed_ring_and_caller_gives_up")
            await asyncio.sleep(1)
            async with SipCaller(hotline.sip, "13855701234") as phone:
                call = await phone.call("12328", source=Tone(500))
                await call.answered.within(5)
                await call.listen(22)
                await call.hang_up()
                await asyncio.sleep(1)
                recorder.keep("nobody_there")


async def capture_calls_to_citizens(hotline: Hotline) -> None:
    """An agent calls a citizen, they talk; another one is engaged."""
    with tempfile.TemporaryDirectory() as folder:
        async with Agents(hotline, Path(folder)) as agents, SipCaller(hotline.sip, "13855701234", on_invite=Answer()) as phone:
            desk = await agents.desk("agent1")
            await desk.become_ready()
            plug_in(hotline, phone)
            async with Recorder(hotline) as recorder:
                await ask(hotline, "dial", "1001", number=phone.user, line="12328")
                await desk.state("talking", 10)
                await asyncio.sleep(1)
                await desk.page.click("#btn-hangup")
                await desk.state("ready", 10)
                recorder.keep("call_to_a_citizen")
                phone.on_invite = Refuse(486)
                await ask(hotline, "dial", "1001", number=phone.user, line="12328")
                await phone.next_call(5)
                await phone.next_call(5)
                await desk.state("ready", 10)
                await asyncio.sleep(1)
                recorder.keep("citizen_engaged")


async def capture_three(hotline: Hotline) -> None:
    """An agent consults a party, all three talk, the agent leaves; a rescue by two numbers, the first is engaged."""
    async with cast_of(hotline, agents=1) as cast:
        own = await cast.party("13955500001")
        async with Recorder(hotline) as recorder:
            async with talk_of(cast) as talk:
                await talk.does("consult", party="own")
                await talk.stage("consult")
                await talk.does("swap")
                await talk.stage("swapped")
                await talk.does("merge")
                await talk.stage("three")
                await talk.does("mute", role="citizen")
                await talk.state(lambda call: call["join"]["muted"] == ["citizen"], "the citizen is muted")
                await talk.does("unmute", role="citizen")
                await talk.does("leave")
                await talk.stage("handed")
                await running_leg(own).hang_up()
                await talk.state(lambda call: call["phase"] == "waiting", "the citizen is alone")
                await asyncio.sleep(1)
                await talk.phone.calls[-1].hang_up()
            await asyncio.sleep(1.5)
            recorder.keep("third_consulted_and_handed")
            await cast.party("13955500021", Refuse(486))
            await cast.party("13955500022")
            await ask(hotline, "ready", next(iter(cast.agents)))
            async with talk_of(cast) as talk:
                await talk.does("emergency", party="distress")
                await talk.stage("three")
                await talk.does("drop")
                await talk.stage("talk")
                await talk.agent_leg.hang_up()
                await talk.citizen.wait_ended(10)
            await asyncio.sleep(1.5)
            recorder.keep("third_rescues")


def main() -> None:
    """Start a hotline, capture, stop it."""
    city = DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1").replace("ring_s: 20", "ring_s: 5")
    with running(city) as hotline:
        asyncio.run(capture(hotline))
        asyncio.run(capture_calls_to_citizens(hotline))
    with running(city_with_parties()) as hotline:
        asyncio.run(capture_three(hotline))


if __name__ == "__main__":
    main()
