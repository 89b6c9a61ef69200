"""Brute force is slow everywhere, and no guesser locks an agent out of the agent's own browser, be it at the very same address."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from agent_desktop.known_device import LIFETIME_S, cookie_name, read, write
from tests.integration.desk_kit import OWN_PAGE, application, browser, prepare, settings_of, sign_in, signed_in

pytestmark = pytest.mark.integration
OFFICE, ELSEWHERE = "10.0.0.1", "203.0.113.9"
KEY = "ab" * 32


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.at = 1_795_300_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(short_folder: Path, clock: Clock) -> FastAPI:
    settings = settings_of(short_folder)
    prepare(settings)
    return application(settings, clock)


async def guess(app: FastAPI, login: str, address: str, times: int) -> list[int]:
    """What a guesser without the agent's browser is answered."""
    async with browser(app, address) as client:
        return [(await sign_in(client, login, f"guess {number}")).status_code for number in range(times)]


async def own_browser(app: FastAPI, login: str, address: str) -> httpx.Cookies:
    """The cookies of a browser where the person has signed in and out."""
    async with browser(app, address) as client:
        assert (await sign_in(client, login)).status_code == 200
        await client.post("/api/sign-out", headers=OWN_PAGE)
        return client.cookies


async def comes_in(app: FastAPI, login: str, address: str, cookies: httpx.Cookies, password: str = "right-horse-battery") -> int:
    async with browser(app, address) as client:
        client.cookies.update(cookies)
        return (await sign_in(client, login, password)).status_code


async def test_a_guesser_at_the_agents_own_address_locks_only_themselves_out(app: FastAPI) -> None:
    """A colleague, or a machine behind the same router; and the agent again with a mistake of the own."""
    cookies = await own_browser(app, "agent1", OFFICE)
    assert (await guess(app, "agent1", OFFICE, 12)).count(423) == 7
    assert await comes_in(app, "agent1", OFFICE, cookies, "mistyped") == 401
    assert await comes_in(app, "agent1", OFFICE, cookies) == 200


async def test_a_guesser_everywhere_does_not_lock_out_an_agent_whose_address_is_new_today(app: FastAPI) -> None:
    """Twenty guesses from four places; the browser is known though its address is not."""
    cookies = await own_browser(app, "agent1", OFFICE)
    for last in range(4):
        await guess(app, "agent1", f"203.0.113.{last}", 5)
    assert await guess(app, "agent1", "203.0.113.99", 1) == [423]
    assert await comes_in(app, "agent1", "10.0.9.9", cookies) == 200


async def test_a_stolen_mark_gives_a_guesser_five_tries_and_no_more_and_the_person_elsewhere_notices_nothing(app: FastAPI) -> None:
    """The mark is no password: it is a counter of its own."""
    stolen = await own_browser(app, "agent1", OFFICE)
    own = await own_browser(app, "agent1", "10.0.0.2")
    tries = [await comes_in(app, "agent1", ELSEWHERE, stolen, f"guess {number}") for number in range(8)]
    assert tries == [401] * 5 + [423] * 3
    assert await comes_in(app, "agent1", "10.0.0.2", own) == 200


async def test_a_mark_counts_for_its_own_person_alone_and_not_for_ever(app: FastAPI, clock: Clock) -> None:
    """Another's mark, a forged one, an old one: as if there were none."""
    mine, now = "a" * 64, 1_795_300_000.0
    mark = write(mine, "browser", KEY, now)
    assert read({cookie_name(mine): mark}, mine, KEY, now) == "browser"
    other = "b" * 64
    assert read({cookie_name(other): mark}, other, KEY, now) is None
    assert read({cookie_name(mine): mark}, mine, "cd" * 32, now) is None
    assert read({cookie_name(mine): mark[:-3] + "AAA"}, mine, KEY, now) is None
    assert read({cookie_name(mine): mark}, mine, KEY, now + LIFETIME_S) is None
    assert read({}, mine, KEY, now) is None
    cookies = await own_browser(app, "agent1", OFFICE)
    await guess(app, "agent1", ELSEWHERE, 6)
    clock.at += LIFETIME_S
    await guess(app, "agent1", ELSEWHERE, 6)
    assert await comes_in(app, "agent1", ELSEWHERE, cookies) == 423


async def test_forty_guesses_at_once_with_a_mark_gain_nothing(app: FastAPI) -> None:
    """Each is counted before the first is checked."""
    stolen = await own_browser(app, "agent1", OFFICE)
    statuses = await asyncio.gather(*(comes_in(app, "agent1", ELSEWHERE, stolen, f"guess {number}") for number in range(40)))
    assert (statuses.count(401), statuses.count(423)) == (5, 35)


async def test_an_administrator_lets_a_locked_out_person_in_again_with_a_new_password(app: FastAPI) -> None:
    """Nobody waits four hours for a mistake."""
    await guess(app, "agent2", ELSEWHERE, 30)
    assert await comes_in(app, "agent2", ELSEWHERE, httpx.Cookies()) == 423
    async with signed_in(app, "admin1") as administrator:
        made = await administrator.post("/api/people/agent2/password", headers=OWN_PAGE)
    assert await comes_in(app, "agent2", ELSEWHERE, httpx.Cookies(), made.json()["password"]) == 200


async def test_the_mark_is_out_of_reach_of_scripts_and_names_nobody(app: FastAPI) -> None:
    """On a shared desk a look at the cookies tells no login."""
    async with browser(app, OFFICE) as client:
        answer = await sign_in(client, "agent1")
    marks = [each for each in answer.headers.get_list("set-cookie") if each.startswith("hotline_device_")]
    assert len(marks) == 1
    assert "agent1" not in marks[0]
    for word in ("HttpOnly", "SameSite=strict", "Path=/api/sign-in"):
        assert word in marks[0]
