"""The kind of route that everything about recordings has: whatever it refuses, for whatever reason, stands in the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from agent_desktop.asking import cookie_caller, desk_of
from agent_desktop.gate import Caller
from agent_desktop.refusals import status_of
from agent_desktop.refused_listening import NO_REFUSAL
from hotline_core.errors import HotlineError

NOBODY: Final = Caller(login="-", name="", role="-")  # not signed in: one row a minute, whatever was asked for
OUR_FAULT: Final = 500


class ListeningRoute(APIRoute):
    """A right that is missing, a guessed id, a path with dots, a pass that is over, a body or a field that is malformed.

    What a route has written itself, with more facts, is not written twice: of one kind there is one row a minute.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, watched."""
        handler = super().get_route_handler()

        async def watched(request: Request) -> Response:
            try:
                return await handler(request)
            except (HotlineError, RequestValidationError, HTTPException) as error:
                code = _code(error)
                if code:
                    _tell(request, await _whoever(request), code)
                raise

        return watched


def _code(error: Exception) -> str:
    """What it was refused for; empty for what is no refusal: not there yet, or our own fault."""
    if isinstance(error, HotlineError):
        return "" if error.code in NO_REFUSAL or status_of(error) >= OUR_FAULT else error.code
    if isinstance(error, HTTPException) and error.status_code >= OUR_FAULT:
        return ""
    return "bad_input"


async def _whoever(request: Request) -> Caller:
    """Who asks, also where the request itself is not to be trusted (another site's)."""
    desk = desk_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return cookie_caller(request) or NOBODY
    try:
        bearer = await desk.tickets_threads.run(lambda: desk.tokens.bearer(token.strip(), desk.now()))
    except HotlineError:
        return NOBODY
    return NOBODY if bearer is None else Caller(login=bearer.mark, name=bearer.mark, role=bearer.role, system=bearer.system)


def _tell(request: Request, caller: Caller, code: str) -> None:
    asked = request.path_params
    subject = str(asked.get("call_id") or asked.get("rest") or request.query_params.get("key") or "-")
    leg = str(asked.get("leg") or "")
    number = int(leg) if leg.isascii() and leg.isdigit() and len(leg) <= 6 else 0
    desk_of(request).refused_listening.add(caller, "-" if caller is NOBODY else subject, code, number)
