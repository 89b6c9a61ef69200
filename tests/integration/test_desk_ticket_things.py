"""What goes with tickets by the API: files, exports, saved filters, notices, units, other systems and webhooks."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hotline_core.adapters.audit import AuditRow, read_audit
from hotline_core.adapters.engine import reading
from tests.integration.desk_kit import browser, make_token, settings_of
from tests.integration.ticket_room import BEGIN, COMPLAINT, Room, open_room
from tests.security.api import WORDS
from tickets.file_kinds import LARGEST_BYTES, MOST
from tickets.store.units import UnitStore

pytestmark = pytest.mark.integration
JPEG = b"\xff\xd8\xff\xe0 a bus that did not stop"
PDF = b"%PDF-1.7 a letter"


@pytest.fixture
async def room(short_folder: Path, database_url: str) -> AsyncGenerator[Room, None]:
    async with open_room(settings_of(short_folder, tickets_database=database_url)) as made:
        yield made


@pytest.fixture
async def system(room: Room) -> AsyncGenerator[httpx.AsyncClient, None]:
    """The province's system with its service token."""
    async with browser(room.app) as client:
        await speak_for(room, client, "province-12328")
        yield client


async def speak_for(room: Room, client: httpx.AsyncClient, name: str) -> None:
    """A token of that system from now on."""
    token = await asyncio.to_thread(make_token, room.desk.settings, "service", 1e9, name)
    client.headers["Authorization"] = f"Bearer {token}"


def trail(room: Room) -> list[AuditRow]:
    with reading(room.desk.tickets_engine) as connection:
        return read_audit(connection)


async def add(room: Room, by: str, ticket: dict[str, Any], name: str, data: bytes) -> httpx.Response:
    client = await room.as_(by)
    return await client.post(f"/api/tickets/{ticket['number']}/attachments", params={"name": name}, content=data)


async def test_a_file_is_added_shown_and_taken_away_by_who_may(room: Room) -> None:
    """The kind is told by the content; the bytes come back as they were; nobody takes away another's but who decides."""
    ticket = await room.make(act="dispatch", facts={"unit": "transport"})
    picture = (await add(room, "clerk1", ticket, "C:\\现场 照片.jpg", JPEG)).json()
    room.clock[0] += 1
    letter = (await add(room, "unit1", ticket, "回函.pdf", PDF)).json()
    assert (picture["name"], picture["kind"], picture["size"]) == ("现场 照片.jpg", "image/jpeg", len(JPEG))
    assert picture["by_name"] == "孙丽"
    path = f"/api/tickets/{ticket['number']}/attachments"
    listed = (await room.get("unit1", path))["attachments"]
    assert [(each["id"], each["may_remove"]) for each in listed] == [(picture["id"], False), (letter["id"], True)]
    assert (await room.get("unit1", f"/api/tickets/{ticket['number']}"))["attachments"] == listed
    unit = await room.as_("unit1")
    got = await unit.get(f"{path}/{picture['id']}")
    assert (got.content, got.headers["content-type"]) == (JPEG, "image/jpeg")
    assert got.headers["content-disposition"].startswith("inline")
    assert got.headers["x-content-type-options"] == "nosniff"
    refused = await unit.delete(f"{path}/{picture['id']}")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_file")
    assert (await unit.delete(f"{path}/{letter['id']}")).status_code == 204
    assert (await unit.get(f"{path}/{letter['id']}")).json()["code"] == "unknown_attachment"
    assert (await (await room.as_("supervisor1")).delete(f"{path}/{picture['id']}")).status_code == 204
    auditor = await room.as_("auditor1")
    assert (await auditor.post(path, params={"name": "a.jpg"}, content=JPEG)).json()["code"] == "forbidden"


async def test_a_file_that_is_disguised_too_large_or_one_too_many_is_refused(room: Room) -> None:
    ticket = await room.make()
    for name, data, status, code in (
        ("a.exe", b"MZ\x90", 422, "bad_attachment"), ("a.jpg", b"<script>", 422, "bad_attachment"),
        ("a.jpg", b"", 422, "bad_attachment"), ("", JPEG, 422, "bad_attachment"),
        ("a.jpg", JPEG + bytes(LARGEST_BYTES), 413, "too_large"),
    ):  # fmt: skip
        answer = await add(room, "clerk1", ticket, name, data)
        assert (answer.status_code, answer.json()["code"]) == (status, code), name
    for count in range(MOST):
        assert (await add(room, "clerk1", ticket, f"{count}.jpg", JPEG)).status_code == 201
    answer = await add(room, "clerk1", ticket, "more.jpg", JPEG)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_attachments")
    strange = {"number": "20200101000001"}
    assert (await add(room, "clerk1", strange, "a.jpg", JPEG)).json()["code"] == "unknown_ticket"


async def test_a_unit_that_may_not_know_the_citizen_gets_only_what_units_have_added(room: Room) -> None:
    """Nobody can hide a face in a photograph."""
    ticket = await room.make(act="dispatch", facts={"unit": "transport"}, is_secret=True)
    of_centre = (await add(room, "clerk1", ticket, "身份证.jpg", JPEG)).json()
    of_unit = (await add(room, "unit1", ticket, "现场.jpg", JPEG)).json()
    path = f"/api/tickets/{ticket['number']}/attachments"
    assert [each["id"] for each in (await room.get("head1", path))["attachments"]] == [of_unit["id"]]
    assert (await (await room.as_("head1")).get(f"{path}/{of_centre['id']}")).json()["code"] == "unknown_attachment"
    assert len((await room.get("clerk1", path))["attachments"]) == 2


async def test_an_export_holds_what_the_list_holds_and_the_trail_who_took_it(room: Room) -> None:
    """CSV with its mark and no formula; XLSX that opens; for who may; nothing is left behind on the disk."""
    await room.make(title="=cmd|calc", is_urgent=True)
    await room.make(line="12345", field="urban", title="路灯不亮")
    clerk = await room.as_("clerk1")
    answer = await clerk.get("/api/tickets/export.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="tickets-20261123-1000.csv"'
    assert answer.content.startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["标题"], row["热线"], row["联系电话"]) for row in rows] == [
        ("路灯不亮", "12345", "13855700001"), ("'=cmd|calc", "12328", "13855700001"),
    ]  # fmt: skip
    book = await clerk.get("/api/tickets/export.xlsx", params={"line": "12345", "q": "路灯"})
    with zipfile.ZipFile(io.BytesIO(book.content)) as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml"))
    assert "路灯不亮" in text
    assert "cmd|calc" not in text
    assert [path for path in (room.desk.settings.paths.run / "exports").rglob("*") if path.is_file()] == []
    told = [json.loads(row.facts) for row in trail(room) if row.act == "tickets_exported"]
    assert [(each["kind"], each["filter"], each["by_words"]) for each in told] == [
        ("csv", "{}", False), ("xlsx", '{"line": ["12345"]}', True),
    ]  # fmt: skip
    for login in ("agent1", "unit1", "admin1"):
        assert (await (await room.as_(login)).get("/api/tickets/export.csv")).json()["code"] == "forbidden"


async def test_saved_filters_are_ones_own(room: Room) -> None:
    clerk = await room.as_("clerk1")
    query = {"left": "late", "stage": ["signed", "in_hand"], "open": True, "sort": "newest"}
    assert (await clerk.put("/api/tickets/filters/已超时", json={"query": query, "position": 1})).status_code == 204
    assert (await clerk.put("/api/tickets/filters/急件", json={"query": {"urgent": True}})).status_code == 204
    found = (await room.get("clerk1", "/api/tickets/filters"))["filters"]
    assert [(each["name"], each["query"]) for each in found] == [("急件", {"urgent": True}), ("已超时", query)]
    assert (await clerk.get("/api/tickets", params=found[1]["query"])).status_code == 200
    assert (await room.get("supervisor1", "/api/tickets/filters"))["filters"] == []
    for wrong in ({"query": {"left": "never"}}, {"query": {"x": 1}}, {}):
        assert (await clerk.put("/api/tickets/filters/x", json=wrong)).status_code == 422
    assert (await clerk.delete("/api/tickets/filters/急件")).status_code == 204
    assert (await clerk.delete("/api/tickets/filters/急件")).json()["code"] == "unknown_filter"
    admin = await room.as_("admin1")
    assert (await admin.delete("/api/people/clerk1")).status_code == 204
    assert room.desk.tickets.filters.of("clerk1") == (), "they go with their person"


async def test_a_notice_is_told_to_its_unit_in_words_until_somebody_has_seen_it(room: Room) -> None:
    ticket = await room.make(act="dispatch", facts={"unit": "transport"}, is_urgent=True, title="桥面塌陷")
    told = await room.get("unit1", "/api/tickets/notices")
    (notice,) = told["notices"]
    assert (notice["number"], notice["title"], notice["kind"]) == (ticket["number"], "桥面塌陷", "dispatched")
    assert notice["seen_at"] is None
    assert notice["sentence"] == "紧急新派工单，请签收。"
    assert told["unseen"] == 1
    of_centre = (await room.get("clerk1", "/api/tickets/notices"))["notices"]
    assert [each["sentence"] for each in of_centre] == ["紧急事项已派往市交通运输局，请同时电话告知。"]
    assert (await room.get("agent1", "/api/tickets/notices"))["notices"] == []
    not_theirs = {"ids": [of_centre[0]["id"]]}
    unit = await room.as_("unit1")
    assert (await unit.post("/api/tickets/notices", json=not_theirs)).json() == {"unseen": 1}
    assert (await unit.post("/api/tickets/notices", json={"ids": [notice["id"]]})).json() == {"unseen": 0}
    assert (await room.get("unit1", "/api/tickets/notices", unseen=True))["notices"] == []
    (seen,) = (await room.get("head1", "/api/tickets/notices"))["notices"]
    assert (seen["seen_at"], seen["seen_by"]) == (BEGIN, "unit1")


async def test_a_supervisor_changes_the_units_while_the_desk_runs(room: Room) -> None:
    """In force at once; a unit in use stays; a tree that would be none is refused in words."""
    supervisor = await room.as_("supervisor1")
    new = {
        "name": "园林管理处", "parent": "city-management", "duties": [{"words": ["行道树", "绿化带"]}], "phones": ["05573021234"],
        "contacts": [{"name": "钱进", "phone": "13905570000", "post": "值班"}],
    }  # fmt: skip
    made = (await supervisor.put("/api/units/parks", json=new)).json()
    assert (made["name"], made["is_own"], made["on_duty"]) == ("园林管理处", True, [{"name": "钱进", "phone": "13905570000"}])
    content = {"line": "12345", "klass": "help", "title": "行道树倒了"}
    told = (await supervisor.post("/api/units/suggest", json={"content": content})).json()["suggestions"]
    assert (told[0]["unit"], told[0]["words"]) == ("parks", "文中有“行道树”")
    assert "parks" in {each["key"] for each in (await room.get("agent1", "/api/units"))["units"]}
    ticket = await room.make(act="dispatch", facts={"unit": "parks"}, line="12345", klass="help", field="urban")
    for key, by in (("parks", "tickets"), ("city-management", "units"), ("transport", "units")):
        answer = await supervisor.delete(f"/api/units/{key}")
        assert (answer.status_code, answer.json()["code"], answer.json()["facts"]) == (409, "unit_in_use", {"by": by})
    assert (await supervisor.put("/api/units/parks", json=new | {"parent": "parks"})).json()["facts"]["field"] == "parent"
    assert (await supervisor.put("/api/units/parks", json=new | {"phones": ["x"]})).json()["code"] == "bad_unit"
    await room.act("clerk1", ticket, "dispatch", unit="city-management")
    assert (await supervisor.delete("/api/units/parks")).status_code == 204
    assert (await supervisor.delete("/api/units/parks")).json()["code"] == "unknown_unit"
    assert "parks" not in room.desk.policy.policy.units
    assert isinstance(room.desk.tickets.units, UnitStore)
    assert (await (await room.as_("clerk1")).put("/api/units/parks", json=new)).json()["code"] == "forbidden"
    assert [row.act for row in trail(room) if row.act.startswith("unit_")] == ["unit_put", "unit_removed"]


async def test_another_system_files_a_ticket_once_however_often_it_sends_it(room: Room, system: httpx.AsyncClient) -> None:
    """201, then 200 with the same; other words under the same number are refused; it follows the steps by version."""
    path = "/api/foreign/tickets/province-12328/HL2026-0001"
    body = {"content": {name: COMPLAINT[name] for name in ("klass", "title", "text", "number")} | {"source": "higher_level"}}
    first = await system.put(path, json=body)
    room.clock[0] += 5
    again = await system.put(path, json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() | {"limits": []} == again.json() | {"limits": []}
    assert (first.json()["stage"], first.json()["system"], first.json()["version"]) == ("draft", "province-12328", 0)
    other = await system.put(path, json={"content": body["content"] | {"title": "别的事"}})
    assert (other.status_code, other.json()["code"]) == (409, "foreign_number_taken")
    seen = await room.get("clerk1", f"/api/tickets/{first.json()['number']}")
    assert seen["content"]["source"] == "higher_level"
    await room.act("clerk1", seen, "accept")
    told = (await system.get(f"{path}/steps", params={"after": 0})).json()
    assert (told["version"], [step["act"] for step in told["steps"]]) == (1, ["accept"])
    assert (await system.get(path)).json()["stage"] == "accepted"
    assert (await system.get("/api/foreign/tickets/province-12328/none")).json()["code"] == "unknown_ticket"
    wrong = await system.put(f"{path}x", json={"content": {"klass": "nothing"}})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["facts"]) == (422, "unknown_key", {"field": "klass"})
    assert (await system.put("/api/foreign/tickets/desk/HL1", json=body)).status_code == 422, "our own pages' numbers"
    for name in ("police-110", ""):
        await speak_for(room, system, name)
        answers = [await system.get(path), await system.get(f"{path}/steps"), await system.put(path, json=body)]
        assert {(each.status_code, each.json()["code"]) for each in answers} == {(403, "other_system")}, "a token is one system's"
    assert (await system.get("/api/tickets")).json()["code"] == "forbidden"
    assert (await (await room.as_("clerk1")).get(path)).json()["code"] == "forbidden"


async def test_many_senders_of_the_same_ticket_at_once_make_one(room: Room, system: httpx.AsyncClient) -> None:
    path = "/api/foreign/tickets/province-12328/J7"
    body = {"content": {"klass": "help", "title": "占道堆物", "source": "police_110"}}
    answers = await asyncio.gather(*(system.put(path, json=body) for _ in range(8)))
    assert {answer.json()["number"] for answer in answers} == {answers[0].json()["number"]}
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len(await room.numbers("clerk1")) == 1


async def test_an_administrator_sets_whom_steps_are_told_and_the_secret_is_shown_once(room: Room) -> None:
    admin = await room.as_("admin1")
    made = await admin.put("/api/webhooks/province", json={"url": "https://province.example/hotline", "acts": ["reply", "close"]})
    assert made.json()["acts"] == ["close", "reply"]
    assert len(made.json()["secret"]) >= 32
    again = await admin.put("/api/webhooks/province", json={"url": "https://province.example/hotline"})
    assert again.json()["secret"] != made.json()["secret"]
    listed = await admin.get("/api/webhooks")
    assert made.json()["secret"] not in listed.text
    assert listed.json()["webhooks"] == [
        {"key": "province", "url": "https://province.example/hotline", "acts": [], "made_at": BEGIN, "waiting": 0, "last_error": ""}
    ]
    await room.make()
    assert (await admin.get("/api/webhooks")).json()["webhooks"][0]["waiting"] == 2
    for wrong in ("ftp://x", "https://user:pass@x/", "javascript:alert(1)", ""):
        answer = await admin.put("/api/webhooks/police", json={"url": wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_webhook"), wrong
    assert (await admin.delete("/api/webhooks/province")).status_code == 204
    assert (await admin.delete("/api/webhooks/province")).json()["code"] == "unknown_webhook"
    assert (await (await room.as_("supervisor1")).get("/api/webhooks")).json()["code"] == "forbidden"
    assert not [row for row in trail(room) if made.json()["secret"] in row.facts]


async def test_no_words_of_a_citizen_break_a_ticket_a_search_or_an_export(room: Room) -> None:
    """Quotes, formulas, scripts, paths: kept as they were said and found again, refused only where no database keeps them."""
    clerk, kept = await room.as_("clerk1"), 0
    for word in WORDS:
        texts = dict.fromkeys(("title", "text", "place", "object", "name", "address", "happened_at"), word[:60])
        answer = await clerk.post("/api/tickets", json={"content": COMPLAINT | texts, "act": "accept"})
        if "\x00" in word or ("\ud7ff" in word and answer.status_code == 422):
            assert answer.status_code == 422, word
            continue
        assert answer.status_code == 201, (word, answer.text)
        kept += 1
        told = answer.json()
        assert {told["content"][name] for name in texts} == {word[:60]}
        noted = await room.act("clerk1", told, "note", text=word)
        assert noted["steps"][-1]["facts"]["text"] == word.strip()
        found = await clerk.get("/api/tickets/search", params={"q": word[:60]})
        assert found.status_code in (200, 422), found.text
        if found.status_code == 200:
            assert told["number"] in {row["number"] for row in found.json()["tickets"]}, word
    assert kept == len(WORDS) - 1
    rows = list(csv.DictReader(io.StringIO((await clerk.get("/api/tickets/export.csv")).content.decode("utf-8-sig"), newline="")))
    assert len(rows) == kept
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert (await clerk.get("/api/tickets/export.xlsx")).status_code == 200
