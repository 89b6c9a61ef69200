"""Owns the table of every route by every role, once as the rights table says it and once as the application answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Mount, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from agent_desktop.asking import Needs
from agent_desktop.desk import NOT_SIGNED_IN
from agent_desktop.rights import ROLES, Act, Rights
from agent_desktop.session import COOKIE
from agent_desktop.socket import FORBIDDEN
from tests.integration.desk_kit import OWN_PAGE, PASSWORD, browser, make_token, sign_in

NOBODY = "nobody"
WHO = (NOBODY, *ROLES)
LOGINS = {
    "agent": "agent1", "supervisor": "supervisor1", "administrator": "admin1", "auditor": "auditor1", "clerk": "clerk1",
    "unit": "unit1", "unit_head": "head1", "service": "service1",
}  # fmt: skip
# Pages and the websocket look at the session themselves: a page answers with a redirect, a websocket with a close code.
TICKETS: tuple[Act, ...] = ("see_tickets", "see_unit_tickets")
PAGES: Mapping[str, tuple[Act, ...]] = {
    "/": (), "/password": (), "/desk": ("write_draft",), "/floor": ("see_day",), "/calls": ("see_calls",),
    "/rules": ("see_units",), "/knowledge": ("see_knowledge",), "/history": ("see_calls", "see_tickets"),
    "/topics": ("manage_topics",), "/people": ("manage_people",), "/parties": ("see_parties",), "/ws": ("see_live",),
    "/tickets": TICKETS, "/tickets/new": ("write_ticket",),
    "/tickets/{number}": TICKETS, "/tickets/{number}/print": TICKETS, "/units": ("see_units",),
    "/returns": ("see_returns",), "/audit": ("see_audit",), "/keeping": ("see_keeping",),
    "/recordings": ("listen_own", "listen_all"),
}  # fmt: skip
OPEN = {("GET", "/sign-in"), ("GET", "/docs"), ("GET", "/openapi.json"), ("POST", "/api/sign-in"), ("GET", "/api/health")}
LAST = ("POST", "/api/sign-out")  # it ends the session that walks
Row = tuple[str, str, tuple[bool, ...]]


def routes_of(app: FastAPI) -> list[tuple[str, str, Any]]:
    """Method, path and route of everything the application serves, signing out last; static files are for everybody."""
    found: list[tuple[str, str, Any]] = []
    for route in [inner for outer in app.routes for inner in getattr(getattr(outer, "original_router", None), "routes", [outer])]:
        if isinstance(route, APIRoute):
            found += [(method, route.path, route) for method in sorted(route.methods or ()) if method != "HEAD"]
        elif isinstance(route, WebSocketRoute):
            found.append(("GET", route.path, route))
        elif not isinstance(route, Mount):
            found.append(("GET", getattr(route, "path", "unknown"), route))
    return sorted(found, key=lambda each: (each[:2] == LAST, each[1], each[0]))


def meant(app: FastAPI, rights: Rights) -> list[Row]:
    """Who is let in by the rights table; a route without a guard is open only if it stands in OPEN."""
    rows = []
    for method, path, route in routes_of(app):
        needs = list(_needs(route.dependant)) if isinstance(route, APIRoute) else []
        if (method, path) in OPEN:
            row = [True] * len(WHO)
        elif path in PAGES and method == "GET":
            acts = PAGES[path]
            row = [False, *(not acts or any(rights.may(role, act) for act in acts) for role in ROLES)]
        elif needs:
            row = [False, *(not needs[0].acts or any(rights.may(role, act) for act in needs[0].acts) for role in ROLES)]
        else:
            row = [False] * len(WHO)
        rows.append((method, path, tuple(row)))
    return rows


async def answered(app: FastAPI, *, by_token: bool = False) -> list[Row]:
    """Who is let in when everybody asks everything: by cookie from our own page, or by a bearer token where one can be."""
    columns = [await _walk(app, who, by_token=by_token) for who in WHO]
    return [(method, path, tuple(is_in)) for (method, path, _), *is_in in zip(routes_of(app), *columns, strict=True)]


async def _walk(app: FastAPI, who: str, *, by_token: bool) -> list[bool]:
    entered = []
    async with browser(app) as client:
        heads = dict(OWN_PAGE)
        if who != NOBODY and by_token:
            heads["Authorization"] = f"Bearer {await asyncio.to_thread(make_token, app.state.desk.settings, who)}"
        elif who != NOBODY:
            (await sign_in(client, LOGINS[who], PASSWORD)).raise_for_status()
        for method, path, route in routes_of(app):
            if isinstance(route, WebSocketRoute):
                entered.append(await asyncio.to_thread(_opens, app, client.cookies.get(COOKIE) or "", path))
                continue
            asked = path.replace("{line}", "none").replace("{leg}", "1").replace("{", "").replace("}", "")
            body: dict[str, str] | None = {} if method in ("POST", "PUT", "PATCH") else None
            answer = await client.request(method, asked, headers=heads, json=body)
            is_led_away = answer.headers.get("location") == "/sign-in"
            is_refused = answer.status_code == 401 or (answer.status_code == 403 and answer.json()["code"] == "forbidden")
            entered.append(not is_led_away and not is_refused)
    return entered


def _opens(app: FastAPI, cookie: str, path: str) -> bool:
    """Whether the live view is told to this session."""
    client = TestClient(app, base_url="http://127.0.0.1:8328", cookies={COOKIE: cookie} if cookie else {})
    with client.websocket_connect(path, headers={"Origin": "http://127.0.0.1:8328", "Host": "127.0.0.1:8328"}) as page:
        told = page.receive()
    if told["type"] == "websocket.close" and told["code"] not in (FORBIDDEN, NOT_SIGNED_IN):
        raise WebSocketDisconnect(told["code"])
    return bool(told["type"] == "websocket.send")


def _needs(dependant: Dependant) -> Iterator[Needs]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Needs):
            yield inner.call
        yield from _needs(inner)


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| route | " + " | ".join(WHO) + " |", "|---|" + ":-:|" * len(WHO)]
    for method, path, row in sorted(rows, key=lambda each: (each[1], each[0])):
        lines.append(f"| `{method} {path}` | " + " | ".join("yes" if is_in else "" for is_in in row) + " |")
    return "\n".join(lines)
