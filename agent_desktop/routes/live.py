"""The live view by plain HTTP, and the health of the parts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from agent_desktop.asking import Needs, desk_of
from agent_desktop.gate import Caller
from agent_desktop.refusals import Unavailable
from agent_desktop.socket import viewer_of
from agent_desktop.telling import Message

router = APIRouter(prefix="/api", tags=["live"])


@router.get("/live")
async def live(request: Request, caller: Annotated[Caller, Depends(Needs("see_live"))]) -> Message:
    """Queues, waiting callers, calls and agents now, as far as the caller may see them."""
    desk = desk_of(request)
    return desk.hub.told(viewer_of(desk, caller))


@router.get("/day")
async def day(request: Request, caller: Annotated[Caller, Depends(Needs("see_day"))]) -> Message:
    """Today's counts of each line and of all, from midnight in Shanghai; `sure` is false while the calls database is away."""
    told = desk_of(request).hub.day
    if told is None:
        raise Unavailable("calls_database_down")
    return told


@router.get("/dial-tests")
async def dial_tests(request: Request, caller: Annotated[Caller, Depends(Needs("see_day"))]) -> Message:
    """What the last dial-tests found, number by number; `state` is `none` where the city has no probe."""
    return desk_of(request).hub.dial_tests or {"state": "none", "tests": []}


@router.get("/health")
async def health(request: Request, response: Response) -> Message:
    """Every part with its state since when; 503 until all are up."""
    desk = desk_of(request)
    desk.board.tick(desk.now())
    if not desk.board.is_ready:
        response.status_code = 503
    return desk.board.told()
