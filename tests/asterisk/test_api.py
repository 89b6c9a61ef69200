"""The API over a running hotline: who may see what, filters, order, and errors in words."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.running.facts import stored_call
from tests.running.instance import Hotline
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.asterisk

PARTS = {"asterisk", "watchdog", "bridge", "ledger", "redis", "calls_database", "tickets_database", "worker", "relay"}


def test_health_names_every_part_without_a_token(hotline: Hotline) -> None:
    """Each part with its state and since when."""
    answer = httpx.get(f"{hotline.origin}/api/health")
    assert answer.status_code == 200
    parts = answer.json()["parts"]
    assert set(parts) >= PARTS
    assert all(part["state"] == "up" and part["since"] > 0 for part in parts.values())


async def test_a_supervisor_sees_a_callers_number_and_an_agents_token_does_not(hotline: Hotline) -> None:
    """Full numbers from supervisors up; the filters find the call; its timeline is in order."""
    async with SipCaller(hotline.sip, "13855706001") as phone:
        call = await phone.call("12345")
        await call.answered.within(5)
        with hotline.api() as api:
            for _ in range(50):
                live = await asyncio.to_thread(hotline.live, api)
                mine = [each for each in live["calls"] if each["caller"] == "13855706001"]
                if mine:
                    break
                await asyncio.sleep(0.1)
            assert (mine[0]["line"], mine[0]["phase"]) == ("12345", "greeting")
        await call.hang_up()
    call_id = mine[0]["id"]
    with hotline.api() as supervisor, hotline.api("agent") as agent:
        stored = await stored_call(supervisor, call_id, state="ended", outcome="abandoned", ended_by="caller")
        seqs = [entry["seq"] for entry in stored["timeline"]]
        assert seqs == sorted(seqs)
        found = supervisor.get("/api/calls", params={"caller": "13855706001", "line": "12345", "state": "ended"}).json()["calls"]
        assert [each["call_id"] for each in found] == [call_id]
        assert supervisor.get("/api/calls", params={"caller": "13855706001", "line": "12328"}).json()["calls"] == []
        masked = agent.get(f"/api/calls/{call_id}")
        assert masked.status_code in (200, 403)
        assert "13855706001" not in masked.text


def test_without_a_token_nothing_but_health_is_told(hotline: Hotline) -> None:
    """401 with a stable code and a Chinese sentence."""
    for path in ("/api/calls", "/api/live", "/api/calls/h1-1.1", "/api/recordings", "/api/phone"):
        answer = httpx.get(f"{hotline.origin}{path}")
        assert answer.status_code == 401, path
        assert answer.json()["code"]
        assert any("一" <= sign <= "鿿" for sign in answer.json()["message"])


def test_an_unknown_call_and_a_bad_filter_are_told_in_words(hotline: Hotline) -> None:
    """404 and 4xx with codes, never a traceback."""
    with hotline.api() as api:
        assert api.get("/api/calls/h1-0.0").json()["code"] == "unknown_call"
        assert api.get("/api/calls", params={"since": "yesterday"}).status_code in (400, 422)
        assert api.get("/docs").status_code == 200
