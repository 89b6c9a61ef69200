"""A case as one archive, for who may hold cases and hear everything: why is asked and written before the first byte."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop.asking import desk_of
from agent_desktop.call_view import Told
from agent_desktop.case_export import Case, archive
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.listening_route import ListeningRoute
from agent_desktop.needs_ear import NeedsEar
from agent_desktop.passes import DOWNLOAD_S, EXPORT, Pass, checked, written
from agent_desktop.storable import Text
from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import writing
from hotline_core.errors import BadInput, Forbidden, NotFound
from recordings.holds import LONGEST_KEY
from tickets.limits import SHANGHAI

router = APIRouter(prefix="/api/keeping/export", tags=["keeping"], route_class=ListeningRoute)
Exporter = Annotated[Caller, Depends(NeedsEar("manage_holds"))]
LONGEST_REASON = 200


class Wish(BaseModel):
    """Which case, and why it leaves the house."""

    model_config = ConfigDict(extra="forbid")

    key: Text = Field(min_length=1, max_length=LONGEST_KEY)
    reason: Text = Field(max_length=LONGEST_REASON)


@router.post("")
async def ask(request: Request, wish: Wish, caller: Exporter) -> Told:
    """Write why, and give the address of the archive; it is good for five minutes and for this sign-in."""
    desk = desk_of(request)
    _may_hear_all(desk, caller)
    reason = " ".join(wish.reason.split())
    if len(reason) < 2:
        raise BadInput("note_needed", field="reason")
    calls, now = await _calls(desk, wish.key), desk.now()

    def trail() -> None:
        facts: Facts = {"reason": reason, "calls": len(calls)}
        with writing(desk.tickets_engine) as connection:
            write_audit(connection, at=now, actor=caller.login, act="case_exported", subject=wish.key, facts=facts)

    await desk.tickets_threads.run(trail)
    given = Pass(caller.login, caller.sid, wish.key, 0, f"{EXPORT}{reason}", now + DOWNLOAD_S)
    return {"url": f"/api/keeping/export?key={quote(wish.key)}&pass={written(given, desk.secrets.session)}", "until": given.until}


@router.get("", response_class=StreamingResponse)
async def export(
    request: Request,
    caller: Exporter,
    key: Annotated[Text, Query(min_length=1, max_length=LONGEST_KEY)],
    given: Annotated[str, Query(alias="pass", max_length=2000)] = "",
) -> StreamingResponse:
    """The archive: each call's sound, timeline and hashes, and a manifest with who exported it and why."""
    desk = desk_of(request)
    now = desk.now()
    with desk.refused_listening.watching(caller, key):
        _may_hear_all(desk, caller)
        allowed = checked(given, desk.secrets.session, caller, key, 0, now, "export")
    case = Case(key, await _calls(desk, key), caller.login, now, allowed.purpose.removeprefix(EXPORT))
    stamp = datetime.fromtimestamp(now, SHANGHAI).strftime("%Y%m%d-%H%M")
    headers = {"Content-Disposition": f'attachment; filename="case-{stamp}.zip"'}
    return StreamingResponse(archive(desk, case), media_type="application/zip", headers=headers)


async def _calls(desk: Desk, key: str) -> tuple[str, ...]:
    calls = await desk.calls_threads.run(lambda: desk.holds.calls_of(key))
    if not calls:
        raise NotFound("unknown_hold")
    return calls


def _may_hear_all(desk: Desk, caller: Caller) -> None:
    if not desk.rights.may(caller.role, "listen_all"):
        raise Forbidden(act="listen_all")
