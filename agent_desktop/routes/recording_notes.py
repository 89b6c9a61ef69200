"""Notes at a second of a recording, for who may hear it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop.asking import desk_of
from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.hearing import heard_by
from agent_desktop.listening_route import ListeningRoute
from agent_desktop.needs_ear import NeedsEar
from agent_desktop.recording_notes import LONGEST
from agent_desktop.routes.calls import CallId
from agent_desktop.storable import Text

router = APIRouter(prefix="/api/calls/{call_id}/notes", tags=["recordings"], route_class=ListeningRoute)
Listener = Annotated[Caller, Depends(NeedsEar("listen_own", "listen_all"))]
DAY_S = 86_400.0


class Jotted(BaseModel):
    """A note: what, at which second of the file, of which leg (0: the main recording)."""

    model_config = ConfigDict(extra="forbid")

    text: Text = Field(max_length=LONGEST)
    at_s: float = Field(ge=0, le=DAY_S)
    leg: int = Field(default=0, ge=0, le=999_999)


@router.post("")
async def add(request: Request, call_id: CallId, jotted: Jotted, caller: Listener) -> Told:
    """Write a note; all notes of that recording."""
    desk = desk_of(request)
    with desk.refused_listening.watching(caller, call_id, jotted.leg):
        _, row = await heard_by(desk, caller, call_id, jotted.leg)
    at_s = min(jotted.at_s, row.length_s or 0.0)
    await desk.tickets_threads.run(
        lambda: desk.notes.add(call_id, jotted.leg, at_s, jotted.text, by=caller.login, now=desk.now())
    )
    return {"notes": await told_notes(desk, caller, call_id, jotted.leg)}


@router.delete("/{note}")
async def remove(request: Request, call_id: CallId, note: Annotated[int, Path(ge=1, le=10**15)], caller: Listener) -> Told:
    """Take one's own note away; the notes that are left."""
    desk = desk_of(request)
    leg = await desk.tickets_threads.run(lambda: desk.notes.remove(call_id, note, by=caller.login, now=desk.now()))
    return {"notes": await told_notes(desk, caller, call_id, leg)}


async def told_notes(desk: Desk, caller: Caller, call_id: str, leg: int) -> list[Told]:
    """The notes of a recording as its player shows them."""
    names = {login: person.name for login, person in (desk.gate.people or {}).items()}
    found = await desk.tickets_threads.run(lambda: desk.notes.of(call_id, leg))
    return [
        {"id": one.id, "at_s": one.at_s, "text": one.text, "by": names.get(one.by, one.by), "made_at": one.made_at,
         "is_mine": one.by == caller.login}
        for one in found
    ]  # fmt: skip
