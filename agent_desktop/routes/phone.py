"""What the telephone in the page needs to register."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from agent_desktop.asking import Needs, desk_of
from agent_desktop.gate import Caller
from hotline_core.errors import Forbidden

router = APIRouter(prefix="/api", tags=["phone"])
REALM = "hotline"


class Phone(BaseModel):
    """SIP identity of the caller's own extension."""

    uri: str
    password: str
    realm: str
    ws_path: str
    display_name: str


@router.get("/phone")
async def phone(request: Request, caller: Annotated[Caller, Depends(Needs("use_phone"))]) -> Phone:
    """The caller's own SIP account; 403 without an extension."""
    if not caller.extension or not caller.sid:  # service tokens have no telephone
        raise Forbidden("no_extension")
    return Phone(
        uri=f"sip:agent-{caller.extension}@{REALM}",
        password=desk_of(request).secrets.sip_password(caller.extension),
        realm=REALM,
        ws_path="/sip",
        display_name=caller.name,
    )
