"""Drafts of tickets, saved under an optimistic version."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, field_validator

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import may_open
from agent_desktop.desk import Desk
from agent_desktop.drafts import LONGEST_TEXT
from agent_desktop.gate import Caller
from agent_desktop.refusals import Unavailable
from agent_desktop.routes.calls import CallId
from agent_desktop.socket import viewer_of
from hotline_core.errors import Forbidden

router = APIRouter(prefix="/api/drafts", tags=["drafts"])


class DraftText(BaseModel):
    """The text over the version it was written on; 0 when there was none."""

    text: str = Field(max_length=LONGEST_TEXT)
    version: int = Field(ge=0, le=2**31 - 2)

    @field_validator("text")
    @classmethod
    def _storable(cls, value: str) -> str:
        if "\x00" in value:
            raise ValueError("holds a NUL, which no database keeps")
        return value


class Saved(BaseModel):
    """The new version and when it became durable."""

    version: int
    saved_at: float


@router.put("/{call_id}")
async def save_draft(
    request: Request, call_id: CallId, draft: DraftText, caller: Annotated[Caller, Depends(Needs("write_draft"))]
) -> Saved:
    """Save; 409 with what is there when somebody else was first."""
    desk = desk_of(request)
    if not may_open(viewer_of(desk, caller), await _agent_of(desk, call_id)):
        raise Forbidden("not_own_call")
    now = desk.now()
    saved = await desk.tickets_threads.run(lambda: desk.drafts.save(call_id, draft.text, draft.version, by=caller.login, now=now))
    return Saved(version=saved.version, saved_at=saved.saved_at or now)


async def _agent_of(desk: Desk, call_id: str) -> object:
    """Whose call it is as far as anybody can tell; nobody's when neither live view nor database answers."""
    live = desk.hub.state.calls.get(call_id) if desk.hub.is_linked else None
    if live is not None:
        return live.get("agent")
    try:
        found = await desk.calls_threads.run(lambda: desk.calls.call(call_id), timeout_s=1.0)
    except Unavailable:
        return None
    return found.call.agent if found else None
