"""Recordings: why one listens is asked and written first; then the sound, by ranges, to the ear that asked and to no other."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop import sounding
from agent_desktop.asking import desk_of
from agent_desktop.call_view import Told
from agent_desktop.gate import Caller
from agent_desktop.hearing import heard_by
from agent_desktop.kept_because import kept_because
from agent_desktop.listening import LONGEST_NOTE, Purpose
from agent_desktop.listening_route import ListeningRoute
from agent_desktop.needs_ear import NeedsEar
from agent_desktop.passes import DOWNLOAD_S, LISTEN_S, Pass, checked, written
from agent_desktop.routes.calls import CallId
from agent_desktop.routes.recording_notes import told_notes
from agent_desktop.sound_view import told_sound
from agent_desktop.sounds import given_back
from agent_desktop.storable import Text
from hotline_core.errors import NotFound
from recordings.naming import is_call_id

router = APIRouter(prefix="/api", tags=["recordings"], route_class=ListeningRoute)
Listener = Annotated[Caller, Depends(NeedsEar("listen_own", "listen_all"))]
Leg = Annotated[int, Path(ge=1, le=999_999)]
PassText = Annotated[str, Query(alias="pass", max_length=2000)]
As = Annotated[Literal["kept", "wav"], Query(alias="as")]


class Wish(BaseModel):
    """Why somebody wants to hear a recording; leg 0 is the main one, another the third's of that leg."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=40)
    note: Text = Field(default="", max_length=LONGEST_NOTE)
    leg: int = Field(default=0, ge=0, le=999_999)
    purpose: Purpose = "listen"


@router.get("/listening-reasons")
async def reasons(request: Request, caller: Listener) -> Told:
    """Why one may listen, for the caller to choose from."""
    desk = desk_of(request)
    chosen = desk.listening.reasons_for(hears_all=desk.rights.may(caller.role, "listen_all"))
    return {"reasons": [one.told() for one in chosen], "longest_note": LONGEST_NOTE}


@router.post("/calls/{call_id}/listening")
async def listen(request: Request, call_id: CallId, wish: Annotated[Wish, Body()], caller: Listener) -> Told:
    """Write why, and give the address under which the sound can be read; 403 for who may not hear it, 404 until it is finished."""
    desk = desk_of(request)
    with desk.refused_listening.watching(caller, call_id, wish.leg):
        _, row = await heard_by(desk, caller, call_id, wish.leg)
        hears_all = desk.rights.may(caller.role, "listen_all")
        now = desk.now()
        media_type = await desk.sound_threads.run(lambda: desk.sounds.looked_at(row))  # before the trail says somebody heard it
        await desk.tickets_threads.run(
            lambda: desk.listening.begins(
                caller, call_id, wish.leg, wish.purpose, reason=wish.reason, note=wish.note, hears_all=hears_all, now=now
            )
        )
    until = now + (LISTEN_S if wish.purpose == "listen" else DOWNLOAD_S)
    given = Pass(caller.login, caller.sid, call_id, wish.leg, wish.purpose, until)
    place = f"/api/calls/{call_id}/segments/{wish.leg}" if wish.leg else f"/api/calls/{call_id}/recording"
    return {"url": f"{place}?pass={written(given, desk.secrets.session)}", "until": until, "media_type": media_type}


@router.get("/calls/{call_id}/sound")
async def beside(request: Request, call_id: CallId, caller: Listener, leg: Annotated[int, Query(ge=0, le=999_999)] = 0) -> Told:
    """What a player shows before anybody has said why: length, picture, pauses and events in seconds of the file."""
    desk = desk_of(request)
    with desk.refused_listening.watching(caller, call_id, leg):
        call, row = await heard_by(desk, caller, call_id, leg)
    timeline, (peaks, pauses), keep = await desk.calls_threads.run(
        lambda: (desk.calls.timeline(call_id), desk.sound_store.beside(call_id, leg), kept_because(desk, row))
    )
    told = told_sound(row, call, timeline, peaks, pauses)
    return told | {"keep": keep, "notes": await told_notes(desk, caller, call_id, leg)}


@router.get("/calls/{call_id}/recording", response_class=Response)
async def recording(
    request: Request, call_id: str, caller: Listener, given: PassText = "", form: As = "kept"
) -> Response:
    """The sound of a call, with ranges, for who has said why; 404 until it is finished, 416 beyond its end."""
    return await _sound(request, caller, call_id, 0, given, form)


@router.get("/calls/{call_id}/segments/{leg}", response_class=Response)
async def segment(
    request: Request, call_id: str, leg: Leg, caller: Listener, given: PassText = "", form: As = "kept"
) -> Response:
    """What one third of a call said and heard, with ranges; for those who spoke in it and those who may hear all (R31)."""
    return await _sound(request, caller, call_id, leg, given, form)


@router.get("/calls/{rest:path}/recording", response_class=Response, include_in_schema=False)
@router.get("/calls/{rest:path}/segments/{leg}", response_class=Response, include_in_schema=False)
@router.get("/calls/{rest:path}/sound", response_class=Response, include_in_schema=False)
@router.post("/calls/{rest:path}/listening", response_class=Response, include_in_schema=False)
async def no_recording(request: Request, rest: str, caller: Listener) -> Response:
    """An address that no call has, like a path with dots: refused like any other, and written like any other."""
    with desk_of(request).refused_listening.watching(caller, rest):
        raise NotFound("unknown_call")


async def _sound(request: Request, caller: Caller, call_id: str, leg: int, given: str, form: str) -> Response:
    """The finished sound; who hears it, and that the reason is written, is looked at for each range anew."""
    desk = desk_of(request)
    with desk.refused_listening.watching(caller, call_id, leg):
        if not is_call_id(call_id):
            raise NotFound("unknown_call")
        _, row = await heard_by(desk, caller, call_id, leg)
        allowed = checked(given, desk.secrets.session, caller, call_id, leg, desk.now(), "hear")
        header = request.headers.get("range")
        sound = await desk.sound_threads.run(
            lambda: desk.sounds.open(row, as_wav=form == "wav", begin=lambda size: (sounding.wanted(header, size) or (None,))[0]),
            give_back=given_back,
        )
    code = "range_beyond"
    beyond = JSONResponse({"code": code, "message": desk.wording.sentence(code), "facts": {}}, status_code=416)
    if sounding.wanted(header, sound.size) is None:
        desk.refused_listening.add(caller, call_id, code, leg)
    name = f"{call_id}-third-{leg}" if leg else call_id
    is_download = allowed.purpose == "download"

    def cut_off(error: Exception) -> None:
        if desk.sounds.cut_off(row, error):
            desk.refused_listening.add(caller, call_id, "recording_altered", leg)

    return sounding.answer(
        sound, header, desk.sound_threads, name, is_download=is_download, beyond=beyond, cut_off=cut_off
    )
