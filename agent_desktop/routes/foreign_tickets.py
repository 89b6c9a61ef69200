"""Tickets of other systems by their own numbers: filed once however often sent, read, and followed step by step (R91 to R94)."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.ticket_asked import Asked, ContentAsked
from agent_desktop.ticket_reading import policy_of
from agent_desktop.ticket_view import told_limits, told_steps, told_ticket
from hotline_core.errors import BadInput, Forbidden, NotFound
from tickets.deeds import check_content
from tickets.life import dues
from tickets.masking import Veil
from tickets.store.orders import Foreign
from tickets.store.outbox import OWN_SYSTEM
from tickets.ticket import Content, Ticket

router = APIRouter(prefix="/api/foreign/tickets", tags=["other systems"])
Filer = Annotated[Caller, Depends(Needs("file_tickets"))]
System = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{1,39}$")]
ForeignNumber = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,80}$")]
WHOLE = Veil("whole")  # what a system filed it may read


class Filed(Asked):
    """A ticket as another system sends it; it waits for a person of the centre, who takes it on, answers or refuses it."""

    content: ContentAsked


@router.put("/{system}/{foreign_number}", status_code=201)
async def file(
    request: Request, response: Response, system: System, foreign_number: ForeignNumber, asked: Filed, caller: Filer
) -> Told:
    """File a ticket; 200 with the same one when the same was sent before, 409 when something else was."""
    desk, now = desk_of(request), desk_of(request).now()
    if system == OWN_SYSTEM:
        raise BadInput(field="system")
    _check_own(caller, system)
    policy, content = policy_of(desk), asked.content.over(Content())
    check_content(content, policy.catalogue)
    body = json.dumps(asked.model_dump(exclude_none=True), sort_keys=True, ensure_ascii=False)
    foreign = Foreign(system, foreign_number, sha256(body.encode()).hexdigest())
    made = await desk.tickets_threads.run(
        lambda: desk.tickets.orders.create(content, by=caller.login, role=caller.role, now=now, policy=policy, foreign=foreign)
    )
    if made.life.created_at != now:
        response.status_code = 200
    return _told(desk, made, system, foreign_number)


@router.get("/{system}/{foreign_number}")
async def read(request: Request, system: System, foreign_number: ForeignNumber, caller: Filer) -> Told:
    """The ticket as it is now."""
    _check_own(caller, system)
    desk = desk_of(request)
    return _told(desk, await _found(desk, system, foreign_number), system, foreign_number)


@router.get("/{system}/{foreign_number}/steps")
async def steps(
    request: Request, system: System, foreign_number: ForeignNumber, caller: Filer,
    after: Annotated[int, Query(ge=-1, le=2**31 - 2)] = -1,
) -> Told:  # fmt: skip
    """What happened to it after that version, oldest first."""
    _check_own(caller, system)
    desk = desk_of(request)
    ticket = await _found(desk, system, foreign_number)
    found = await desk.tickets_threads.run(lambda: desk.tickets.orders.steps(ticket.number, after))
    return {"number": ticket.number, "version": ticket.life.version, "steps": told_steps(found, WHOLE, {})}


def _check_own(caller: Caller, system: str) -> None:
    """Forbidden `other_system`: a token files, reads and follows the tickets of the one system that it was made for."""
    if caller.system != system:
        raise Forbidden("other_system")


async def _found(desk: Desk, system: str, foreign_number: str) -> Ticket:
    ticket = None
    if system != OWN_SYSTEM:
        ticket = await desk.tickets_threads.run(lambda: desk.tickets.orders.of_foreign(system, foreign_number))
    if ticket is None:
        raise NotFound("unknown_ticket")
    return ticket


def _told(desk: Desk, ticket: Ticket, system: str, foreign_number: str) -> Told:
    policy, life = policy_of(desk), ticket.life
    unit = policy.units.get(life.unit)
    whole = told_ticket(ticket, WHOLE)
    return {
        **{name: whole[name] for name in ("number", "version", "stage", "content")},
        "system": system, "foreign_number": foreign_number, "unit": life.unit,
        "unit_name": unit.name if unit else "", "created_at": life.created_at, "closed_at": life.closed_at,
        "merged_into": life.merged_into, "limits": told_limits(dues(ticket, policy), life.met, policy, desk.now()),
    }  # fmt: skip
