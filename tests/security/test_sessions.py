"""Sessions: nobody's planted, changed, doubled or foreign cookie is anybody's session; no other site's page acts or listens."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from agent_desktop.session import COOKIE, Session, write
from hotline_core.settings import Settings
from tests.integration.desk_kit import ORIGIN, OWN_PAGE, application, browser, prepare, settings_of, sign_in, signed_in

pytestmark = pytest.mark.integration
FOREIGN = (
    "http://evil.example", "https://127.0.0.1:8328.evil.example", "http://127.0.0.1:8329", "null", "file://", "http://127.0.0.1:8328@evil.example",
)  # fmt: skip


@pytest.fixture
def settings(short_folder: Path) -> Settings:
    made = settings_of(short_folder)
    prepare(made)
    return made


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return application(settings)


async def who(client: httpx.AsyncClient, cookie: str) -> int:
    """The status of "who am I" under this Cookie header."""
    client.cookies.clear()
    return (await client.get("/api/me", headers={"Cookie": cookie})).status_code


async def test_a_cookie_planted_before_the_sign_in_never_becomes_the_persons_session(app: FastAPI) -> None:
    """Session fixation: each sign-in has a name of its own, whatever the browser brought along; the planter learns nothing."""
    async with signed_in(app, "agent2") as attacker, browser(app) as victim:
        planted = attacker.cookies[COOKIE]
        victim.cookies.set(COOKIE, planted)
        assert (await sign_in(victim, "agent1")).status_code == 200
        fresh = [each.value for each in victim.cookies.jar if each.name == COOKIE and each.value != planted]
        assert len(fresh) == 1
        assert (await attacker.get("/api/me")).json()["login"] == "agent2"
        victim.cookies.clear()
        victim.cookies.set(COOKIE, str(fresh[0]))
        await victim.post("/api/sign-out", headers=OWN_PAGE)
        assert await who(victim, f"{COOKIE}={fresh[0]}") == 401


async def test_two_sign_ins_of_one_person_share_nothing(app: FastAPI) -> None:
    """Signing out here leaves the other place signed in."""
    async with signed_in(app, "agent1") as here, signed_in(app, "agent1") as there:
        assert here.cookies[COOKIE] != there.cookies[COOKIE]
        await here.post("/api/sign-out", headers=OWN_PAGE)
        assert (await there.get("/api/me")).status_code == 200


async def test_a_session_with_any_letter_changed_cut_or_added_is_none(app: FastAPI) -> None:
    """Every place of the token; and tokens of no signature, of another key, with another role."""
    async with signed_in(app, "agent1") as client:
        token = client.cookies[COOKIE]
        body, _, signature = token.rpartition(".")
        facts = {"sub": "admin1", "role": "administrator", "ext": "", "sid": "ab" * 16, "iat": app.state.desk.now()}
        forged = base64.urlsafe_b64encode(json.dumps(facts).encode()).decode().rstrip("=")
        tokens = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token) - 1)]
        tokens += [token[:-2], token + "x", body, f"{body}.", f".{signature}", f"{forged}.{signature}", forged, f"{forged}."]
        tokens += ["", ".", "x" * 5000]
        tokens.append(write(Session("admin1", "administrator", "", "ab" * 16, app.state.desk.now()), secrets.token_hex(32)))
        statuses = {each: await who(client, f"{COOKIE}={each}") for each in tokens}
        assert [each for each, status in statuses.items() if status != 401] == []
        assert await who(client, f"{COOKIE}={token}") == 200
        assert await who(client, f"{COOKIE}={token}; {COOKIE}={'y' * 20}") == 401, "a planted second cookie"


async def test_no_other_sites_page_changes_or_hears_anything_in_a_persons_name(app: FastAPI) -> None:
    """Cross-site requests that a browser would send with the cookie, and the websocket, which asks nobody's leave."""
    async with signed_in(app, "supervisor1") as client:
        for origin in FOREIGN:
            for method, path in (("POST", "/api/sign-out"), ("PUT", "/api/topics/12328"), ("POST", "/api/password")):
                for heads in ({"Origin": origin, "X-Hotline": "1"}, {"Origin": origin}, {"X-Hotline": "1"}, {}):
                    answer = await client.request(method, path, headers=heads, json={})
                    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site"), (path, heads)
            form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
            assert (await client.post("/api/sign-out", headers=form, content=b"x=1")).status_code == 403
            told = await client.get("/api/me", headers={"Origin": origin})
            assert [name for name in told.headers if name.startswith("access-control-")] == []
        cookie = client.cookies[COOKIE]
    page = TestClient(app, base_url=ORIGIN, cookies={COOKIE: cookie})

    def listens(origin: str) -> bool:
        try:
            with page.websocket_connect("/ws", headers={"Origin": origin, "Host": "127.0.0.1:8328"}) as opened:
                opened.receive_text()
        except WebSocketDisconnect:
            return False
        return True

    assert [origin for origin in FOREIGN if await asyncio.to_thread(listens, origin)] == []
    assert await asyncio.to_thread(listens, ORIGIN)
