"""The metrics and the day's counts of a running hotline, while real calls are in the menu, in the queue and over."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hotline_core.domain.day import day_start
from tests.running.facts import stored_call
from tests.running.instance import Hotline
from tests.sip.agent import SipCaller
from tests.unit.test_docs import rows

pytestmark = pytest.mark.asterisk
SETTLE_S = 8.0
LOOK_S = 1.5  # within it the desk counts the calls that have ended


def scrape(hotline: Hotline) -> dict[str, float]:
    """GET /metrics from this machine, without a token."""
    answer = httpx.get(f"{hotline.origin}/metrics", timeout=5.0).raise_for_status()
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def scraped(hotline: Hotline, **wanted: float) -> dict[str, float]:
    """A scrape in which every metric of `wanted` is as wanted, within some seconds; `__` stands before each label's value."""
    names = {name.replace("__", " "): value for name, value in wanted.items()}
    ends_at = asyncio.get_running_loop().time() + SETTLE_S
    while True:
        told = await asyncio.to_thread(scrape, hotline)
        if all(told.get(name) == value for name, value in names.items()):
            return told
        assert asyncio.get_running_loop().time() < ends_at, {name: told.get(name) for name in names}
        await asyncio.sleep(0.1)


async def day_of(api: httpx.Client, line: str, **wanted: int) -> dict[str, Any]:
    """The day's counts of one line, once they are as wanted."""
    ends_at = asyncio.get_running_loop().time() + SETTLE_S
    while True:
        day = (await asyncio.to_thread(api.get, "/api/day")).raise_for_status().json()
        found: dict[str, Any] = next(one for one in day["lines"] if one["line"] == line)
        if all(found[name] == value for name, value in wanted.items()):
            return found
        assert asyncio.get_running_loop().time() < ends_at, (wanted, found)
        await asyncio.sleep(0.1)


async def test_a_caller_in_the_queue_shows_up_in_the_metrics_and_in_the_days_counts_and_leaves_them_again(hotline: Hotline) -> None:
    """Scraped as Prometheus does; the day's counts equal a recount of the list of calls."""
    with hotline.api() as api:
        before = await day_of(api, "12345", in_menu=0, waiting=0)  # once the callers of tests before are counted to their end
        await asyncio.sleep(LOOK_S)
        told = await scraped(hotline, hotline_calls__12345__waiting=0, hotline_worker_lag_records=0)
        ended = told.get("hotline_calls_ended_total 12345 abandoned", 0.0)
        async with SipCaller(hotline.sip, "13855705551") as phone:
            call = await phone.call("12345")
            await call.answered.within(5)
            await scraped(hotline, hotline_calls__12345__greeting=1)
            await day_of(api, "12345", arrived=before["arrived"] + 1, in_menu=before["in_menu"] + 1)
            await call.press("0")
            waiting = await scraped(hotline, hotline_calls__12345__waiting=1)
            assert waiting["hotline_calls 12345 greeting"] == 0
            await day_of(api, "12345", asked=before["asked"] + 1, waiting=before["waiting"] + 1, in_menu=before["in_menu"])
            call_id = hotline.callers()[0]
            await call.hang_up()
        await stored_call(api, call_id, outcome="abandoned")
        after = await day_of(api, "12345", abandoned=before["abandoned"] + 1, waiting=before["waiting"])
        told = await scraped(hotline, hotline_calls__12345__waiting=0, hotline_calls_ended_total__12345__abandoned=ended + 1)
        assert told["hotline_day_calls abandoned 12345"] == after["abandoned"]
        assert told["hotline_calls_ended_total 12345 abandoned"] == ended + 1
        listed = (await asyncio.to_thread(api.get, "/api/calls", params={"line": "12345", "limit": 500})).json()["calls"]
        midnight = day_start(max(one["arrived_at"] for one in listed))
        today = [one for one in listed if one["arrived_at"] >= midnight]
        assert after["arrived"] == len(today)
        assert after["abandoned"] == sum(one["outcome"] == "abandoned" and one["queued_at"] is not None for one in today)
        assert after["answered"] == sum(one["outcome"] == "answered" for one in today)


async def test_every_documented_metric_is_told_by_a_running_hotline_and_no_other(hotline: Hotline) -> None:
    """Once a call has ended since the desk began; the health of the parts is that of /api/health."""
    with hotline.api() as api:
        async with SipCaller(hotline.sip, "13855705552") as phone:
            call = await phone.call("12328")
            await call.answered.within(5)
            call_id = hotline.callers()[0]
            await call.hang_up()
        await stored_call(api, call_id, state="ended")
        told = await scraped(hotline, hotline_worker_lag_records=0, hotline_bridge_shed_total=0, hotline_ledger_backlog_records=0)
        await asyncio.sleep(LOOK_S)
        told = await asyncio.to_thread(scrape, hotline)
    documented = {cells[0].strip("`") for cells in rows("operations.md", heading="监控指标", columns=3)}
    documented = {name for name in documented if not name.startswith("hotline_dial_test_")}  # test_dial_tests.py: here is no probe
    assert {name.partition(" ")[0] for name in told} == documented
    parts = hotline.health()["parts"]
    assert all(told[f"hotline_part_up {name}"] == (part["state"] == "up") for name, part in parts.items())
    assert told["hotline_bridge_ami_links_total"] >= 1
    assert told["hotline_spool_free_bytes"] > 0


def test_from_another_machine_the_metrics_need_a_token_that_may_see_them(hotline: Hotline) -> None:
    """The front writes the address itself: what a client claims about it does not count."""
    claimed = httpx.get(f"{hotline.origin}/metrics", headers={"X-Forwarded-For": "10.1.2.3"}, timeout=5.0)
    assert (claimed.status_code, claimed.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    odd = {"Accept": "application/openmetrics-text; version=x.y"}
    assert httpx.get(f"{hotline.origin}/metrics", headers=odd, timeout=5.0).status_code == 200
    transport = httpx.HTTPTransport(uds=str(hotline.settings.paths.desk_socket))
    with httpx.Client(transport=transport, base_url=hotline.origin, headers={"X-Forwarded-For": "10.1.2.3"}) as afar:
        assert (afar.get("/metrics").status_code, afar.get("/metrics").json()["code"]) == (401, "not_signed_in")
        with hotline.api("service") as service, hotline.api("agent") as agent:
            for client, status in ((service, 200), (agent, 403)):
                got = afar.get("/metrics", headers={"Authorization": client.headers["Authorization"]})
                assert got.status_code == status
