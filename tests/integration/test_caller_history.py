"""What an agent is told of a number when its call is offered: place, tickets of every line and source, what may have come back."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from hotline_core.adapters.calls_schema import CALLS
from hotline_core.adapters.engine import writing
from hotline_core.adapters.live import Snapshot
from hotline_core.domain.places import places_of
from hotline_core.domain.records import CallRow
from tests.integration.desk_kit import settings_of
from tests.integration.ticket_room import BEGIN, Room, open_room

pytestmark = pytest.mark.integration
WANG, OTHER, LANDLINE = "13855700001", "13800001234", "05573020001"
DAY_S = 86_400.0


@pytest.fixture
async def room(short_folder: Path, database_url: str) -> AsyncGenerator[Room, None]:
    """A desk that knows where two beginnings of numbers are from."""
    async with open_room(settings_of(short_folder, tickets_database=database_url)) as made:
        made.app.state.desk = replace(made.desk, places=places_of({"1385570": "安徽省宿州市", "557": "安徽省宿州市"}))
        yield made


def ended(room: Room, call_id: str, caller: str, line: str = "12345") -> None:
    """A call of some days ago, in the calls database."""
    at = room.clock[0] - 3 * DAY_S
    row = CallRow(call_id, line, caller, line, "ended", at, ended_at=at + 60, agent="1002", outcome="answered")
    with writing(room.desk.calls_engine) as connection:
        connection.execute(CALLS.insert(), [asdict(row)])


def rings(room: Room, call_id: str, caller: str, agent: str | None = "1001") -> None:
    """A call that is offered to agent1 now."""
    live = {"id": call_id, "line": "12328", "caller": caller, "phase": "ringing", "agent": agent, "arrived_at": room.clock[0]}
    room.desk.hub.replace(Snapshot("e", 1, {f"call:{call_id}": live}))


async def test_the_citizens_tickets_of_every_line_and_source_pop_newest_first_with_their_state(room: Room) -> None:
    """Made by a colleague on the other line, by a clerk from a letter, and written down with a number typed in groups."""
    ended(room, "h1-1.1", WANG)
    in_groups = await room.make(number="138 5570 0001", text="第一件")
    room.clock[0] += 60
    from_letter = await room.make(act="", line="", source="letter", klass="complaint", field="", number="13855700001", title="来信")
    room.clock[0] += 60
    by_call = {"call_id": "h1-1.1", "content": {"klass": "consult", "title": "咨询末班车", "text": "几点", "number": OTHER}}
    answer = await (await room.as_("supervisor1")).post("/api/tickets", json=by_call)
    assert answer.status_code == 201, answer.text
    await room.make(number=OTHER, text=f"被投诉的司机电话 {WANG}")
    rings(room, "h1-5.1", WANG)
    told = await room.get("agent1", "/api/calls/h1-5.1/ticket")
    assert told["place"] == "安徽省宿州市"
    newest_first = [answer.json()["number"], from_letter["number"], in_groups["number"]]
    assert [row["number"] for row in told["earlier_tickets"]] == newest_first
    assert [row["stage"] for row in told["earlier_tickets"]] == ["draft", "draft", "accepted"]
    assert {row["line"] for row in told["earlier_tickets"]} == {"12345", "", "12328"}
    assert (told["earlier_tickets_known"], told["repeat"]) == (True, None)
    assert told["tickets"] == []


async def test_a_matter_that_was_raised_more_than_six_days_ago_and_is_not_over_is_told_as_a_possible_repeat(room: Room) -> None:
    """R60; a ticket that is made of this very call is no earlier one."""
    old = await room.at("in_hand", number=LANDLINE)
    room.clock[0] = BEGIN + 7 * DAY_S
    rings(room, "h1-5.1", LANDLINE)
    own = {"call_id": "h1-5.1", "content": {"klass": "complaint", "field": "city_passenger", "title": "又来", "text": "还没解决"}}
    made = await (await room.as_("agent1")).post("/api/tickets", json=own)
    assert made.status_code == 201, made.text
    told = await room.get("agent1", "/api/calls/h1-5.1/ticket")
    assert told["place"] == "安徽省宿州市"
    assert told["repeat"] == {"number": old["number"], "why": "unsolved"}
    assert [row["number"] for row in told["earlier_tickets"]] == [old["number"]]
    assert [row["number"] for row in told["tickets"]] == [made.json()["number"]]


async def test_a_matter_closed_within_a_month_is_told_as_a_possible_repeat(room: Room) -> None:
    """R60, its other half."""
    closed = await room.at("closed", number=WANG)
    room.clock[0] = BEGIN + 20 * DAY_S
    rings(room, "h1-5.1", WANG)
    assert (await room.get("agent1", "/api/calls/h1-5.1/ticket"))["repeat"] == {"number": closed["number"], "why": "closed"}
    room.clock[0] = BEGIN + 40 * DAY_S
    rings(room, "h1-6.1", WANG, agent="1002")
    assert (await room.get("agent2", "/api/calls/h1-6.1/ticket"))["repeat"] is None


async def test_nobody_is_told_the_history_of_a_number_that_is_masked_or_hidden(room: Room) -> None:
    """Of a caller who is nobody's yet neither place nor tickets; who withheld the number has none that others could be known by."""
    await room.make(number=WANG)
    await room.make(number="")
    rings(room, "h1-5.1", WANG, agent=None)
    waiting = await room.get("agent1", "/api/calls/h1-5.1/ticket")
    assert (waiting["place"], waiting["earlier_tickets"], waiting["earlier_tickets_known"]) == ("", [], False)
    rings(room, "h1-6.1", "")
    hidden = await room.get("agent1", "/api/calls/h1-6.1/ticket")
    assert (hidden["place"], hidden["earlier_tickets"], hidden["earlier_tickets_known"]) == ("", [], True)
