"""Every route of the desk walked by every role: the table decides, and no route is forgotten."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from agent_desktop import routes as routes_package
from agent_desktop.asking import Needs
from agent_desktop.rights import ROLES, load_rights
from tests.integration.desk_kit import OWN_PAGE, application, browser, prepare, settings_of, signed_in
from tests.security import roles

pytestmark = pytest.mark.integration
MODULES = tuple(import_module(f"{routes_package.__name__}.{each.name}") for each in iter_modules(routes_package.__path__))
PUBLIC = {("POST", "/api/sign-in"), ("GET", "/api/health"), ("GET", "/docs")}
# Pages look at the cookie themselves, because they answer with a redirect instead of a 401.
PAGES = {("GET", path) for path in (*roles.PAGES, "/sign-in") if path != "/ws"}
LOGINS = {
    "agent": "agent1",
    "supervisor": "supervisor1",
    "administrator": "admin1",
    "auditor": "auditor1",
    "clerk": "clerk1",
    "unit_head": "head1",
    "unit": "unit1",
    "service": "service1",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    settings = settings_of(tmp_path_factory.mktemp("hl"))
    prepare(settings)
    return application(settings)


def needs_of(dependant: Dependant) -> Iterator[Needs]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Needs):
            yield inner.call
        yield from needs_of(inner)


def routes() -> dict[tuple[str, str], list[Needs]]:
    found = {}
    for module in MODULES:
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            found[(min(route.methods or ()), route.path)] = list(needs_of(route.dependant))
    return found


def test_every_route_names_the_act_it_needs_or_stands_in_the_list_of_open_ones() -> None:
    """A route without a guard must have been meant so."""
    open_ones = {key for key, needs in routes().items() if not needs}
    assert open_ones == PUBLIC | PAGES


def test_the_walk_knows_every_route_the_application_serves(app: FastAPI) -> None:
    """A router added to the application and not to this walk would go unwatched."""
    served = {(method, path) for method, path, route in roles.routes_of(app) if isinstance(route, APIRoute)}
    assert served == set(routes())


GUARDED = sorted(key for key, needs in routes().items() if needs and needs[0].acts)


@pytest.mark.parametrize("role", ROLES)
async def test_each_guarded_route_lets_in_exactly_the_roles_of_the_table(app: FastAPI, role: str) -> None:
    """Forbidden by the table is 403 with the code; allowed is anything else."""
    rights, walked = load_rights(), routes()
    async with signed_in(app, LOGINS[role]) as client:
        refused = {}
        for method, path in GUARDED:
            answer = await client.request(
                method,
                path.replace("{call_id}", "h1-1.1"),
                headers=OWN_PAGE,
                json={"text": "x", "version": 99} if method == "PUT" else None,
            )
            refused[(method, path)] = answer.status_code == 403 and answer.json()["code"] == "forbidden"
    expected = {key: not any(rights.may(role, act) for act in walked[key][0].acts) for key in GUARDED}
    assert refused == expected


@pytest.mark.parametrize(("method", "path"), sorted(key for key, needs in routes().items() if needs))
async def test_nobody_gets_past_a_guarded_route_without_signing_in(app: FastAPI, method: str, path: str) -> None:
    """401 with a sentence, never data."""
    async with browser(app) as client:
        answer = await client.request(
            method, path.replace("{call_id}", "h1-1.1"), json={"text": "x", "version": 0} if method == "PUT" else None
        )
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer.json()["message"]


@pytest.mark.parametrize("role", ROLES)
async def test_each_page_opens_for_exactly_the_roles_of_the_table(app: FastAPI, role: str) -> None:
    """The desk for those who write, the floor for those who lead, lists for those who see calls or tickets."""
    rights = load_rights()
    async with signed_in(app, LOGINS[role]) as client:
        assert ((await client.get("/desk")).status_code == 200) == rights.may(role, "write_draft")
        assert ((await client.get("/calls")).status_code == 200) == rights.may(role, "see_calls")
        assert ((await client.get("/people")).status_code == 200) == rights.may(role, "manage_people")
        assert ((await client.get("/parties")).status_code == 200) == rights.may(role, "see_parties")
        assert (await client.get("/password")).status_code == 200
        sees_tickets = rights.may(role, "see_tickets") or rights.may(role, "see_unit_tickets")
        for page in ("/tickets", "/tickets/20261122000001", "/tickets/20261122000001/print"):
            assert ((await client.get(page)).status_code == 200) == sees_tickets
        assert ((await client.get("/units")).status_code == 200) == rights.may(role, "see_units")
        assert ((await client.get("/floor")).status_code == 200) == rights.may(role, "see_day")
        start = (await client.get("/")).headers["location"]
    officers = dict.fromkeys(("clerk", "unit", "unit_head"), "/tickets")
    assert start == {"agent": "/desk", "supervisor": "/floor", **officers}.get(role, "/calls")


@pytest.mark.parametrize("path", ["/", "/desk", "/floor", "/people", "/parties", "/password", "/calls", "/tickets", "/units"])
async def test_who_is_not_signed_in_is_led_to_the_sign_in_page(app: FastAPI, path: str) -> None:
    """A redirect, not an error."""
    async with browser(app) as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("path", ["/sign-in", "/api/health", "/docs", "/no-such", "/static/css/base.css", "/api/calls"])
async def test_every_answer_carries_the_security_headers(app: FastAPI, path: str) -> None:
    """Pages, API, static files and errors alike."""
    async with browser(app) as client:
        answer = await client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers


async def test_no_page_has_an_inline_script_or_an_inline_handler(app: FastAPI) -> None:
    """The policy would block it; data blocks are not scripts."""
    async with signed_in(app, "supervisor1") as client, browser(app) as stranger:
        pages = ("/desk", "/floor", "/calls", "/docs", "/tickets", "/tickets/1", "/tickets/1/print", "/units")
        texts = [(await client.get(path)).text for path in pages]
        texts.append((await stranger.get("/sign-in")).text)
    for text in texts:
        head = [part.split(">", 1)[0] for part in text.split("<script")[1:]]
        assert all("src=" in tag or "application/json" in tag for tag in head)
        assert " style=" not in text
        assert " onclick=" not in text


async def test_an_error_is_a_sentence_and_never_a_traceback(app: FastAPI) -> None:
    """Unknown path, bad method, bad input, bad JSON."""
    async with signed_in(app, "supervisor1") as client:
        answers = [
            await client.get("/api/no-such"),
            await client.delete("/api/calls"),
            await client.get("/api/calls", params={"since": "yesterday"}),
            await client.get("/api/calls", params={"before": "nan~x"}),
            await client.get("/api/calls/../../etc"),
            await client.put("/api/drafts/h1-1.1", content=b"{", headers={**OWN_PAGE, "Content-Type": "application/json"}),
            await client.put("/api/drafts/h1-1.1", json={"text": "a\u0000b", "version": 0}, headers=OWN_PAGE),
            await client.put("/api/drafts/" + "x" * 65, json={"text": "a", "version": 0}, headers=OWN_PAGE),
        ]
    assert [answer.status_code for answer in answers] == [404, 405, 422, 422, 404, 422, 422, 422]
    for answer in answers:
        assert set(answer.json()) == {"code", "message", "facts"}
        assert "Traceback" not in answer.text


async def test_a_fault_of_ours_is_told_without_its_inside(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error nobody foresaw: one sentence, 500."""

    def broken(_viewer: object) -> None:
        raise KeyError("secret inside")

    monkeypatch.setattr(app.state.desk.hub, "told", broken)
    async with signed_in(app, "agent1") as client:
        answer = await client.get("/api/live")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text


def test_the_relay_stands_alone() -> None:
    """The relay's process loads no web framework, no Redis and no database library."""
    looked = subprocess.run(
        [sys.executable, "-c", "import sys, agent_desktop.sip_relay; print(*sys.modules)"],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert not {"fastapi", "starlette", "redis", "sqlalchemy", "uvicorn"} & set(looked.stdout.split())
