"""An act upon a call by plain HTTP, for a page whose websocket is away; the same as over it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop.acting import act_upon
from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.clicks import read_act
from agent_desktop.gate import Caller
from agent_desktop.intents import UNSURE
from agent_desktop.refusals import Unavailable
from agent_desktop.routes.calls import CallId
from hotline_core.errors import BadInput, IntentRefused

router = APIRouter(prefix="/api/calls", tags=["acts"])


class ActAsked(BaseModel):
    """One of the acts of docs/data.md with what it needs."""

    model_config = ConfigDict(extra="forbid")

    op: str = Field(max_length=20)
    party: str = Field(default="", max_length=31)
    number: str = Field(default="", max_length=32)
    to: str = Field(default="", max_length=10)
    queue: str = Field(default="", max_length=31)
    role: str = Field(default="", max_length=10)
    digits: str = Field(default="", max_length=32)


@router.post("/{call_id}/acts")
async def act(request: Request, call_id: CallId, asked: ActAsked, caller: Annotated[Caller, Depends(Needs("use_phone"))]) -> Told:
    """Carry an act out upon one's own call; 409 with a code when it is refused."""
    desk = desk_of(request)
    wanted = read_act({**asked.model_dump(), "call_id": call_id})
    if wanted is None:
        raise BadInput(field="op")
    reply = await act_upon(desk, caller, wanted)
    if reply.ok:
        return {"code": "asked", "message": desk.wording.sentence("asked")}
    if reply.code in UNSURE:
        raise Unavailable(reply.code)
    raise IntentRefused(reply.code, **reply.facts)
