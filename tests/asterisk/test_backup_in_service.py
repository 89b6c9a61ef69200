"""A whole hotline is backed up during a talk, lost, restored and started again: calls, sound, people and the duty go on."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hotline_core.settings import DEFAULT_CITY
from tests.integration.backup_kit import wipe
from tests.running.facts import live_equals_asterisk, recording_of, stored_call
from tests.running.instance import CHECKOUT, Hotline
from tests.running.steady import on_the_line, stalls
from tests.sip.tones import level_of

pytestmark = pytest.mark.asterisk

AGENTS = (("agent1", "1001"),)
CALLERS = 2
NOTICED_MS = 500.0  # as in test_rolling_restart.py


@pytest.fixture
def lost_and_found(tmp_path: Path) -> Iterator[Hotline]:
    """A hotline of this test's own, with a shelf for backups; whoever is called is free again after 1 s."""
    city = DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")
    one = Hotline(city, HOTLINE_BACKUP=str(tmp_path / "shelf"))
    one.start()
    try:
        yield one
    finally:
        one.close()


async def backup(hotline: Hotline, command: str) -> str:
    """`make backup` or `make restore`, as its own process; what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backup", command, cwd=CHECKOUT, env=hotline.environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_a_hotline_that_was_lost_is_back_with_its_calls_its_sound_and_its_people(lost_and_found: Hotline) -> None:
    """Two callers are on the line while it is backed up, and notice nothing; everything is wiped but the recordings."""
    hotline = lost_and_found
    with hotline.api() as api:
        token = api.headers["Authorization"]
        earlier = await one_talk(hotline, api)
        async with on_the_line(hotline, AGENTS, CALLERS) as callers:
            for one in callers:
                one.begin()
            async with stalls() as own:
                said = await backup(hotline, "make")
            assert max(max(one.hole_ms(), one.deaf_ms()) for one in callers) < NOTICED_MS + max(own) * 1000
            for one in callers:
                await one.call.hang_up()
        secrets, password = hotline.settings.paths.secrets.read_bytes(), hotline.account("supervisor1")
    assert "备份完成并已核对" in said
    await asyncio.to_thread(hotline.end)
    wipe(hotline.settings, recordings_stay=True)
    said = await backup(hotline, "restore")
    assert "恢复完成" in said
    assert hotline.settings.paths.secrets.read_bytes() == secrets
    await asyncio.to_thread(hotline.start)
    with httpx.Client(base_url=hotline.origin, headers={"Authorization": token}, timeout=5.0) as api:
        await stored_call(api, earlier, state="ended", outcome="answered", recording=True)
        citizen, agent = await recording_of(api, earlier)
        assert level_of(citizen, 500) > 1000, "the citizen of then is heard"
        assert level_of(agent, 900) > 1000, "and so is the agent"
        assert hotline.account("supervisor1") == password
        later = await one_talk(hotline, api)
        assert later != earlier
        await live_equals_asterisk(hotline, api)


async def one_talk(hotline: Hotline, api: httpx.Client) -> str:
    """A citizen talks with the agent and hangs up; the call's id, once its recording is there."""
    async with on_the_line(hotline, AGENTS, 1) as (one,):
        call_id = str((await asyncio.to_thread(hotline.live, api))["calls"][0]["id"])
        await one.call.listen(2.0)
        await one.call.hang_up()
    await stored_call(api, call_id, state="ended", ended_by="caller", recording=True)
    return call_id
