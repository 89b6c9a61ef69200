"""The past: calls and tickets in one list, searched by number, name, word, time, line and state; either database may be away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told, listed_calls
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.history import Entry, Found, Kind, Place, Question, merged, place_of, question
from agent_desktop.own_calls import is_own, since
from agent_desktop.refusals import Unavailable
from agent_desktop.storable import Text
from agent_desktop.ticket_lists import told_rows
from agent_desktop.ticket_reading import visible_to
from hotline_core.adapters.calls_store import CallFilter, ListedCall, cursor_of
from tickets.acts import Stage
from tickets.store.listing import Filter, Page, Row

router = APIRouter(prefix="/api/history", tags=["history"])
Outcome = Literal["answered", "abandoned", "callback", "duty", "party", "lost", "busy", "no_answer", "failed", "open"]
Item = ListedCall | Row
NOTHING: Found[Item] = Found()


class Asked(BaseModel):
    """What to look for; times in epoch seconds, the first included. `outcome` keeps calls alone, `open` those that still run;
    `stage` and `undone` keep tickets alone; `mine` the caller's own calls and the tickets they made."""

    model_config = ConfigDict(extra="forbid")

    q: Text = Field(default="", max_length=100)
    kind: Kind = "all"
    line: str = Field(default="", pattern=r"^(\+?[0-9]{1,20})?$")
    since: float | None = Field(default=None, ge=0, le=1e11)
    until: float | None = Field(default=None, ge=0, le=1e11)
    outcome: Outcome | None = None
    stage: Stage | None = None
    undone: bool = False
    mine: bool = False
    limit: int = Field(default=50, ge=1, le=200)
    after: str = Field(default="", max_length=200, pattern=r"^([A-Za-z0-9._+~-]*\|[0-9-]*)?$")


@router.get("")
async def history(
    request: Request, caller: Annotated[Caller, Depends(Needs("see_calls", "see_tickets"))], asked: Annotated[Asked, Query()]
) -> Told:
    """Calls and tickets, newest first; `after` takes the `next` of the page before.

    A number is looked for whole or by its beginning: in all calls by who sees numbers whole, else in the caller's own.
    Words are looked for in tickets, whose calls come with them; with `kind` call only such tickets are told. `missing` names a
    database that did not answer: neither its own rows nor what stands beside the other's are told then.
    """
    desk = desk_of(request)
    meant, place = question(asked.q, desk.city.area_code), place_of(asked.after) if asked.after else Place()
    wants_calls, wants_tickets = _kinds(desk, caller, asked, meant)
    missing: list[str] = []
    calls, tickets = NOTHING, NOTHING
    if wants_calls and place.calls is not None:
        try:
            calls = await _calls(desk, caller, asked, meant, place.calls)
        except Unavailable:
            missing.append("calls")
    if wants_tickets and place.tickets is not None:
        try:
            tickets = await _tickets(desk, caller, asked, meant, place.tickets)
        except Unavailable:
            missing.append("tickets")
    if missing and len(missing) == wants_calls + wants_tickets:
        raise Unavailable("database_down" if wants_tickets else "calls_database_down")
    items, then = merged(calls, tickets, place, asked.limit)
    told, away = await _told(desk, caller, items)
    missing += [each for each in away if each not in missing]
    if meant.words and (asked.kind == "call" or asked.outcome):
        told = [each for each in told if _has_call(each["call"], asked.outcome)]
    return {"items": told, "next": None if then.is_end else then.told(), "missing": missing}


def _kinds(desk: Desk, caller: Caller, asked: Asked, meant: Question) -> tuple[bool, bool]:
    """Whether calls and whether tickets are asked for and may be seen; words stand in tickets alone."""
    may = desk.rights.may
    calls = asked.kind != "ticket" and asked.stage is None and not asked.undone and not meant.words
    tickets = bool(meant.words) or (asked.kind != "call" and asked.outcome is None)
    return calls and may(caller.role, "see_calls"), tickets and may(caller.role, "see_tickets")


def _has_call(call: object, outcome: Outcome | None) -> bool:
    """Whether a ticket that holds the words came from a call, of this outcome where one is asked for."""
    if not isinstance(call, dict):
        return False
    return outcome is None or (call["ended_at"] is None if outcome == "open" else call["outcome"] == outcome)


async def _calls(desk: Desk, caller: Caller, asked: Asked, meant: Question, before: str) -> Found[Item]:
    begin, agent = asked.since, None
    if asked.mine or (meant.numbers and not desk.rights.may(caller.role, "see_full_numbers")):
        # among masked numbers a search would tell them digit by digit; the own ones are known already
        begin, agent = max(begin or 0.0, since(desk, caller)), caller.extension or "-"
    wanted = CallFilter(
        line=asked.line or None, since=begin, until=asked.until, agent=agent, begins=meant.numbers, limit=asked.limit,
        before=before or None, outcome=None if asked.outcome == "open" else asked.outcome, is_open=asked.outcome == "open",
    )  # fmt: skip
    page = await desk.calls_threads.run(lambda: desk.calls.list_calls(wanted))
    found = [(each.call.arrived_at, each) for each in page.calls]
    entries: list[Entry[Item]] = [Entry(at, cursor_of(at, each.call.call_id), each) for at, each in found]
    return Found(entries, has_more=page.next is not None)


async def _tickets(desk: Desk, caller: Caller, asked: Asked, meant: Question, after: str) -> Found[Item]:
    now = desk.now()
    wanted = Filter(
        stages=(asked.stage,) if asked.stage else (), is_open=True if asked.undone else None,
        lines=(asked.line,) if asked.line else (), since=asked.since, until=asked.until,
        made_by=caller.login if asked.mine else "", visible=visible_to(desk, caller),
    )  # fmt: skip
    words = meant.words or (meant.numbers[0] if meant.numbers else "")
    people_too = desk.rights.may(caller.role, "see_full_numbers")
    store = desk.tickets

    def look() -> Page:
        if words:
            return store.search.page(words, wanted, now=now, people_too=people_too, after=after or None, limit=asked.limit)
        return store.listing.page(wanted, "newest", f"~{after}" if after else None, asked.limit, now=now)

    page = await desk.tickets_threads.run(look)
    entries: list[Entry[Item]] = [Entry(row.created_at, row.number, row) for row in page.rows]
    return Found(entries, has_more=page.next is not None)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What stands beside the rows of a page: the tickets of its calls and the calls of its tickets, by the call's id;
    and which database did not tell."""

    tickets: dict[str, list[Told]]
    calls: dict[str, Told]
    away: list[str]


async def _told(desk: Desk, caller: Caller, items: list[Item]) -> tuple[list[Told], list[str]]:
    """The rows as they are told, and the databases that did not tell what stands beside them."""
    rows = tuple(each for each in items if isinstance(each, Row))
    found = [each for each in items if isinstance(each, ListedCall)]
    told_tickets = {str(row["number"]): row for row in await told_rows(desk, caller, rows)}
    told_calls = {each.call.call_id: _told_call(desk, caller, each) for each in found}
    beside = await _beside(desk, caller, told_calls, [str(row["call_id"]) for row in told_tickets.values() if row["call_id"]])
    told = []
    for each in items:
        if isinstance(each, Row):
            row = told_tickets[each.number]
            call = beside.calls.get(str(row["call_id"]))
            told.append({"kind": "ticket", "at": each.created_at, "ticket": row, "call": call})
        else:
            call_id = each.call.call_id
            told.append({
                "kind": "call", "at": each.call.arrived_at, "call": told_calls[call_id], "tickets": beside.tickets.get(call_id, []),
            })  # fmt: skip
    return told, beside.away


def _told_call(desk: Desk, caller: Caller, each: ListedCall) -> Told:
    is_whole = desk.rights.may(caller.role, "see_full_numbers") or is_own(desk, caller, each.call)
    (told,) = listed_calls([each], is_whole=is_whole)
    return told


async def _beside(desk: Desk, caller: Caller, calls: dict[str, Told], wanted: list[str]) -> _Beside:
    """As far as the other database answers: the list itself does not wait for it in vain."""
    tickets: dict[str, list[Told]] = {}
    more = dict(calls)
    away: list[str] = []
    try:
        if calls and desk.rights.may(caller.role, "see_tickets"):
            rows = await desk.tickets_threads.run(lambda: desk.tickets.listing.of_calls(calls))
            for row in await told_rows(desk, caller, rows):
                tickets.setdefault(str(row["call_id"]), []).append(row)
    except Unavailable:
        away.append("tickets")  # the rows stand without what belongs to them
    try:
        if set(wanted) - set(more) and desk.rights.may(caller.role, "see_calls"):
            found = await desk.calls_threads.run(lambda: desk.calls.calls_of(set(wanted)))
            more |= {call_id: _told_call(desk, caller, each) for call_id, each in found.items()}
    except Unavailable:
        away.append("calls")
    return _Beside(tickets, more, away)
