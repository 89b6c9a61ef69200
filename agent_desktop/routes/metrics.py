"""Figures for Prometheus: to this machine at once, to others with a token that may see them."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from agent_desktop.asking import Needs, address_of, desk_of
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.metrics import Figures, Seen

router = APIRouter(tags=["metrics"])


def is_this_machine(address: str) -> bool:
    """True for a loopback address, and for one who speaks to the desk's own socket."""
    try:
        return address == "local" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class NeedsFromAfar(Needs):
    """Who asks on this machine needs nothing: the metrics hold no personal data, and a scraper beside us has no secret to lose."""

    async def __call__(self, request: Request) -> Caller:
        if is_this_machine(address_of(request)):
            return Caller(login="local", name="local", role="service")
        return await super().__call__(request)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request, caller: Annotated[Caller, Depends(NeedsFromAfar("see_metrics"))]) -> PlainTextResponse:
    """Prometheus text format, whatever is asked for: the library's choice of a format breaks on a malformed Accept header."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(seen_by(desk_of(request))))
    return PlainTextResponse(generate_latest(registry), headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})


def seen_by(desk: Desk) -> Seen:
    """What the desk knows now; asks nobody, so that a scrape costs the parts nothing."""
    desk.board.tick(desk.now())
    return Seen(
        now=desk.now(),
        lines=tuple(desk.city.lines),
        queues=tuple(desk.city.queues),
        parts=desk.board.parts(),
        live=desk.hub.state if desk.hub.is_linked else None,
        day=desk.hub.day,
        dial_tests=desk.hub.dial_tests,
        ended=desk.day.ended,
        sight=desk.health.sight,
        pages=len(desk.hub.clients),
        slow_snapshots=desk.hub.overflows,
    )
