"""Work orders by the API: from the call to the archive, each act by who may, told to each as they may know, on both databases."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from hotline_core.adapters.audit import first_broken, read_audit
from hotline_core.adapters.engine import reading
from tests.integration.desk_kit import settings_of
from tests.integration.ticket_room import BEGIN, COMPLAINT, EXTENSION, REPLY, RETURN, Room, open_room

pytestmark = pytest.mark.integration


@pytest.fixture
async def room(short_folder: Path, database_url: str) -> AsyncGenerator[Room, None]:
    async with open_room(settings_of(short_folder, tickets_database=database_url)) as made:
        yield made


async def test_a_complaint_goes_from_the_clerk_to_the_unit_and_back_into_the_archive(room: Room) -> None:
    """Every step by who may do it; the limit with its reason is told from the first moment; the trail is whole."""
    ticket = await room.make(act="dispatch", facts={"unit": "transport", "note": "请尽快"})
    assert (ticket["stage"], ticket["version"], ticket["made_by"]) == ("dispatched", 2, "clerk1")
    assert ticket["unit_name"] == "市交通运输局"
    assert [limit["key"] for limit in ticket["limits"]][:2] == ["reply", "contact"]
    reply = ticket["limits"][0]
    assert (reply["state"], reply["rule"]["key"], reply["rule"]["amount"]) == ("stands", "reply.complaint", 10)
    assert "10 个工作日" in reply["sentence"]
    assert "ask_return" not in ticket["allowed"], "it is not the clerk's to give back"
    (row,) = (await room.get("unit1", "/api/tickets", left="soon"))["tickets"]
    assert (row["number"], row["stage"]) == (ticket["number"], "dispatched")
    assert row["due_at"] == min(limit["at"] for limit in ticket["limits"] if limit["key"] != "return"), "the nearest one"
    seen = await room.get("unit1", f"/api/tickets/{ticket['number']}")
    assert {"sign", "ask_return", "forward"} <= set(seen["allowed"])
    assert {each["key"] for each in seen["forward_to"]} == {"transport-passenger", "transport-road"}
    room.clock[0] += 600
    ticket = await room.act("unit1", ticket, "sign")
    ticket = await room.act("unit1", ticket, "contact", reached=True, note="已说明")
    ticket = await room.act("unit1", ticket, "reply", **REPLY)
    kept = [(limit["key"], limit["state"]) for limit in ticket["limits"] if limit["met_at"]]
    assert kept == [("reply", "kept"), ("contact", "kept")]
    ticket = await room.act("clerk1", ticket, "check")
    ticket = await room.act("clerk1", ticket, "close")
    ticket = await room.act("clerk1", ticket, "follow_up", satisfied=True, solved=True)
    ticket = await room.act("clerk1", ticket, "archive")
    assert (ticket["stage"], ticket["life"]["is_satisfied"], ticket["allowed"]) == ("archived", True, ["reopen", "note"])
    told = [(step["version"], step["act"], step["actor_name"]) for step in ticket["steps"]]
    assert told == [
        (0, "create", "孙丽"), (1, "accept", "孙丽"), (2, "dispatch", "孙丽"), (3, "sign", "运管所"), (4, "contact", "运管所"),
        (5, "reply", "运管所"), (6, "check", "孙丽"), (7, "close", "孙丽"), (8, "follow_up", "孙丽"), (9, "archive", "孙丽"),
    ]  # fmt: skip
    with reading(room.desk.tickets_engine) as connection:
        rows = read_audit(connection)
    assert [row.act for row in rows if row.subject == ticket["number"]][:3] == ["ticket_create", "ticket_accept", "ticket_dispatch"]
    assert first_broken(rows) is None
    assert not [row for row in rows if "王小明" in row.facts or "13855700001" in row.facts]


async def test_an_extension_is_asked_and_granted_by_the_head_and_a_return_is_refused_and_granted(room: Room) -> None:
    """What the profile says is told before anybody asks; who may not decide is refused with a code."""
    ticket = await room.at("signed", line="12345", field="transport")
    rule = (await room.get("unit1", f"/api/tickets/{ticket['number']}"))["extension_rule"]
    assert (rule["amount"], rule["measure"], rule["before_expiry"]) == (6, "calendar_days", True)
    too_long = await room.try_act("unit1", ticket, "ask_extension", **EXTENSION | {"amount": 7})
    assert (too_long.status_code, too_long.json()["code"]) == (422, "extension_too_long")
    before = ticket["limits"][0]["at"]
    ticket = await room.act("unit1", ticket, "ask_extension", **EXTENSION)
    assert ticket["life"]["extension"]["granted"] is None
    decider = "head1" if rule["approver"] == "unit_head" else "clerk1"
    refused = await room.try_act("unit1", ticket, "grant_extension")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    ticket = await room.act(decider, ticket, "grant_extension")
    assert ticket["limits"][0]["at"] > before
    assert "延期 5 天" in ticket["limits"][0]["sentence"]
    ticket = await room.act("unit1", ticket, "ask_return", **RETURN)
    ticket = await room.act("clerk1", ticket, "refuse_return", reason="属于贵单位职责")
    assert (ticket["stage"], ticket["life"]["returns"]) == ("signed", 1)
    ticket = await room.act("unit1", ticket, "ask_return", **RETURN)
    ticket = await room.act("clerk1", ticket, "grant_return")
    assert (ticket["stage"], ticket["life"]["unit"]) == ("accepted", "")
    assert await room.numbers("unit1") == [], "it is theirs no more"
    gone = await (await room.as_("unit1")).get(f"/api/tickets/{ticket['number']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_ticket")


async def test_two_who_act_on_what_they_saw_do_not_overwrite_each_other(room: Room) -> None:
    """The second is told that the ticket has changed, and nothing was done."""
    ticket = await room.at("accepted")
    await room.act("clerk1", ticket, "dispatch", unit="transport")
    late = await room.try_act("supervisor1", ticket, "refuse", code="N1")
    assert (late.status_code, late.json()["code"], late.json()["facts"]) == (409, "ticket_changed", {"version": 2})
    assert (await room.get("clerk1", f"/api/tickets/{ticket['number']}"))["stage"] == "dispatched"


async def test_many_tickets_are_dispatched_at_once_and_what_cannot_be_is_told_for_itself(room: Room) -> None:
    tickets = [await room.make(title=f"公交问题{number}") for number in range(3)]
    await room.act("clerk1", tickets[1], "note", text="稍等")
    asked = {
        "act": "dispatch", "facts": {"unit": "transport"},
        "tickets": [{"number": each["number"], "version": each["version"]} for each in tickets]
        + [{"number": "20200101000001", "version": 1}],
    }  # fmt: skip
    answer = await (await room.as_("clerk1")).post("/api/tickets/acts", json=asked)
    results = answer.json()["results"]
    assert [(each["ok"], each.get("stage") or each.get("code")) for each in results] == [
        (True, "dispatched"), (False, "ticket_changed"), (True, "dispatched"), (False, "unknown_ticket"),
    ]  # fmt: skip
    assert all(each["message"] for each in results if not each["ok"])
    assert len(await room.numbers("unit1")) == 2
    assert (await (await room.as_("agent1")).post("/api/tickets/acts", json=asked)).json()["code"] == "forbidden"
    too_many = asked | {"tickets": [{"number": "20200101000001", "version": 1}] * 201}
    assert (await (await room.as_("clerk1")).post("/api/tickets/acts", json=too_many)).status_code == 422


async def test_a_ticket_whose_answer_was_lost_is_not_made_twice(room: Room) -> None:
    """The page sends the same request again; the same request with other words is refused."""
    agent = await room.as_("agent1")
    body = {"request": "0f8fad5b-d9cb", "content": COMPLAINT, "act": "accept", "facts": {"unit": "transport"}}
    first = await agent.post("/api/tickets", json=body)
    room.clock[0] += 3
    again = await agent.post("/api/tickets", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]
    other = await agent.post("/api/tickets", json=body | {"act": "refuse", "facts": {"code": "N1"}})
    assert (other.status_code, other.json()["code"]) == (409, "foreign_number_taken")
    refused = await agent.post("/api/tickets", json={"content": COMPLAINT, "act": "dispatch", "facts": {"unit": "transport"}})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert await room.numbers("clerk1") == [first.json()["number"]], "a refused act leaves no ticket behind"


async def test_a_ticket_is_made_of_what_was_written_during_the_call(room: Room) -> None:
    """The draft's form and words; a draft that somebody else has changed since is not taken; the call shows its tickets."""
    agent = await room.as_("agent1")
    fields = {"klass": "complaint", "field": "city_passenger", "title": "公交拒载", "name": "王小明", "is_urgent": True}
    saved = await agent.put("/api/drafts/h1-7.1", json={"text": "司机不停车", "version": 0, "fields": fields})
    more = {"line": "12328", "place": "广场"}
    body = {"call_id": "h1-7.1", "draft_version": saved.json()["version"], "act": "accept", "content": more}
    late = await agent.post("/api/tickets", json=body | {"draft_version": 7})
    assert (late.status_code, late.json()["code"], late.json()["facts"]) == (409, "draft_changed", {"version": 1})
    made = (await agent.post("/api/tickets", json=body)).json()
    told = {name: made["content"][name] for name in ("klass", "title", "name", "is_urgent", "text", "place", "call_id", "line")}
    assert told == {
        "klass": "complaint", "title": "公交拒载", "name": "王小明", "is_urgent": True, "text": "司机不停车", "place": "广场",
        "call_id": "h1-7.1", "line": "12328",
    }  # fmt: skip
    of_call = await room.get("agent1", "/api/calls/h1-7.1/ticket")
    assert [(row["number"], row["stage"]) for row in of_call["tickets"]] == [(made["number"], "accepted")]


async def test_lists_are_by_the_time_left_in_pages_and_counted(room: Room) -> None:
    """The nearest limit first, none twice and none missing; filters of every kind keep what they say."""
    made = [await room.make(act="dispatch", facts={"unit": "transport"}, title="公交", place="火车站北")]
    made.append(await room.make(line="12345", field="urban"))
    room.clock[0] += 60
    made.append(await room.make(by="agent1", act="answer", facts={"answer": "已答复"}, klass="consult", is_urgent=True))
    numbers, after = [], ""
    for _ in range(3):
        page = await room.get("clerk1", "/api/tickets", limit=1, after=after)
        numbers += [row["number"] for row in page["tickets"]]
        after = page["next"] or ""
    assert (sorted(numbers), after) == (sorted(each["number"] for each in made), "")
    for query, wanted in (
        ({"stage": ["dispatched", "answered"]}, [0, 2]), ({"open": True}, [0, 1]), ({"line": "12345"}, [1]),
        ({"klass": "consult"}, [2]), ({"unit": "transport"}, [0]), ({"unit": "police"}, []), ({"urgent": True}, [2]),
        ({"since": BEGIN + 30}, [2]), ({"until": BEGIN + 30}, [0, 1]), ({"left": "none"}, [1, 2]), ({"safety": True}, []),
    ):  # fmt: skip
        assert sorted(await room.numbers("clerk1", **query)) == sorted(made[place]["number"] for place in wanted), query
    assert await room.numbers("agent1", mine=True) == [made[2]["number"]]
    counts = await room.get("clerk1", "/api/tickets/counts")
    assert (counts["by_stage"], counts["total"]) == ({"dispatched": 1, "accepted": 1, "answered": 1}, 3)
    room.clock[0] += 40 * 86_400
    room.clients.clear()  # everybody signs in again
    assert {row["left"] for row in (await room.get("clerk1", "/api/tickets", open=True))["tickets"]} <= {"late", "none"}
    client = await room.as_("clerk1")
    for wrong in ({"stage": "nowhere"}, {"after": "x~y"}, {"limit": 0}, {"colour": "red"}):
        assert (await client.get("/api/tickets", params=wrong)).status_code == 422, wrong
    found = await room.get("clerk1", "/api/tickets/search", q="公交 火车站")
    assert [row["number"] for row in found["tickets"]] == [made[0]["number"]]
    assert len((await room.get("clerk1", "/api/tickets/search", q="王小明"))["tickets"]) == 3
    assert (await room.get("agent1", "/api/tickets/search", q="王小明"))["tickets"] == [], "not by who the citizen is"
    assert (await client.get("/api/tickets/search", params={"q": "!"})).json()["code"] == "no_words"
    assert (await (await room.as_("unit1")).get("/api/tickets/search", params={"q": "公交"})).json()["code"] == "forbidden"


async def test_a_unit_sees_its_own_tickets_and_those_below_and_no_others(room: Room) -> None:
    """Led, helped, handed down; never another unit's, by list, by number, by act or by file."""
    own = await room.make(act="dispatch", facts={"unit": "transport-passenger"})
    helped = await room.make(act="dispatch", facts={"unit": "police", "co_units": ["transport"]}, title="占道")
    strange = await room.make(act="dispatch", facts={"unit": "city-management"}, title="违建")
    assert sorted(await room.numbers("unit1")) == sorted([own["number"], helped["number"]])
    assert sorted(await room.numbers("unit1", unit="city-management")) == []
    unit = await room.as_("unit1")
    for path in ("", "/attachments"):
        assert (await unit.get(f"/api/tickets/{strange['number']}{path}")).json()["code"] == "unknown_ticket"
    refused = await room.try_act("unit1", strange, "sign")
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_ticket")
    led_elsewhere = await room.try_act("unit1", helped, "sign")
    assert (led_elsewhere.status_code, led_elsewhere.json()["code"]) == (403, "not_your_unit")
    noted = await room.act("unit1", helped, "note", text="我们派人到场")
    assert noted["steps"][-1]["facts"] == {"text": "我们派人到场"}
    counts = await room.get("unit1", "/api/tickets/counts")
    assert counts["total"] == 2


async def test_who_wants_to_stay_unknown_is_unknown_to_the_unit_in_every_answer(room: Room) -> None:
    """And who complains of the unit itself; the centre sees all; a correction keeps the former name from them too."""
    secret = await room.make(
        act="dispatch", facts={"unit": "transport"}, is_secret=True, title="王小明反映拒载", text="王小明（13855700001）反映"
    )
    secret = await room.act("clerk1", secret, "correct", changes={"name": "王晓明"}, reason="写错")
    of_unit = await room.make(act="dispatch", facts={"unit": "transport"}, object="市交通运输局窗口")
    unit = await room.as_("unit1")
    for ticket in (secret, of_unit):
        for path in (f"/api/tickets/{ticket['number']}", "/api/tickets", "/api/tickets/notices"):
            text = (await unit.get(path)).text
            assert not [word for word in ("王小明", "王晓明", "13855700001", "幸福路18号") if word in text], path
        seen = await room.get("unit1", f"/api/tickets/{ticket['number']}")
        assert seen["is_masked"]
        assert {"name", "number", "address"} <= set(seen["masked"])
        whole = await room.get("clerk1", f"/api/tickets/{ticket['number']}")
        assert (whole["is_masked"], whole["content"]["number"]) == (False, "13855700001")
    assert (await room.get("clerk1", f"/api/tickets/{secret['number']}"))["steps"][-1]["facts"]["was"] == {"name": "王小明"}
    plain = await room.make(act="dispatch", facts={"unit": "transport"})
    assert (await room.get("unit1", f"/api/tickets/{plain['number']}"))["content"]["number"] == "13855700001", "they have to call"


async def test_an_agent_sees_the_number_whole_in_own_tickets_alone(room: Room) -> None:
    own, strange = await room.make(by="agent1"), await room.make(by="clerk1")
    assert (await room.get("agent1", f"/api/tickets/{own['number']}"))["content"]["number"] == "13855700001"
    seen = await room.get("agent1", f"/api/tickets/{strange['number']}")
    assert (seen["content"]["number"], seen["content"]["name"]) == ("138****0001", "王小明")
    assert "13855700001" not in str(seen)


async def test_the_limits_are_told_before_anything_is_stored_and_the_units_that_may_be_meant(room: Room) -> None:
    """As soon as class and field are chosen (R49, R50)."""
    agent = await room.as_("agent1")
    told = (await agent.post("/api/tickets/limits", json={"content": COMPLAINT})).json()
    assert told["limits"][0]["key"] == "reply"
    assert "10 个工作日" in told["limits"][0]["sentence"]
    assert told["profile"]["key"] == "ah-suzhou-2023"
    assert told["suggestions"][0]["unit"].startswith("transport")
    assert told["suggestions"][0]["words"]
    assert (await agent.post("/api/tickets/limits", json={"content": {"line": "12328"}})).json()["limits"] == []
    same = (await agent.post("/api/units/suggest", json={"content": COMPLAINT})).json()
    assert same["suggestions"] == told["suggestions"]
    assert await room.numbers("clerk1") == []
    catalogue = await room.get("agent1", "/api/tickets/catalogue")
    assert {"key": "complaint", "name": "投诉举报", "initials": "tsjb"} in catalogue["lines"]["12328"]["classes"]
    assert [each["key"] for each in catalogue["refusals"]] == [f"N{number}" for number in range(1, 10)]
    assert {"transport", "city-management"} <= {each["key"] for each in catalogue["units"]}
    seen = {each["key"]: each["phones"] for each in (await room.get("unit1", "/api/tickets/catalogue"))["units"]}
    assert seen["transport"]
    assert seen["police"] == [], "names of all, telephones of one's own"


async def test_a_ticket_merges_into_one_that_exists_and_goes_on_itself(room: Room) -> None:
    first, second = await room.at("accepted"), await room.at("accepted")
    for into in ("20200101000001", second["number"]):
        refused = await room.try_act("clerk1", second, "merge", into=into)
        assert refused.status_code == 422, refused.text
    second = await room.act("clerk1", second, "merge", into=first["number"], reason="同一事项")
    refused = await room.try_act("clerk1", first, "merge", into=second["number"])
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_ticket")
    assert refused.json()["facts"] == {"field": "into"}


async def test_a_ticket_whose_rules_are_gone_can_still_be_read(room: Room) -> None:
    """The city took a profile's file away: nothing can be done until it is back, and nothing is lost."""
    ticket = await room.at("signed")
    policy = room.desk.policy.policy
    profiles = {key: each for key, each in policy.profiles.items() if not key.startswith("ah-suzhou")}
    room.desk.policy._policy = replace(policy, profiles=profiles, chosen={"other": "js-suqian-2020"})
    seen = await room.get("unit1", f"/api/tickets/{ticket['number']}")
    assert (seen["rules_known"], seen["limits"], seen["allowed"]) == (False, [], [])
    assert seen["content"]["title"] == COMPLAINT["title"]
    refused = await room.try_act("unit1", ticket, "contact", reached=True)
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_profile")
    assert await room.numbers("unit1") == [ticket["number"]]
    room.desk.policy._policy = policy
    assert (await room.act("unit1", ticket, "contact", reached=True))["rules_known"]


async def test_each_refusal_code_is_kept_with_its_ticket_and_has_a_sentence_for_the_caller(room: Room) -> None:
    """N1 to N9 (R39); the one that says nothing by itself needs a reason in words."""
    refusals = (await room.get("agent1", "/api/tickets/catalogue"))["refusals"]
    assert [each["key"] for each in refusals] == [f"N{number}" for number in range(1, 10)]
    for each in refusals:
        assert each["sentence"].endswith("。")
        assert each["basis"]
        facts = {"code": each["key"], "reason": "已告知来电人"}
        told = await room.make(by="agent1", act="refuse", facts=facts)
        assert (told["stage"], told["life"]["refusal"], told["steps"][-1]["facts"]["code"]) == ("refused", each["key"], each["key"])
    agent = await room.as_("agent1")
    for facts, code in (({"code": "N9"}, "missing"), ({"code": "N0"}, "unknown_reason"), ({}, "missing")):
        answer = await agent.post("/api/tickets", json={"content": COMPLAINT, "act": "refuse", "facts": facts})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
