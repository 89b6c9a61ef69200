"""What agents look up: articles on both databases, found in Chinese, every version kept, never changed over another's head."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent_desktop.knowledge.article import Wording
from agent_desktop.knowledge.demo import make_demo_articles
from agent_desktop.knowledge.store import CANDIDATES, MOST_FOUND
from hotline_core.adapters.audit import first_broken, read_audit
from hotline_core.adapters.engine import reading
from tests.integration.desk_kit import settings_of
from tests.integration.ticket_room import BEGIN, Room, open_room

pytestmark = pytest.mark.integration
HOURS = 6 * 3600.0
BUS = {
    "title": "公交车票价与优惠", "text": "65 周岁以上老年人持敬老卡免费乘坐，学生卡五折。",
    "keywords": "敬老卡", "line": "12328", "note": "首版",
}  # fmt: skip
REFUND = {"title": "驾校退费", "text": "未开始培训的全额退费，票价与本项无关。", "valid_until": BEGIN + HOURS}
HEATING = {"title": "供暖时间", "text": "每年 11 月 15 日至次年 3 月 15 日。", "line": "12345"}


@pytest.fixture
async def room(short_folder: Path, database_url: str) -> AsyncGenerator[Room, None]:
    async with open_room(settings_of(short_folder, tickets_database=database_url)) as made:
        for body in (BUS, REFUND, HEATING):
            await written(made, body)
            made.clock[0] += 60
        yield made


async def written(room: Room, body: dict[str, Any], by: str = "supervisor1") -> dict[str, Any]:
    """A new article, or with `id` and `version` a changed one."""
    client = await room.as_(by)
    told = {name: value for name, value in body.items() if name in Wording.__dataclass_fields__ or name in ("note", "version")}
    path = f"/api/knowledge/{body['id']}" if "id" in body else "/api/knowledge"
    answer = await client.request("PUT" if "id" in body else "POST", path, json=told)
    assert answer.status_code in (200, 201), answer.text
    made: dict[str, Any] = answer.json()
    return made


async def titles(room: Room, by: str = "agent1", **query: Any) -> list[str]:
    """What a search gives, the best first."""
    return [each["title"] for each in (await room.get(by, "/api/knowledge", **query))["articles"]]


async def test_an_agent_finds_an_article_by_a_word_of_its_title_text_or_keywords_or_by_pinyin_initials(room: Room) -> None:
    """The nearer to the title the better; without a word the newest; what fits only in part is told as near."""
    assert await titles(room, q="票价") == [BUS["title"], REFUND["title"]]
    assert await titles(room, q="敬老卡") == [BUS["title"]]
    assert await titles(room, q="jxtf") == [REFUND["title"]]
    assert await titles(room, q="票") == [BUS["title"], REFUND["title"]]
    assert await titles(room) == [HEATING["title"], REFUND["title"], BUS["title"]]
    near = await room.get("agent1", "/api/knowledge", q="老人坐公交车要钱吗")
    assert ([each["title"] for each in near["articles"]], near["is_near"]) == ([BUS["title"]], True)
    assert (await room.get("agent1", "/api/knowledge", q="火星"))["articles"] == []
    (bus,) = (await room.get("agent1", "/api/knowledge", q="五折"))["articles"]
    assert "五折" in bus["snippet"]


async def test_a_search_for_a_line_leaves_out_what_is_of_the_other_line_alone(room: Room) -> None:
    """What is of no line is of every one."""
    assert await titles(room, line="12345") == [HEATING["title"], REFUND["title"]]


async def test_an_article_whose_day_has_come_is_no_more_found_by_agents_but_by_who_looks_after_it(room: Room) -> None:
    """Two weeks before, editors see it among those that end soon."""
    assert await titles(room, kept="soon") == [REFUND["title"]]
    room.clock[0] = BEGIN + HOURS
    assert await titles(room, q="退费") == []
    assert await titles(room, by="supervisor1", q="退费", kept="expired") == [REFUND["title"]]


async def test_every_version_is_kept_and_a_change_over_anothers_head_is_refused(room: Room) -> None:
    """The old words are found no more, and can be read; the audit trail has each change, without its text."""
    (bus,) = (await room.get("supervisor1", "/api/knowledge", q="敬老卡"))["articles"]
    new = {"text": "全市公交一元一票。", "keywords": "", "note": "新办法"}
    changed = await written(room, BUS | new | {"id": bus["id"], "version": 1})
    assert (changed["version"], changed["changed_by_name"]) == (2, "赵静")
    assert await titles(room, q="敬老卡") == []
    assert await titles(room, q="一元一票") == [BUS["title"]]
    lead = await room.as_("supervisor1")
    late = await lead.put(f"/api/knowledge/{bus['id']}", json=BUS | {"version": 1})
    assert (late.status_code, late.json()["code"], late.json()["facts"]) == (409, "article_changed", {"version": 2})
    versions = (await room.get("agent1", f"/api/knowledge/{bus['id']}/versions"))["versions"]
    assert [(each["version"], each["note"]) for each in versions] == [(2, "新办法"), (1, "首版")]
    assert [each["text"][:4] for each in versions] == ["全市公交", "65 周"]
    await written(room, BUS | {"id": bus["id"], "version": 2, "is_withdrawn": True})
    assert await titles(room, q="公交车") == []
    assert await titles(room, by="supervisor1", kept="withdrawn") == [BUS["title"]]
    with reading(room.desk.tickets_engine) as connection:
        trail = [row for row in read_audit(connection) if row.act.startswith("knowledge_")]
        assert first_broken(read_audit(connection)) is None
    assert {row.actor for row in trail} == {"supervisor1"}
    assert [row.act for row in trail] == ["knowledge_added"] * 3 + ["knowledge_changed"] * 2
    assert "敬老卡免费" not in "".join(row.facts for row in trail)


async def test_who_may_only_read_changes_nothing_and_what_cannot_be_kept_is_told_by_its_field(room: Room) -> None:
    """An agent, a clerk and an auditor read; a unit has no knowledge of the centre's."""
    for login in ("agent1", "clerk1", "auditor1"):
        refused = await (await room.as_(login)).post("/api/knowledge", json=BUS)
        assert refused.status_code == 403
        assert await titles(room, by=login, q="供暖") == [HEATING["title"]]
    assert (await (await room.as_("unit1")).get("/api/knowledge")).status_code == 403
    lead = await room.as_("admin1")
    tests: tuple[tuple[dict[str, object], str], ...] = (
        ({"title": " "}, "title"), ({"title": "题" * 81}, "title"), ({"text": ""}, "text"), ({"line": "999"}, "line"),
    )  # fmt: skip
    for wrong, field in tests:
        answer: httpx.Response = await lead.post("/api/knowledge", json=BUS | wrong)
        assert (answer.status_code, answer.json()["facts"]["field"]) == (422, field)
    assert (await lead.get("/api/knowledge/999")).json()["code"] == "unknown_article"


async def test_a_rare_word_finds_its_one_article_among_many_and_a_frequent_one_no_more_than_a_page_of_them(
    short_folder: Path, database_url: str
) -> None:
    """Also when more hold some of a word's pieces than are ever looked at one by one."""
    async with open_room(settings_of(short_folder, tickets_database=database_url)) as room:
        store = room.desk.knowledge
        for number in range(CANDIDATES + 20):
            store.make(Wording(f"网约车问答{number}", f"停车第{number}条，航道另见。"), "", actor="test", now=BEGIN + number)
        store.make(Wording("渡口夜航时间", "夏季 21 时停航。"), "", actor="test", now=BEGIN)
        assert await titles(room, q="停航") == ["渡口夜航时间"]
        assert len(await titles(room, q="网约车")) == MOST_FOUND


async def test_the_demo_has_articles_once_and_none_where_somebody_has_written(short_folder: Path) -> None:
    """A second start adds none; in service there is no demo."""
    async with open_room(settings_of(short_folder)) as room:
        assert make_demo_articles(room.desk.tickets_engine, BEGIN) >= 5
        assert make_demo_articles(room.desk.tickets_engine, BEGIN) == 0
        assert len(await titles(room, q="敬老卡")) == 1
