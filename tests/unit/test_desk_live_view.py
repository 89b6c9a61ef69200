"""What each page sees of the live state, and that a slow page catches up."""

from __future__ import annotations

import asyncio

import pytest

from agent_desktop.gate import Caller
from agent_desktop.hub import ACK_LIMIT, QUEUE_LIMIT, Client, Hub
from agent_desktop.telling import Message
from agent_desktop.view import Viewer
from hotline_core.adapters.live import Delta, Snapshot

pytestmark = pytest.mark.unit
NUMBER = "13800001234"
AGENT = Viewer("1001", sees_all=False)
SUPERVISOR = Viewer("", sees_all=True)


def call(call_id: str, phase: str, agent: str | None = None, arrived_at: float = 1.0) -> dict[str, object]:
    return {"id": call_id, "line": "12328", "caller": NUMBER, "phase": phase, "agent": agent, "arrived_at": arrived_at}


def agent(extension: str, state: str, call_id: str | None = None) -> dict[str, object]:
    return {"id": extension, "state": state, "call_id": call_id}


def a_hub(*calls: dict[str, object]) -> Hub:
    hub = Hub(dict)
    hub.replace(Snapshot("e1", 1, {f"call:{one['id']}": one for one in calls}))
    return hub


def page(hub: Hub, viewer: Viewer) -> Client:
    return hub.attach(Caller("x", "x", "agent", viewer.extension, "sid", 1e12), viewer)


async def first(client: Client) -> Message:
    async with asyncio.timeout(1):
        message = await client.next()
    assert message is not None
    return message


def numbers(message: Message) -> dict[str, str]:
    calls = message["calls"]
    assert isinstance(calls, list)
    return {str(one["id"]): str(one["caller"]) for one in calls}


async def test_an_agent_sees_own_calls_whole_waiting_callers_masked_and_nothing_of_others() -> None:
    """Three calls: own, waiting, a colleague's."""
    hub = a_hub(call("own", "talking", "1001"), call("wait", "waiting"), call("other", "talking", "1002"), call("new", "greeting"))
    assert numbers(await first(page(hub, AGENT))) == {"own": NUMBER, "wait": "138****1234"}


async def test_a_citizen_who_was_called_and_waits_again_is_masked_under_both_names() -> None:
    """A call out whose agent vanished waits for another one; the dialled number is the citizen's."""
    hub = a_hub({**call("out", "waiting"), "direction": "out", "dialled": NUMBER})
    assert NUMBER not in str(await first(page(hub, AGENT)))
    assert NUMBER not in str(hub.told(AGENT))


async def test_a_supervisor_sees_every_call_whole() -> None:
    """All phases, all agents."""
    hub = a_hub(call("own", "talking", "1001"), call("wait", "waiting"), call("other", "talking", "1002"))
    assert numbers(await first(page(hub, SUPERVISOR))) == dict.fromkeys(("own", "wait", "other"), NUMBER)


async def test_a_waiting_caller_answered_by_a_colleague_leaves_the_agents_page() -> None:
    """Gone is told once, to those who saw it."""
    hub = a_hub(call("c1", "waiting"))
    mine = page(hub, AGENT)
    await first(mine)
    hub.change(Delta("e1", 2, {"call:c1": call("c1", "talking", "1002")}, ()))
    assert (await first(mine))["gone"] == ["c1"]
    hub.change(Delta("e1", 3, {}, ("call:c1",)))
    hub.change(Delta("e1", 4, {"agent:1001": agent("1001", "ready")}, ()))
    assert (await first(mine))["seq"] == 4


async def test_a_caller_rung_to_the_agent_shows_the_number_at_once() -> None:
    """Masked while waiting, whole as soon as it is one's own."""
    hub = a_hub(call("c1", "waiting"))
    mine = page(hub, AGENT)
    await first(mine)
    hub.change(Delta("e1", 2, {"call:c1": call("c1", "ringing", "1001")}, ()))
    assert numbers(await first(mine)) == {"c1": NUMBER}


async def test_whose_telephone_rings_is_told_before_three_hundred_others() -> None:
    """Senders run in the order in which their pages were woken."""
    hub = a_hub()
    everyone = [page(hub, Viewer(str(2000 + number), sees_all=False)) for number in range(300)]
    mine = page(hub, AGENT)
    told: list[Client] = []

    async def send(client: Client) -> None:
        await client.next()  # the snapshot
        await client.next()
        told.append(client)

    async with asyncio.timeout(30), asyncio.TaskGroup() as senders:
        for client in (*everyone, mine):
            senders.create_task(send(client))
        await asyncio.sleep(0)
        hub.change(Delta("e1", 2, {"call:c1": call("c1", "ringing", "1001"), "queue:q": {"name": "q", "waiting": 0}}, ()))
    assert told[0] is mine
    assert len(told) == 301


async def test_a_colleagues_state_is_seen_but_not_the_call() -> None:
    """Needed to know whom to ask, not whom they talk to."""
    hub = a_hub()
    mine, supervisors = page(hub, AGENT), page(hub, SUPERVISOR)
    await first(mine)
    await first(supervisors)
    hub.change(Delta("e1", 2, {"agent:1002": agent("1002", "talking", "c9")}, ()))
    assert (await first(mine))["agents"] == [agent("1002", "talking", None)]
    assert (await first(supervisors))["agents"] == [agent("1002", "talking", "c9")]


async def test_a_page_that_reads_nothing_gets_a_fresh_snapshot_instead_of_an_endless_queue() -> None:
    """One change more than the queue holds."""
    hub = a_hub()
    slow = page(hub, SUPERVISOR)
    await first(slow)
    for seq in range(2, QUEUE_LIMIT + 4):
        hub.change(Delta("e1", seq, {"call:c1": call("c1", "waiting", arrived_at=float(seq))}, ()))
    message = await first(slow)
    assert (message["type"], message["seq"]) == ("snapshot", QUEUE_LIMIT + 3)
    hub.change(Delta("e1", QUEUE_LIMIT + 4, {}, ("call:c1",)))
    assert (await first(slow))["gone"] == ["c1"]


async def test_a_new_bridge_voids_everything_shown_before() -> None:
    """Another epoch: calls that are not in its snapshot are gone."""
    hub = a_hub(call("old", "waiting"))
    mine = page(hub, AGENT)
    await first(mine)
    hub.replace(Snapshot("e2", 7, {"call:new": call("new", "waiting")}))
    message = await first(mine)
    assert (message["type"], message["seq"], list(numbers(message))) == ("snapshot", 7, ["new"])


async def test_an_acknowledgement_overtakes_changes_and_survives_an_overflow() -> None:
    """The agent's own click is answered even when the page is flooded."""
    hub = a_hub()
    mine = page(hub, SUPERVISOR)
    await first(mine)
    for seq in range(2, QUEUE_LIMIT + 4):
        hub.change(Delta("e1", seq, {"queue:q": {"name": "q"}}, ()))
    mine.acknowledge({"type": "ack"})
    assert (await first(mine))["type"] == "ack"


async def test_a_page_that_clicks_without_reading_is_closed() -> None:
    """No queue of ours is without a bound."""
    mine = page(a_hub(), AGENT)
    for _ in range(ACK_LIMIT + 1):
        mine.acknowledge({"type": "ack"})
    assert mine.closed is not None


async def test_the_waiting_list_has_the_order_in_which_callers_will_be_served() -> None:
    """One list over all queues: each queue in its own order, and of those who are next the one who waits longest."""
    third = call("third", "waiting", arrived_at=2.0) | {"position": 1, "queue": "second"}
    second = call("second", "waiting", arrived_at=1.0) | {"position": 2, "queue": "hotline"}
    first_one = call("first", "waiting", arrived_at=3.0) | {"position": 1, "queue": "hotline", "head": True}
    told = a_hub(third, second, first_one).told(SUPERVISOR)
    waiting = told["waiting"]
    assert isinstance(waiting, list)
    assert [one["id"] for one in waiting] == ["first", "second", "third"]


async def test_the_days_counts_reach_those_who_may_see_them_and_a_slow_page_finds_the_newest_in_its_snapshot() -> None:
    """Bounded: what a page does not read is dropped for one snapshot, which is counted for the operator."""
    hub = a_hub()
    leader, colleague = page(hub, Viewer("", sees_all=True, sees_day=True)), page(hub, AGENT)
    assert (await first(leader))["day"] is None
    await first(colleague)
    hub.day_changed({"seq": 1})
    assert await first(leader) == {"type": "day", "day": {"seq": 1}}
    for seq in range(QUEUE_LIMIT + 2):
        hub.day_changed({"seq": seq})
    message = await first(leader)
    assert (message["type"], message["day"]) == ("snapshot", {"seq": QUEUE_LIMIT + 1})
    with pytest.raises(TimeoutError):
        await first(colleague)
    assert hub.overflows == 1
    hub.detach(leader)
    hub.detach(leader)
    assert hub.overflows == 1
