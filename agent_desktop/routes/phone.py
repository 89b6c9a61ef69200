"""What the telephone of one's own extension needs: the page's SIP account, or word that a hardware telephone serves instead."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from agent_desktop.asking import Needs, desk_of
from agent_desktop.desk import SERVICE_RESTART
from agent_desktop.gate import Caller
from asterisk_conf.telephones import REALM, user_of
from hotline_core.errors import Forbidden

router = APIRouter(prefix="/api", tags=["phone"])


class Phone(BaseModel):
    """SIP identity of the caller's own extension; `password` is null for a hardware telephone, whose own it has."""

    kind: str
    uri: str
    password: str | None
    realm: str
    ws_path: str
    display_name: str


@router.get("/phone")
async def phone(request: Request, caller: Annotated[Caller, Depends(Needs("use_phone"))]) -> Phone:
    """The caller's own SIP account, opened for this sign-in; 403 without an extension.

    409 `phone_elsewhere`: a newer sign-in has the telephone. 503 `phone_not_ready`: ask again in a second.
    """
    desk = desk_of(request)
    if not caller.extension or not caller.sid:  # service tokens have no telephone
        raise Forbidden("no_extension")
    person = desk.gate.person(caller)
    taken_from = await desk.phones.provide(caller, person)
    if taken_from is not None:
        desk.hub.close(SERVICE_RESTART, sid=taken_from.sid)  # that page looks after its telephone when it is back
    is_hardware = person.phone_kind == "hardware"
    return Phone(
        kind="hardware" if is_hardware else "page",
        uri=f"sip:{user_of(caller.extension)}@{REALM}",
        password=None if is_hardware else desk.phones.password(caller),
        realm=REALM,
        ws_path="/sip",
        display_name=caller.name,
    )
