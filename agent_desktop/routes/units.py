"""Units: who answers for what, seen by the centre, changed while the hotline runs, suggested for a matter (R40, R44, R49, R105)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field, JsonValue

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.routes.ticket_words import Matter
from agent_desktop.ticket_asked import Asked
from agent_desktop.ticket_catalogue import told_suggestion, told_unit
from agent_desktop.ticket_reading import policy_of
from tickets.ticket import Content
from tickets.units import KEY, data_of, get, suggest, unit_of

router = APIRouter(prefix="/api/units", tags=["units"])
Reader = Annotated[Caller, Depends(Needs("see_units"))]
Manager = Annotated[Caller, Depends(Needs("manage_units"))]
Key = Annotated[str, Path(pattern=KEY)]


class UnitAsked(Asked):
    """A unit as it is to be, as in units.yaml (docs/city.md); what is left out is empty."""

    name: str = Field(max_length=60)
    parent: str = Field(default="", max_length=40)
    duties: list[dict[str, JsonValue]] = Field(default=[], max_length=30)
    areas: list[str] = Field(default=[], max_length=60)
    contacts: list[dict[str, JsonValue]] = Field(default=[], max_length=20)
    phones: list[str] = Field(default=[], max_length=8)
    roster: list[dict[str, JsonValue]] = Field(default=[], max_length=200)
    is_active: bool = True
    only_reads: bool = False


@router.get("")
async def units(request: Request, _caller: Reader) -> Told:
    """All units in their order, with duties, contacts, roster and who is on duty now."""
    desk = desk_of(request)
    changed = await desk.tickets_threads.run(desk.tickets.units.changed)
    policy, now = policy_of(desk), desk.now()
    return {"units": [told_unit(each, data_of(each), now, policy, is_own=key in changed) for key, each in policy.units.items()]}


@router.put("/{key}")
async def put(key: Key, asked: UnitAsked, request: Request, caller: Manager) -> Told:
    """Add or change a unit; in force at once."""
    desk = desk_of(request)
    unit = unit_of(key, asked.model_dump())
    given = policy_of(desk).units
    await desk.tickets_threads.run(lambda: desk.tickets.units.put(unit, given, actor=caller.login, now=desk.now()))
    await desk.policy_changed()
    return _told(desk, key)


@router.delete("/{key}", status_code=204)
async def remove(key: Key, request: Request, caller: Manager) -> None:
    """Take a unit out; 409 while it has units below it, people or tickets that are not over."""
    desk = desk_of(request)
    given = policy_of(desk).units
    get(key, given)
    await desk.tickets_threads.run(lambda: desk.tickets.units.remove(key, given, actor=caller.login, now=desk.now()))
    await desk.policy_changed()


@router.post("/suggest")
async def suggested(request: Request, asked: Matter, _caller: Reader) -> Told:
    """Units that a matter may be for, best first, each with why; a person decides (R49)."""
    desk = desk_of(request)
    policy, content = policy_of(desk), asked.content.over(Content())
    found = suggest(content, policy.units)
    return {"suggestions": [told_suggestion(each, content.line, desk.now(), policy, desk.tickets.names) for each in found]}


def _told(desk: Desk, key: str) -> Told:
    policy = policy_of(desk)
    unit = get(key, policy.units)
    return told_unit(unit, data_of(unit), desk.now(), policy, is_own=True)
