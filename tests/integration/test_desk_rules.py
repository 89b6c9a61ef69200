"""What is in force, told by the desk: the profile of each line with its limits, a mistake in the city's files, who may do what."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from agent_desktop.rights import ROLES
from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.engine import reading
from tests.integration.desk_kit import settings_of
from tests.integration.ticket_room import Room, open_room

pytestmark = pytest.mark.integration

OWN = """
name: 本市规定
editions:
  - from: 2020-01-01
    source: 本市规定
    limits: {reply: [{wrong_days: 3, source: 第一条}]}
"""


@pytest.fixture
async def room(short_folder: Path) -> AsyncGenerator[Room, None]:
    async with open_room(settings_of(short_folder)) as made:
        yield made


async def test_an_administrator_sees_what_holds_for_each_line_now_and_who_may_do_what(room: Room) -> None:
    """Limits in words with their source; every role with all of its acts; a unit's people are refused."""
    told = await room.get("admin1", "/api/rules")
    by_line = {each["line"]: each["profile"] for each in told["lines"]}
    assert set(by_line) == {"12328", "12345", ""}
    reply = next(each for each in by_line["12328"]["limits"] if each["what"] == "reply")
    complaint = next(row for row in reply["rows"] if "complaint" in row["when"].get("klass", ()))
    assert (complaint["limit"], complaint["source"]) == ("10 个工作日", "宿州市 12328 热线规定（2023）第二十条")
    assert told["classes"]["12328"]["complaint"] == "投诉举报"
    holding = {each["id"] for each in told["editions"] if each["holds"]}
    assert holding == {profile["id"] for profile in by_line.values()}
    assert told["trouble"] is None
    assert tuple(told["rights"]) == ROLES
    assert "manage_people" in told["rights"]["administrator"]
    assert (await (await room.as_("unit1")).get("/api/rules")).status_code == 403


async def test_a_file_that_cannot_be_used_is_told_with_its_line_and_what_was_in_force_stays(room: Room) -> None:
    """Mended, the new edition holds within one look, without a restart."""
    before = await room.get("supervisor1", "/api/rules")
    folder = room.desk.settings.home / "tickets" / "profiles"
    folder.mkdir(parents=True)
    file = folder / "own.yaml"
    file.write_text(OWN)
    await room.desk.policy_changed()
    told = await room.get("supervisor1", "/api/rules")
    assert "own.yaml" in str(told["trouble"]["file"])
    assert told["lines"] == before["lines"]
    file.write_text(file.read_text().replace("wrong_days", "working_days"))
    assert await room.desk.policy_changed()
    told = await room.get("supervisor1", "/api/rules")
    assert told["trouble"] is None
    assert "本市规定" in [each["name"] for each in told["editions"]]


async def test_an_administrator_chooses_a_profile_from_a_day_on_and_tickets_made_before_keep_theirs(room: Room) -> None:
    """In force at its first moment without a restart; limits, page and trail tell it; a supervisor and an agent may not."""
    before = await room.at("accepted")
    admin = await room.as_("admin1")
    path = "/api/rules/choices/12328/2026-12-01"
    for login in ("supervisor1", "agent1", "clerk1"):
        assert (await (await room.as_(login)).put(path, json={"profile": "js-suqian-2020"})).status_code == 403
    assert (await admin.put(path, json={"profile": "js-suqian-2020"})).status_code == 204
    told = await room.get("agent1", "/api/rules")
    assert [(each["line"], each["begins"], each["state"]) for each in told["choices"]] == [("12328", "2026-12-01", "comes")]
    assert _keys(told)["12328"] == "ah-suzhou-2023"

    room.clock[0] += 8 * 86400  # 1 December
    room.clients.clear()  # everybody signs in again
    told = await room.get("agent1", "/api/rules")
    assert (_keys(told)["12328"], told["choices"][0]["state"]) == ("js-suqian-2020", "holds")
    after = await room.at("accepted")
    tickets = [room.desk.tickets.orders.read(each["number"]) for each in (before, after)]
    assert [each.life.profile.split("@")[0] for each in tickets if each] == ["ah-suzhou-2023", "js-suqian-2020"]
    kept = (await room.get("clerk1", f"/api/tickets/{before['number']}"))["limits"]
    assert [each["due_at"] for each in kept] == [each["due_at"] for each in before["limits"]], "an earlier ticket keeps its limits"
    with reading(room.desk.tickets_engine) as connection:
        trail = [(row.actor, row.act, row.subject) for row in read_audit(connection) if row.act.startswith("profile_")]
    assert trail == [("admin1", "profile_chosen", "12328")]


async def test_a_choice_is_replaced_or_taken_back_before_its_day_and_refused_for_a_day_that_is_over(room: Room) -> None:
    """Each mistake with its code and sentence; what has begun stays and is followed."""
    admin = await room.as_("admin1")
    later, today = "/api/rules/choices/other/2026-12-01", "/api/rules/choices/12345/2026-11-23"
    for profile in ("sd-2020", "sd-jinan"):
        assert (await admin.put(later, json={"profile": profile})).status_code == 204
    told = await room.get("admin1", "/api/rules")
    assert [(each["line"], each["profile"]) for each in told["choices"]] == [("", "sd-jinan")]
    assert (await admin.delete(later)).status_code == 204
    assert (await admin.delete(later)).json()["code"] == "no_such_choice"
    assert (await room.get("admin1", "/api/rules"))["choices"] == []

    assert (await admin.put(today, json={"profile": "sd-jinan"})).status_code == 204
    assert _keys(await room.get("admin1", "/api/rules"))["12345"] == "sd-jinan", "from today is at once"
    refused = await admin.delete(today)
    assert (refused.status_code, refused.json()["code"]) == (409, "choice_in_force")
    for path, profile, code in (
        ("12345/2026-11-22", "sd-jinan", "day_over"), ("12345/2126-11-23", "sd-jinan", "day_too_far"),
        ("12345/2026-12-01", "nothing", "no_such_profile"), ("99999/2026-12-01", "sd-jinan", "unknown_line"),
        ("12345/2026-13-01", "sd-jinan", "bad_input"), ("12345/2026-12-01", "x" * 61, "bad_input"),
    ):  # fmt: skip
        refused = await admin.put(f"/api/rules/choices/{path}", json={"profile": profile})
        assert (refused.status_code // 100, refused.json()["code"]) == (4, code)
        assert refused.json()["message"]


def _keys(told: Any) -> dict[str, str]:
    return {each["line"]: str(each["profile"]["id"]).split("@")[0] for each in told["lines"]}
