"""The bridge's link to Asterisk against a scripted AMI server: loss, silence, refusals, order, a resync that waits its turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ami_bridge import connection
from ami_bridge.connection import Connection
from ami_bridge.protocol import Packet
from hotline_core.errors import AmiError
from hotline_core.log import open_log
from tests.integration.scripted_asterisk import ScriptedAsterisk, event_text

pytestmark = pytest.mark.integration


class Bridge:
    """A connection with everything it told."""

    def __init__(self, asterisk: ScriptedAsterisk, secret: str = "right") -> None:
        self.events: list[Packet] = []
        self.ups = asyncio.Queue[Connection]()
        self.downs = asyncio.Queue[None]()
        self.link = Connection(
            "127.0.0.1", asterisk.port, "bridge", secret, log=open_log("test", "error"),
            on_event=self.events.append, on_up=self._up, on_down=lambda: self.downs.put_nowait(None),
        )  # fmt: skip

    async def _up(self, link: Connection) -> None:
        self.ups.put_nowait(link)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Bridge]:
        """Run the link until the block is left."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.link.run())
            try:
                yield self
            finally:
                task.cancel()


async def within(seconds: float, what: asyncio.Queue[Connection] | asyncio.Queue[None]) -> object:
    """The next entry, or TimeoutError."""
    return await asyncio.wait_for(what.get(), seconds)


@pytest.fixture
async def asterisk() -> AsyncIterator[ScriptedAsterisk]:
    """A running scripted Asterisk."""
    async with ScriptedAsterisk().running() as server:
        yield server


async def test_events_come_in_order_and_actions_find_their_own_answers(asterisk: ScriptedAsterisk) -> None:
    """Two answers in reverse order reach the right askers; nothing of the login is lost."""
    held: list[str] = []

    def reverse(action: dict[str, str]) -> str | None:
        held.append(f"Response: Success\r\nActionID: {action['ActionID']}\r\nEcho: {action['Variable']}\r\n\r\n")
        return "".join(reversed(held)) if len(held) == 2 else ""

    asterisk.on_action = reverse
    async with Bridge(asterisk).running() as bridge:
        await within(3, bridge.ups)
        first, second = await asyncio.gather(
            bridge.link.ask("Getvar", [("Variable", "A")]), bridge.link.ask("Getvar", [("Variable", "B")])
        )
        assert (first.text("Echo"), second.text("Echo")) == ("A", "B")
        asterisk.send(f"{event_text('One')}\r\n\r\nEvent: Forged\r\n\r\n{event_text('Two')}\r\n")
        await asyncio.wait_for(_until(lambda: len(bridge.events) == 3), 3)
        assert [packet.text("Event") for packet in bridge.events] == ["Early", "One", "Two"]


async def test_what_a_busy_asterisk_sends_in_one_piece_with_the_end_of_the_login_is_not_lost(asterisk: ScriptedAsterisk) -> None:
    """Thousands of events a second do not wait until the client has read that Asterisk is up."""
    asterisk.after_boot = f"{event_text('First')}\r\n{event_text('Second')}\r\n"
    async with Bridge(asterisk).running() as bridge:
        await within(3, bridge.ups)
        await asyncio.wait_for(_until(lambda: len(bridge.events) == 3), 3)
        assert [packet.text("Event") for packet in bridge.events] == ["Early", "First", "Second"]


async def test_in_a_crowd_events_gather_for_a_moment_and_none_is_lost_or_overtaken(
    asterisk: ScriptedAsterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three hundred events, each in a piece of its own, are read in no more pieces than the moment allows."""
    monkeypatch.setattr(connection, "GATHER_S", 0.02)  # at most 20 events a piece, which must stay SMALL: a large one does not wait
    loop = asyncio.get_running_loop()
    async with Bridge(asterisk).running() as bridge:
        await within(3, bridge.ups)
        reads: list[int] = []
        looking = asyncio.ensure_future(_each_turn(lambda: reads.append(len(bridge.events))))
        began = loop.time()
        for number in range(300):
            asterisk.send(f"{event_text(f'E{number}')}\r\n")
            await asyncio.sleep(0.001)
        await asyncio.wait_for(_until(lambda: len(bridge.events) == 301), 5)
        took_s = loop.time() - began
        looking.cancel()
        assert [packet.text("Event") for packet in bridge.events[1:]] == [f"E{number}" for number in range(300)]
        assert 20 * len(f"{event_text('E300')}\r\n") < connection.SMALL
        assert len(set(reads)) <= 3 + connection.AT_ONCE + took_s / connection.GATHER_S


async def test_a_link_that_is_lost_while_events_gather_is_noticed_and_what_had_come_is_told(asterisk: ScriptedAsterisk) -> None:
    """The last words of a dying Asterisk count: they may be the end of a call."""
    async with Bridge(asterisk).running() as bridge:
        await within(3, bridge.ups)
        for number in range(20):
            asterisk.send(f"{event_text(f'E{number}')}\r\n")
            await asyncio.sleep(0.001)
        asterisk.writers[-1].close()
        await within(3, bridge.downs)
        assert [packet.text("Event") for packet in bridge.events[1:21]] == [f"E{number}" for number in range(20)]
        await within(3, bridge.ups)


async def _each_turn(look: Callable[[], object]) -> None:
    while True:
        look()
        await asyncio.sleep(0)


async def _until(is_true: Callable[[], bool]) -> None:
    while not is_true():  # noqa: ASYNC110 - the events are collected by a plain list
        await asyncio.sleep(0.005)


async def test_a_list_is_collected_and_an_empty_tree_is_an_empty_list(asterisk: ScriptedAsterisk) -> None:
    """Entries of a list do not go astray as events."""
    asterisk.on_action = lambda action: (
        "Response: Error\r\nMARKMessage: Database entry not found\r\n\r\n"
        if action["Action"] == "DBGetTree"
        else "Response: Success\r\nMARKEventList: start\r\n\r\n"
        "Event: Row\r\nMARKName: a\r\n\r\nEvent: End\r\nMARKEventList: Complete\r\n\r\n"
    )
    async with Bridge(asterisk).running() as bridge:
        await within(3, bridge.ups)
        rows = await bridge.link.ask_list("CoreShowChannels")
        assert [row.text("Name") for row in rows] == ["a"]
        assert await bridge.link.ask_list("DBGetTree", [("Family", "hlcall")]) == []
        assert [packet.text("Event") for packet in bridge.events] == ["Early"]


async def test_a_lost_link_fails_what_was_unanswered_and_is_opened_again(asterisk: ScriptedAsterisk) -> None:
    """Nothing is sent twice: the asker is told, the new link begins with a resync."""
    async with Bridge(asterisk).running() as bridge:
        await within(3, bridge.ups)
        asterisk.silent = True
        asked = bridge.link.post("Originate", [("Channel", "Local/s@watchdog/n")])
        await asyncio.wait_for(_until(lambda: asterisk.actions[-1]["Action"] == "Originate"), 3)
        asterisk.silent = False
        asterisk.writers[-1].close()
        await within(3, bridge.downs)
        with pytest.raises(AmiError, match="asterisk_down"):
            await asked
        await within(3, bridge.ups)
        assert [action["Action"] for action in asterisk.actions].count("Originate") == 1
        with pytest.raises(AmiError, match="asterisk_down"):
            await Bridge(asterisk).link.ask("Ping")


async def test_a_half_open_link_is_noticed(asterisk: ScriptedAsterisk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An Asterisk that says nothing for the limit is taken for lost, though its socket is open."""
    monkeypatch.setattr(connection, "SILENCE_S", 0.3)
    async with Bridge(asterisk).running() as bridge:
        await within(3, bridge.ups)
        await within(3, bridge.downs)
        await within(3, bridge.ups)


async def test_a_wrong_password_is_tried_again_with_back_off_and_told_once(
    asterisk: ScriptedAsterisk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A secret that is changed on one side first does not need a restart, nor does it fill the log."""
    monkeypatch.setattr(connection, "BACK_OFF_S", (0.01,))
    asterisk.password = "later"
    async with Bridge(asterisk, "later2").running() as bridge:
        await asyncio.wait_for(_until(lambda: len(asterisk.actions) > 4), 3)
        assert bridge.ups.empty()
        asterisk.password = "later2"
        await within(3, bridge.ups)
    assert capsys.readouterr().err.count("not reached") <= 1
