"""The directory by the API: changed by those who may, audited, kept on both databases, told to the bridge and to open pages."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from agent_desktop.desk import Desk
from hotline_core.adapters.audit import AuditRow, first_broken, read_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import parties
from tests.integration.desk_kit import (
    OWN_PAGE,
    ScriptedBridge,
    application,
    make_token,
    prepare,
    settings_of,
    signed_in,
)

pytestmark = pytest.mark.integration
UNIT: dict[str, Any] = {
    "name": "港航管理处值班室", "numbers": ["0557-3029911", "+86 138 0000 0011"], "kind": "unit", "tell": "夜间请打手机",
    "hours": [{"days": "1-5", "from": "08:30", "to": "17:30"}], "menu": False, "roles": ["supervisor"],
}  # fmt: skip
RESCUE: dict[str, Any] = {"name": "水上搜救中心", "numbers": ["12395", "05573020009"], "kind": "emergency", "menu": True}


@pytest.fixture
async def bridge(short_folder: Path) -> AsyncGenerator[ScriptedBridge, None]:
    settings = settings_of(short_folder)
    settings.paths.run.mkdir(parents=True)
    scripted = await ScriptedBridge(settings.paths.bridge_socket).start()
    yield scripted
    await scripted.stop()


@pytest.fixture
async def app(short_folder: Path, database_url: str, bridge: ScriptedBridge) -> AsyncGenerator[FastAPI, None]:
    """A desk on a database of each kind; its background is not started."""
    settings = settings_of(short_folder, tickets_database=database_url)
    prepare(settings)
    made = application(settings)
    yield made
    await made.state.desk.close()


@pytest.fixture
async def supervisor(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with signed_in(app, "supervisor1") as client:
        client.headers.update(OWN_PAGE)
        yield client


@pytest.fixture
async def agent(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with signed_in(app, "agent1") as client:
        client.headers.update(OWN_PAGE)
        yield client


def trail(app: FastAPI) -> list[AuditRow]:
    desk: Desk = app.state.desk
    with reading(desk.tickets_engine) as connection:
        return read_audit(connection)


async def listed(client: httpx.AsyncClient, sought: str = "") -> dict[str, dict[str, Any]]:
    answer = await client.get("/api/parties", params={"q": sought})
    assert answer.status_code == 200, answer.text
    return {party["key"]: party for party in answer.json()["parties"]}


async def test_a_supervisor_adds_changes_and_removes_a_party_and_bridge_and_agents_have_it_at_once(
    app: FastAPI, bridge: ScriptedBridge, supervisor: httpx.AsyncClient, agent: httpx.AsyncClient
) -> None:
    """Without a restart; numbers get one form however they were typed; the trail tells who did what."""
    assert (await supervisor.put("/api/parties/port", json=UNIT)).json() == {"in_force": True}
    assert bridge.parties["port"] == {"name": UNIT["name"], "numbers": ["05573029911", "13800000011"], "kind": "unit"}
    assert set(bridge.parties) == {*app.state.desk.city.outside_parties, "port"}, "the city's own parties are told too"
    assert "port" in await listed(supervisor, "ghgl")
    assert "port" not in await listed(agent), "it is for supervisors"
    await supervisor.put("/api/parties/port", json=UNIT | {"roles": [], "numbers": ["05573029912"]})
    (told,) = (await listed(agent, "3029912")).values()
    assert {name: told[name] for name in ("name", "kind", "tell", "hours", "menu", "favourite", "initials")} == {
        "name": UNIT["name"], "kind": "unit", "tell": UNIT["tell"], "hours": UNIT["hours"], "menu": False, "favourite": False,
        "initials": "ghglczbs",
    }  # fmt: skip
    assert (await supervisor.delete("/api/parties/port")).json() == {"in_force": True}
    assert "port" not in bridge.parties
    assert (await supervisor.delete("/api/parties/port")).json()["code"] == "unknown_party"
    rows = [row for row in trail(app) if row.act.startswith("party")]
    assert [(row.actor, row.act, row.subject) for row in rows] == [
        ("supervisor1", "party_put", "port"), ("supervisor1", "party_put", "port"), ("supervisor1", "party_removed", "port"),
    ]  # fmt: skip
    assert json.loads(rows[1].facts)["numbers_before"] == "05573029911,13800000011"
    assert first_broken(trail(app)) is None


async def test_the_citys_file_is_changed_over_and_what_emergencies_need_stays(
    app: FastAPI, bridge: ScriptedBridge, supervisor: httpx.AsyncClient
) -> None:
    """A number more for the rescuers, a hotline less; nobody takes 12395 or its key in the menu away."""
    assert (await supervisor.put("/api/parties/water_rescue", json=RESCUE)).status_code == 200
    assert bridge.parties["water_rescue"]["numbers"] == ["12395", "05573020009"]
    assert next(iter(await listed(supervisor))) == "water_rescue"
    for change in ({"kind": "unit", "numbers": ["05573020009"]}, {"menu": False}):
        answer = await supervisor.put("/api/parties/water_rescue", json=RESCUE | change)
        assert (answer.status_code, answer.json()["code"]) == (409, "party_stays")
    assert (await supervisor.delete("/api/parties/police")).json()["code"] == "party_stays"
    assert (await supervisor.delete("/api/parties/transport_bureau")).status_code == 200
    assert "transport_bureau" not in await listed(supervisor)
    assert "transport_bureau" not in bridge.parties


async def test_a_party_that_cannot_be_called_is_refused_in_words(app: FastAPI, supervisor: httpx.AsyncClient) -> None:
    """Abroad, at a price, no number, an unknown kind, an emergency for some only, a day that is none, a name on two lines."""
    for change, code, field in (
        ({"numbers": ["0085212345678"]}, "party_number_not_allowed", "numbers"),
        ({"numbers": ["05573020011", "16812345"]}, "party_number_not_allowed", "numbers"),
        ({"numbers": []}, "bad_party", "numbers"),
        ({"numbers": ["x"]}, "bad_party", "numbers"),
        ({"kind": "friend"}, "bad_party", "kind"),
        ({"kind": "emergency"}, "bad_party", "roles"),
        ({"hours": [{"days": "8", "from": "08:00", "to": "09:00"}]}, "bad_party", "hours"),
        ({"name": "a\nb"}, "bad_party", "name"),
    ):
        answer = await supervisor.put("/api/parties/port", json=UNIT | change)
        assert (answer.status_code, answer.json()["code"], answer.json()["facts"]["field"]) == (422, code, field)
        assert answer.json()["message"] == app.state.desk.wording.sentence(code)
    assert (await supervisor.put("/api/parties/number", json=UNIT)).json()["facts"] == {"field": "key"}
    assert not [row for row in trail(app) if row.act.startswith("party")]


async def test_everybody_keeps_own_favourites_and_they_go_with_the_party_or_the_person(
    app: FastAPI, supervisor: httpx.AsyncClient, agent: httpx.AsyncClient
) -> None:
    """A favourite twice is one; a token has none and sees no numbers; a party of other roles is as good as none."""
    await supervisor.put("/api/parties/port", json=UNIT)
    for client in (agent, agent, supervisor):
        assert (await client.put("/api/parties/railway/favourite")).status_code == 204
    assert (await agent.put("/api/parties/port/favourite")).json()["code"] == "unknown_party"
    assert (await supervisor.put("/api/parties/port/favourite")).status_code == 204
    assert [key for key, party in (await listed(agent)).items() if party["favourite"]] == ["railway"]
    assert [key for key, party in (await listed(supervisor)).items() if party["favourite"]] == ["railway", "port"]
    assert (await agent.delete("/api/parties/railway/favourite")).status_code == 204
    assert not any(party["favourite"] for party in (await listed(agent)).values())
    await supervisor.delete("/api/parties/port")
    async with signed_in(app, "admin1") as admin:
        assert (await admin.delete("/api/people/supervisor1", headers=OWN_PAGE)).status_code == 204
    assert app.state.desk.party_store.read().favourites == {}
    token = make_token(app.state.desk.settings, "service")
    async with signed_in(app, "agent2") as client:
        client.cookies.clear()
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/api/parties", headers=bearer)).json()["code"] == "forbidden", "some experts' numbers are private"
        assert (await client.put("/api/parties/railway/favourite", headers=bearer)).status_code == 403


async def test_a_change_made_while_the_bridge_is_away_is_told_when_it_is_back(
    app: FastAPI, bridge: ScriptedBridge, supervisor: httpx.AsyncClient
) -> None:
    """The answer says that it is not in force yet, and a bridge that lost its directory gets it again."""
    desk: Desk = app.state.desk
    await bridge.stop()
    assert (await supervisor.put("/api/parties/port", json=UNIT)).json() == {"in_force": False}
    assert "port" in await listed(supervisor)
    await bridge.start()
    assert await desk.parties_changed()
    assert "port" in bridge.parties


async def test_a_row_that_cannot_be_read_leaves_nobody_without_the_police(app: FastAPI, supervisor: httpx.AsyncClient) -> None:
    """Written by another version, or by hand: the city's file counts for this party."""
    desk: Desk = app.state.desk
    with writing(desk.tickets_engine) as connection:
        connection.execute(parties.insert(), [{"key": "police", "data": "{"}, {"key": "fire", "data": '{"name": 1}'}])
    await desk.parties_changed()
    found = await listed(supervisor)
    assert (found["police"]["numbers"], found["fire"]["numbers"]) == (["110"], ["119"])
    assert (await supervisor.put("/api/parties/police", json=RESCUE | {"name": "x", "numbers": ["110"]})).status_code == 200
    assert (await listed(supervisor))["police"]["name"] == "x"
