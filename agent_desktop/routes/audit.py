"""The audit trail, for who has the right to see it: pages of rows, and its chain looked at piece by piece; nothing here writes."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from agent_desktop.asking import Needs, desk_of
from agent_desktop.audit_reading import Sought
from agent_desktop.call_view import Told
from agent_desktop.gate import Caller
from agent_desktop.storable import Text
from hotline_core.adapters.audit import FIRST_PREV

router = APIRouter(prefix="/api/audit", tags=["audit"])
Reader = Annotated[Caller, Depends(Needs("see_audit"))]
MOST_ACTS = 40


@router.get("")
async def rows(
    request: Request,
    _caller: Reader,
    act: Annotated[list[Text] | None, Query(max_length=MOST_ACTS)] = None,
    actor: Annotated[Text, Query(max_length=80)] = "",
    subject: Annotated[Text, Query(max_length=80)] = "",
    since: Annotated[float | None, Query(ge=0, le=1e11)] = None,
    until: Annotated[float | None, Query(ge=0, le=1e11)] = None,
    before: Annotated[int | None, Query(ge=0, le=10**15)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Told:
    """Who did what to whom, newest first; `before` takes the `next` of the page before."""
    desk = desk_of(request)
    sought = Sought(tuple(act or ()), actor, subject, since, until, before, limit)
    found, following = await desk.tickets_threads.run(lambda: desk.audit_trail.page(sought))
    names = {login: person.name for login, person in (desk.gate.people or {}).items()}
    told = [
        {"seq": row.seq, "at": row.at, "actor": row.actor, "name": names.get(row.actor), "act": row.act,
         "act_name": desk.audit_trail.names.get(row.act), "subject": row.subject,
         "facts": json.loads(row.facts), "hash": row.hash}
        for row in found
    ]  # fmt: skip
    return {"rows": told, "next": following, "stages": dict(desk.tickets.names.stages)}


@router.get("/chain")
async def chain(
    request: Request,
    _caller: Reader,
    after: Annotated[int, Query(ge=0, le=10**15)] = 0,
    prev: Annotated[str, Query(pattern=r"^[0-9a-f]{64}$")] = FIRST_PREV,
) -> Told:
    """One piece of the chain: `seq` and `hash` for the next request, `broken` the first row that was changed or is missing."""
    desk = desk_of(request)
    look = await desk.tickets_threads.run(lambda: desk.audit_trail.look(after, prev))
    return {"seq": look.seq, "hash": look.hash, "broken": look.broken, "is_all": look.is_all}
