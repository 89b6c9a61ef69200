"""A call that ends in the very moment in which a bridge reads what Asterisk holds, against a scripted AMI server."""

from __future__ import annotations

import pytest

from ami_bridge.connection import Connection
from ami_bridge.resync import events_of, read
from hotline_core.domain import events as ev
from tests.integration.scripted_asterisk import ScriptedAsterisk

pytestmark = pytest.mark.integration

CALL = "h1-1795296633.2"


def _tree(family: str, value: str) -> str:
    entry = f"Event: DBGetTreeResponse\r\nMARKKey: /{family}/{CALL}\r\nVal: {value}\r\n\r\n"
    return f"Response: Success\r\nMARKEventList: start\r\n\r\n{entry}Event: DBGetTreeComplete\r\nMARKEventList: Complete\r\n\r\n"


async def test_a_caller_who_hangs_up_while_the_bridge_reads_is_not_listed_as_cut_off() -> None:
    """The dialplan writes the end, then the channel goes: who is in no channel any more has an end by then, whoever reads it."""
    asterisk = ScriptedAsterisk()
    is_over = [False]

    def answered(action: dict[str, str]) -> str | None:
        match action["Action"], action.get("Family"):
            case "CoreShowChannels", _:
                is_over[0] = True
                return "Response: Success\r\nMARKEventList: start\r\n\r\nEvent: End\r\nMARKEventList: Complete\r\n\r\n"
            case "QueueStatus", _:
                return "Response: Success\r\nMARKEventList: start\r\n\r\nEvent: End\r\nMARKEventList: Complete\r\n\r\n"
            case "DBGetTree", "hlcall":
                return _tree("hlcall", "1795296633,12328,12328,13855700001,")
            case "DBGetTree", "hlend" if is_over[0]:
                return _tree("hlend", "1795296640,16,,caller")
            case "DBGetTree", _:
                return "Response: Error\r\nMARKMessage: Database entry not found\r\n\r\n"
        return None

    asterisk.on_action = answered
    found: list[ev.Event] = []

    async def up(link: Connection) -> None:
        found.extend(events_of(await read(link), frozenset({CALL}), 1795296650.0))

    await asterisk.session(up)
    (told,) = found
    assert isinstance(told, ev.CallRecovered)
    assert (told.ended_by, told.outcome, told.ended_at) == ("caller", "", 1795296640.0)
