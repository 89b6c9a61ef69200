"""The search of recordings: by whom, with whom, about what, when, how long, of which class, held or not (R32)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop.asking import desk_of
from agent_desktop.call_view import Told, listed_recording
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.hearing import whose
from agent_desktop.history import FEWEST_DIGITS
from agent_desktop.listening_route import ListeningRoute
from agent_desktop.needs_ear import NeedsEar
from agent_desktop.own_calls import is_own
from agent_desktop.own_calls import since as own_since
from agent_desktop.refusals import Unavailable
from agent_desktop.ticket_lists import told_rows
from hotline_core.adapters.recording_search import FoundPage, FoundRecording, RecordingFilter
from hotline_core.domain.numbers import of_caller
from hotline_core.errors import BadInput, Forbidden, NotFound
from recordings.holds import LONGEST_KEY
from recordings.retention import Klass

router = APIRouter(prefix="/api", tags=["recordings"], route_class=ListeningRoute)
Listener = Annotated[Caller, Depends(NeedsEar("listen_own", "listen_all"))]
NUMBER = r"^[+0-9()（） -]*$"
LONGEST_S = 86_400.0


class Asked(BaseModel):
    """What to look for; what is left out is not asked. Numbers by their beginning, three digits or more, however they are written.

    `third` is a number that was dialled for the call, `party` a key of the directory, `agent` the extension that had the call last,
    `hold` a case and `held` any case in force. Lengths in seconds, both included; times in epoch seconds, the first included.
    """

    model_config = ConfigDict(extra="forbid")

    caller: str = Field(default="", max_length=30, pattern=NUMBER)
    dialled: str = Field(default="", max_length=30, pattern=NUMBER)
    third: str = Field(default="", max_length=30, pattern=NUMBER)
    party: str = Field(default="", max_length=60)
    agent: str = Field(default="", pattern=r"^[0-9]{0,10}$")
    ticket: str = Field(default="", pattern=r"^[0-9]{0,20}$")
    line: str = Field(default="", pattern=r"^(\+?[0-9]{1,20})?$")
    klass: Klass | None = None
    state: Literal["pending", "ready", "failed", "missing", "deleted"] | None = None
    hold: str = Field(default="", max_length=LONGEST_KEY)
    held: bool = False
    shortest_s: float | None = Field(default=None, ge=0, le=LONGEST_S)
    longest_s: float | None = Field(default=None, ge=0, le=LONGEST_S)
    since: float | None = Field(default=None, ge=0, le=1e11)
    until: float | None = Field(default=None, ge=0, le=1e11)
    limit: int = Field(default=50, ge=1, le=500)
    before: str | None = Field(default=None, max_length=140, pattern=r"^[a-z]{1,10}~[0-9.e+]+~[A-Za-z0-9._-]{1,80}$")


@router.get("/recordings")
async def find_recordings(request: Request, caller: Listener, asked: Annotated[Asked, Query()]) -> Told:
    """Recordings the caller may listen to, newest first; `before` takes the `next` of the page before.

    `looked_until` (epoch seconds) is told when so many rows were looked at that the page ends there, maybe with nothing on it:
    `next` goes on. Each row: its call, class, end of keeping, cases, thirds, segments, and the tickets of its call. 422 bad_period,
    bad_length, few_digits, bad_cursor; 404 unknown_ticket, unknown_hold.
    """
    desk = desk_of(request)
    wanted = await _wanted(desk, caller, asked)
    page = await desk.calls_threads.run(lambda: desk.recording_search.page(wanted, asked.limit, asked.before))
    is_whole, sees_holds = (desk.rights.may(caller.role, act) for act in ("see_full_numbers", "see_keeping"))
    rows = [
        listed_recording(each, is_whole=is_whole or _is_own(desk, caller, each), sees_holds=sees_holds) for each in page.recordings
    ]  # fmt: skip
    tickets = await _tickets(desk, caller, page)
    told = [{**row, "tickets": tickets.get(str(row["call_id"]), [])} for row in rows]
    return {"recordings": told, "next": page.next, "looked_until": page.looked_until}


async def _wanted(desk: Desk, caller: Caller, asked: Asked) -> RecordingFilter:
    """What is asked, as far as this caller may ask it."""
    own, may = whose(desk, caller), desk.rights.may
    numbers = {name: _forms(desk, name, getattr(asked, name)) for name in ("caller", "dialled", "third")}
    if any(numbers.values()) and own is None and not may(caller.role, "see_full_numbers"):
        own = caller.extension or "-"  # among masked numbers a search would tell them digit by digit
    if asked.since is not None and asked.until is not None and asked.since >= asked.until:
        raise BadInput("bad_period", field="until")
    if asked.shortest_s is not None and asked.longest_s is not None and asked.shortest_s > asked.longest_s:
        raise BadInput("bad_length", field="longest_s")
    if (asked.hold or asked.held) and not may(caller.role, "see_keeping"):
        raise Forbidden(act="see_keeping")
    if asked.hold and not await desk.calls_threads.run(lambda: desk.holds.calls_of(asked.hold)):
        raise NotFound("unknown_hold")
    return RecordingFilter(
        **numbers, party=asked.party, agent=_agent(own, asked.agent), own_since=own_since(desk, caller) if own else 0.0,
        line=asked.line, calls=await _calls_of(desk, caller, asked.ticket) if asked.ticket else None, klass=asked.klass,
        state=asked.state, hold=asked.hold, is_held=asked.held, shortest_s=asked.shortest_s, longest_s=asked.longest_s,
        since=asked.since, until=asked.until,
    )  # fmt: skip


def _is_own(desk: Desk, caller: Caller, found: FoundRecording) -> bool:
    return found.call is not None and is_own(desk, caller, found.call)


def _agent(own: str | None, asked: str) -> str | None:
    """Whose calls: one's own whatever is asked; another's of one's own are none."""
    if own is None or not asked or asked == own:
        return own or asked or None
    return "-"


def _forms(desk: Desk, field: str, typed: str) -> tuple[str, ...]:
    """A number in each form it may be kept in; BadInput few_digits where too little of it is told."""
    digits = "".join(sign for sign in typed if sign in "0123456789")
    if not typed.strip():
        return ()
    if len(digits) < FEWEST_DIGITS:
        raise BadInput("few_digits", field=field, fewest=FEWEST_DIGITS)
    return tuple(dict.fromkeys((digits, of_caller(typed, desk.city.area_code))))


async def _calls_of(desk: Desk, caller: Caller, number: str) -> tuple[str, ...]:
    """The call of a ticket, and the calls to the citizen about it; NotFound unknown_ticket."""
    if not desk.rights.may(caller.role, "see_tickets"):
        raise Forbidden(act="see_tickets")
    row = await desk.tickets_threads.run(lambda: desk.tickets.listing.row(number))
    if row is None:
        raise NotFound("unknown_ticket")
    if not row.call_id:
        return ()
    return await desk.calls_threads.run(lambda: desk.recording_search.with_calls_about(row.call_id or ""))


async def _tickets(desk: Desk, caller: Caller, page: FoundPage) -> dict[str, list[Told]]:
    """The tickets of the page's calls, as far as the other database answers: the list does not wait for it in vain."""
    calls = [item.recording.call_id for item in page.recordings]
    if not calls or not desk.rights.may(caller.role, "see_tickets"):
        return {}
    told: dict[str, list[Told]] = {}
    try:
        rows = await desk.tickets_threads.run(lambda: desk.tickets.listing.of_calls(calls))
        for row in await told_rows(desk, caller, rows):
            told.setdefault(str(row["call_id"]), []).append(row)
    except Unavailable:
        return {}
    return told
