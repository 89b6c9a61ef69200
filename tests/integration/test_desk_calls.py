"""Calls, tickets and drafts at the desk, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path

import pytest
from fastapi import FastAPI

from hotline_core.adapters.calls_schema import CALL_EVENTS, CALLS, RECORDINGS
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.adapters.live import Snapshot
from hotline_core.domain.records import CallRow
from hotline_core.settings import Settings
from tests.integration.desk_kit import NOW, OWN_PAGE, application, browser, make_token, prepare, settings_of, signed_in

pytestmark = pytest.mark.integration
ZHANG, LI = "13800001234", "13911115678"
SOUND = b"RIFF" + bytes(range(256)) * 40


def stored(call_id: str, caller: str, agent: str | None, arrived_at: float, **more: object) -> dict[str, object]:
    row = CallRow(call_id, "12328", caller, "12328", "ended", arrived_at, ended_at=arrived_at + 60, agent=agent, outcome="answered")
    return asdict(row) | more


@pytest.fixture
def settings(short_folder: Path, calls_url: str) -> Settings:
    """Calls in a database of either kind: two of Zhang by two agents, one of Li that still talks."""
    made = settings_of(short_folder, calls_database=calls_url)
    prepare(made)
    folder = made.paths.recordings / "2026/11/21"
    folder.mkdir(parents=True)
    (folder / "h1-1.1.wav").write_bytes(SOUND)
    (made.paths.recordings.parent / "secret.txt").write_text("secret")
    engine = make_engine(calls_url)
    recording = {"started_at": NOW, "length_s": 1.0, "sha256": "00", "size": len(SOUND), "detail": None}
    with writing(engine) as connection:
        connection.execute(
            CALLS.insert(),
            [
                stored("h1-1.1", ZHANG, "1001", NOW),
                stored("h1-2.1", ZHANG, "1002", NOW + 100, line="12345"),
                stored("h1-3.1", LI, "1001", NOW + 200, state="talking", ended_at=None, outcome=None),
                stored("h1-4.1", LI, None, NOW + 300, outcome="abandoned"),
            ],
        )
        connection.execute(
            CALL_EVENTS.insert(),
            [
                {"seq": 2, "call_id": "h1-1.1", "at": NOW + 1, "kind": "greeting_started", "facts": {}},
                {"seq": 1, "call_id": "h1-1.1", "at": NOW, "kind": "call_arrived", "facts": {"line": "12328"}},
                {"seq": 3, "call_id": "h1-2.1", "at": NOW, "kind": "call_arrived", "facts": {"line": "12345"}},
            ],
        )
        connection.execute(
            RECORDINGS.insert(),
            [
                {"call_id": "h1-1.1", "path": "2026/11/21/h1-1.1.wav", "state": "ready", **recording},
                {"call_id": "h1-2.1", "path": "../secret.txt", "state": "ready", **recording},
                {"call_id": "h1-3.1", "path": None, "state": "pending", **recording},
            ],
        )
    engine.dispose()
    return made


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return application(settings)


async def test_a_supervisor_lists_calls_newest_first_with_whole_numbers(app: FastAPI) -> None:
    """And turns the page."""
    async with signed_in(app, "supervisor1") as client:
        page = (await client.get("/api/calls", params={"limit": 3})).json()
        rest = (await client.get("/api/calls", params={"limit": 3, "before": page["next"]})).json()
    assert [call["call_id"] for call in page["calls"]] == ["h1-4.1", "h1-3.1", "h1-2.1"]
    assert [call["call_id"] for call in rest["calls"]] == ["h1-1.1"]
    assert rest["next"] is None
    assert rest["calls"][0]["caller"] == ZHANG
    assert rest["calls"][0]["recording"] is True


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"caller": ZHANG}, ["h1-2.1", "h1-1.1"]),
        ({"caller": f"+86{ZHANG}"}, ["h1-2.1", "h1-1.1"]),
        ({"caller": f"0{ZHANG}"}, ["h1-2.1", "h1-1.1"]),
        ({"line": "12345"}, ["h1-2.1"]),
        ({"state": "talking"}, ["h1-3.1"]),
        ({"since": NOW + 150}, ["h1-4.1", "h1-3.1"]),
        ({"caller": LI, "state": "ended"}, ["h1-4.1"]),
        ({"caller": "000"}, []),
    ],
)
async def test_calls_are_found_by_caller_line_state_and_time(
    app: FastAPI, settings: Settings, asked: dict[str, str], found: list[str]
) -> None:
    """The filters of the API, by bearer token."""
    bearer = {"Authorization": f"Bearer {make_token(settings, 'supervisor')}"}
    async with browser(app) as client:
        answer = await client.get("/api/calls", params=asked, headers=bearer)
    assert [call["call_id"] for call in answer.json()["calls"]] == found


async def test_an_agent_sees_masked_numbers_and_cannot_search_by_number(app: FastAPI) -> None:
    """A search by number would tell a masked one digit by digit."""
    async with signed_in(app, "agent1") as client:
        listed = (await client.get("/api/calls")).json()["calls"]
        refused = await client.get("/api/calls", params={"caller": ZHANG})
    assert {call["caller"] for call in listed} == {"138****1234", "139****5678"}
    assert refused.status_code == 403


async def test_a_call_to_a_citizen_shows_the_dialled_number_no_wider_than_a_callers(app: FastAPI, settings: Settings) -> None:
    """In a call out the dialled number is the citizen's: masked in lists, timelines and for tokens, whole for its agent."""
    engine = make_engine(settings.calls_url)
    with writing(engine) as connection:
        connection.execute(CALLS.insert(), [stored("h1-5.1", ZHANG, "1002", NOW + 400, direction="out", dialled=ZHANG)])
    engine.dispose()
    async with signed_in(app, "agent1") as client:
        listed = (await client.get("/api/calls")).text
        one = (await client.get("/api/calls/h1-5.1")).json()
    async with browser(app) as client:
        token = make_token(settings, "service")
        by_token = (await client.get("/api/calls", headers={"Authorization": f"Bearer {token}"})).text
    async with signed_in(app, "agent2") as client:
        own = (await client.get("/api/calls/h1-5.1")).json()
    assert ZHANG not in listed + by_token
    assert (one["dialled"], own["dialled"]) == ("138****1234", ZHANG)


async def test_a_call_tells_what_happened_in_order(app: FastAPI) -> None:
    """The timeline by sequence, only of this call; whole number for its own agent, masked for a colleague."""
    async with signed_in(app, "agent1") as own, signed_in(app, "agent2") as other:
        told = (await own.get("/api/calls/h1-1.1")).json()
        others = (await other.get("/api/calls/h1-1.1")).json()
        unknown = await own.get("/api/calls/h1-9.9")
    assert [(entry["seq"], entry["kind"]) for entry in told["timeline"]] == [(1, "call_arrived"), (2, "greeting_started")]
    assert (told["caller"], others["caller"]) == (ZHANG, "138****1234")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_call")


async def test_the_ticket_of_an_offered_call_shows_number_wait_and_earlier_calls(app: FastAPI) -> None:
    """Live state first: the call rings and no database knows it yet."""
    live = {"id": "h1-5.1", "line": "12328", "caller": ZHANG, "dialled": "12328", "phase": "ringing", "agent": "1001",
            "since": NOW, "arrived_at": NOW + 400, "queued_at": NOW + 405, "answered_at": None}  # fmt: skip
    app.state.desk.hub.replace(Snapshot("e", 1, {"call:h1-5.1": live}))
    async with signed_in(app, "agent1") as client, signed_in(app, "agent2") as other:
        told = (await client.get("/api/calls/h1-5.1/ticket")).json()
        refused = await other.get("/api/calls/h1-5.1/ticket")
    assert (told["call"]["call_id"], told["call"]["state"], told["call"]["caller"]) == ("h1-5.1", "ringing", ZHANG)
    assert [call["call_id"] for call in told["earlier"]] == ["h1-2.1", "h1-1.1"]
    assert told["draft"] == {"text": "", "fields": {}, "version": 0, "saved_at": None, "saved_by": None}
    assert refused.status_code == 403


async def test_the_ticket_of_a_waiting_caller_hides_number_and_history_from_an_agent(app: FastAPI) -> None:
    """It is nobody's call yet."""
    live = {"id": "h1-6.1", "caller": ZHANG, "phase": "waiting", "agent": None, "arrived_at": NOW + 400}
    app.state.desk.hub.replace(Snapshot("e", 1, {"call:h1-6.1": live}))
    async with signed_in(app, "agent1") as client:
        told = (await client.get("/api/calls/h1-6.1/ticket")).json()
    assert (told["call"]["caller"], told["earlier"]) == ("138****1234", [])


async def test_a_draft_is_saved_kept_and_guarded_by_its_version(app: FastAPI) -> None:
    """Two pages write the same draft: the second is told, with the text of the first."""
    async with signed_in(app, "agent1") as client, signed_in(app, "supervisor1") as other:
        first = await client.put("/api/drafts/h1-3.1", json={"text": "路灯坏了", "version": 0}, headers=OWN_PAGE)
        second = await client.put("/api/drafts/h1-3.1", json={"text": "路灯坏了三盏", "version": 1}, headers=OWN_PAGE)
        late = await other.put("/api/drafts/h1-3.1", json={"text": "别的", "version": 1}, headers=OWN_PAGE)
        fresh = await other.put("/api/drafts/h1-3.1", json={"text": "别的", "version": 0}, headers=OWN_PAGE)
        ticket = (await client.get("/api/calls/h1-3.1/ticket")).json()
    assert (first.json()["version"], second.json()["version"]) == (1, 2)
    assert [late.status_code, fresh.status_code] == [409, 409]
    assert late.json()["facts"] == {"version": 2, "text": "路灯坏了三盏", "fields": {}, "saved_by": "agent1"}
    assert (ticket["draft"]["text"], ticket["draft"]["version"]) == ("路灯坏了三盏", 2)


async def test_of_ten_first_saves_at_once_one_wins(app: FastAPI) -> None:
    """No save is lost without a word."""
    async with signed_in(app, "agent1") as client:
        answers = await asyncio.gather(
            *(client.put("/api/drafts/h1-3.1", json={"text": f"t{n}", "version": 0}, headers=OWN_PAGE) for n in range(10))
        )
        text = (await client.get("/api/calls/h1-3.1/ticket")).json()["draft"]["text"]
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    assert {answer.json()["facts"]["text"] for answer in answers if answer.status_code == 409} == {text}


async def test_a_page_that_did_not_hear_the_answer_may_save_the_same_words_again(app: FastAPI) -> None:
    """The connection broke after the commit: the second try is told the version of the first."""
    async with signed_in(app, "agent1") as client:
        body = {"text": "断线前的字", "version": 0}
        first = await client.put("/api/drafts/h1-3.1", json=body, headers=OWN_PAGE)
        again = await client.put("/api/drafts/h1-3.1", json=body, headers=OWN_PAGE)
    assert (again.status_code, again.json()) == (200, first.json())


async def test_the_form_is_kept_with_the_words_and_guarded_by_the_same_version(app: FastAPI) -> None:
    """What is not filled in is not kept; a page that sends words alone leaves the form; the other page is told both."""
    path = "/api/drafts/h1-3.1"
    kept = {"klass": "complaint", "field": "city_passenger", "title": "末班车未到"}
    form = {**kept, "place": "", "is_urgent": False}
    async with signed_in(app, "agent1") as client, signed_in(app, "supervisor1") as other:
        first = await client.put(path, json={"text": "一", "version": 0, "fields": form}, headers=OWN_PAGE)
        again = await client.put(path, json={"text": "一", "version": 0, "fields": form}, headers=OWN_PAGE)
        words = await client.put(path, json={"text": "二", "version": 1}, headers=OWN_PAGE)
        late = await other.put(path, json={"text": "二", "version": 1, "fields": {"klass": "consult"}}, headers=OWN_PAGE)
        draft = (await client.get("/api/calls/h1-3.1/ticket")).json()["draft"]
        strange = await client.put(path, json={"text": "", "version": 2, "fields": {"line": "110"}}, headers=OWN_PAGE)
    assert [first.status_code, again.json(), words.json()["version"]] == [200, first.json(), 2]
    assert (draft["text"], draft["fields"]) == ("二", kept)
    assert (late.status_code, late.json()["facts"]["fields"]) == (409, kept)
    assert strange.status_code == 422


async def test_an_agent_cannot_write_into_a_colleagues_call(app: FastAPI) -> None:
    """The call belongs to agent 1002."""
    async with signed_in(app, "agent1") as client:
        answer = await client.put("/api/drafts/h1-2.1", json={"text": "x", "version": 0}, headers=OWN_PAGE)
        ticket = await client.get("/api/calls/h1-2.1/ticket")
    assert [answer.status_code, ticket.status_code] == [403, 403]


async def test_a_ticket_travels_with_its_call_and_stays_with_who_wrote_in_it(app: FastAPI, settings: Settings) -> None:
    """1001 writes, 1002 is consulted, writes on and owns the call from then on; a third agent has no business there.

    Known from the live view while the call runs, also after a desk that has only now begun to look, and from the records after it.
    """
    call = {"id": "h1-7.1", "caller": LI, "phase": "joined", "agent": "1001", "arrived_at": NOW + 400}
    hub = app.state.desk.hub

    async def write(login: str, text: str, version: int) -> int:
        async with signed_in(app, login) as client:
            body = {"text": text, "version": version}
            answer = await client.put("/api/drafts/h1-7.1", json=body, headers=OWN_PAGE)
            if answer.status_code == 200:
                ticket = (await client.get("/api/calls/h1-7.1/ticket")).json()
                assert (ticket["draft"]["text"], ticket["call"]["caller"]) == (text, LI)
        return answer.status_code

    hub.replace(Snapshot("e", 1, {"call:h1-7.1": call}))
    assert await write("agent1", "桥下有人落水", 0) == 200
    assert await write("agent2", "x", 1) == 403
    consulted = {"stage": "consult", "target": {"agent": "1002"}, "third": {"state": "talking"}}
    hub.replace(Snapshot("e", 2, {"call:h1-7.1": call | {"join": consulted}}))
    assert await write("agent2", "桥下有人落水，已联系", 1) == 200
    hub.replace(Snapshot("e", 3, {"call:h1-7.1": call | {"agent": "1002"}}))
    assert await write("agent1", "桥下有人落水，已联系。", 2) == 200
    engine = make_engine(settings.calls_url)
    with writing(engine) as connection:
        connection.execute(CALLS.insert(), [stored("h1-7.1", LI, "1003", NOW + 400, state="talking")])
        kinds = (("agent_answered", {"agent": "1001"}), ("third_asked", {"n": 1, "to": "1002"}), ("third_answered", {"n": 1}),
                 ("agent_took_over", {"agent": "1003"}), ("third_asked", {"n": 2, "to": "1005"}))  # fmt: skip
        for seq, (kind, facts) in enumerate(kinds, 10):
            row = {"seq": seq, "call_id": "h1-7.1", "at": NOW, "kind": kind, "facts": facts}
            connection.execute(CALL_EVENTS.insert(), [row])
    engine.dispose()
    hub.replace(Snapshot("e2", 1, {}))
    assert [await write("agent1", "完", 3), await write("agent2", "办结", 4)] == [200, 200]
    assert app.state.desk.calls.agents_of("h1-7.1") == {"1001", "1002", "1003"}


async def test_who_gets_a_used_extension_gets_none_of_its_former_calls(app: FastAPI) -> None:
    """Neither number nor ticket nor sound of what the former agent did; the calls from then on are one's own."""
    async with signed_in(app, "admin1") as admin:
        for login, extension in (("agent1", "1009"), ("agent2", "1001")):
            answer = await admin.patch(f"/api/people/{login}", json={"extension": extension}, headers=OWN_PAGE)
            assert answer.status_code == 200, answer.text
    await app.state.desk.people_changed()
    async with signed_in(app, "agent2") as client:
        one = (await client.get("/api/calls/h1-1.1")).json()
        refused = [
            (await client.get(f"/api/calls/h1-1.1/{part}")).status_code for part in ("ticket", "recording")
        ] + [(await client.put("/api/drafts/h1-1.1", json={"text": "x", "version": 0}, headers=OWN_PAGE)).status_code]  # fmt: skip
        listed = (await client.get("/api/recordings")).json()["recordings"]
        fresh = {"id": "h1-8.1", "caller": LI, "phase": "talking", "agent": "1001", "arrived_at": app.state.desk.now() + 1}
        app.state.desk.hub.replace(Snapshot("e", 1, {"call:h1-8.1": fresh}))
        own = (await client.get("/api/calls/h1-8.1/ticket")).json()
    assert (one["caller"], refused, listed) == ("138****1234", [403, 403, 403], [])
    assert own["call"]["caller"] == LI
