"""Drafts of tickets, saved under an optimistic version."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agent_desktop.asking import Needs, desk_of
from agent_desktop.desk import Desk
from agent_desktop.drafts import LONGEST_TEXT
from agent_desktop.gate import Caller
from agent_desktop.own_calls import took_part
from agent_desktop.refusals import Unavailable
from agent_desktop.routes.calls import CallId
from agent_desktop.storable import Text
from hotline_core.errors import Forbidden

router = APIRouter(prefix="/api/drafts", tags=["drafts"])


# No NUL, which no database keeps.
Key = Annotated[str, StringConstraints(max_length=40, pattern=r"^[A-Za-z0-9_.-]*$")]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Short = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00]*$")]
Number = Annotated[str, StringConstraints(max_length=20, pattern=r"^[^\x00]*$")]


class DraftFields(BaseModel):
    """The form beside the text, by the names of tickets.ticket.Content; what is absent was not said or not chosen."""

    model_config = ConfigDict(extra="forbid")

    klass: Key | None = None
    field: Key | None = None
    area: Key | None = None
    topic: Key | None = None
    caller_kind: Literal["citizen", "enterprise"] | None = None
    is_complex: bool | None = None
    is_urgent: bool | None = None
    is_safety: bool | None = None
    is_secret: bool | None = None
    title: Line | None = None
    happened_at: Short | None = None
    place: Line | None = None
    object: Line | None = None
    name: Short | None = None
    number: Number | None = None
    address: Line | None = None
    real_name: Literal["given", "declined"] | None = None

    def chosen(self) -> dict[str, str | bool]:
        """What was filled in."""
        return {name: value for name, value in self.model_dump().items() if value not in (None, "", False)}


class DraftText(BaseModel):
    """The text over the version it was written on; 0 when there was none. Without `fields` the form stays as it is."""

    text: Text = Field(max_length=LONGEST_TEXT)
    fields: DraftFields | None = None
    version: int = Field(ge=0, le=2**31 - 2)


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
    if not await may_write(desk, caller, call_id):
        raise Forbidden("not_own_call")
    now = desk.now()
    fields = None if draft.fields is None else draft.fields.chosen()
    saved = await desk.tickets_threads.run(
        lambda: desk.drafts.save(call_id, draft.text, draft.version, by=caller.login, now=now, fields=fields)
    )
    return Saved(version=saved.version, saved_at=saved.saved_at or now)


async def may_write(desk: Desk, caller: Caller, call_id: str) -> bool:
    """Whether the ticket is the caller's: a call one has or had, nobody's yet, or any for who may see all.

    Nobody's too when neither live view nor database can tell: words are not lost for a part that is away.
    """
    if desk.rights.may(caller.role, "see_full_numbers"):
        return True
    live = desk.hub.state.calls.get(call_id) if desk.hub.is_linked else None
    if live is not None:
        agent, told_at = live.get("agent"), live.get("arrived_at")
        arrived_at = float(told_at) if isinstance(told_at, int | float) else desk.now()
    else:
        try:
            found = await desk.calls_threads.run(lambda: desk.calls.call(call_id), timeout_s=1.0)
        except Unavailable:
            return True
        if found is None:
            return True
        agent, arrived_at = found.call.agent, found.call.arrived_at
    return not agent or await took_part(desk, caller, call_id, agent, arrived_at)
