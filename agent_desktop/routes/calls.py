"""Calls: list, one call with its timeline, and the ticket of a call."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told, listed_calls, live_call, stored_call, told_training, unseen_call
from agent_desktop.desk import Desk
from agent_desktop.evidence_view import told_evidence
from agent_desktop.gate import Caller
from agent_desktop.own_calls import extension_at, is_own, took_part
from agent_desktop.refusals import Unavailable
from agent_desktop.ticket_lists import told_rows
from agent_desktop.ticket_reading import visible_to
from hotline_core.adapters.calls_store import CallFilter, ListedCall
from hotline_core.domain.numbers import of_caller
from hotline_core.errors import Forbidden, NotFound
from tickets.repeats import repeat_of
from tickets.store.listing import Row

router = APIRouter(prefix="/api/calls", tags=["calls"])
CallId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
State = Literal["greeting", "waiting", "ringing", "talking", "held", "joined", "duty", "party", "dialling", "ended"]
EARLIER = 20


@router.get("")
async def list_calls(
    request: Request,
    caller: Annotated[Caller, Depends(Needs("see_calls"))],
    number: Annotated[str | None, Query(alias="caller", pattern=r"^\+?[0-9]{1,20}$")] = None,
    line: Annotated[str | None, Query(pattern=r"^\+?[0-9]{1,20}$")] = None,
    since: Annotated[float | None, Query(ge=0, le=1e11)] = None,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[str | None, Query(max_length=100, pattern=r"^[0-9.e+]+~[A-Za-z0-9._-]{1,64}$")] = None,
) -> Told:
    """Calls, newest first; `before` takes the `next` of the page before."""
    desk = desk_of(request)
    is_whole = desk.rights.may(caller.role, "see_full_numbers")
    if number is not None and not is_whole:
        raise Forbidden(act="see_full_numbers")  # a search by number would tell a masked one digit by digit
    sought = None if number is None else of_caller(number, desk.city.area_code)  # as it is kept, however it was typed
    wanted = CallFilter(caller=sought, line=line, since=since, state=state, limit=limit, before=before)
    page = await desk.calls_threads.run(lambda: desk.calls.list_calls(wanted))
    return {"calls": listed_calls(page.calls, is_whole=is_whole), "next": page.next}


@router.get("/{call_id}")
async def one_call(request: Request, call_id: CallId, caller: Annotated[Caller, Depends(Needs("see_calls"))]) -> Told:
    """A call, what happened to it, in order, and who else was on its line."""
    desk = desk_of(request)
    found = await desk.calls_threads.run(lambda: desk.calls.call(call_id))
    if found is None:
        raise NotFound("unknown_call")
    timeline, evidence, taken = await desk.calls_threads.run(
        lambda: (desk.calls.timeline(call_id), desk.transfers.of_call(call_id), desk.training.of_call(call_id))
    )
    is_whole = _sees_whole(desk, caller, found)
    hears_all, hears_own = (desk.rights.may(caller.role, act) for act in ("listen_all", "listen_own"))
    told = stored_call(found.call, recording=found.recording, is_whole=is_whole)
    extension = extension_at(desk, caller, found.call.arrived_at)
    told |= told_evidence(evidence, extension=extension, is_whole=is_whole, hears_all=hears_all, hears_own=hears_own)
    told["training"] = told_training(taken)
    told["timeline"] = [{"seq": entry.seq, "at": entry.at, "kind": entry.kind, "facts": dict(entry.facts)} for entry in timeline]
    return told


@router.get("/{call_id}/ticket")
async def ticket(request: Request, call_id: CallId, caller: Annotated[Caller, Depends(Needs("write_draft"))]) -> Told:
    """All an agent needs when a call is offered: the call, where its number is from, earlier calls and tickets of the number, which
    of them may have come back (R60), the draft, tickets made from this call."""
    desk = desk_of(request)
    draft, made = await desk.tickets_threads.run(lambda: (desk.drafts.read(call_id), desk.tickets.listing.of_call(call_id)))
    call, number, arrived_at = await call_of_ticket(desk, caller, call_id)
    earlier: list[Told] | None = None
    try:
        if number is not None:
            found = await desk.calls_threads.run(lambda: desk.calls.earlier_calls(number, arrived_at, EARLIER), timeout_s=2.0)
            earlier = listed_calls(found, is_whole=True)  # the reader sees this very number already
    except Unavailable:
        pass  # the ticket pops without them; earlier_known says so
    return {
        "call": call,
        "place": desk.places.of(number or ""),
        "earlier": earlier or [],
        "earlier_known": earlier is not None,
        **await earlier_tickets(desk, caller, number, [call_id, *(str(each["call_id"]) for each in earlier or ())], made),
        "draft": {
            "text": draft.text, "fields": dict(draft.fields), "version": draft.version, "saved_at": draft.saved_at,
            "saved_by": draft.saved_by,
        },
        "tickets": await told_rows(desk, caller, made),
    }


async def earlier_tickets(
    desk: Desk, caller: Caller, number: str | None, calls: list[str], made: tuple[Row, ...]
) -> dict[str, object]:
    """What the citizen already asked, over both lines and every source, but for the tickets `made` from this call.

    None are told of a number that the reader may not see, and `earlier_tickets_known` is false while the search does not answer.
    """
    if number is None:
        return {"earlier_tickets": [], "earlier_tickets_known": False, "repeat": None}
    history, visible, now = desk.tickets.history, visible_to(desk, caller), desk.now()
    try:
        found = await desk.tickets_threads.run(
            lambda: history.of_caller(number, calls, area_code=desk.city.area_code, visible=visible, now=now), timeout_s=2.0
        )
    except Unavailable:
        return {"earlier_tickets": [], "earlier_tickets_known": False, "repeat": None}
    own = {row.number for row in made}
    rows = tuple(row for row in found if row.number not in own)
    repeat = repeat_of(rows, now)
    told = None if repeat is None else {"number": repeat.number, "why": repeat.why}
    return {"earlier_tickets": await told_rows(desk, caller, rows), "earlier_tickets_known": True, "repeat": told}


async def call_of_ticket(desk: Desk, caller: Caller, call_id: str) -> tuple[Told, str | None, float]:
    """The call as told, its number (None when unknown or not to be seen) and its arrival.

    Live state first, then the database, then what little is known.
    """
    live = desk.hub.state.calls.get(call_id) if desk.hub.is_linked else None
    if live is not None:
        told_at = live.get("arrived_at")
        arrived_at = float(told_at) if isinstance(told_at, int | float) else desk.now()
        is_whole = await _is_seen_whole(desk, caller, call_id, live.get("agent"), arrived_at)
        return live_call(live, is_whole=is_whole), str(live.get("caller") or "") if is_whole else None, arrived_at
    try:
        found = await desk.calls_threads.run(lambda: desk.calls.call(call_id), timeout_s=2.0)
    except Unavailable:
        return unseen_call(call_id), None, desk.now()
    if found is None:
        if desk.hub.is_linked and desk.hub.state.epoch:
            raise NotFound("unknown_call")
        return unseen_call(call_id), None, desk.now()
    is_whole = await _is_seen_whole(desk, caller, call_id, found.call.agent, found.call.arrived_at)
    told = stored_call(found.call, recording=found.recording, is_whole=is_whole)
    return told, found.call.caller if is_whole else None, found.call.arrived_at


async def _is_seen_whole(desk: Desk, caller: Caller, call_id: str, agent: object, arrived_at: float) -> bool:
    """Whether who opens a ticket sees the number whole; Forbidden for a call that is somebody else's."""
    if desk.rights.may(caller.role, "see_full_numbers") or await took_part(desk, caller, call_id, agent, arrived_at):
        return True
    if agent:
        raise Forbidden("not_own_call")
    return False  # nobody's yet: the ticket opens, the number stays masked


def _sees_whole(desk: Desk, caller: Caller, found: ListedCall) -> bool:
    return is_own(desk, caller, found.call) or desk.rights.may(caller.role, "see_full_numbers")
