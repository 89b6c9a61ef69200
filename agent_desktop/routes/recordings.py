"""Recordings: listed and played; whoever listens is written down before the first byte."""

from __future__ import annotations

import pathlib
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told, listed_recording
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.own_calls import extension_at, is_own, since
from agent_desktop.routes.calls import CallId
from hotline_core.adapters.calls_store import ListedCall
from hotline_core.domain.records import RecordingRow, SegmentRow
from hotline_core.errors import Forbidden, NotFound

router = APIRouter(prefix="/api", tags=["recordings"])
Listener = Annotated[Caller, Depends(Needs("listen_own", "listen_all"))]


@router.get("/recordings")
async def list_recordings(
    request: Request,
    caller: Listener,
    state: Literal["pending", "ready", "failed"] | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[str | None, Query(max_length=100, pattern=r"^[0-9.e+]+~[A-Za-z0-9._-]{1,64}$")] = None,
) -> Told:
    """Recordings the caller may listen to, newest first."""
    desk = desk_of(request)
    agent = _whose(desk, caller)
    is_whole = desk.rights.may(caller.role, "see_full_numbers")
    mine = since(desk, caller)
    page = await desk.calls_threads.run(lambda: desk.calls.recordings(limit, before, agent=agent, since=mine, state=state))
    return {"recordings": [listed_recording(item, is_whole=is_whole) for item in page.recordings], "next": page.next}


@router.get("/calls/{call_id}/recording", response_class=FileResponse)
async def recording(request: Request, call_id: CallId, caller: Listener) -> FileResponse:
    """The sound of a call, with ranges; 404 until it is finished."""
    desk = desk_of(request)
    agent = _whose(desk, caller)

    def look() -> tuple[ListedCall | None, RecordingRow | None]:
        return desk.calls.call(call_id), desk.calls.recording(call_id)

    found, row = await desk.calls_threads.run(look)
    if agent is not None:
        if found is None:
            raise NotFound("unknown_call")
        if not is_own(desk, caller, found.call):
            raise Forbidden("not_own_call")
    return await _sound(desk, caller, row, f"{call_id}.wav")


@router.get("/calls/{call_id}/segments/{leg}", response_class=FileResponse)
async def segment(
    request: Request, call_id: CallId, leg: Annotated[int, Path(ge=1, le=999_999)], caller: Listener
) -> FileResponse:
    """What one third of a call said and heard, with ranges; for those who spoke in it and those who may hear all (R31)."""
    desk = desk_of(request)
    agent = _whose(desk, caller)
    evidence = await desk.calls_threads.run(lambda: desk.transfers.of_call(call_id))
    row = evidence.segment(leg)
    if row is None:
        raise NotFound("unknown_segment")
    if agent is not None and not evidence.may_hear(row, extension_at(desk, caller, row.started_at)):
        raise Forbidden("not_in_segment")
    return await _sound(desk, caller, row, f"{call_id}-third-{leg}.wav", leg)


async def _sound(desk: Desk, caller: Caller, row: RecordingRow | SegmentRow | None, name: str, leg: int = 0) -> FileResponse:
    """The finished file; that it is listened to is written first."""
    if row is None or row.state != "ready" or not row.path:
        raise NotFound("recording_failed" if row is not None and row.state == "failed" else "recording_not_ready")
    path, call_id = _inside(desk.settings.paths.recordings, row.path), row.call_id
    await desk.tickets_threads.run(lambda: desk.listening.begins(caller, call_id, desk.now(), leg))
    return FileResponse(path, media_type="audio/wav", filename=name, content_disposition_type="inline")


def _whose(desk: Desk, caller: Caller) -> str | None:
    """None for everybody's recordings, else the one agent's; Forbidden without either right."""
    if desk.rights.may(caller.role, "listen_all"):
        return None
    if desk.rights.may(caller.role, "listen_own") and caller.extension:
        return caller.extension
    raise Forbidden(act="listen_own")


def _inside(folder: pathlib.Path, relative: str) -> pathlib.Path:
    """The file under `folder`; a path that leads out of it is as good as none."""
    path = (folder / relative).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise NotFound("recording_failed")
    return path
