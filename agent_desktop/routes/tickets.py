"""Tickets: lists and search, one ticket whole, made from a call or from nothing, the acts of its life, also upon many at once."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Query, Request, Response

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.refusals import Unavailable
from agent_desktop.routes.calls import call_of_ticket
from agent_desktop.routes.drafts import may_write
from agent_desktop.ticket_asked import ActAsked, ManyAsked, NewTicket, Number, Sought, SoughtPage
from agent_desktop.ticket_lists import filter_of, told_page
from agent_desktop.ticket_reading import actor_of, policy_of, seen_ticket, whole_ticket
from hotline_core.errors import BadInput, Conflict, Forbidden, HotlineError
from tickets.acts import Act, Right
from tickets.store.orders import DraftRef, Facts, Foreign
from tickets.store.outbox import OWN_SYSTEM
from tickets.ticket import Content, Ticket

router = APIRouter(prefix="/api/tickets", tags=["tickets"])
Reader = Annotated[Caller, Depends(Needs("see_tickets", "see_unit_tickets"))]
CentreReader = Annotated[Caller, Depends(Needs("see_tickets"))]
Writer = Annotated[Caller, Depends(Needs("write_ticket"))]
Dispatcher = Annotated[Caller, Depends(Needs("dispatch_ticket"))]
Doer = Annotated[Caller, Depends(Needs(*get_args(Right)))]


@router.get("")
async def tickets(request: Request, caller: Reader, sought: Annotated[SoughtPage, Query()]) -> Told:
    """Tickets the caller may see; the nearest limit first, or the newest made or changed."""
    desk, now = desk_of(request), desk_of(request).now()
    wanted = filter_of(desk, caller, sought)
    page = await desk.tickets_threads.run(
        lambda: desk.tickets.listing.page(wanted, sought.sort, sought.after or None, sought.limit, now=now)
    )
    return await told_page(desk, caller, page)


@router.get("/counts")
async def counts(request: Request, caller: Reader, sought: Annotated[Sought, Query()]) -> Told:
    """How many tickets a filter keeps, by stage and by the time left."""
    desk, now = desk_of(request), desk_of(request).now()
    wanted = filter_of(desk, caller, sought)
    found = await desk.tickets_threads.run(lambda: desk.tickets.listing.counts(wanted, now=now))
    return asdict(found)


@router.get("/search")
async def search(request: Request, caller: CentreReader, sought: Annotated[SoughtPage, Query()]) -> Told:
    """Tickets in whose words all words of `q` stand, newest first; names and numbers are searched for who sees numbers whole."""
    desk, now = desk_of(request), desk_of(request).now()
    wanted = filter_of(desk, caller, sought)
    people_too = desk.rights.may(caller.role, "see_full_numbers")
    page = await desk.tickets_threads.run(
        lambda: desk.tickets.search.page(
            sought.q, wanted, now=now, people_too=people_too, after=sought.after or None, limit=sought.limit
        )
    )
    return await told_page(desk, caller, page)


@router.post("", status_code=201)
async def create(request: Request, response: Response, asked: NewTicket, caller: Writer) -> Told:
    """Make a ticket and do its first act in the same transaction; 200 with the same ticket when this request came before."""
    desk, now = desk_of(request), desk_of(request).now()
    content, draft = await _content(desk, caller, asked)
    acts: tuple[tuple[Act, Facts], ...] = ()
    if asked.act == "dispatch":
        acts = (("accept", {}), ("dispatch", asked.facts))
    elif asked.act:
        acts = ((asked.act, asked.facts),)
    foreign = Foreign(OWN_SYSTEM, asked.request, _digest(caller, asked)) if asked.request else None
    actor, policy = actor_of(desk, caller), policy_of(desk)
    made: Ticket = await desk.tickets_threads.run(
        lambda: desk.tickets.orders.create(
            content, by=caller.login, role=caller.role, now=now, policy=policy, foreign=foreign, acts=acts, actor=actor, draft=draft
        )
    )
    if made.life.created_at != now:
        response.status_code = 200
    return await whole_ticket(desk, caller, made.number)


@router.post("/acts")
async def act_on_many(request: Request, asked: ManyAsked, caller: Dispatcher) -> Told:
    """The same act upon many tickets, each for itself: what cannot be done is told beside what was done."""
    desk, results = desk_of(request), []
    away: HotlineError | None = None
    for each in asked.tickets:
        told: Told = {"number": each.number}
        try:
            if away is not None:
                raise away
            done = await _act(desk, caller, each.number, each.version, asked.act, asked.facts)
            told |= {"ok": True, "version": done.life.version, "stage": done.life.stage}
        except HotlineError as error:
            away = error if isinstance(error, Unavailable) else None
            message = desk.wording.sentence(error.code, error.facts)
            told |= {"ok": False, "code": error.code, "message": message, "facts": error.facts}
        results.append(told)
    return {"results": results}


@router.get("/{number}")
async def ticket(request: Request, number: Number, caller: Reader) -> Told:
    """A ticket with its limits and why, its steps, what the caller may do, files, notices and the call it came from."""
    return await whole_ticket(desk_of(request), caller, number)


@router.post("/{number}/acts")
async def act(request: Request, number: Number, asked: ActAsked, caller: Doer) -> Told:
    """Do an act upon the ticket as its reader saw it; 409 `ticket_changed` when somebody was first, or as its life refuses it."""
    desk = desk_of(request)
    await _act(desk, caller, number, asked.version, asked.act, asked.facts)
    return await whole_ticket(desk, caller, number)


async def _act(desk: Desk, caller: Caller, number: str, version: int, wanted: Act, facts: Facts) -> Ticket:
    await seen_ticket(desk, caller, number)
    actor, policy, now = actor_of(desk, caller), policy_of(desk), desk.now()
    return await desk.tickets_threads.run(
        lambda: desk.tickets.orders.act(number, version, wanted, facts, actor, now, policy)
    )


async def _content(desk: Desk, caller: Caller, asked: NewTicket) -> tuple[Content, DraftRef | None]:
    """What the ticket says: the draft's form and words with the call's line and number, over it what was sent."""
    if not asked.call_id:
        if asked.draft_version is not None:
            raise BadInput(field="draft_version")
        return asked.content.over(Content()), None
    if not await may_write(desk, caller, asked.call_id):
        raise Forbidden("not_own_call")
    call, number, _ = await call_of_ticket(desk, caller, asked.call_id)
    content = Content(line=str(call.get("line") or ""), call_id=asked.call_id)
    draft = None
    if asked.draft_version is not None:
        kept = await desk.tickets_threads.run(lambda: desk.drafts.read(asked.call_id))
        if kept.version != asked.draft_version:
            raise Conflict("draft_changed", version=kept.version)
        draft = DraftRef(asked.call_id, asked.draft_version)
        fields: dict[str, object] = {**kept.fields, "text": kept.text}
        content = Content(**{**asdict(content), **fields})
    content = asked.content.over(content)
    if not content.number and number:
        content = Content(**{**asdict(content), "number": number})
    return content, draft


def _digest(caller: Caller, asked: NewTicket) -> str:
    """Of what was sent and who sent it, to tell a repetition from another matter."""
    body = json.dumps([caller.login, asked.model_dump()], sort_keys=True, ensure_ascii=False)
    return sha256(body.encode()).hexdigest()
