"""What a page asks before there is a ticket: the catalogue, and which limits and units a matter would get."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.gate import Caller
from agent_desktop.ticket_asked import Asked, ContentAsked
from agent_desktop.ticket_catalogue import told_catalogue, told_suggestion
from agent_desktop.ticket_reading import policy_of, units_of
from agent_desktop.ticket_view import told_limits
from tickets.life import foreseen
from tickets.ticket import Content
from tickets.units import suggest

router = APIRouter(prefix="/api/tickets", tags=["tickets"])


class Matter(Asked):
    """What is known of a matter so far."""

    content: ContentAsked = ContentAsked()


@router.get("/catalogue")
async def catalogue(request: Request, caller: Annotated[Caller, Depends(Needs("see_tickets", "see_unit_tickets"))]) -> Told:
    """Every list that a form or a filter chooses from, with the names of stages, acts, limits and roles."""
    desk = desk_of(request)
    sees_phones = desk.rights.may(caller.role, "see_units")
    return told_catalogue(policy_of(desk), desk.tickets.names, units_of(desk, caller), sees_phones=sees_phones)


@router.post("/limits")
async def limits(request: Request, asked: Matter, _caller: Annotated[Caller, Depends(Needs("write_ticket"))]) -> Told:
    """The limits that would stand if the matter were accepted and dispatched now, each with why; and the units it may be for."""
    desk = desk_of(request)
    policy, now = policy_of(desk), desk.now()
    content = asked.content.over(Content())
    profile = policy.profile_of(content.line, now)
    found = suggest(content, policy.units)
    dues = foreseen(content, policy, now=now) if content.klass else {}
    return {
        "profile": {"key": profile.key, "edition": profile.edition.isoformat(), "name": profile.name},
        "limits": told_limits(dues, {}, policy, now),
        "suggestions": [told_suggestion(each, content.line, now, policy, desk.tickets.names) for each in found],
    }
