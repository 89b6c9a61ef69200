"""Topics that callers hear while they wait: seen, switched per line, and their recordings kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from hotline_core.errors import BadInput, NotFound
from ivr.sound_file import LARGEST_BYTES
from ivr.topics import Announcement, Topic, UnknownRecording

router = APIRouter(prefix="/api", tags=["topics"])
Manager = Annotated[Caller, Depends(Needs("manage_topics"))]
Name = Annotated[str, Path(max_length=80)]


class Wanted(BaseModel):
    """What a line's callers shall hear; `until` in epoch seconds, null until it is switched off."""

    recording: str = Field(default="", max_length=80)
    on: bool
    until: float | None = Field(default=None, gt=0, lt=1e11)


@router.get("/topics")
async def topics(request: Request, caller: Manager) -> Told:
    """Each line's topic, and the recordings that can be chosen."""
    return await _told(desk_of(request))


@router.put("/topics/{line}")
async def set_topic(request: Request, line: Name, wanted: Wanted, caller: Manager) -> Told:
    """Switch a line's topic on or off; callers who wait already hear it when it is next due."""
    desk, now = desk_of(request), desk_of(request).now()
    if line not in desk.city.lines:
        raise NotFound("unknown_line")
    if wanted.on and wanted.until is not None and wanted.until <= now:
        raise BadInput("topic_until_past", field="until")
    topic = Topic(wanted.recording, wanted.on, wanted.until if wanted.on else None, caller.login, now)
    await desk.tickets_threads.run(lambda: desk.topics.set(line, topic))
    return await _told(desk)


@router.put("/topic-recordings/{name}")
async def add_recording(request: Request, name: Name, caller: Manager) -> Told:
    """Keep a recording: the body is a .wav of 8 kHz, one channel, 16 bits, one minute at most."""
    desk, data = desk_of(request), bytearray()
    async for part in request.stream():
        data += part
        if len(data) > LARGEST_BYTES:
            raise HTTPException(413)
    await desk.tickets_threads.run(lambda: desk.topics.add(name, bytes(data), by=caller.login, now=desk.now()))
    return await _told(desk)


@router.get("/topic-recordings/{name}", response_class=FileResponse)
async def recording(request: Request, name: Name, caller: Manager) -> FileResponse:
    """The sound of a recording that can be chosen."""
    try:
        path = desk_of(request).topics.topics.recording(name)
    except UnknownRecording as error:
        raise NotFound("unknown_recording") from error
    return FileResponse(path, media_type="audio/wav", content_disposition_type="inline")


async def _told(desk: Desk) -> Told:
    recordings = await desk.tickets_threads.run(desk.topics.topics.recordings)
    by_line = desk.topics.topics.by_line
    lines = [
        {
            "line": line, "recording": topic.recording, "on": topic.on and not topic.is_over(desk.now()), "until": topic.until,
            "by": topic.by, "since": topic.since or None,
        }
        for line, topic in by_line.items()
    ]  # fmt: skip
    return {"lines": lines, "recordings": [_recording(desk, each) for each in recordings]}


def _recording(desk: Desk, each: Announcement) -> Told:
    fault = desk.wording.sentence(each.fault.replace("-", "_"), {"about": each.about}) if each.fault else ""
    return {"name": each.name, "seconds": each.seconds, "fault": fault}
