"""The call-back list at the desk, on SQLite and PostgreSQL: who sees what, one click that dials, marks that last."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import insert, text

from agent_desktop.callback_lists import FRESH_S
from agent_desktop.refusals import Unavailable
from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.calls_schema import CALLS
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.domain.records import CallRow
from hotline_core.settings import Settings
from tests.integration.desk_kit import OWN_PAGE, ScriptedBridge, application, browser, make_token, prepare, settings_of, signed_in
from tests.integration.servers import PostgresServer

pytestmark = pytest.mark.integration

NOW = time.time()
ZHANG, LI, WANG = "13800001234", "13911115678", "13700009999"


def call(call_id: str, ago: float, outcome: str, caller: str, **more: Any) -> dict[str, Any]:
    """An ended call, that many seconds ago."""
    fields: dict[str, Any] = {"state": "ended", "queued_at": NOW - ago + 8, "ended_by": "caller", "outcome": outcome, **more}
    return asdict(CallRow(call_id, "12328", caller, "12328", arrived_at=NOW - ago, **fields))


def tried(call_id: str, ago: float, caller: str) -> dict[str, Any]:
    """A call to a citizen that reached nobody."""
    return call(call_id, ago, "no_answer", caller, direction="out", queued_at=None, agent="1002", ended_by="system")


@pytest.fixture
def settings(short_folder: Path, calls_url: str) -> Settings:
    """Zhang gave up twice, Li was promised a call and dialled three times in vain, Wang was reached, one withheld the number."""
    made = settings_of(short_folder, calls_database=calls_url)
    prepare(made)
    engine = make_engine(calls_url)
    with writing(engine) as connection:
        connection.execute(insert(CALLS), [
            call("h1-1.1", 900, "abandoned", ZHANG), call("h1-1.2", 600, "abandoned", ZHANG), call("h1-2.1", 5000, "callback", LI),
            *(tried(f"h1-2.{n}", 5000 - n * 600, LI) for n in (2, 3, 4)), call("h1-3.1", 800, "abandoned", WANG),
            call("h1-3.2", 700, "answered", WANG, answered_at=NOW - 690, agent="1001"), call("h1-4.1", 500, "abandoned", ""),
            call("h1-5.1", 40 * 86_400, "abandoned", "13600000001"),
            call("h1-6.1", 450, "abandoned", "13500000001", queued_at=None),
        ])  # fmt: skip
    engine.dispose()
    return made


@pytest.fixture
async def app(settings: Settings) -> AsyncGenerator[FastAPI, None]:
    """The application over these calls; its connection to the bridge is closed at the end."""
    made = application(settings)
    yield made
    await made.state.desk.close()


@pytest.fixture
async def bridge(settings: Settings) -> AsyncGenerator[ScriptedBridge, None]:
    """A bridge that says yes until told otherwise."""
    started = await ScriptedBridge(settings.paths.bridge_socket).start()
    yield started
    await started.stop()


async def test_an_agent_sees_whom_to_call_newest_first_with_masked_numbers(app: FastAPI) -> None:
    """One row a number; who was reached, withheld the number, or called before the list's days is not there."""
    async with signed_in(app, "agent1") as client:
        told = (await client.get("/api/callbacks")).json()
    assert [(row["call_id"], row["kind"], row["count"]) for row in told["callbacks"]] == [
        ("h1-1.2", "gave_up", 2), ("h1-2.1", "promised", 1),
    ]  # fmt: skip
    assert (told["count"], told["withheld"], told["tries"]) == (2, 1, 3)
    assert ZHANG not in str(told)
    assert [attempt["outcome"] for attempt in told["callbacks"][1]["attempts"]] == ["no_answer"] * 3


async def test_a_supervisor_and_a_token_of_that_role_see_whole_numbers(app: FastAPI, settings: Settings) -> None:
    """See_full_numbers decides here as everywhere."""
    async with signed_in(app, "supervisor1") as client, browser(app) as other:
        told = (await client.get("/api/callbacks")).json()
        token = {"Authorization": f"Bearer {make_token(settings, 'supervisor')}"}
        same = (await other.get("/api/callbacks", headers=token)).json()
    assert [row["caller"] for row in told["callbacks"]] == [ZHANG, LI]
    assert same == told


async def test_however_many_pages_look_at_once_the_list_is_made_once_and_a_mark_makes_it_anew(app: FastAPI) -> None:
    """A hundred desks ask every few seconds."""
    lists = app.state.desk.callbacks
    first, *others = await asyncio.gather(*(lists.current() for _ in range(100)))
    assert all(other is first for other in others)
    await lists.mark(first.rows[0], first.rows[0].call_id, "solved", by="agent1")
    assert [row.call_id for row in (await lists.current()).rows] == ["h1-2.1"]


async def test_with_a_calls_database_that_hangs_all_who_look_are_told_after_one_try(
    short_folder: Path, postgres: PostgresServer
) -> None:
    """Nobody waits in line for a try of their own, and when the database is back the list is there again."""
    made = settings_of(short_folder, calls_database=postgres.new_database())
    await asyncio.to_thread(prepare, made)
    app = application(made)
    lists, engine = app.state.desk.callbacks, make_engine(made.calls_url)
    with writing(engine) as connection:
        connection.execute(text("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE"))
        async with asyncio.timeout(9):
            told = await asyncio.gather(*(lists.current() for _ in range(20)), return_exceptions=True)
    assert {(type(each), getattr(each, "code", "")) for each in told} == {(Unavailable, "calls_database_down")}
    await asyncio.sleep(FRESH_S)
    assert (await lists.current()).rows == ()
    engine.dispose()
    await app.state.desk.close()


async def test_one_click_sends_the_whole_number_line_and_call_to_the_bridge(app: FastAPI, bridge: ScriptedBridge) -> None:
    """The page never knew the number; an older call of the row names the same citizen."""
    async with signed_in(app, "agent1") as client:
        answer = await client.post("/api/callbacks/h1-1.1/dial", headers=OWN_PAGE)
    assert (answer.status_code, answer.json()["about"]) == (200, "h1-1.2")
    (asked,) = bridge.asked
    assert {name: asked[name] for name in ("op", "agent", "number", "line", "about")} == {
        "op": "dial", "agent": "1001", "number": ZHANG, "line": "12328", "about": "h1-1.2",
    }  # fmt: skip


@pytest.mark.parametrize("code", [
    "number_not_allowed", "unknown_line", "agent_in_call", "being_called", "on_the_line", "stale_intent", "asterisk_refused",
])  # fmt: skip
async def test_a_refusal_of_the_bridge_is_a_sentence_of_its_own(app: FastAPI, bridge: ScriptedBridge, code: str) -> None:
    """409 with the bridge's code; nothing is lost from the list."""
    bridge.script = lambda intent: {"ok": False, "code": code, "facts": {}}
    async with signed_in(app, "agent1") as client:
        answer = await client.post("/api/callbacks/h1-1.2/dial", headers=OWN_PAGE)
        rows = (await client.get("/api/callbacks")).json()["callbacks"]
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert answer.json()["message"] != app.state.desk.wording.sentence("no such code")
    assert len(rows) == 2


async def test_without_a_bridge_or_a_telephone_nothing_is_dialled_and_the_reason_is_told(app: FastAPI) -> None:
    """503 when the bridge is away, 403 without an extension, 404 for whom nobody needs to call."""
    async with signed_in(app, "agent1") as agent, signed_in(app, "supervisor1") as supervisor:
        answers = [
            await agent.post("/api/callbacks/h1-1.2/dial", headers=OWN_PAGE),
            await supervisor.post("/api/callbacks/h1-1.2/dial", headers=OWN_PAGE),
            await agent.post("/api/callbacks/h1-4.1/dial", headers=OWN_PAGE),
            await agent.post("/api/callbacks/h1-9.9/dial", headers=OWN_PAGE),
        ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (503, "bridge_down"), (403, "no_extension"), (404, "unknown_callback"), (404, "unknown_callback"),
    ]  # fmt: skip


async def test_an_agent_may_call_the_citizen_of_an_own_call_again(app: FastAPI, bridge: ScriptedBridge) -> None:
    """A talk that broke off, or a question that came up afterwards; a colleague's call is none of the agent's business."""
    async with signed_in(app, "agent1") as first, signed_in(app, "agent2") as second:
        own = await first.post("/api/callbacks/h1-3.2/dial", headers=OWN_PAGE)
        other = await second.post("/api/callbacks/h1-3.2/dial", headers=OWN_PAGE)
    assert (own.status_code, other.status_code) == (200, 404)
    assert [intent["number"] for intent in bridge.asked] == [WANG]


async def test_a_citizen_who_wants_no_call_is_taken_off_the_list_and_the_reason_is_in_the_audit(app: FastAPI) -> None:
    """The mark is durable, is made once, and holds no number."""
    async with signed_in(app, "agent1") as client:
        for _ in range(2):
            answer = await client.post("/api/callbacks/h1-1.2/done", headers=OWN_PAGE, json={"reason": "unwanted"})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_callback")
        rows = (await client.get("/api/callbacks")).json()["callbacks"]
    assert [row["call_id"] for row in rows] == ["h1-2.1"]
    with reading(app.state.desk.tickets_engine) as connection:
        marks = [row for row in read_audit(connection) if row.act == "callback_done"]
    assert [(row.actor, row.subject, row.facts) for row in marks] == [("agent1", "h1-1.2", '{"attempts":0,"reason":"unwanted"}')]


async def test_a_citizen_is_given_up_as_unreachable_only_after_as_many_tries_as_the_city_asks_for(app: FastAPI) -> None:
    """Zhang was never dialled, Li three times; a reason nobody knows is bad input."""
    async with signed_in(app, "agent1") as client:
        early = await client.post("/api/callbacks/h1-1.2/done", headers=OWN_PAGE, json={"reason": "unreachable"})
        fine = await client.post("/api/callbacks/h1-2.1/done", headers=OWN_PAGE, json={"reason": "unreachable"})
        wrong = await client.post("/api/callbacks/h1-1.2/done", headers=OWN_PAGE, json={"reason": "bored"})
    assert (early.status_code, early.json()["code"], early.json()["facts"]) == (409, "too_few_tries", {"made": 0, "tries": 3})
    assert (fine.status_code, wrong.status_code, wrong.json()["code"]) == (200, 422, "bad_input")


async def test_a_call_that_answers_another_is_told_with_direction_and_that_call(app: FastAPI) -> None:
    """Lists and single calls show both."""
    async with signed_in(app, "supervisor1") as client:
        listed = (await client.get("/api/calls", params={"caller": LI})).json()["calls"]
    assert {call["direction"] for call in listed} == {"in", "out"}
    assert {call["about"] for call in listed} == {None}
