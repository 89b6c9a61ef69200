"""Tickets as a table for other programs, CSV or XLSX, by the same filters as the list."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from agent_desktop.asking import Needs, desk_of
from agent_desktop.desk import Desk
from agent_desktop.exporting import Kind, sent
from agent_desktop.gate import Caller
from agent_desktop.ticket_asked import Sought
from agent_desktop.ticket_lists import filter_of
from agent_desktop.ticket_reading import policy_of, reader_of
from hotline_core.adapters.audit import Facts
from tickets.masking import sight_of, veil_for
from tickets.store.export import Export, Wanted
from tickets.ticket import Content

router = APIRouter(prefix="/api/tickets", tags=["tickets"])
Exporter = Annotated[Caller, Depends(Needs("export_tickets"))]


@router.get("/export.csv", response_class=StreamingResponse)
async def as_csv(request: Request, caller: Exporter, sought: Annotated[Sought, Query()]) -> StreamingResponse:
    """UTF-8 with its mark, newest first; a cell that a spreadsheet would compute begins with an apostrophe."""
    return await _exported(desk_of(request), caller, sought, "csv")


@router.get("/export.xlsx", response_class=StreamingResponse)
async def as_xlsx(request: Request, caller: Exporter, sought: Annotated[Sought, Query()]) -> StreamingResponse:
    """A workbook, newest first, every cell text."""
    return await _exported(desk_of(request), caller, sought, "xlsx")


async def _exported(desk: Desk, caller: Caller, sought: Sought, kind: Kind) -> StreamingResponse:
    policy, now, reader = policy_of(desk), desk.now(), reader_of(desk, caller)

    def veiled(content: Content) -> Content:
        return veil_for(sight_of(content, reader, policy.units), content).content(content)[0]

    people_too = desk.rights.may(caller.role, "see_full_numbers")
    wanted = Wanted(filter_of(desk, caller, sought), now, veiled, query=sought.q, people_too=people_too)
    # which tickets, for the trail; the words sought may be a citizen's name
    asked = json.dumps(sought.model_dump(mode="json", exclude_defaults=True, exclude={"q"}), sort_keys=True)
    told: Facts = {"filter": asked, "by_words": bool(sought.q)}
    sheet = Export(desk.tickets_engine, desk.tickets.headings, desk.tickets.names, policy).sheet(wanted)
    file = await desk.exporting.make(kind, sheet, actor=caller.login, act="tickets_exported", told=told)
    return sent(file, kind, "tickets", now)
