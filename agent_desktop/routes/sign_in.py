"""Signing in and out, and who one is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from agent_desktop import known_device
from agent_desktop.asking import Needs, address_of, desk_of, is_from_own_page
from agent_desktop.auth import normal_login
from agent_desktop.desk import NOT_SIGNED_IN
from agent_desktop.gate import Caller
from agent_desktop.refusals import Unavailable
from agent_desktop.session import COOKIE, LIFETIME_S, new_session, write
from hotline_core.errors import Forbidden

router = APIRouter(prefix="/api", tags=["sign-in"])


class Credentials(BaseModel):
    """What a person types."""

    login: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class Me(BaseModel):
    """Who one is."""

    login: str
    name: str
    role: str
    extension: str | None
    unit: str | None


@router.post("/sign-in")
async def sign_in(credentials: Credentials, request: Request, response: Response) -> Me:
    """Check login and password; sets the session cookie."""
    desk = desk_of(request)
    if request.headers.get("origin") is not None and not is_from_own_page(request):
        raise Forbidden("cross_site")
    now = desk.now()
    veiled = desk.sign_in.veiled(normal_login(credentials.login))
    device = known_device.read(request.cookies, veiled, desk.secrets.session, now)
    person = await desk.sign_in.sign_in(credentials.login, credentials.password, address_of(request), now, device=device)
    desk.gate.admit(person)
    session = new_session(person.login, person.role, person.extension, now)
    response.set_cookie(
        COOKIE,
        write(session, desk.secrets.session),
        max_age=int(LIFETIME_S),
        path="/",
        secure=desk.settings.certificate is not None,
        httponly=True,
        samesite="strict",
    )
    response.set_cookie(
        known_device.cookie_name(veiled),
        known_device.write(veiled, device or known_device.new_device(), desk.secrets.session, now),
        max_age=int(known_device.LIFETIME_S),
        path="/api/sign-in",
        secure=desk.settings.certificate is not None,
        httponly=True,
        samesite="strict",
    )
    return Me(
        login=person.login, name=person.name, role=person.role, extension=person.extension or None, unit=person.unit or None
    )


@router.post("/sign-out", status_code=204)
async def sign_out(request: Request, response: Response, caller: Annotated[Caller, Depends(Needs())]) -> None:
    """End this session everywhere in the desk; the agent takes no more calls, the telephone's password is dead."""
    desk = desk_of(request)
    response.delete_cookie(COOKIE, path="/", secure=desk.settings.certificate is not None, httponly=True, samesite="strict")
    if not caller.sid:
        return
    desk.gate.forget(caller.sid)
    desk.hub.close(NOT_SIGNED_IN, sid=caller.sid)
    if caller.extension:
        desk.tasks.spawn("sign out", desk.phones.leave(caller))
    try:
        await desk.tickets_threads.run(lambda: desk.gate.end(caller, desk.now()))
    except Unavailable:
        desk.log.warning("a session's end could not be written; it is refused until the desk starts again")


@router.get("/me")
async def me(caller: Annotated[Caller, Depends(Needs())]) -> Me:
    """Who asks."""
    return Me.model_validate(caller.told())


