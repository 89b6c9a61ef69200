"""Copies, doubts, real names, who reads what, and merges that cross, over HTTP and on both databases."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from hotline_core.adapters.audit import AuditRow, first_broken, read_audit
from hotline_core.adapters.engine import reading
from hotline_core.errors import HotlineError
from tests.integration.desk_kit import settings_of
from tests.integration.ticket_room import COMPLAINT, REPLY, Room, join, open_room
from tickets.life import Actor
from tickets.ticket import Content

pytestmark = pytest.mark.integration


@pytest.fixture
async def room(short_folder: Path, database_url: str) -> AsyncGenerator[Room, None]:
    async with open_room(settings_of(short_folder, tickets_database=database_url)) as made:
        yield made


def trail(room: Room, act: str = "") -> list[AuditRow]:
    with reading(room.desk.tickets_engine) as connection:
        rows = read_audit(connection)
    assert first_broken(rows) is None
    return [row for row in rows if row.act == act or not act]


async def notices(room: Room, login: str) -> list[tuple[str, str]]:
    told = await room.get(login, "/api/tickets/notices")
    return [(each["kind"], each["sentence"]) for each in told["notices"]]


# -- copies ---------------------------------------------------------------------------------------------------------


async def test_the_provinces_centre_finds_its_copy_in_its_list_and_is_refused_every_act_and_file(room: Room) -> None:
    """It is told of dispatch and close, reads the whole ticket, and changes nothing; a consultation is none of its business."""
    await join(room, "province1", "province-12328")
    ticket = await room.make(act="dispatch", facts={"unit": "transport"})
    await room.make(act="dispatch", facts={"unit": "transport"}, klass="consult")
    assert await room.numbers("province1") == [ticket["number"]]
    assert ticket["life"]["copies"] == ["province-12328"]
    seen = await room.get("province1", f"/api/tickets/{ticket['number']}")
    assert (seen["allowed"], seen["content"]["title"]) == ([], COMPLAINT["title"])
    assert await notices(room, "province1") == [("copied", "工单已派往市交通运输局办理，抄送知悉，无须办理。")]
    for act, facts in (("sign", {}), ("note", {"text": "a"}), ("reply", REPLY), ("forward", {"unit": "transport"})):
        refused = await room.try_act("province1", seen, act, **facts)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_your_unit"), act
    client = await room.as_("province1")
    file = await client.post(f"/api/tickets/{ticket['number']}/attachments", params={"name": "a.txt"}, content="说明".encode())
    assert (file.status_code, file.json()["code"]) == (403, "not_your_unit")
    refused = await room.try_act("clerk1", await room.make(), "dispatch", unit="province-12328")
    assert (refused.status_code, refused.json()["code"]) == (422, "unit_only_reads")
    for who, act, facts in (("unit1", "sign", {}), ("unit1", "reply", REPLY), ("clerk1", "check", {}), ("clerk1", "close", {})):
        ticket = await room.act(who, ticket, act, **facts)
    assert ("copy_closed", "抄送的工单已办结。") in await notices(room, "province1")


async def test_a_caller_who_wants_to_stay_unknown_is_unknown_to_the_provinces_centre_too(room: Room) -> None:
    await join(room, "province1", "province-12328")
    ticket = await room.make(act="dispatch", facts={"unit": "transport"}, is_secret=True)
    seen = await room.get("province1", f"/api/tickets/{ticket['number']}")
    assert (seen["content"]["name"], seen["content"]["number"]) == ("", "")
    assert COMPLAINT["number"] not in str(seen)


# -- doubts ---------------------------------------------------------------------------------------------------------


async def test_a_doubt_that_was_asked_at_the_desk_is_decided_over_http_and_told_to_who_asked(room: Room) -> None:
    """The ticket stays a draft until the one who asked does what was decided; another agent is told nothing."""
    ticket = await room.make("agent1", "ask_superior", {"question": "外地车牌能否受理？"}, klass="")
    assert (ticket["stage"], ticket["life"]["doubt"]["by"]) == ("draft", "agent1")
    assert ("doubt_asked", "有一件工单请示处理意见，请答复。") in await notices(room, "supervisor1")
    refused = await room.try_act("clerk1", ticket, "advise", answer="a")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    ticket = await room.act("supervisor1", ticket, "advise", answer="可以受理")
    assert ticket["life"]["doubt"]["answer"] == "可以受理"
    assert await notices(room, "agent1") == [("doubt_decided", "上级已答复您的请示，请看工单。")]
    assert await notices(room, "agent2") == []
    ticket = await room.act("agent1", ticket, "correct", changes={"klass": "complaint"})
    ticket = await room.act("agent1", ticket, "accept")
    told = [(step["act"], step["actor"]) for step in ticket["steps"]]
    assert told[1:3] == [("ask_superior", "agent1"), ("advise", "supervisor1")]
    assert [row.actor for row in trail(room, "ticket_advise")] == ["supervisor1"]


# -- named topics ---------------------------------------------------------------------------------------------------


async def test_a_named_topic_is_asked_for_the_real_name_over_http_and_due_at_once(room: Room) -> None:
    """The catalogue tells the page which topics ask; violations ask nobody's name and go by their own rule."""
    topics = {each["key"]: each["wants_real_name"] for each in (await room.get("agent1", "/api/tickets/catalogue"))["topics"]}
    assert (topics["wage_arrears"], topics["violation"]) == (True, False)
    client = await room.as_("agent1")
    body: dict[str, Any] = {"content": COMPLAINT | {"topic": "wage_arrears"}, "act": "accept", "facts": {}}
    refused = await client.post("/api/tickets", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "missing")
    assert "是否实名" in refused.json()["message"]
    body["content"]["real_name"] = "given"
    assert (await client.post("/api/tickets", json=body)).status_code == 201
    ticket = await room.make(topic="violation")
    (due,) = (limit for limit in ticket["limits"] if limit["key"] == "dispatch")
    assert "第一时间转办" in due["sentence"]
    assert due["at"] == room.clock[0]


# -- long words -----------------------------------------------------------------------------------------------------


async def test_what_a_draft_may_hold_a_correction_may_too(room: Room) -> None:
    """Twenty thousand characters with every other field and its reason; one more is refused with the figure."""
    words = "长" * 20_000
    ticket = await room.make(text=words, place="地" * 400, address="址" * 400)
    changes = {"text": "新" * 20_000, "place": "旧" * 400, "address": "号" * 400, "title": "题" * 200}
    corrected = await room.act("clerk1", ticket, "correct", changes=changes, reason="由" * 5000)
    assert corrected["content"]["text"] == changes["text"]
    refused = await room.try_act("clerk1", corrected, "correct", changes={"text": "新" * 20_001}, reason="a")
    assert (refused.status_code, refused.json()["facts"]) == (422, {"field": "text", "most": 20_000})
    longest = (await room.get("clerk1", "/api/tickets/catalogue"))["longest"]
    assert (longest["text"], longest[""]) == (20_000, 5000)


# -- who reads ------------------------------------------------------------------------------------------------------


async def test_who_reads_a_ticket_of_others_is_in_the_trail_once_an_hour_and_who_works_on_it_is_not(room: Room) -> None:
    ticket = await room.make(act="dispatch", facts={"unit": "transport"})
    path = f"/api/tickets/{ticket['number']}"
    for _ in range(3):
        for login in ("auditor1", "supervisor1", "clerk1", "unit1", "head1"):
            await room.get(login, path)
    assert sorted((row.actor, row.subject) for row in trail(room, "ticket_read")) == [
        ("auditor1", ticket["number"]), ("supervisor1", ticket["number"]),
    ]  # fmt: skip
    room.clock[0] += 3600
    await room.get("auditor1", f"{path}/attachments")
    await room.get("auditor1", path)
    assert [row.actor for row in trail(room, "ticket_read")].count("auditor1") == 2
    assert len(trail(room, "ticket_read")) == 3


async def test_a_desk_that_was_restarted_within_the_hour_writes_no_second_row(room: Room) -> None:
    ticket = await room.make()
    reads = room.desk.tickets.reads
    again = type(reads)(room.desk.tickets_engine)
    for each in (reads, again):
        each.read("auditor1", "auditor", ticket["number"], room.clock[0])
    assert len(trail(room, "ticket_read")) == 1


# -- merges that cross ----------------------------------------------------------------------------------------------


def test_of_two_merges_that_cross_one_is_refused(short_folder: Path, database_url: str) -> None:
    """Twenty pairs, both ways at once from two threads: never do both go on in each other, and one of them always goes through."""
    settings = settings_of(short_folder, tickets_database=database_url)

    async def prepared() -> None:
        async with open_room(settings) as room:
            policy, rights, now = room.desk.policy.policy, room.desk.rights, room.clock[0]
            orders, content = room.desk.tickets.orders, Content(line="12345", klass="complaint", title="a")
            clerk = Actor("clerk1", "clerk", rights.acts_of("clerk"))

            def merge(number: str, into: str, gate: threading.Barrier, codes: list[str]) -> None:
                gate.wait(10)
                try:
                    orders.act(number, 1, "merge", {"into": into}, clerk, now, policy)
                    codes.append("done")
                except HotlineError as error:
                    codes.append(error.code)

            for _ in range(20):
                pair = [
                    orders.create(
                        content, by="clerk1", role="clerk", now=now, policy=policy, acts=(("accept", {}),), actor=clerk
                    ).number
                    for _ in range(2)
                ]
                gate, codes = threading.Barrier(2), list[str]()
                threads = [threading.Thread(target=merge, args=(a, b, gate, codes)) for a, b in (pair, pair[::-1])]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    await asyncio.to_thread(thread.join, 20)
                assert sorted(codes) == ["done", "unknown_ticket"]
                found = [orders.read(number) for number in pair]
                assert sorted(each.life.stage for each in found if each is not None) == ["accepted", "merged"]

    asyncio.run(prepared())
