"""What the desk refuses and how HTTP says it: status per error, {"code","message","facts"}, never a traceback."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from agent_desktop.storable import HOLDS_NUL
from agent_desktop.wording import Wording
from hotline_core.errors import BadInput, Conflict, Forbidden, HotlineError, IntentRefused, NotFound, SetupError, SignInRefused
from hotline_core.log import Log, where


class Unavailable(HotlineError):
    """A part the answer needs is away or too slow; facts: reason."""

    code = "unavailable"


class NotSignedIn(HotlineError):
    """No valid session and no valid token."""

    code = "not_signed_in"


class Locked(SignInRefused):
    """Too many failures; facts: until."""

    code = "locked"


_STATUS: tuple[tuple[type[HotlineError], int], ...] = (
    (Locked, 423),
    (SignInRefused, 401),
    (NotSignedIn, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (IntentRefused, 409),
    (BadInput, 422),
    (Unavailable, 503),
    (SetupError, 503),
)
_HTTP_CODES = {401: "not_signed_in", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def status_of(error: HotlineError) -> int:
    """The HTTP status of an error of the tree."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def install_handlers(app: FastAPI, wording: Wording, log: Log) -> None:
    """Give `app` the handlers that turn every error into a sentence for a person."""

    def answer(status: int, code: str, facts: dict[str, object]) -> JSONResponse:
        body = {"code": code, "message": wording.sentence(code, facts), "facts": facts}
        return JSONResponse(body, status_code=status)

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HotlineError)
        status = status_of(error)
        if status >= 500:
            log.warning("request refused", code=error.code, path=getattr(request.scope.get("route"), "path", ""), status=status)
        return answer(status, error.code, dict(error.facts))

    async def invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0] if error.errors() else {"loc": (), "type": "unknown"}
        field = ".".join(str(part) for part in first["loc"])
        code = HOLDS_NUL if first["type"] == HOLDS_NUL else "bad_input"
        return answer(422, code, {"field": field, "why": str(first["type"])})

    async def by_status(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return answer(error.status_code, _HTTP_CODES.get(error.status_code, "refused"), {"status": error.status_code})

    async def unexpected(_request: Request, error: Exception) -> JSONResponse:
        log.error("request failed", kind=type(error).__name__, where=where(error))
        return answer(500, "internal", {})

    app.add_exception_handler(HotlineError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, by_status)
    app.add_exception_handler(Exception, unexpected)
