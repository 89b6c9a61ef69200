"""Signing in at the desk, on SQLite and on PostgreSQL: lock-out, sessions, tokens and their audit rows."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from agent_desktop.auth import Passwords
from agent_desktop.people import People, Person
from agent_desktop.session import COOKIE
from hotline_core.adapters.audit import first_broken, read_audit
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.adapters.tickets_schema import people, service_tokens
from hotline_core.settings import Settings
from tests.integration.desk_kit import (
    OWN_PAGE,
    PASSWORD,
    application,
    browser,
    make_token,
    prepare,
    settings_of,
    sign_in,
    signed_in,
)

pytestmark = pytest.mark.integration


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.at = time.time()

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(short_folder: Path, database_url: str) -> Settings:
    made = settings_of(short_folder, tickets_database=database_url)
    prepare(made)
    return made


@pytest.fixture
def app(settings: Settings, clock: Clock) -> FastAPI:
    return application(settings, clock)


async def fail(app: FastAPI, login: str, address: str, times: int) -> httpx.Response:
    async with browser(app, address) as client:
        for _ in range(times):
            answer = await sign_in(client, login, "wrong")
    return answer


async def test_an_agent_signs_in_and_is_known(app: FastAPI) -> None:
    """The cookie is out of reach of scripts and other sites."""
    async with browser(app) as client:
        answer = await sign_in(client, " Agent1 ")
        assert answer.json() == {"login": "agent1", "name": "张敏", "role": "agent", "extension": "1001", "unit": None}
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert (await client.get("/api/me")).json()["login"] == "agent1"


async def test_a_wrong_password_and_an_unknown_name_are_answered_alike(app: FastAPI) -> None:
    """Same status, same words."""
    wrong, unknown = await fail(app, "agent1", "10.0.0.1", 1), await fail(app, "nobody", "10.0.0.2", 1)
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.status_code == 401


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(app: FastAPI, settings: Settings) -> None:
    """Medians of fifteen tries each differ by less than a third of the hashing time, with a password hashed as in service."""
    engine = make_engine(settings.tickets_url)
    People(engine).set_password("agent1", Passwords().hashed(PASSWORD), actor="test", now=time.time())
    engine.dispose()
    spent: dict[str, list[float]] = {"agent1": [], "nobody": []}
    for round_ in range(15):
        for login, times in spent.items():
            began = time.perf_counter()
            await fail(app, login, f"10.1.{round_}.{len(login)}", 1)
            times.append(time.perf_counter() - began)
    wrong, unknown = (statistics.median(times) for times in spent.values())
    assert abs(wrong - unknown) < 0.33 * wrong


async def test_five_failures_lock_the_name_at_this_address_for_five_minutes(app: FastAPI, clock: Clock) -> None:
    """Even the right password waits; afterwards it opens."""
    await fail(app, "agent1", "10.0.0.1", 5)
    async with browser(app, "10.0.0.1") as client:
        locked = await sign_in(client, "agent1")
        assert locked.status_code == 423
        assert locked.json()["facts"]["until"] == pytest.approx(clock.at + 300)
        clock.at += 301
        assert (await sign_in(client, "agent1")).status_code == 200


async def test_an_unknown_name_is_locked_like_a_known_one(app: FastAPI) -> None:
    """The lock tells nobody which names exist."""
    assert (await fail(app, "nobody", "10.0.0.1", 6)).status_code == 423


async def test_an_attacker_elsewhere_does_not_lock_an_agent_out(app: FastAPI) -> None:
    """Hundreds of failures from other addresses; the agent's own desk stays open."""
    async with browser(app, "10.0.0.1") as client:
        assert (await sign_in(client, "agent1")).status_code == 200
    for last in range(6):
        await fail(app, "agent1", f"203.0.113.{last}", 5)
    assert (await fail(app, "agent1", "203.0.113.99", 1)).status_code == 423
    async with browser(app, "10.0.0.1") as client:
        assert (await sign_in(client, "agent1")).status_code == 200


async def test_a_forged_forwarded_header_does_not_give_a_guesser_new_addresses(app: FastAPI) -> None:
    """Only the hop our own front wrote counts."""
    for forged in range(5):
        await fail(app, "agent1", f"198.51.100.{forged}, 203.0.113.7", 1)
    assert (await fail(app, "agent1", "198.51.100.77, 203.0.113.7", 1)).status_code == 423


async def test_forty_guesses_at_once_gain_nothing(app: FastAPI) -> None:
    """All are counted before the first is checked."""
    async with browser(app, "203.0.113.7") as client:
        answers = await asyncio.gather(*(sign_in(client, "agent1", f"guess{n}") for n in range(40)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(401) == 5
    assert statuses.count(423) == 35


async def test_signing_in_leaves_the_event_loop_free(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed (100 ms and more each) in threads of their own, never where all pages are served."""
    threads: list[int] = []
    real = Passwords.is_right

    def noted(self: Passwords, person: Person | None, password: str) -> bool:
        threads.append(threading.get_ident())
        return real(self, person, password)

    monkeypatch.setattr(Passwords, "is_right", noted)
    async with browser(app) as client:
        answers = await asyncio.gather(*(sign_in(client, login) for login in ("agent1", "agent2", "supervisor1", "admin1")))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len(threads) == 4
    assert threading.get_ident() not in threads


async def test_signing_out_ends_the_session_although_the_token_is_still_signed(app: FastAPI) -> None:
    """A copied cookie is worth nothing afterwards, also after the desk has started again."""
    async with signed_in(app, "supervisor1") as client:
        token = client.cookies[COOKIE]
        assert (await client.post("/api/sign-out", headers=OWN_PAGE)).status_code == 204
        copied = {"Cookie": f"{COOKIE}={token}"}
        assert (await client.get("/api/me", headers=copied)).status_code == 401
    again = application(app.state.desk.settings)
    again.state.desk.gate.learn(again.state.desk.gate.fetch(time.time()))
    async with browser(again) as client:
        assert (await client.get("/api/me", headers=copied)).status_code == 401


async def test_a_disabled_person_is_out_at_the_next_refresh(app: FastAPI, settings: Settings) -> None:
    """And cannot come back in."""
    async with signed_in(app, "agent2") as client:
        engine = make_engine(settings.tickets_url)
        with writing(engine) as connection:
            connection.execute(people.update().where(people.c.login == "agent2").values(disabled_at=1.0))
        engine.dispose()
        app.state.desk.gate.learn(app.state.desk.gate.fetch(time.time()))
        assert (await client.get("/api/me")).status_code == 401
        assert (await sign_in(client, "agent2")).status_code == 401


@pytest.mark.parametrize(
    "headers", [{}, {"X-Hotline": "1"}, {"Origin": "http://127.0.0.1:8328"}, {**OWN_PAGE, "Origin": "http://evil"}]
)
async def test_a_change_by_cookie_needs_our_own_page(app: FastAPI, headers: dict[str, str]) -> None:
    """Header and origin, both."""
    async with signed_in(app, "agent1") as client:
        body = {"text": "x", "version": 0}
        assert (await client.put("/api/drafts/h1-1.1", json=body, headers=headers)).json()["code"] == "cross_site"
        assert (await client.put("/api/drafts/h1-1.1", json=body, headers=OWN_PAGE)).status_code == 200


async def test_another_sites_page_cannot_sign_a_person_in(app: FastAPI) -> None:
    """Signing somebody in under a foreign name is an attack too."""
    async with browser(app) as client:
        body = {"login": "agent1", "password": PASSWORD}
        answer = await client.post("/api/sign-in", json=body, headers={"Origin": "http://evil.example"})
        assert answer.status_code == 403


async def test_a_service_token_works_until_its_end_and_is_stored_only_as_a_hash(
    app: FastAPI, settings: Settings, clock: Clock
) -> None:
    """Bearer requests need no cookie and no page."""
    token = await asyncio.to_thread(make_token, settings, "supervisor")
    engine = make_engine(settings.tickets_url)
    with reading(engine) as connection:
        stored = connection.execute(service_tokens.select()).one()
    engine.dispose()
    assert token not in str(stored)
    bearer = {"Authorization": f"Bearer {token}"}
    async with browser(app) as client:
        assert (await client.get("/api/me", headers=bearer)).json()["role"] == "supervisor"
        assert (await client.get("/api/phone", headers=bearer)).json()["code"] == "no_extension"
        assert (await client.get("/api/me", headers={"Authorization": f"Bearer {token}x"})).status_code == 401
        clock.at += 3700
        assert (await client.get("/api/me", headers=bearer)).status_code == 401


async def test_the_audit_names_who_did_what_in_an_unbroken_chain(app: FastAPI, settings: Settings) -> None:
    """Sign-ins, drafts and sign-outs, written with the change; a changed row is found."""
    async with signed_in(app, "agent1") as client:
        await client.put("/api/drafts/h1-1.1", json={"text": "写", "version": 0}, headers=OWN_PAGE)
        await client.post("/api/sign-out", headers=OWN_PAGE)
    engine = make_engine(settings.tickets_url)
    with reading(engine) as connection:
        rows = read_audit(connection)
    engine.dispose()
    assert [(row.actor, row.act) for row in rows][-3:] == [
        ("agent1", "signed_in"),
        ("agent1", "draft_saved"),
        ("agent1", "signed_out"),
    ]
    assert first_broken(rows) is None
    changed = list(rows)
    changed[2] = type(rows[2])(**{**{name: getattr(rows[2], name) for name in rows[2].__dataclass_fields__}, "actor": "other"})
    assert first_broken(changed) == rows[2].seq
    assert first_broken(rows[:3] + rows[4:]) == rows[4].seq


async def test_fifty_changes_at_once_keep_the_audit_chain_whole(app: FastAPI, settings: Settings) -> None:
    """Writers queue up at the head of the chain on either database."""
    async with signed_in(app, "agent1") as client:
        answers = await asyncio.gather(
            *(client.put(f"/api/drafts/h1-1.{n}", json={"text": "x", "version": 0}, headers=OWN_PAGE) for n in range(50))
        )
    assert {answer.status_code for answer in answers} == {200}
    engine = make_engine(settings.tickets_url)
    with reading(engine) as connection:
        rows = read_audit(connection)
    engine.dispose()
    assert first_broken(rows) is None
    assert len([row for row in rows if row.act == "draft_saved"]) == 50
