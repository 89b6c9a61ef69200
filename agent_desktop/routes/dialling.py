"""Calling somebody: a number that was typed, or the citizen of a ticket; the citizen of a call is the call-back list's."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.dialling import check_telephone, dial
from agent_desktop.gate import Caller
from agent_desktop.ticket_asked import Number
from agent_desktop.ticket_reading import seen_ticket
from hotline_core.domain.numbers import of_caller
from hotline_core.errors import IntentRefused

router = APIRouter(prefix="/api", tags=["dial"])
Agent = Annotated[Caller, Depends(Needs("call_back"))]


class Typed(BaseModel):
    """A number as somebody types it, and the line under whose number it is called."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(pattern=r"^\+?[0-9][0-9 ()-]{1,30}$")
    line: str = Field(pattern=r"^[0-9]{2,20}$")


@router.post("/dial")
async def dial_typed(request: Request, typed: Typed, caller: Agent) -> Told:
    """Call a typed number; what the city's allow list does not let through is refused (R10)."""
    desk = desk_of(request)
    check_telephone(desk, caller)
    return await dial(desk, caller, of_caller(typed.number, desk.city.area_code), typed.line, "")


@router.post("/tickets/{number}/dial")
async def dial_ticket(request: Request, number: Number, caller: Agent) -> Told:
    """Call the citizen of a ticket under its line, also where this caller sees the number masked; 409 `no_number` without one."""
    desk = desk_of(request)
    check_telephone(desk, caller)
    content = (await seen_ticket(desk, caller, number)).content
    wanted = of_caller(content.number, desk.city.area_code)
    if not wanted:
        raise IntentRefused("no_number")
    line = content.line if content.line in desk.city.lines else next(iter(desk.city.lines))
    return await dial(desk, caller, wanted, line, content.call_id)
