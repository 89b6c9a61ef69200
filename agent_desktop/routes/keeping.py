"""What will be deleted and when, what was, and the cases that forbid it: for who leads or audits (PIPL art. 47)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.kept_because import editions_of, source_of
from agent_desktop.late_audit import LateRow
from agent_desktop.listening_route import ListeningRoute
from agent_desktop.refusals import Unavailable
from agent_desktop.storable import Text
from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import writing
from hotline_core.adapters.keeping_store import Deletion
from hotline_core.errors import BadInput, HotlineError
from hotline_core.log import masked
from recordings.holds import LONGEST_KEY, LONGEST_REASON, MOST_CALLS, Hold
from recordings.retention import Edition

T = TypeVar("T")
router = APIRouter(prefix="/api/keeping", tags=["keeping"], route_class=ListeningRoute)
Seer = Annotated[Caller, Depends(Needs("see_keeping"))]
Holder = Annotated[Caller, Depends(Needs("manage_holds"))]
Limit = Annotated[int, Query(ge=1, le=500)]
PLACE = r"^[0-9.e+]+~[A-Za-z0-9._-]{1,64}~[0-9]{1,6}$"


class Wanted(BaseModel):
    """A case and the calls whose recordings it keeps from every deletion."""

    model_config = ConfigDict(extra="forbid")

    key: Text = Field(min_length=1, max_length=LONGEST_KEY)
    reason: Text = Field(min_length=1, max_length=LONGEST_REASON)
    calls: list[Text] = Field(min_length=1, max_length=MOST_CALLS)


class Released(BaseModel):
    """A case that is over, and why."""

    model_config = ConfigDict(extra="forbid")

    key: Text = Field(min_length=1, max_length=LONGEST_KEY)
    reason: Text = Field(min_length=1, max_length=LONGEST_REASON)


@router.get("/planned")
async def planned(
    request: Request, caller: Seer, limit: Limit = 100, after: Annotated[str | None, Query(max_length=120, pattern=PLACE)] = None
) -> Told:
    """Recordings whose deletion is announced, the nearest first; `after` takes the `next` of the page before."""
    desk = desk_of(request)
    place = _place(after) if after else None
    (rows, total), editions = await desk.calls_threads.run(lambda: (desk.keeping.planned(place, limit), editions_of(desk)))
    is_whole = desk.rights.may(caller.role, "see_full_numbers")
    last = rows[-1] if len(rows) == limit else None
    following = f"{last.planned_for!r}~{last.call_id}~{last.leg}" if last else None
    return {"planned": [_told(row, editions, is_whole=is_whole) for row in rows], "total": total, "next": following}


@router.get("/certificates")
async def certificates(
    request: Request, caller: Seer, limit: Limit = 50, after: Annotated[str | None, Query(max_length=120, pattern=PLACE)] = None
) -> Told:
    """What was deleted, by which rule, with the hash that its day's chain holds; the last first; `after` as of what is planned."""
    desk = desk_of(request)
    place = _place(after) if after else None
    rows, editions = await desk.calls_threads.run(lambda: (desk.keeping.certified(place, limit), editions_of(desk)))
    is_whole = desk.rights.may(caller.role, "see_full_numbers")
    last = rows[-1] if len(rows) == limit else None
    following = f"{last.certified_at!r}~{last.call_id}~{last.leg}" if last else None
    return {"certificates": [_told(row, editions, is_whole=is_whole) for row in rows], "next": following}


@router.get("/holds")
async def holds(request: Request, _caller: Seer, is_all: Annotated[bool, Query(alias="all")] = False) -> Told:
    """The cases in force, or all there ever were, newest first."""
    desk = desk_of(request)
    found = await desk.calls_threads.run(lambda: desk.holds.everyone(in_force=not is_all))
    return {"holds": [_told_hold(hold) for hold in found], "most_calls": MOST_CALLS}


@router.get("/holds/calls")
async def held_calls(request: Request, _caller: Seer, key: Annotated[Text, Query(min_length=1, max_length=LONGEST_KEY)]) -> Told:
    """The calls of one case."""
    desk = desk_of(request)
    return {"calls": list(await desk.calls_threads.run(lambda: desk.holds.calls_of(key)))}


@router.post("/holds")
async def hold(request: Request, wanted: Wanted, caller: Holder) -> Told:
    """Hold calls under a case, a new one or one in force. `too_late` are calls whose sound was gone before."""
    desk = desk_of(request)
    now, calls = desk.now(), sorted({call_id.strip() for call_id in wanted.calls})
    key, reason = wanted.key.strip(), wanted.reason.strip()
    await desk.calls_threads.run(lambda: desk.holds.refuse_put(key, calls, reason))
    facts: Facts = {"reason": reason, "calls": len(calls), "first": calls[0]}
    late = await _audited(desk, caller, "hold_put", key, facts, lambda: desk.holds.put(key, calls, reason, caller.login, now))
    return {"held": len(calls), "too_late": list(late)}


@router.post("/holds/release")
async def release(request: Request, released: Released, caller: Holder) -> Told:
    """The case is over: the ordinary rules hold again, and what is due is announced a week ahead."""
    desk = desk_of(request)
    now, key, reason = desk.now(), released.key.strip(), released.reason.strip()
    await desk.calls_threads.run(lambda: desk.holds.refuse_release(key, reason))
    act = partial(desk.holds.release, key, reason, caller.login, now)
    await _audited(desk, caller, "hold_released", key, {"reason": reason}, act)
    return {"released": key}


async def _audited(desk: Desk, caller: Caller, act: str, key: str, facts: Facts, work: Callable[[], T]) -> T:
    """The row, then the act: one that cannot be audited is not done. One that fails even so, though nothing was against it a moment
    before, gets a second row: refused, or unsure where the database did not answer in time."""

    def trail() -> None:
        with writing(desk.tickets_engine) as connection:
            write_audit(connection, at=desk.now(), actor=caller.login, act=act, subject=key, facts=facts)

    await desk.tickets_threads.run(trail)
    try:
        return await desk.calls_threads.run(work)
    except HotlineError as error:
        outcome = "unsure" if isinstance(error, Unavailable) else "refused"
        desk.late_audit.add(LateRow(desk.now(), caller.login, act, key, {outcome: error.code}))
        raise


def _place(text: str) -> tuple[float, str, int]:
    at, call_id, leg = text.split("~")
    try:
        return float(at), call_id, int(leg)
    except ValueError as error:
        raise BadInput(field="after") from error


def _told(row: Deletion, editions: Sequence[Edition], *, is_whole: bool) -> Told:
    return {
        "call_id": row.call_id, "leg": row.leg, "planned_at": row.planned_at, "planned_for": row.planned_for, "reason": row.reason,
        "rule": row.rule, "source": source_of(row.rule, editions) or row.rule,
        "klass": row.klass, "started_at": row.started_at, "sha256": row.sha256,
        "certified_at": row.certified_at, "certified_hash": row.certified_hash, "line": row.line, "agent": row.agent,
        "caller": row.caller if is_whole or row.caller is None else masked(row.caller),
    }  # fmt: skip


def _told_hold(hold: Hold) -> Told:
    return {
        "key": hold.key, "reason": hold.reason, "by": hold.by, "at": hold.at, "calls": hold.calls,
        "released_at": hold.released_at, "released_by": hold.released_by, "release_reason": hold.release_reason,
    }  # fmt: skip
