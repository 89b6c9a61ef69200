"""A telephone that begins to ring in the very moment in which the bridge reads who waits, against a scripted AMI server."""

from __future__ import annotations

import asyncio

import pytest

from ami_bridge.connection import Connection
from ami_bridge.mending import Mender
from hotline_core.log import open_log
from tests.integration.desk_kit import until
from tests.integration.scripted_asterisk import ScriptedAsterisk

pytestmark = pytest.mark.integration

CITIZEN = "PJSIP/trunk-demo-00000001"
AGENT = "PJSIP/agent-1001-00000002"


def _list(*packets: str) -> str:
    """A list as AMI answers it."""
    return "Response: Success\r\nMARKEventList: start\r\n\r\n" + "".join(packets) + "Event: End\r\nMARKEventList: Complete\r\n\r\n"


def _channel(name: str) -> str:
    return f"Event: CoreShowChannel\r\nMARKChannel: {name}\r\nUniqueid: {name}\r\nLinkedid: h1-1.1\r\n\r\n"


@pytest.mark.parametrize("rings", [False, True])
async def test_who_is_rung_for_since_the_bridge_began_to_read_is_left_in_the_ring(rings: bool) -> None:
    """The citizen waits in both readings; the ring begins between them. Who is not rung for enters the queue anew."""
    asterisk = ScriptedAsterisk()
    lists = 0

    def answered(action: dict[str, str]) -> str | None:
        nonlocal lists
        if action["Action"] not in ("CoreShowChannels", "QueueStatus"):
            return None
        lists += 1
        if action["Action"] == "QueueStatus":
            return _list(f"Event: QueueEntry\r\nMARKChannel: {CITIZEN}\r\nPosition: 1\r\n\r\n")
        return _list(_channel(CITIZEN), *([_channel(AGENT)] if rings and lists > 2 else []))  # the first tells who is there at all

    def turned() -> list[tuple[str, str]]:
        return [(each["Channel"], each["Exten"]) for each in asterisk.actions if each["Action"] == "Redirect"]

    asterisk.on_action = answered
    mender = Mender(open_log("test", "error"))

    async def up(link: Connection) -> None:
        mender.mend(link)
        async with asyncio.TaskGroup() as group:
            mending = group.create_task(mender.run())
            await until(lambda: lists >= 3 and (rings or bool(turned())))
            await asyncio.sleep(0.2)  # a turn too many would come now
            mending.cancel()

    await asterisk.session(up)
    assert turned() == ([] if rings else [(CITIZEN, "woken")])
