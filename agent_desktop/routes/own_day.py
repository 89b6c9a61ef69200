"""One's own day: calls, talk, after-call work and pauses of the extension that is the caller's now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.gate import Caller
from hotline_core.errors import Forbidden

router = APIRouter(prefix="/api/own-day", tags=["calls"])


@router.get("")
async def own_day(request: Request, caller: Annotated[Caller, Depends(Needs("use_phone"))]) -> Told:
    """Since midnight in Asia/Shanghai; seconds, null for an average without a call. 403 `no_extension` for who has none."""
    desk = desk_of(request)
    if not caller.extension:
        raise Forbidden("no_extension")
    day = await desk.agent_days.of(caller.extension)
    names = {str(each["code"]): each["name"] for each in desk.hub.pause_reasons}
    return {
        "start": day.start, "looked_at": day.looked_at, "began_at": day.shift.began_at or None,
        "answered": day.calls.answered, "dialled": day.calls.dialled, "talk_s": day.calls.talk_s,
        "average_talk_s": day.calls.average_s, "longest_talk_s": day.calls.longest_s,
        "after_calls": day.shift.wraps, "after_call_s": day.shift.wrapped_s, "average_after_call_s": day.shift.average_wrap_s,
        "paused": [{"reason": key, "name": names.get(key), "seconds": spent} for key, spent in sorted(day.shift.paused.items())],
        "paused_s": sum(day.shift.paused.values()),
    }  # fmt: skip
