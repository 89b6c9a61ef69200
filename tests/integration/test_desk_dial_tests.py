"""The last dial-tests at the desk: read from the probe's file, told to those who see the day, old when the probe is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.hub import Client
from agent_desktop.view import Viewer
from hotline_core.adapters import dial_test_files
from hotline_core.domain.dial_tests import DialTest, DialTests
from hotline_core.settings import DEFAULT_CITY
from tests.integration.desk_kit import NOW, application, prepare, settings_of, signed_in

pytestmark = pytest.mark.integration
TEST = DialTest("12328", "12328", "silent", NOW - 20, NOW - 900, failed=True, tries=3, answer_s=0.5, heard="menu-12328")
TESTS = DialTests(NOW - 10, 1800.0, (TEST,))
PROBE = '\nprobe: {account: {host: 192.0.2.20, user: "8001", secret_file: probe.secret}, number: "05573020099"}\n'


class Clock:
    """A clock that the test moves."""

    at = NOW

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_app(tmp_path: Path, clock: Clock) -> Callable[[str], FastAPI]:
    """A desk of a city with this at the end of its file."""

    def make(section: str) -> FastAPI:
        (tmp_path / "city.yaml").write_text(DEFAULT_CITY.read_text(encoding="utf-8") + section, encoding="utf-8")
        settings = settings_of(tmp_path)
        prepare(settings)
        return application(settings, now=clock)

    return make


@pytest.fixture
def app(make_app: Callable[[str], FastAPI]) -> FastAPI:
    return make_app(PROBE)


async def asked(client: httpx.AsyncClient) -> dict[str, Any]:
    """What the API tells."""
    told: dict[str, Any] = (await client.get("/api/dial-tests")).raise_for_status().json()
    return told


async def test_a_supervisor_sees_a_number_in_trouble_and_since_when(app: FastAPI, tmp_path: Path) -> None:
    """Before the first round, after it; agents are not told."""
    desk: Desk = app.state.desk
    async with signed_in(app, "supervisor1") as supervisor, signed_in(app, "agent1") as agent:
        await desk.dial_tests.look()
        assert await asked(supervisor) == {"state": "waiting", "tests": []}
        dial_test_files.write(tmp_path / "probe", TESTS)
        await desk.dial_tests.look()
        told = await asked(supervisor)
        assert (told["state"], told["at"], told["every_s"]) == ("known", NOW - 10, 1800.0)
        [test] = told["tests"]
        assert (test["number"], test["finding"], test["failed"], test["since"], test["heard"]) == (
            "12328", "silent", True, NOW - 900, "menu-12328"
        )  # fmt: skip
        assert (await agent.get("/api/dial-tests")).status_code == 403


async def test_pages_of_those_who_see_the_day_are_told_at_once_and_no_others(app: FastAPI, tmp_path: Path) -> None:
    """And only when something changed."""
    desk: Desk = app.state.desk
    pages = [desk.hub.attach(Caller("x", "x", "agent", "", "sid", 1e12), Viewer("", True, sees_day=sees)) for sees in (True, False)]
    first = [await page.next() for page in pages]
    dial_test_files.write(tmp_path / "probe", TESTS)
    for _ in range(3):
        await desk.dial_tests.look()
    assert [message["dial_tests"] for message in first if message is not None] == [None, None]
    assert [waiting(page) for page in pages] == [["dial_tests"], []]


def waiting(page: Client) -> list[object]:
    """The kinds of what waits to be sent to a page."""
    return [message["type"] for message in page._changes]


async def test_results_of_long_ago_say_that_the_probe_is_gone(app: FastAPI, tmp_path: Path, clock: Clock) -> None:
    """After two intervals and ten minutes without a round."""
    desk: Desk = app.state.desk
    dial_test_files.write(tmp_path / "probe", TESTS)
    async with signed_in(app, "supervisor1") as supervisor:
        for at, state in ((NOW + 2 * 1800, "known"), (NOW + 2 * 1800 + 601, "stale")):
            clock.at = at
            await desk.dial_tests.look()
            assert (await asked(supervisor))["state"] == state


async def test_a_torn_file_changes_nothing_and_the_next_one_counts(app: FastAPI, tmp_path: Path) -> None:
    """The desk goes on with what it knew."""
    desk: Desk = app.state.desk
    dial_test_files.write(tmp_path / "probe", TESTS)
    await desk.dial_tests.look()
    (tmp_path / "probe/results.json").write_bytes(b'{"at": \xff')
    await desk.dial_tests.look()
    async with signed_in(app, "supervisor1") as supervisor:
        assert (await asked(supervisor))["tests"][0]["finding"] == "silent"
        dial_test_files.write(tmp_path / "probe", replace(TESTS, tests=(replace(TEST, finding="ok", failed=False),)))
        await desk.dial_tests.look()
        assert (await asked(supervisor))["tests"][0]["finding"] == "ok"


async def test_a_city_without_a_probe_is_told_nothing_of_one(make_app: Callable[[str], FastAPI], tmp_path: Path) -> None:
    """Neither by the API nor on the page, whatever an earlier probe has left."""
    app = make_app("")
    dial_test_files.write(tmp_path / "probe", TESTS)
    desk: Desk = app.state.desk
    await desk.dial_tests.run()
    async with signed_in(app, "supervisor1") as supervisor:
        assert await asked(supervisor) == {"state": "none", "tests": []}
        assert 'id="dial-tests"' not in (await supervisor.get("/floor")).text
