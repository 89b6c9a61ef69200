"""The call-back list: who is to be called, one click that dials, and marking a citizen as done with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told, told_callback
from agent_desktop.callback_marks import Reason
from agent_desktop.desk import Desk
from agent_desktop.dialling import check_telephone
from agent_desktop.dialling import dial as ask
from agent_desktop.gate import Caller
from agent_desktop.own_calls import is_own
from agent_desktop.routes.calls import CallId
from hotline_core.domain.callbacks import Callback, row_of
from hotline_core.errors import IntentRefused, NotFound

router = APIRouter(prefix="/api/callbacks", tags=["callbacks"])
LONGEST_LIST = 500


class Done(BaseModel):
    """Why nobody needs to call any more."""

    reason: Reason


@router.get("")
async def list_callbacks(request: Request, caller: Annotated[Caller, Depends(Needs("call_back"))]) -> Told:
    """Whom to call back, newest need first; numbers are masked unless the caller may see all."""
    desk = desk_of(request)
    listed = await desk.callbacks.current()
    is_whole = desk.rights.may(caller.role, "see_full_numbers")
    rows = [told_callback(row, is_whole=is_whole) for row in listed.rows[:LONGEST_LIST]]
    return {"callbacks": rows, "count": len(listed.rows), "withheld": listed.withheld, "tries": desk.city.callbacks.tries}


@router.post("/{call_id}/dial")
async def dial(request: Request, call_id: CallId, caller: Annotated[Caller, Depends(Needs("call_back"))]) -> Told:
    """Call the citizen of a missed call, or of one's own call, under its line; the bridge refuses a second caller."""
    desk = desk_of(request)
    check_telephone(desk, caller)
    row = row_of(await desk.callbacks.current(), call_id)
    number, line, about = (row.number, row.line, row.call_id) if row else await _own_call(desk, caller, call_id)
    if not number:
        raise IntentRefused("number_withheld")
    return await ask(desk, caller, number, line, about)


@router.post("/{call_id}/done")
async def mark_done(request: Request, call_id: CallId, why: Done, caller: Annotated[Caller, Depends(Needs("call_back"))]) -> Told:
    """Take a citizen off the list with a reason; `unreachable` only after as many tries as the city asks for."""
    desk = desk_of(request)
    row = row_of(await desk.callbacks.current(), call_id)
    if row is None:
        raise NotFound("unknown_callback")
    _refuse_early(desk, row, why.reason)
    await desk.callbacks.mark(row, call_id, why.reason, by=caller.login)
    return {"code": "ok", "message": desk.wording.sentence("ok")}


def _refuse_early(desk: Desk, row: Callback, reason: Reason) -> None:
    if row.dialled_by:
        raise IntentRefused("being_called")
    tries = desk.city.callbacks.tries
    if reason == "unreachable" and len(row.attempts) < tries:
        raise IntentRefused("too_few_tries", made=len(row.attempts), tries=tries)


async def _own_call(desk: Desk, caller: Caller, call_id: str) -> tuple[str, str, str]:
    """Number and line of a call that is not on the list: one's own, or any for who may see all numbers."""
    found = await desk.calls_threads.run(lambda: desk.calls.call(call_id))
    if found is None:
        raise NotFound("unknown_callback")
    if not is_own(desk, caller, found.call) and not desk.rights.may(caller.role, "see_full_numbers"):
        raise NotFound("unknown_callback")
    return found.call.caller, found.call.line, call_id
