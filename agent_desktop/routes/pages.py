"""The pages: rendered by name, with who one is, the lines and the version of the static files."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates

from agent_desktop.asking import cookie_caller, desk_of
from agent_desktop.gate import Caller
from agent_desktop.rights import Act
from agent_desktop.routes.parties import told_parties
from asterisk_conf.probe_account import probe_caller
from hotline_core.errors import Forbidden

router = APIRouter(include_in_schema=False)
SEES_TICKETS: tuple[Act, ...] = ("see_tickets", "see_unit_tickets")


@router.get("/")
async def start(request: Request) -> Response:
    """Where one belongs: the floor (who leads it and has no telephone), the desk, calls, tickets, or signing in."""
    caller = cookie_caller(request)
    if caller is None:
        return _to("/sign-in")
    may = desk_of(request).rights.may
    if may(caller.role, "lead_floor") and not caller.extension:
        return _to("/floor")
    if may(caller.role, "write_draft"):
        return _to("/desk")
    return _to("/calls" if may(caller.role, "see_calls") else "/tickets")


@router.get("/sign-in")
async def sign_in(request: Request) -> Response:
    """The page to sign in; who is signed in already goes on."""
    return _render(request, "sign_in.html", None) if cookie_caller(request) is None else _to("/")


@router.get("/desk")
async def desk(request: Request) -> Response:
    """The agents' and supervisors' page."""
    return _page(request, "desk.html", "write_draft")


@router.get("/floor")
async def floor(request: Request) -> Response:
    """The supervisor's first view: callers, agents, and the day's counts of each line."""
    return _page(request, "floor.html", "see_day")


@router.get("/calls")
async def calls(request: Request) -> Response:
    """The list of calls with recordings and player."""
    return _page(request, "calls.html", "see_calls")


@router.get("/history")
async def history(request: Request) -> Response:
    """The past: calls and tickets, searched together."""
    return _page(request, "history.html", "see_calls", "see_tickets")


@router.get("/recordings")
async def recordings(request: Request) -> Response:
    """Recordings, searched by everything that is known of them."""
    return _page(request, "recordings.html", "listen_own", "listen_all")


@router.get("/knowledge")
async def knowledge(request: Request) -> Response:
    """What is known, to be looked up, and written by who may."""
    return _page(request, "knowledge.html", "see_knowledge")


@router.get("/topics")
async def topics(request: Request) -> Response:
    """What waiting callers hear, per line."""
    return _page(request, "topics.html", "manage_topics")


@router.get("/people")
async def people(request: Request) -> Response:
    """People and their telephones, for who manages them."""
    return _page(request, "people.html", "manage_people")


@router.get("/parties")
async def parties(request: Request) -> Response:
    """The directory of outside parties: read and changed by who may."""
    return _page(request, "parties.html", "see_parties")


@router.get("/tickets")
async def tickets(request: Request) -> Response:
    """Tickets in lists: the centre's all, a unit's own."""
    return _page(request, "tickets.html", *SEES_TICKETS)


@router.get("/tickets/new")
async def ticket_new(request: Request) -> Response:
    """Where a ticket is entered that no call brought: letters, mailboxes, other hotlines."""
    return _page(request, "ticket_new.html", "write_ticket")


@router.get("/tickets/{number}")
async def ticket(request: Request, number: str) -> Response:
    """One ticket; whether this reader may see it is told by the API that fills the page."""
    return _page(request, "ticket.html", *SEES_TICKETS, number=number[:20])


@router.get("/tickets/{number}/print")
async def ticket_print(request: Request, number: str) -> Response:
    """One ticket on paper, with what is required and until when (R48)."""
    return _page(request, "ticket_print.html", *SEES_TICKETS, number=number[:20])


@router.get("/returns")
async def returns(request: Request) -> Response:
    """The ledger of improper returns, with the figure of each unit."""
    return _page(request, "returns.html", "see_returns")


@router.get("/units")
async def units(request: Request) -> Response:
    """The units that answer tickets: read and changed by who may."""
    return _page(request, "units.html", "see_units")


@router.get("/audit")
async def audit(request: Request) -> Response:
    """The audit trail, for who has the right to see it."""
    return _page(request, "audit.html", "see_audit")


@router.get("/rules")
async def rules(request: Request) -> Response:
    """What is in force: limits, calendar, rights."""
    return _page(request, "rules.html", "see_units")


@router.get("/keeping")
async def keeping(request: Request) -> Response:
    """What will be deleted and when, the cases that forbid it, and the certificates."""
    return _page(request, "keeping.html", "see_keeping")


@router.get("/password")
async def password(request: Request) -> Response:
    """Where anybody who is signed in changes the own password."""
    caller = cookie_caller(request)
    return _to("/sign-in") if caller is None else _render(request, "password.html", caller)


def _page(request: Request, name: str, *acts: Act, **more: str) -> Response:
    caller = cookie_caller(request)
    if caller is None:
        return _to("/sign-in")
    if not any(desk_of(request).rights.may(caller.role, act) for act in acts):
        raise Forbidden(act=acts[0])
    return _render(request, name, caller, **more)


def _render(request: Request, name: str, caller: Caller | None, **more: str) -> Response:
    desk = desk_of(request)
    templates = cast(Jinja2Templates, request.app.state.templates)
    lines = {number: line.name for number, line in desk.city.lines.items()}
    context = {
        "me": caller.told() if caller else None,
        "lines": lines,
        "queues": {key: queue.name for key, queue in desk.city.queues.items()},
        "names": desk.gate.names() if caller else {},
        "acts": sorted(desk.rights.acts_of(caller.role)) if caller else [],
        "parties": told_parties(desk, caller) if caller and desk.rights.may(caller.role, "see_parties") else [],
        "has_probe": bool(probe_caller(desk.city, desk.settings.demo)),
        "version": request.app.state.version,
        **more,
    }
    return templates.TemplateResponse(request, name, context)


def _to(path: str) -> Response:
    return RedirectResponse(path, status_code=303)
