"""The past at the desk: calls and tickets of both databases in one list, searched, paged, told to each as they may know."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from hotline_core.adapters.calls_schema import CALLS
from hotline_core.adapters.engine import writing
from hotline_core.domain.records import CallRow
from tests.integration.desk_kit import settings_of
from tests.integration.ticket_room import BEGIN, Room, open_room

pytestmark = pytest.mark.integration
ZHANG, LI = "13855700001", "13955701111"


@pytest.fixture
async def room(short_folder: Path, database_url: str) -> AsyncGenerator[Room, None]:
    """Both databases in one, of either kind; six calls of two people, the even ones of Zhang and agent 1001; two tickets."""
    settings = settings_of(short_folder, tickets_database=database_url, calls_database=database_url)
    async with open_room(settings) as made:
        calls = [
            CallRow(
                f"h1-{n}.1", "12328" if n % 2 else "12345", LI if n % 2 else ZHANG, "12328", "ended", BEGIN + 60 * n,
                ended_at=BEGIN + 60 * n + 30, answered_at=None if n == 3 else BEGIN + 60 * n + 5,
                agent="1002" if n % 2 else "1001", outcome="abandoned" if n == 3 else "answered",
            )
            for n in range(6)
        ]  # fmt: skip
        with writing(made.desk.calls_engine) as connection:
            connection.execute(CALLS.insert(), [asdict(call) for call in calls])
        made.clock[0] = BEGIN + 150
        await made.make(title="夜市占道经营", text="消防通道被堵", number=LI, name="李四", place="", object="", address="")
        made.clock[0] = BEGIN + 210
        await made.make()
        yield made


def told(page: dict[str, Any]) -> list[str]:
    """Each row's name: the number of a call in order of arrival, or the first two signs of a ticket's title."""
    return [each["call"]["call_id"][3] if each["kind"] == "call" else each["ticket"]["title"][:2] for each in page["items"]]


async def test_calls_and_tickets_stand_in_one_list_and_page_after_page_none_is_left_out(room: Room) -> None:
    """Newest first, whichever database a row is from."""
    whole = await room.get("supervisor1", "/api/history")
    assert told(whole) == ["5", "4", "20", "3", "夜市", "2", "1", "0"]
    assert (whole["next"], whole["missing"]) == (None, [])
    seen: list[str] = []
    after = ""
    while after is not None:
        page = await room.get("supervisor1", "/api/history", limit=3, after=after)
        seen += told(page)
        after = page["next"]
    assert seen == told(whole)


async def test_a_supervisor_finds_by_the_beginning_of_a_number_by_name_by_word_by_time_line_and_state(room: Room) -> None:
    """Each way, and several at once; the calls of a number come with the tickets that name it."""
    assert told(await room.get("supervisor1", "/api/history", q="139 5570")) == ["5", "3", "夜市", "1"]
    assert told(await room.get("supervisor1", "/api/history", q="李四")) == ["夜市"]
    assert told(await room.get("supervisor1", "/api/history", q="消防 占道")) == ["夜市"]
    assert told(await room.get("supervisor1", "/api/history", q="消防", outcome="answered")) == [], "its call is not known"
    assert told(await room.get("supervisor1", "/api/history", since=BEGIN + 100, until=BEGIN + 200)) == ["3", "夜市", "2"]
    assert told(await room.get("supervisor1", "/api/history", line="12345", kind="call")) == ["4", "2", "0"]
    assert told(await room.get("supervisor1", "/api/history", outcome="abandoned")) == ["3"]
    assert told(await room.get("supervisor1", "/api/history", undone=True)) == ["20", "夜市"]
    assert told(await room.get("supervisor1", "/api/history", stage="archived")) == []


async def test_an_agent_searches_numbers_among_own_calls_alone_and_sees_the_others_masked(room: Room) -> None:
    """A search by number would else tell a masked one digit by digit."""
    page = await room.get("agent1", "/api/history", q="138", kind="call")
    assert told(page) == ["4", "2", "0"]
    assert {each["call"]["caller"] for each in page["items"]} == {ZHANG}
    assert told(await room.get("agent1", "/api/history", q="1395570", kind="call")) == []
    assert LI not in str(await room.get("agent1", "/api/history"))


async def test_a_clerk_has_the_tickets_and_an_administrator_the_calls(room: Room) -> None:
    """Each half for whom the rights table gives it; a unit has its own list."""
    assert told(await room.get("clerk1", "/api/history")) == ["20", "夜市"]
    assert told(await room.get("admin1", "/api/history")) == ["5", "4", "3", "2", "1", "0"]
    assert (await (await room.as_("unit1")).get("/api/history")).status_code == 403


async def test_with_either_database_away_the_other_half_is_told_and_which_one_is_missing(short_folder: Path) -> None:
    """With both away it is refused in words; so is a place in the list that nobody told."""
    settings = settings_of(short_folder)
    async with open_room(settings) as room:
        await room.make()
        with writing(room.desk.calls_engine) as connection:
            connection.execute(CALLS.insert(), [asdict(CallRow("h1-1.1", "12328", ZHANG, "12328", "ended", BEGIN - 60))])
        reader = await room.as_("supervisor1")
        assert (await reader.get("/api/history", params={"after": "x|1|2"})).status_code == 422
        with writing(room.desk.calls_engine) as connection:
            connection.exec_driver_sql("ALTER TABLE calls RENAME TO elsewhere")
        page = await room.get("supervisor1", "/api/history")
        assert (told(page), page["missing"]) == (["20"], ["calls"])
        with writing(room.desk.tickets_engine) as connection:
            connection.exec_driver_sql("UPDATE tickets SET call_id = 'h1-1.1'")
        page = await room.get("supervisor1", "/api/history", q="公交车", kind="call")
        assert (told(page), page["missing"]) == ([], ["calls"]), "words that a ticket of a call may hold: not 'nothing found'"
        with writing(room.desk.tickets_engine) as connection:
            connection.exec_driver_sql("ALTER TABLE tickets RENAME TO elsewhere_too")
        answer = await reader.get("/api/history")
        assert (answer.status_code, answer.json()["code"]) == (503, "database_down")
        with writing(room.desk.calls_engine) as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO calls")
        page = await room.get("supervisor1", "/api/history")
        assert (told(page), page["missing"]) == (["1"], ["tickets"])
        page = await room.get("supervisor1", "/api/history", kind="call")
        assert (told(page), page["missing"]) == (["1"], ["tickets"]), "what was registered of it is not told"
