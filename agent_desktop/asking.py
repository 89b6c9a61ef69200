"""What every route begins with: who asks, whether the rights table allows it, and that no other site made the page ask."""

from __future__ import annotations

from typing import cast

from fastapi import Request
from starlette.requests import HTTPConnection

from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.origin import client_address, is_same_origin
from agent_desktop.refusals import NotSignedIn
from agent_desktop.rights import Act
from agent_desktop.session import from_cookies
from hotline_core.errors import Forbidden

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def desk_of(connection: HTTPConnection) -> Desk:
    """The desk that serves this request."""
    return cast(Desk, connection.app.state.desk)


def address_of(connection: HTTPConnection) -> str:
    """Where the request comes from, as our own front tells it."""
    peer = connection.client.host if connection.client else None
    return client_address(connection.headers.getlist("x-forwarded-for"), peer)


def cookie_caller(connection: HTTPConnection) -> Caller | None:
    """The person of the session cookie, or None."""
    desk = desk_of(connection)
    token = from_cookies(connection.headers.get("cookie", ""))
    session = desk.gate.session(token, desk.now())
    return None if session is None else desk.gate.caller(session)


def is_from_own_page(connection: HTTPConnection) -> bool:
    """True when the browser says that our own page asks."""
    return is_same_origin(connection.headers.get("origin"), connection.headers.get("host"))


class Needs:
    """A dependency: the caller, if they may do one of `acts` (any signed-in caller when there are none)."""

    def __init__(self, *acts: Act) -> None:
        self.acts = acts

    async def __call__(self, request: Request) -> Caller:
        caller = await who_asks(request)
        rights = desk_of(request).rights
        if self.acts and not any(rights.may(caller.role, act) for act in self.acts):
            raise Forbidden(act=self.acts[0])
        return caller


async def who_asks(request: Request) -> Caller:
    """The caller by token or cookie; NotSignedIn, and Forbidden `cross_site` for what another site made a page send."""
    desk = desk_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        bearer = await desk.tickets_threads.run(lambda: desk.tokens.bearer(token.strip(), desk.now()))
        if bearer is None:
            raise NotSignedIn()
        return Caller(login=bearer.mark, name=bearer.mark, role=bearer.role, system=bearer.system)
    caller = cookie_caller(request)
    if caller is None:
        raise NotSignedIn()
    if request.method not in SAFE_METHODS and not (request.headers.get("x-hotline") == "1" and is_from_own_page(request)):
        raise Forbidden("cross_site")
    return caller
