"""The directory of outside parties: searched, changed while calls run, and everybody's favourites."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from hotline_core.errors import Forbidden, NotFound
from transfer.directory import KEY, may_use

router = APIRouter(prefix="/api/parties", tags=["parties"])
Reader = Annotated[Caller, Depends(Needs("see_parties"))]
Manager = Annotated[Caller, Depends(Needs("manage_parties"))]
Key = Annotated[str, Path(pattern=f"^{KEY}$")]


class HoursAsked(BaseModel):
    """When somebody is there, in Shanghai."""

    model_config = ConfigDict(extra="forbid")

    days: str = Field(max_length=20)
    opens: str = Field(alias="from", max_length=5)
    closes: str = Field(alias="to", max_length=5)


class PartyAsked(BaseModel):
    """A party as it is to be, as in the city's file (docs/city.md); numbers in the order of trial, however they are written."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=60)
    numbers: list[Annotated[str, Field(max_length=40)]] = Field(max_length=8)
    kind: str = Field(max_length=20)
    hours: list[HoursAsked] = Field(default=[], max_length=14)
    menu: bool = False
    tell: str = Field(default="", max_length=200)
    roles: list[Annotated[str, Field(max_length=20)]] = Field(default=[], max_length=6)


class InForce(BaseModel):
    """Stored; `in_force` is false while the bridge, by which calls are made, still waits for it."""

    in_force: bool


@router.get("")
async def parties(request: Request, caller: Reader, q: Annotated[str, Query(max_length=60)] = "") -> Told:
    """The parties that the caller may use (all, for who manages them), emergencies first; `q` is a name, initials or a number."""
    return {"parties": told_parties(desk_of(request), caller, q)}


@router.put("/{key}")
async def put(key: Key, asked: PartyAsked, request: Request, caller: Manager) -> InForce:
    """Add or change a party; open pages, the bridge and the menu have it at once."""
    desk = desk_of(request)
    data = asked.model_dump(by_alias=True)
    await desk.tickets_threads.run(lambda: desk.party_store.put(key, data, actor=caller.login, now=desk.now()))
    return InForce(in_force=await desk.parties_changed())


@router.delete("/{key}")
async def remove(key: Key, request: Request, caller: Manager) -> InForce:
    """Take a party out; 409 for one that a menu leads to and for the city's emergency parties."""
    desk = desk_of(request)
    await desk.tickets_threads.run(lambda: desk.party_store.remove(key, actor=caller.login, now=desk.now()))
    return InForce(in_force=await desk.parties_changed())


@router.put("/{key}/favourite", status_code=204)
async def keep(key: Key, request: Request, caller: Reader) -> None:
    """Keep a party at hand."""
    party = desk_of(request).parties.party(key)
    if party is None or not may_use(party, caller.role):
        raise NotFound("unknown_party")
    await _keep(request, caller, key, True)


@router.delete("/{key}/favourite", status_code=204)
async def let_go(key: Key, request: Request, caller: Reader) -> None:
    """A favourite no more."""
    await _keep(request, caller, key, False)


async def _keep(request: Request, caller: Caller, key: str, is_kept: bool) -> None:
    desk = desk_of(request)
    if not caller.sid:
        raise Forbidden()  # a service token is no person
    await desk.tickets_threads.run(lambda: desk.party_store.keep(caller.login, key, is_kept))
    await desk.parties_changed()


def told_parties(desk: Desk, caller: Caller, sought: str = "") -> list[Told]:
    """The parties as a page gets them, from memory."""
    sees_all = desk.rights.may(caller.role, "manage_parties")
    return desk.parties.told(caller, desk.now(), sees_all=sees_all, sought=sought)
