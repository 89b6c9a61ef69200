"""The directory in the desk's memory, what the bridge is told of it, what a click may ask, and who is alarmed."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_desktop.clicks import Act, Intent, read_act, read_intent
from agent_desktop.gate import Caller
from agent_desktop.hub import Client, Hub
from agent_desktop.parties import Stored, searchable
from agent_desktop.party_book import PartyBook
from agent_desktop.party_keeper import Put, Remove, plan
from agent_desktop.pinyin import initials_of
from agent_desktop.telling import Message
from agent_desktop.view import Viewer
from hotline_core.adapters.live import Delta, Snapshot
from transfer.directory import Party, calling_data, party_of
from transfer.events import ACTS, ROLES

pytestmark = pytest.mark.unit
NOW = 1_795_300_000.0
FIELDS = ("party", "number", "to", "queue", "role", "digits")
RESCUE = Party("water_rescue", "水上搜救", ("12395",), "emergency")
RAILWAY = Party("railway", "铁路客服", ("12306",), "hotline")
EXPERT = Party("expert", "危化品专家", ("13800000001",), "expert", roles=("supervisor",))
GIVEN = {each.key: each for each in (RAILWAY, RESCUE, EXPERT)}
AGENT = Caller("agent1", "x", "agent", "1001", "sid", 1e12)
SUPERVISOR = Caller("supervisor1", "x", "supervisor", "", "sid2", 1e12)


def names(book: PartyBook, caller: Caller, sought: str = "") -> list[str]:
    return [str(party["key"]) for party in book.told(caller, NOW, sees_all=caller is SUPERVISOR, sought=sought)]


@pytest.mark.parametrize(
    ("name", "initials"),
    [("水上搜救", "sssj"), ("市交通运输局值班室", "sjtysjzbs"), ("重庆12345（夜间）", "cq12345yj"), ("110 Rescue", "110rescue")],
)
def test_a_name_is_found_by_the_first_letters_of_its_pinyin(name: str, initials: str) -> None:
    assert initials_of(name) == initials


def test_an_agent_sees_the_parties_of_the_own_role_emergencies_first_and_finds_them_by_initials() -> None:
    """Who manages them sees all."""
    book = PartyBook(GIVEN)
    assert names(book, AGENT) == ["water_rescue", "railway"]
    assert names(book, SUPERVISOR) == ["water_rescue", "railway", "expert"]
    assert names(book, AGENT, "tlkf") == ["railway"]
    assert names(book, AGENT, "whp") == []


def test_what_the_database_says_lies_over_the_citys_file_and_pages_hear_only_of_a_change() -> None:
    book = PartyBook(GIVEN)
    post = searchable(Party("post", "邮政", ("12305",), "hotline"))
    stored = Stored({"railway": None, "post": post}, {"agent1": frozenset({"post"})})
    assert book.learn(stored)
    assert not book.learn(stored)
    told = book.told(AGENT, NOW, sees_all=False)
    assert [(party["key"], party["favourite"], party["open"]) for party in told] == [
        ("water_rescue", False, True), ("post", True, True),
    ]  # fmt: skip


def test_while_no_database_has_answered_the_bridges_numbers_count_and_later_never() -> None:
    """A number changed last week is not the file's old one, and roles stay."""
    book = PartyBook(GIVEN)
    moved = {"name": "水上搜救", "numbers": ["05573020009"], "kind": "emergency"}
    expert = calling_data(EXPERT) | {"numbers": ["13800000002"]}
    assert book.borrow({"water_rescue": moved, "expert": expert, "railway": {"name": ""}})
    assert [party.numbers for party in book.parties.values()] == [("12306",), ("05573020009",), ("13800000002",)]
    assert names(book, AGENT) == ["water_rescue", "railway"]
    book.learn(Stored({}, {}))
    assert not book.borrow({"water_rescue": moved})
    assert book.parties["water_rescue"].numbers == ("12395",)


def test_the_bridge_is_told_what_differs_emergencies_first_and_what_is_gone_last() -> None:
    known = {"railway": calling_data(RAILWAY) | {"numbers": ["12307"]}, "gone": calling_data(RAILWAY)}
    known["expert"] = calling_data(EXPERT)
    assert plan(GIVEN, known) == [
        Put("water_rescue", calling_data(RESCUE)), Put("railway", calling_data(RAILWAY)), Remove("gone"),
    ]  # fmt: skip
    assert plan(GIVEN, {key: calling_data(party) for key, party in GIVEN.items()}) == []


def test_pages_hear_of_hours_that_begin_and_end() -> None:
    """So that nobody is shown as there in the evening."""
    hours = {"hours": [{"days": "1-7", "from": "09:00", "to": "17:00"}]}
    book = PartyBook({"unit": party_of("unit", calling_data(RAILWAY) | hours)})
    midnight = NOW - (NOW + 8 * 3600) % 86_400  # in Shanghai
    assert [book.turned(midnight + hour * 3600) for hour in (8, 9, 10, 16.9, 17, 23)] == [False, True, False, False, True, False]


@pytest.mark.parametrize(
    ("fields", "act"),
    [
        ({"op": "consult", "party": "railway"}, Act("consult", "h1-1.1", party="railway")),
        ({"op": "add", "number": "+86 557-3020001"}, Act("add", "h1-1.1", number="05573020001")),
        ({"op": "blind", "queue": "second"}, Act("blind", "h1-1.1", queue="second")),
        ({"op": "requeue"}, Act("requeue", "h1-1.1")),
        ({"op": "emergency", "party": "police"}, Act("emergency", "h1-1.1", party="police")),
        ({"op": "mute", "role": "third"}, Act("mute", "h1-1.1", role="third")),
        ({"op": "digits", "digits": "12*#"}, Act("digits", "h1-1.1", digits="12*#")),
        ({"op": "consult", "to": "1002", "number": ""}, Act("consult", "h1-1.1", to="1002")),
    ],
)
def test_a_click_upon_a_call_is_read_as_an_act(fields: dict[str, object], act: Act) -> None:
    """Over the websocket and by HTTP alike."""
    frame = json.dumps({"type": "intent", "id": "i-1", "call_id": "h1-1.1", **fields})
    assert read_intent(frame) == Intent("i-1", act.op, "h1-1.1", None, act=act)
    assert read_act({"call_id": "h1-1.1", **fields}) == act


@pytest.mark.parametrize(
    "fields",
    [
        {"op": "consult"},
        {"op": "consult", "party": "railway", "to": "1002"},
        {"op": "emergency", "number": "110"},
        {"op": "emergency", "party": "police", "call_id": ""},
        {"op": "add", "number": "12306&PJSIP/x"},
        {"op": "add", "number": ["12306"]},
        {"op": "add", "party": "../x"},
        {"op": "mute"},
        {"op": "mute", "role": "supervisor"},
        {"op": "digits", "digits": "12A"},
        {"op": "merge", "party": "railway"},
        {"op": "hold", "digits": "1"},
        {"op": "shout"},
        {"op": "leave", "call_id": "a b"},
    ],
)
def test_an_act_that_cannot_be_used_never_reaches_the_bridge(fields: dict[str, object]) -> None:
    told = {"type": "intent", "id": "i-1", "call_id": "h1-1.1", **fields}
    assert read_intent(json.dumps(told)) == "i-1"
    assert read_act(told) is None


anything = st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=40), lambda inner: st.lists(inner, max_size=2))
words = st.text("0123456789+-*# abcz_&/\r\n@", max_size=12)


@given(st.sampled_from(sorted(ACTS)), st.dictionaries(st.sampled_from(FIELDS), anything | words | st.sampled_from(sorted(ROLES))))
def test_whatever_a_page_sends_only_plain_words_reach_the_bridge(op: str, fields: dict[str, object]) -> None:
    """Letters, digits and what joins them; no white space, no line break, no sign that a dialplan or AMI reads."""
    act = read_act({"op": op, "call_id": "h1-1.1", **fields})
    if act is not None:
        assert all(isinstance(value, str) and re.fullmatch(r"[a-z0-9_*#-]{1,32}", value) for value in act.fields().values())


def test_a_supervisor_leads_no_act_upon_somebody_elses_call() -> None:
    """A target belongs to ready and sign_out alone."""
    frame = {"type": "intent", "id": "i-1", "call_id": "h1-1.1", "op": "leave", "target": "1002"}
    assert read_intent(json.dumps(frame)) == "i-1"


# -- the live link --------------------------------------------------------------------------------------------------


def call(call_id: str, agent: str, **more: object) -> dict[str, object]:
    return {"id": call_id, "line": "12328", "caller": "13800001234", "phase": "joined", "agent": agent, "arrived_at": 1.0, **more}


def alarm(state: str, since: float = NOW) -> dict[str, object]:
    return {"state": state, "party": "water_rescue", "name": "水上搜救", "since": since}


def page(hub: Hub, extension: str, *, leads: bool = False) -> Client:
    viewer = Viewer(extension, sees_all=leads, leads=leads)
    return hub.attach(Caller("x", "x", "agent", extension, "sid", 1e12), viewer)


async def heard(client: Client, kind: str) -> Message:
    async with asyncio.timeout(1):
        while True:
            message = await client.next()
            assert message is not None
            if message["type"] == kind:
                return message


async def test_every_supervisor_hears_of_an_emergency_and_agents_are_not_disturbed() -> None:
    """As it begins, as somebody answers, and in the snapshot of who comes later."""
    hub = Hub(dict)
    hub.replace(Snapshot("e1", 1, {}))
    supervisor, agent = page(hub, "", leads=True), page(hub, "1001")
    assert (await heard(supervisor, "snapshot"))["alarms"] == []
    await heard(agent, "snapshot")
    hub.change(Delta("e1", 2, {"call:a": call("a", "1001", alarm=alarm("calling"))}, ()))
    told = (await heard(supervisor, "alarms"))["alarms"]
    assert told == [{"call_id": "a", "line": "12328", "agent": "1001", **alarm("calling")}]
    hub.change(Delta("e1", 3, {"call:b": call("b", "1002", alarm=alarm("failed", NOW + 5))}, ()))
    told = (await heard(supervisor, "alarms"))["alarms"]
    assert isinstance(told, list)
    assert [(each["call_id"], each["state"]) for each in told] == [("b", "failed"), ("a", "calling")]
    assert (await heard(page(hub, "", leads=True), "snapshot"))["alarms"] == told
    hub.change(Delta("e1", 4, {}, ("call:a", "call:b")))
    assert (await heard(supervisor, "alarms"))["alarms"] == []
    assert (await heard(page(hub, "1001"), "snapshot"))["alarms"] == []
    assert "alarms" not in {message["type"] for message in await waiting(agent)}


async def waiting(client: Client) -> list[Message]:
    """What is queued for a page now."""
    messages: list[Message] = []
    while True:
        try:
            async with asyncio.timeout(0.01):
                message = await client.next()
        except TimeoutError:
            return messages
        assert message is not None
        messages.append(message)


async def test_with_redis_dead_supervisors_hear_of_an_emergency_from_the_click_and_from_the_bridge() -> None:
    """And the live view has the last word when it is back."""
    hub = Hub(dict)
    hub.replace(Snapshot("e1", 1, {}))
    hub.lost()
    supervisor = page(hub, "", leads=True)
    await heard(supervisor, "snapshot")
    begun = {"call_id": "a", "line": None, "agent": "1001", **alarm("calling")}
    hub.alarm(begun)
    assert (await heard(supervisor, "alarms"))["alarms"] == [begun]
    hub.bridge_alarms({})  # a bridge that tells nothing of alarms takes nothing back
    answered = {"call_id": "a", "line": "12328", "agent": "1001", **alarm("answered")}
    hub.bridge_alarms({"alarms": [answered, {"state": "calling"}, "x", {"call_id": "b", "state": "odd"}]})
    assert (await heard(supervisor, "alarms"))["alarms"] == [answered]
    hub.replace(Snapshot("e2", 1, {"call:a": call("a", "1001", alarm=None)}))
    assert (await heard(supervisor, "snapshot"))["alarms"] == []
    hub.bridge_alarms({"alarms": [answered]})
    assert hub.alarms == {}


async def test_who_was_cut_off_and_who_is_consulted_see_the_call_whole() -> None:
    """Others do not, and neither does a target that is not dialled yet or any more."""
    target, third = {"agent": "1003", "party": ""}, {"state": "talking", "since": NOW}
    hub = Hub(dict)
    hub.replace(
        Snapshot(
            "e1", 1,
            {
                "call:a": call("a", "", lost_by="1001"),
                "call:b": call("b", "1002", join={"stage": "consult", "target": target, "third": third}),
                "call:c": call("c", "1002", join={"stage": "talk", "target": target, "third": None}),
            },
        )
    )  # fmt: skip
    for extension, seen in (("1001", {"a"}), ("1002", {"b", "c"}), ("1003", {"b"}), ("1004", set())):
        calls = (await heard(page(hub, extension), "snapshot"))["calls"]
        assert isinstance(calls, list)
        assert {one["id"] for one in calls} == seen
    hub.change(Delta("e1", 2, {"call:b": call("b", "1003")}, ("call:a",)))
    assert hub.took_part("b") == {"1002", "1003"}
    assert hub.took_part("a") == frozenset()
