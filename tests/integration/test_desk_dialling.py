"""Calling somebody at the desk: a typed number gets its one form, a ticket's citizen is called unseen, and the bridge decides."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.desk_kit import ScriptedBridge, settings_of
from tests.integration.ticket_room import Room, open_room

pytestmark = pytest.mark.integration
WANG = "13855700001"


@pytest.fixture
async def room(short_folder: Path) -> AsyncGenerator[Room, None]:
    """A desk with everybody at it."""
    async with open_room(settings_of(short_folder)) as made:
        yield made


@pytest.fixture
async def bridge(room: Room) -> AsyncGenerator[ScriptedBridge, None]:
    """A bridge that says yes until told otherwise."""
    started = await ScriptedBridge(room.desk.settings.paths.bridge_socket).start()
    yield started
    await started.stop()


def dialled(bridge: ScriptedBridge) -> dict[str, Any]:
    """The one dial that was asked for."""
    (asked,) = bridge.asked
    return {name: asked[name] for name in ("op", "agent", "number", "line", "about")}


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("138 5570 0001", WANG), ("+86 13855700001", WANG), ("0557-3020001", "05573020001"), ("3020001", "05573020001"),
        ("95598", "95598"),
    ],
)  # fmt: skip
async def test_a_number_is_called_however_it_was_typed(room: Room, bridge: ScriptedBridge, typed: str, number: str) -> None:
    """Under the line that was chosen, from the own telephone, about no other call."""
    answer = await (await room.as_("agent1")).post("/api/dial", json={"number": typed, "line": "12345"})
    assert answer.status_code == 200, answer.text
    assert dialled(bridge) == {"op": "dial", "agent": "1001", "number": number, "line": "12345", "about": ""}


@pytest.mark.parametrize("body", [
    {"number": "sip:110@evil", "line": "12345"}, {"number": "110;x", "line": "12345"}, {"number": "", "line": "12345"},
    {"number": "1" * 40, "line": "12345"}, {"number": WANG}, {"number": WANG, "line": "x"},
    {"number": "138５5700001", "line": "12345"},
    {"number": WANG, "line": "12345", "agent": "1002"},
])  # fmt: skip
async def test_what_is_no_number_never_reaches_the_bridge(room: Room, bridge: ScriptedBridge, body: dict[str, str]) -> None:
    """Nor does another agent's telephone."""
    assert (await (await room.as_("agent1")).post("/api/dial", json=body)).status_code == 422
    assert bridge.asked == []


async def test_a_number_off_the_allow_list_is_refused_with_a_sentence(room: Room, bridge: ScriptedBridge) -> None:
    """The bridge has the list; what it says is told."""
    bridge.script = lambda intent: {"ok": False, "code": "number_not_allowed"}
    answer = await (await room.as_("agent1")).post("/api/dial", json={"number": "0085212345678", "line": "12345"})
    assert (answer.status_code, answer.json()["code"]) == (409, "number_not_allowed")
    assert "不在允许呼出的范围" in answer.json()["message"]


async def test_the_citizen_of_a_ticket_is_called_under_its_line_by_who_sees_the_number_masked(
    room: Room, bridge: ScriptedBridge
) -> None:
    """About the call it was made from; a ticket of no line is called under the city's first, one without a number by nobody."""
    ticket = await room.make(number=WANG)
    told = await room.get("agent2", f"/api/tickets/{ticket['number']}")
    assert WANG not in str(told)
    answer = await (await room.as_("agent2")).post(f"/api/tickets/{ticket['number']}/dial")
    assert answer.status_code == 200, answer.text
    assert WANG not in answer.text
    assert dialled(bridge) == {"op": "dial", "agent": "1002", "number": WANG, "line": "12328", "about": ""}
    bridge.asked.clear()
    letter = await room.make(act="", line="", source="letter", klass="complaint", field="", number=WANG)
    assert (await (await room.as_("agent2")).post(f"/api/tickets/{letter['number']}/dial")).status_code == 200
    assert dialled(bridge)["line"] == "12328"
    nobody = await room.make(number="")
    refused = await (await room.as_("agent2")).post(f"/api/tickets/{nobody['number']}/dial")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_number")
    unknown = await (await room.as_("agent2")).post("/api/tickets/20261123999999/dial")
    assert unknown.status_code == 404


async def test_who_has_no_telephone_calls_nobody(room: Room, bridge: ScriptedBridge) -> None:
    """A supervisor without an extension; a unit's officer has no such right at all."""
    ticket = await room.make()
    for path, body in (("/api/dial", {"number": WANG, "line": "12345"}), (f"/api/tickets/{ticket['number']}/dial", None)):
        refused = await (await room.as_("supervisor1")).post(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "no_extension")
        assert (await (await room.as_("unit1")).post(path, json=body)).status_code == 403
    assert bridge.asked == []
