"""People changed through the API: who may, what is refused with which words, and what is in force at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from agent_desktop.gate import Caller
from agent_desktop.view import Viewer
from asterisk_conf.telephones import digest_of
from hotline_core.adapters.audit import first_broken, read_audit
from hotline_core.adapters.engine import reading
from tests.integration.desk_kit import (
    NOW,
    OWN_PAGE,
    PASSWORD,
    ScriptedBridge,
    application,
    browser,
    prepare,
    settings_of,
    sign_in,
    signed_in,
)

pytestmark = pytest.mark.integration
NEW = {"login": "zhou.lan", "name": "周兰", "role": "agent", "extension": "1007", "queues": ["hotline"]}


class Clock:
    """The desk's time, set by the test."""

    at = NOW


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def bridge(short_folder: Path) -> AsyncGenerator[ScriptedBridge, None]:
    settings = settings_of(short_folder)
    settings.paths.run.mkdir(parents=True)
    scripted = await ScriptedBridge(settings.paths.bridge_socket).start()
    yield scripted
    await scripted.stop()


@pytest.fixture
async def app(short_folder: Path, bridge: ScriptedBridge, clock: Clock) -> AsyncGenerator[FastAPI, None]:
    """A desk whose background is not started: what is in force at once needs none."""
    settings = settings_of(short_folder)
    await asyncio.to_thread(prepare, settings)
    made = application(settings, now=lambda: clock.at)
    await made.state.desk.people_changed()
    yield made
    await made.state.desk.close()


@pytest.fixture
async def admin(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with signed_in(app, "admin1") as client:
        client.headers.update(OWN_PAGE)
        yield client


async def made(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def acts(app: FastAPI, subject: str) -> list[tuple[str, str, dict[str, Any]]]:
    """What the audit tells of one subject, its chain unbroken."""
    with reading(app.state.desk.tickets_engine) as connection:
        rows = read_audit(connection)
    assert first_broken(rows) is None
    return [(row.actor, row.act, json.loads(row.facts)) for row in rows if row.subject == subject]


async def test_an_administrator_adds_an_agent_who_signs_in_at_once(
    app: FastAPI, admin: httpx.AsyncClient, bridge: ScriptedBridge
) -> None:
    """The password stands in the answer once; the telephone is put into Asterisk, still locked; the audit names who did it."""
    answer = await made(await admin.post("/api/people", json=NEW), 201)
    assert answer["in_force"] is True
    assert [phone["kind"] for phone in bridge.telephones if phone["agent"] == "1007"] == ["page"]
    listed = await made(await admin.get("/api/people"))
    assert answer["password"] not in json.dumps(listed)
    assert next(person for person in listed["people"] if person["login"] == "zhou.lan") == {
        **NEW, "phone_kind": "page", "has_telephone": False, "disabled": False, "unit": None,
    }  # fmt: skip
    async with browser(app) as client:
        me = await made(await sign_in(client, "zhou.lan", answer["password"]))
        assert me["extension"] == "1007"
        assert (await made(await client.get("/api/phone")))["uri"] == "sip:agent-1007@hotline"
    assert acts(app, "zhou.lan")[0][:2] == ("admin1", "person_added")


CANNOT_BE = (
    ("login", "Zhou Lan", "bad_login"),
    ("login", "agent1", "login_taken"),
    ("name", "周\r\n兰", "bad_name"),
    ("name", " ", "bad_name"),
    ("role", "king", "bad_role"),
    ("extension", "9", "unknown_extension"),
    ("extension", "1001", "extension_taken"),
    ("queues", ["nowhere"], "unknown_queue"),
    ("queues", ["hotline", "hotline"], "unknown_queue"),
    ("phone_kind", "fax", "bad_phone_kind"),
    ("unit", "nowhere", "unknown_unit"),
    ("unit", "transport", "unit_for_officers"),
    ("role", "unit_head", "unit_needed"),
    ("salary", 1, "bad_input"),
)


async def test_a_person_that_cannot_be_is_refused_with_a_sentence(app: FastAPI, admin: httpx.AsyncClient) -> None:
    """Each field with its own code; nothing is stored, nothing is audited."""
    for field, value, code in CANNOT_BE:
        refused = await admin.post("/api/people", json={**NEW, field: value})
        assert (refused.status_code, refused.json()["code"]) == (409 if "taken" in code else 422, code)
        assert refused.json()["message"] != app.state.desk.wording.sentence("error")
    changed = await admin.patch("/api/people/agent2", json={"extension": "1001"})
    assert (changed.status_code, changed.json()["code"]) == (409, "extension_taken")
    assert (await admin.patch("/api/people/nobody", json={"name": "x"})).json()["code"] == "unknown_person"
    assert acts(app, "zhou.lan") == []


async def test_another_extension_ends_the_session_and_frees_the_former_one(
    app: FastAPI, admin: httpx.AsyncClient, bridge: ScriptedBridge
) -> None:
    """The agent leaves the queue under the former extension, whose telephone is removed; the next person may have it."""
    async with signed_in(app, "agent1") as agent:
        await made(await agent.get("/api/phone"))
        changed = await made(await admin.patch("/api/people/agent1", json={"extension": "1009"}))
        assert (changed["person"]["extension"], changed["in_force"]) == ("1009", True)
        assert (await agent.get("/api/me")).status_code == 401
    assert [(asked["op"], asked["agent"]) for asked in bridge.asked] == [("sign_out", "1001")]
    assert [phone["agent"] for phone in bridge.telephones if phone["op"] == "phone_remove"] == ["1001"]
    await made(await admin.patch("/api/people/agent2", json={"extension": "1001"}))
    assert acts(app, "agent1")[-1] == ("admin1", "person_changed", {"extension": "1009", "extension_before": "1001"})


async def test_an_officer_belongs_to_a_unit_and_leaves_it_with_the_role(
    app: FastAPI, admin: httpx.AsyncClient, clock: Clock
) -> None:
    """The page of the officer knows the unit at once; another unit ends the session, another role leaves the unit behind."""
    officer = {"login": "qian.yu", "name": "钱宇", "role": "unit", "unit": "transport"}
    password = (await made(await admin.post("/api/people", json=officer), 201))["password"]
    async with browser(app) as client:
        assert (await made(await sign_in(client, "qian.yu", password)))["unit"] == "transport"
        assert (await made(await client.get("/api/me")))["unit"] == "transport"
        for change, code in (({"unit": ""}, "unit_needed"), ({"role": "clerk", "unit": "water"}, "unit_for_officers")):
            refused = await admin.patch("/api/people/qian.yu", json=change)
            assert (refused.status_code, refused.json()["code"]) == (422, code)
        clock.at += 1
        moved = await made(await admin.patch("/api/people/qian.yu", json={"unit": "water"}))
        assert moved["person"]["unit"] == "water"
        assert (await client.get("/api/me")).status_code == 401
    assert (await made(await admin.patch("/api/people/qian.yu", json={"role": "clerk"})))["person"]["unit"] is None
    told = [facts for _, act, facts in acts(app, "qian.yu") if act == "person_changed"]
    assert told == [
        {"unit": "water", "unit_before": "transport"},
        {"role": "clerk", "role_before": "unit", "unit": "", "unit_before": "water"},
    ]


async def test_queues_of_an_agent_at_work_move_at_once_and_leave_the_session(
    app: FastAPI, admin: httpx.AsyncClient, bridge: ScriptedBridge
) -> None:
    """The bridge is told once; somebody who is not signed in is not moved but joins the right queues next time."""
    async with signed_in(app, "agent1") as agent:
        await made(await agent.get("/api/phone"))
        await made(await admin.patch("/api/people/agent1", json={"queues": ["hotline"]}))
        await made(await admin.patch("/api/people/agent2", json={"queues": ["hotline"]}))
        assert [(asked["op"], asked["agent"], asked["queues"]) for asked in bridge.asked] == [("queues", "1001", ["hotline"])]
        assert (await agent.get("/api/me")).status_code == 200


async def test_a_disabled_person_is_out_at_once_and_may_come_back(app: FastAPI, admin: httpx.AsyncClient) -> None:
    """Session and sign-in refused; enabled again, the password still works, the former session does not."""
    async with signed_in(app, "agent1") as agent:
        await made(await admin.post("/api/people/agent1/disable"))
        assert (await agent.get("/api/me")).status_code == 401
        async with browser(app, "10.0.0.9") as other:
            assert (await sign_in(other, "agent1")).json()["code"] == "sign_in_refused"
        await made(await admin.post("/api/people/agent1/enable"))
        assert (await sign_in(agent, "agent1")).status_code == 200
    assert [act for _, act, _ in acts(app, "agent1")][-3:] == ["person_disabled", "person_enabled", "signed_in"]


@pytest.mark.parametrize("way", ["removed and added anew", "another role and back"])
async def test_a_session_that_was_over_stays_over(app: FastAPI, admin: httpx.AsyncClient, clock: Clock, way: str) -> None:
    """Neither a namesake who gets login, role and extension of somebody who left, nor a change taken back, revives a cookie."""
    async with signed_in(app, "agent1") as agent:
        clock.at += 60
        if way == "removed and added anew":
            assert (await admin.delete("/api/people/agent1")).status_code == 204
            again = {"login": "agent1", "name": "张三", "role": "agent", "extension": "1001"}
            await made(await admin.post("/api/people", json=again), 201)
        else:
            await made(await admin.patch("/api/people/agent1", json={"role": "supervisor"}))
            await made(await admin.patch("/api/people/agent1", json={"role": "agent"}))
        assert (await agent.get("/api/me")).status_code == 401
        assert (await agent.get("/api/phone")).status_code == 401


async def test_the_last_administrator_cannot_be_locked_out(app: FastAPI, admin: httpx.AsyncClient) -> None:
    """Neither disabled nor removed nor made something else; with a second one it may."""
    for answer in (
        await admin.post("/api/people/admin1/disable"), await admin.delete("/api/people/admin1"),
        await admin.patch("/api/people/admin1", json={"role": "agent"}),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")
    await made(await admin.post("/api/people", json={"login": "admin2", "name": "吴", "role": "administrator"}), 201)
    assert (await admin.delete("/api/people/admin1")).status_code == 204
    assert (await admin.get("/api/people")).status_code == 401


async def test_a_new_password_ends_the_old_one_and_every_session(app: FastAPI, admin: httpx.AsyncClient, clock: Clock) -> None:
    """Shown once to the administrator."""
    async with signed_in(app, "agent1") as agent:
        clock.at += 1
        password = (await made(await admin.post("/api/people/agent1/password")))["password"]
        assert (await agent.get("/api/me")).status_code == 401
        assert (await sign_in(agent, "agent1", PASSWORD)).status_code == 401
        assert (await sign_in(agent, "agent1", password)).status_code == 200
        assert (await agent.get("/api/me")).status_code == 200


async def test_a_person_changes_the_own_password_and_only_this_session_goes_on(app: FastAPI, clock: Clock) -> None:
    """The old one must be known, the new one must not be easy."""
    async with signed_in(app, "agent1") as here, signed_in(app, "agent1") as elsewhere:
        here.headers.update(OWN_PAGE)
        clock.at += 1
        for old, new, status, code in (
            ("wrong", "a-long-new-password", 401, "sign_in_refused"), (PASSWORD, "short", 422, "weak_password"),
            (PASSWORD, "agent1-agent1", 422, "weak_password"), (PASSWORD, "aaaaaaaaaaaa", 422, "weak_password"),
        ):  # fmt: skip
            refused = await here.post("/api/password", json={"old": old, "new": new})
            assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert (await here.post("/api/password", json={"old": PASSWORD, "new": "a-long-new-password"})).status_code == 204
        assert (await here.get("/api/me")).status_code == 200
        assert (await elsewhere.get("/api/me")).status_code == 401
        assert (await sign_in(elsewhere, "agent1", "a-long-new-password")).status_code == 200


async def test_a_hardware_telephones_password_is_shown_once_and_made_again(
    app: FastAPI, admin: httpx.AsyncClient, bridge: ScriptedBridge
) -> None:
    """Only its digest goes to the bridge and into the database; another extension or kind needs a new one."""
    refused = await admin.post("/api/people/agent1/telephone")
    assert (refused.status_code, refused.json()["code"]) == (422, "no_hardware_telephone")
    await made(await admin.patch("/api/people/agent1", json={"phone_kind": "hardware"}))
    first = await made(await admin.post("/api/people/agent1/telephone"))
    second = await made(await admin.post("/api/people/agent1/telephone"))
    assert (first["user"], first["transport"], first["in_force"]) == ("agent-1001", "UDP", True)
    assert first["password"] != second["password"]
    sent = [phone for phone in bridge.telephones if phone["op"] == "phone_set" and phone["kind"] == "hardware"]
    assert len({phone["digest"] for phone in sent}) == 2
    assert second["password"] not in json.dumps(bridge.telephones)
    assert second["password"] not in json.dumps(acts(app, "agent1"))
    async with signed_in(app, "agent1") as agent:
        phone = await made(await agent.get("/api/phone"))
    assert (phone["kind"], phone["password"]) == ("hardware", None)
    taken = await made(await admin.delete("/api/people/agent1/telephone"))
    assert taken["person"]["has_telephone"] is False
    assert bridge.telephones[-1]["op"] == "phone_remove"


async def test_after_twelve_hours_the_telephone_is_locked_and_the_agent_leaves_the_queue(
    app: FastAPI, bridge: ScriptedBridge, clock: Clock
) -> None:
    """Whoever never signs out: the session's end is the end of its password, and nobody is rung at an empty desk."""
    async with signed_in(app, "agent1") as agent:
        first = await made(await agent.get("/api/phone"))
        clock.at += 12 * 3600 + 1
        assert await app.state.desk.people_changed() is True
        assert [(asked["op"], asked["agent"]) for asked in bridge.asked] == [("sign_out", "1001")]
        last = [phone for phone in bridge.telephones if phone["agent"] == "1001"][-1]
        assert last["digest"] != digest_of("1001", first["password"])
        assert (await agent.get("/api/phone")).status_code == 401


async def test_what_the_bridge_could_not_take_is_told_and_made_up_for(
    app: FastAPI, admin: httpx.AsyncClient, bridge: ScriptedBridge
) -> None:
    """The change is stored and in force for pages; the telephone follows when the bridge is back."""
    await bridge.stop()
    answer = await made(await admin.post("/api/people", json=NEW), 201)
    assert answer["in_force"] is False
    await bridge.start()
    assert await app.state.desk.people_changed() is True
    assert [phone["agent"] for phone in bridge.telephones if phone["op"] == "phone_set"][-1] == "1007"


async def says_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_a_bridge_that_hangs_keeps_neither_pages_nor_the_administrator_waiting(
    app: FastAPI, admin: httpx.AsyncClient, bridge: ScriptedBridge
) -> None:
    """Eight fresh sign-ins ask for their telephone at once: each is told within its page's patience, and a ban counts at once."""
    await bridge.stop()
    silent = await asyncio.start_unix_server(says_nothing, app.state.desk.settings.paths.bridge_socket)
    async with contextlib.AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(signed_in(app, "agent1")) for _ in range(8)]
        async with asyncio.timeout(8):
            waiting = asyncio.gather(*(page.get("/api/phone") for page in pages))
            await asyncio.sleep(0.2)
            banned = await made(await admin.post("/api/people/agent2/disable"))
            answers = await waiting
    assert banned["in_force"] is False
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(503, "phone_not_ready")}
    silent.close()


async def test_pause_reasons_change_while_pages_are_open(app: FastAPI, admin: httpx.AsyncClient) -> None:
    """Renamed, added in their place, taken from the list but still named; what cannot be is refused."""
    desk = app.state.desk
    page = desk.hub.attach(Caller("agent1", "张敏", "agent", "1001"), Viewer(extension="1001", sees_all=False))
    assert (await page.next())["type"] == "snapshot"
    put = admin.put
    await made(await put("/api/pause-reasons/rest", json={"name": "小憩", "position": 10}))
    await made(await put("/api/pause-reasons/errand", json={"name": "外出", "position": 15}))
    await made(await put("/api/pause-reasons/meeting", json={"name": "会议", "position": 40, "active": False}))
    assert [(await asyncio.wait_for(page.next(), 1))["type"] for _ in range(3)] == ["pause_reasons"] * 3
    reasons = (await admin.get("/api/pause-reasons")).json()
    assert [(reason["code"], reason["name"], reason["active"]) for reason in reasons] == [
        ("rest", "小憩", True), ("errand", "外出", True), ("meal", "用餐", True), ("training", "培训", True),
        ("meeting", "会议", False),
    ]  # fmt: skip
    assert [reason["code"] for reason in desk.hub.pause_reasons] == [reason["code"] for reason in reasons]
    for code, body in (("missed", {"name": "漏接"}), ("Rest", {"name": "休息"}), ("rest", {"name": "很长很长很长很长的名字"})):
        refused = await put(f"/api/pause-reasons/{code}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "bad_reason")
    assert acts(app, "rest") == [("admin1", "pause_reason_changed", {"active": True, "name": "小憩", "position": 10})]
