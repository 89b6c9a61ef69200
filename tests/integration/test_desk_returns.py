"""Disputes over returns, the ledger of improper ones, and units that are chased, over HTTP and on both databases."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.engine import reading
from tests.integration.desk_kit import settings_of
from tests.integration.ticket_room import BEGIN, RETURN, Room, join, open_room
from tickets.policy import OTHER

pytestmark = pytest.mark.integration
HOUR, DAY = 3600.0, 86_400.0
DECIDED = {"reason": "线路经营权在交通部门", "basis": "三定方案第四条"}
OF = {"unit1": "transport", "unit2": "city-management"}
LEDGER = "/api/returns/improper"


@pytest.fixture
async def room(short_folder: Path, database_url: str) -> AsyncGenerator[Room, None]:
    async with open_room(settings_of(short_folder, tickets_database=database_url)) as made:
        await join(made, "unit2", "city-management")
        yield made


async def refused(room: Room, unit: str = "unit1", **more: Any) -> dict[str, Any]:
    """A ticket whose unit asked to return it and was refused by a clerk half an hour later."""
    ticket = await room.make(act="dispatch", facts={"unit": OF[unit]}, klass="consult")
    ticket = await room.act(unit, ticket, "ask_return", **RETURN)
    room.clock[0] += HOUR / 2
    return await room.act("clerk1", ticket, "refuse_return", reason="请王小明所在线路的主管单位办理", **more)


def pass_days(room: Room, count: int) -> None:
    """Everybody signs in anew."""
    room.clock[0] += count * DAY
    room.clients.clear()


async def notices(room: Room, login: str) -> list[tuple[str, str]]:
    told = await room.get(login, "/api/tickets/notices")
    return [(each["kind"], each["sentence"]) for each in told["notices"]]


async def test_a_contested_refusal_is_settled_by_the_supervisor_and_binds(room: Room) -> None:
    """The unit contests, the supervisor is told and decides with reason and basis, all of it stands in the course."""
    ticket = await refused(room)
    ticket = await room.act("unit1", ticket, "contest_return", reason="该线路已移交", basis="移交协议")
    assert ("return_contested", "市交通运输局对不同意退单有异议，请审核裁定。") in await notices(room, "supervisor1")
    stopped = await room.try_act("unit1", ticket, "ask_return", **RETURN)
    assert (stopped.status_code, stopped.json()["code"]) == (409, "dispute_open")
    for login in ("clerk1", "unit1", "head1", "agent1"):
        denied = await room.try_act(login, ticket, "settle_dispute", unit="transport", **DECIDED)
        assert (denied.status_code, denied.json()["code"]) == (403, "forbidden"), login
    seen = await room.get("supervisor1", f"/api/tickets/{ticket['number']}")
    assert "settle_dispute" in seen["allowed"]
    room.clock[0] += HOUR
    ticket = await room.act("supervisor1", seen, "settle_dispute", unit="transport", **DECIDED)
    assert (ticket["stage"], ticket["life"]["unit"]) == ("dispatched", "transport")
    dispute = ticket["life"]["dispute"]
    assert (dispute["lead"], dispute["why"], dispute["decided_by"]) == ("transport", DECIDED["reason"], "supervisor1")
    assert ("dispute_settled", "责任争议已裁定，由市交通运输局承办。") in await notices(room, "unit1")
    again = await room.try_act("unit1", ticket, "ask_return", **RETURN)
    assert (again.json()["code"], again.json()["message"]) == ("lead_is_fixed", "承办单位已经审核裁定，不能再退单或改派。")
    steps = {step["act"]: step["facts"] for step in ticket["steps"]}
    assert (steps["contest_return"]["reason"], steps["settle_dispute"]["basis"]) == ("该线路已移交", DECIDED["basis"])


async def test_a_matter_that_two_units_disown_goes_to_whom_the_joint_review_names(room: Room) -> None:
    ticket = await room.make(act="dispatch", facts={"unit": "transport"})
    ticket = await room.act("unit1", ticket, "ask_return", **RETURN)
    early = await room.try_act("clerk1", ticket, "call_review", reason="a")
    assert early.json()["code"] == "not_two_units"
    ticket = await room.act("clerk1", ticket, "grant_return")
    ticket = await room.act("clerk1", ticket, "dispatch", unit="city-management")
    ticket = await room.act("unit2", ticket, "ask_return", **RETURN)
    ticket = await room.act("clerk1", ticket, "call_review", reason="两家都说不归自己管")
    assert ticket["life"]["dispute"]["units"] == ["transport", "city-management"]
    assert not {"grant_return", "refuse_return"} & set(ticket["allowed"])
    ticket = await room.act(
        "supervisor1", ticket, "settle_dispute", unit="transport", co_units=["city-management"], members="市司法局", **DECIDED
    )
    assert (ticket["stage"], ticket["life"]["unit"], ticket["life"]["co_units"]) == ("dispatched", "transport", ["city-management"])
    assert ticket["number"] in await room.numbers("unit1", stage="dispatched")
    refusal = await room.try_act("unit1", ticket, "ask_return", **RETURN)
    assert refusal.json()["code"] == "lead_is_fixed"


async def test_the_ledger_tells_every_improper_return_of_a_period_and_the_figure_of_each_unit(room: Room) -> None:
    """By day, by unit, newest first, page by page; what a review took back is not lost; only who leads or audits sees it."""
    first = await refused(room, improper=True)
    await refused(room)  # refused, and not improper
    second = await refused(room, "unit2", improper=True)
    pass_days(room, 1)
    third = await refused(room, improper=True)
    third = await room.act("unit1", third, "contest_return", reason="已移交")
    third = await room.act("supervisor1", third, "settle_dispute", unit="city-management", **DECIDED)

    told = await room.get("supervisor1", LEDGER)
    assert [each["number"] for each in told["returns"]] == [third["number"], second["number"], first["number"]]
    assert [(each["unit"], each["name"], each["count"], each["withdrawn"]) for each in told["units"]] == [
        ("transport", "市交通运输局", 1, 1), ("city-management", "市城管局", 1, 0),
    ]  # fmt: skip
    assert told["total"] == 2
    entry = told["returns"][-1]
    assert (entry["title"], entry["unit_name"], entry["judged_by"]) == (first["content"]["title"], "市交通运输局", "clerk1")
    assert (entry["asked_at"], entry["judged_at"], entry["withdrawn_at"]) == (BEGIN, BEGIN + HOUR / 2, None)
    assert told["returns"][0]["withdrawn_by"] == "supervisor1"

    assert {each["number"] for each in (await room.get("auditor1", LEDGER, until=BEGIN + DAY))["returns"]} == {
        first["number"], second["number"],
    }  # fmt: skip
    later = await room.get("supervisor1", LEDGER, since=BEGIN + DAY, unit="transport")
    assert ([each["number"] for each in later["returns"]], later["total"]) == ([third["number"]], 0)
    of_one = await room.get("supervisor1", LEDGER, unit="city-management")
    assert ([each["number"] for each in of_one["returns"]], of_one["total"]) == ([second["number"]], 1)
    assert of_one["units"] == told["units"], "the others stay beside it, to be compared"
    page, numbers = await room.get("supervisor1", LEDGER, limit=1), []
    while True:
        numbers += [each["number"] for each in page["returns"]]
        if page["next"] is None:
            break
        page = await room.get("supervisor1", LEDGER, limit=1, after=page["next"])
    assert numbers == [third["number"], second["number"], first["number"]]
    for after in ("1~2", "1~2~99999999999999999999", "1..2~3~4"):
        wrong = await (await room.as_("supervisor1")).get(LEDGER, params={"after": after})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_cursor"), after
    for login in ("agent1", "clerk1", "unit1", "head1", "admin1"):
        for path in (LEDGER, f"{LEDGER}/export.csv", "/returns"):
            assert (await (await room.as_(login)).get(path)).status_code == 403, (login, path)


async def test_the_ticket_tells_whether_its_rules_want_every_refused_return_judged(room: Room) -> None:
    """What the page's form goes by: the rules of the ticket's own day."""
    ticket = await room.make(act="dispatch", facts={"unit": "transport"}, klass="consult")
    rule = ticket["return_rule"]
    assert (rule["needs"], rule["is_improper_counted"], rule["has_dispute_review"]) == (["reason"], False, True)
    room.desk.policy._policy = replace(room.desk.policy.policy, chosen={OTHER: "sd-dezhou-2021"})
    counted = await room.make(act="dispatch", facts={"unit": "transport"}, klass="consult")
    assert counted["return_rule"]["is_improper_counted"]


async def test_the_ledger_is_taken_away_as_a_file_in_words_and_the_trail_says_by_whom(room: Room) -> None:
    ticket = await refused(room, improper=True)
    await refused(room, "unit2", improper=True)
    lead = await room.as_("supervisor1")
    answer = await lead.get(f"{LEDGER}/export.csv", params={"unit": "transport", "since": BEGIN})
    assert answer.headers["content-disposition"] == 'attachment; filename="improper-returns-20261123-1100.csv"'
    assert answer.content.startswith("\ufeff".encode())
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    name = (await room.get("admin1", "/api/people"))["people"]
    names = {each["login"]: each["name"] for each in name}
    assert row == {
        "工单编号": ticket["number"], "标题": ticket["content"]["title"], "承办单位": "市交通运输局",
        "申请退单时间": "2026-11-23 10:00", "认定理由": "请王小明所在线路的主管单位办理", "认定人": names["clerk1"],
        "认定时间": "2026-11-23 10:30", "已撤销": "", "撤销人": "", "撤销时间": "",
    }  # fmt: skip
    book = await (await room.as_("auditor1")).get(f"{LEDGER}/export.xlsx")
    with zipfile.ZipFile(io.BytesIO(book.content)) as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml"))
    assert ("市城管局" in text, "不当退单" in text) == (True, True)
    with reading(room.desk.tickets_engine) as connection:
        taken = [(row.actor, json.loads(row.facts)) for row in read_audit(connection) if row.act == "returns_exported"]
    assert [(actor, facts["kind"]) for actor, facts in taken] == [("supervisor1", "csv"), ("auditor1", "xlsx")]
    assert json.loads(taken[0][1]["filter"]) == {"since": BEGIN, "unit": "transport"}


async def test_a_unit_that_does_not_answer_is_chased_and_the_course_says_who_whom_and_what(room: Room) -> None:
    """Offered once a reminder went unanswered; reported up, the unit's head and the leadership read it."""
    ticket = await room.make(act="dispatch", facts={"unit": "transport"})
    assert ticket["chase"] is None
    pass_days(room, 60)
    late = await room.get("clerk1", f"/api/tickets/{ticket['number']}")
    assert late["chase"]["limit"] in ("sign", "contact", "reply")
    assert (await room.get("unit1", f"/api/tickets/{ticket['number']}"))["chase"] is None  # nobody chases oneself
    ticket = await room.act("clerk1", late, "chase", way="report_up", whom="分管副市长", said="逾期两月未答复", when="今天上午")
    assert ticket["chase"] is None
    step = ticket["steps"][-1]
    assert (step["act"], step["actor"], step["at"]) == ("chase", "clerk1", room.clock[0])
    assert step["facts"] == {"way": "report_up", "whom": "分管副市长", "said": "逾期两月未答复", "when": "今天上午"}
    for login, kind in (("unit1", "chased"), ("head1", "reported_up"), ("supervisor1", "reported_up")):
        assert kind in {each for each, _ in await notices(room, login)}, login
    denied = await room.try_act("agent1", ticket, "chase", way="phone", whom="a", said="b")
    assert denied.json()["code"] == "forbidden"
