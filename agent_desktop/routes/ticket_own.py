"""What is one's own beside the tickets: saved filters, and the notices to those one belongs to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import AfterValidator, Field

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.ticket_asked import Asked, Sought
from agent_desktop.ticket_lists import titles_for
from agent_desktop.ticket_reading import policy_of, units_of, visible_to
from agent_desktop.ticket_view import told_notice
from hotline_core.errors import Forbidden
from tickets.doing import CENTRE, LEADERSHIP, head_audience, person_audience, unit_audience
from tickets.notice_words import sentence_of
from tickets.store.filters import SavedFilter

router = APIRouter(prefix="/api/tickets", tags=["tickets"])
Reader = Annotated[Caller, Depends(Needs("see_tickets", "see_unit_tickets"))]


def _plain(name: str) -> str:
    if not name.isprintable() or not name.strip():
        raise ValueError("no name")
    return name


Name = Annotated[str, Path(min_length=1, max_length=40), AfterValidator(_plain)]


class SavedQuery(Sought):
    """The query of a list, as it is saved; the page goes on from its beginning."""

    sort: str = Field(default="due", pattern="^(due|newest|changed)$")


class FilterAsked(Asked):
    """A filter to save under a name."""

    query: SavedQuery
    position: int = Field(default=0, ge=0, le=10_000)


class Seen(Asked):
    """Which notices were seen."""

    ids: list[Annotated[int, Field(ge=1, le=2**53)]] = Field(max_length=200)


@router.get("/filters")
async def filters(request: Request, caller: Reader) -> Told:
    """One's own saved filters, in one's own order."""
    desk = desk_of(request)
    found = await desk.tickets_threads.run(lambda: desk.tickets.filters.of(caller.login))
    return {"filters": [{"name": each.name, "query": dict(each.query), "position": each.position} for each in found]}


@router.put("/filters/{name}", status_code=204)
async def save_filter(request: Request, name: Name, asked: FilterAsked, caller: Reader) -> None:
    """Save a filter, or change the one of that name."""
    desk = desk_of(request)
    _a_person(caller)
    saved = SavedFilter(name, asked.query.model_dump(exclude_defaults=True), asked.position)
    await desk.tickets_threads.run(lambda: desk.tickets.filters.put(caller.login, saved))


@router.delete("/filters/{name}", status_code=204)
async def remove_filter(request: Request, name: Name, caller: Reader) -> None:
    """Forget a filter of one's own."""
    desk = desk_of(request)
    _a_person(caller)
    await desk.tickets_threads.run(lambda: desk.tickets.filters.remove(caller.login, name))


@router.get("/notices")
async def notices(
    request: Request, caller: Reader, unseen: bool = False, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Told:
    """What those one belongs to are told, the newest first, and how many of it nobody has seen."""
    desk = desk_of(request)
    to = audiences_of(desk, caller)
    store = desk.tickets.notices
    found, waiting = await desk.tickets_threads.run(lambda: (store.told(to, limit, unseen=unseen), store.unseen(to)))
    titles = await titles_for(desk, caller, {each.number for each in found})
    policy, names = policy_of(desk), desk.tickets.names
    told = [told_notice(each, titles.get(each.number, ""), sentence_of(each.kind, each.facts, names, policy)) for each in found]
    return {"notices": told, "unseen": waiting}


@router.post("/notices")
async def seen(request: Request, asked: Seen, caller: Reader) -> Told:
    """Mark notices as seen, for all whom they were to."""
    desk = desk_of(request)
    _a_person(caller)
    to, now = audiences_of(desk, caller), desk.now()
    store = desk.tickets.notices
    await desk.tickets_threads.run(lambda: store.seen(asked.ids, to, by=caller.login, now=now))
    return {"unseen": await desk.tickets_threads.run(lambda: store.unseen(to))}


def audiences_of(desk: Desk, caller: Caller) -> frozenset[str]:
    """Whose notices the caller reads: the centre's for who dispatches or decides, the leadership's for who leads the floor too,
    a unit's for its people and those above it; what is to oneself for everybody."""
    may, own = desk.rights.may, person_audience(caller.login)
    if visible_to(desk, caller) is None:
        is_centre = may(caller.role, "dispatch_ticket") or may(caller.role, "decide_ticket")
        return frozenset([own] + [CENTRE] * is_centre + [LEADERSHIP] * may(caller.role, "lead_floor"))
    heads = may(caller.role, "approve_extension")
    theirs = (name for key in units_of(desk, caller) for name in [unit_audience(key)] + [head_audience(key)] * heads)
    return frozenset([own, *theirs])


def _a_person(caller: Caller) -> None:
    if not caller.sid:
        raise Forbidden()  # a service token is no person
