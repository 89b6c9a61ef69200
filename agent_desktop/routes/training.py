"""Taking a call as training material, and ending that: for who leads, for a reason that is written first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told, told_training
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.hearing import heard_by
from agent_desktop.listening_route import ListeningRoute
from agent_desktop.routes.calls import CallId
from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import writing
from recordings.training import LONGEST_REASON

router = APIRouter(prefix="/api/calls", tags=["keeping"], route_class=ListeningRoute)
Lead = Annotated[Caller, Depends(Needs("manage_training"))]


class Why(BaseModel):
    """Why a recording teaches, or does so no more."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=LONGEST_REASON)


@router.post("/{call_id}/training")
async def take(request: Request, call_id: CallId, why: Why, caller: Lead) -> Told:
    """Keep the recordings of this call for teaching, by the rule of class `training`, counted from now.

    422 note_needed; 403 for who may not hear it; 404 recording_not_ready; 409 training_taken, recording_deleted.
    """
    desk, reason = desk_of(request), " ".join(why.reason.split())
    await heard_by(desk, caller, call_id, 0)
    await desk.calls_threads.run(lambda: desk.training.refuse_take(call_id, reason))
    await _write(desk, caller, "training_taken", call_id, reason)
    await desk.calls_threads.run(lambda: desk.training.take(call_id, reason, caller.login, desk.now()))
    return {"training": told_training(await desk.calls_threads.run(lambda: desk.training.of_call(call_id)))}


@router.post("/{call_id}/training/end")
async def end(request: Request, call_id: CallId, why: Why, caller: Lead) -> Told:
    """It teaches no more: the other rules alone hold, and what is due is announced a week ahead. 404 not_training."""
    desk, reason = desk_of(request), " ".join(why.reason.split())
    await heard_by(desk, caller, call_id, 0)
    await desk.calls_threads.run(lambda: desk.training.refuse_end(call_id, reason))
    await _write(desk, caller, "training_ended", call_id, reason)
    await desk.calls_threads.run(lambda: desk.training.end(call_id, reason, caller.login, desk.now()))
    return {"training": told_training(await desk.calls_threads.run(lambda: desk.training.of_call(call_id)))}


async def _write(desk: Desk, caller: Caller, act: str, call_id: str, reason: str) -> None:
    """Before the act: one that cannot be audited is not done."""

    def trail() -> None:
        with writing(desk.tickets_engine) as connection:
            write_audit(connection, at=desk.now(), actor=caller.login, act=act, subject=call_id, facts={"reason": reason})

    await desk.tickets_threads.run(trail)
