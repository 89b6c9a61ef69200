"""One's own day at the desk: calls, average talk, after-call work and pauses since midnight, for the own extension alone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from agent_desktop import agent_days
from agent_desktop.refusals import Unavailable
from hotline_core.adapters.calls_schema import CALL_EVENTS, CALLS
from hotline_core.adapters.engine import writing
from hotline_core.domain.records import CallRow
from tests.integration.desk_kit import settings_of
from tests.integration.ticket_room import BEGIN, Room, open_room

pytestmark = pytest.mark.integration
DAY = 86_400.0


@pytest.fixture
async def room(short_folder: Path, calls_url: str) -> AsyncGenerator[Room, None]:
    async with open_room(settings_of(short_folder, calls_database=calls_url)) as made:
        yield made


def told(room: Room, seq: int, at: float, kind: str, agent: str = "1001", reason: str = "") -> None:
    """A record of an agent's state, as the worker applies it."""
    row: dict[str, Any] = {"seq": seq, "call_id": "", "at": at, "kind": kind, "facts": {"agent": agent, "reason": reason}}
    with writing(room.desk.calls_engine) as connection:
        connection.execute(CALL_EVENTS.insert(), [row])


def called(room: Room, call_id: str, at: float, talk_s: float | None, agent: str = "1001", direction: str = "in") -> None:
    """A call that was answered after ten seconds and is over, or still runs (None)."""
    ends = None if talk_s is None else at + 10 + talk_s
    row = CallRow(
        call_id, "12328", "13855700001", "12328", "ended" if ends else "talking", at, answered_at=at + 10, ended_at=ends,
        agent=agent, outcome="answered", direction=direction,
    )  # fmt: skip
    with writing(room.desk.calls_engine) as connection:
        connection.execute(CALLS.insert(), [asdict(row)])


async def test_an_agent_sees_the_own_calls_talk_after_call_work_and_pauses_of_today(room: Room) -> None:
    """Yesterday's and other people's are not in it; a call that still runs is counted, its talk is not yet averaged."""
    told(room, 1, BEGIN - DAY, "agent_wrap_up")
    called(room, "old", BEGIN - DAY, 500)
    for seq, (after, kind) in enumerate(((0, "ready"), (130, "wrap_up"), (133, "ready"), (200, "paused"), (260, "ready")), 2):
        told(room, seq, BEGIN + after, f"agent_{kind}", reason="meal" if kind == "paused" else "")
    told(room, 9, BEGIN + 10, "agent_paused", "1002", "rest")
    called(room, "a", BEGIN + 10, 100)
    called(room, "b", BEGIN + 300, 40, direction="out")
    called(room, "c", BEGIN + 400, None)
    called(room, "d", BEGIN + 20, 900, agent="1002")
    room.clock[0] = BEGIN + 500
    day = await room.get("agent1", "/api/own-day")
    assert (day["answered"], day["dialled"], day["average_talk_s"], day["longest_talk_s"]) == (2, 1, 70.0, 100.0)
    assert (day["after_calls"], day["after_call_s"], day["average_after_call_s"]) == (1, 3.0, 3.0)
    assert (day["paused_s"], day["began_at"]) == (60.0, BEGIN)
    assert [(each["reason"], each["seconds"]) for each in day["paused"]] == [("meal", 60.0)]


async def test_what_comes_later_is_added_and_midnight_begins_anew(room: Room) -> None:
    """Looked at again after a few seconds, not at each question."""
    told(room, 1, BEGIN, "agent_ready")
    assert (await room.get("agent1", "/api/own-day"))["after_calls"] == 0
    told(room, 2, BEGIN + 1, "agent_wrap_up")
    room.clock[0] = BEGIN + 2
    assert (await room.get("agent1", "/api/own-day"))["after_calls"] == 0, "the look of two seconds ago"
    room.clock[0] = BEGIN + 6
    assert (await room.get("agent1", "/api/own-day"))["after_calls"] == 1
    room.clock[0] = BEGIN + 14 * 3600 + 60  # Tuesday, one minute past midnight
    room.clients.clear()
    day = await room.get("agent1", "/api/own-day")
    assert (day["after_calls"], day["answered"], day["began_at"]) == (0, 0, None)


async def test_who_has_no_telephone_has_no_such_day_and_a_list_of_ones_own_holds_ones_own_alone(room: Room) -> None:
    """A supervisor without an extension is told so."""
    called(room, "a", BEGIN - 100, 50)
    called(room, "b", BEGIN - 90, 50, agent="1002")
    refused = await (await room.as_("supervisor1")).get("/api/own-day")
    assert (refused.status_code, refused.json()["code"]) == (403, "no_extension")
    mine = await room.get("agent1", "/api/history", mine=True)
    assert [each["call"]["call_id"] for each in mine["items"]] == ["a"]
    assert mine["items"][0]["call"]["caller"] == "13855700001"


async def test_a_hundred_who_ask_while_the_database_hangs_are_all_told_so_in_seconds_and_ask_it_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for those before; after a few seconds it is asked again."""
    days, looks = room.desk.agent_days, [0]
    hangs = threading.Event()

    def states(_start: float, _after: int) -> tuple[()]:
        looks[0] += 1
        hangs.wait(20)
        return ()

    monkeypatch.setattr(days._store, "states", states)
    monkeypatch.setattr(agent_days, "WAIT_S", 0.6)
    began = time.monotonic()
    answers = await asyncio.gather(*(days.of("1001") for _ in range(100)), return_exceptions=True)
    spent_s = time.monotonic() - began
    assert {(type(each), getattr(each, "code", "")) for each in answers} == {(Unavailable, "calls_database_down")}
    assert (looks, spent_s < 2) == ([1], True), spent_s
    hangs.set()
    room.clock[0] += 6
    assert (await days.of("1001")).looked_at == room.clock[0]
