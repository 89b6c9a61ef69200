"""Webhooks: which other systems are told of tickets' steps, set by who makes service tokens; the secret is shown once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from agent_desktop.asking import Needs, desk_of
from agent_desktop.gate import Caller
from agent_desktop.ticket_asked import Asked

router = APIRouter(prefix="/api/webhooks", tags=["other systems"])
Manager = Annotated[Caller, Depends(Needs("make_tokens"))]
Key = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{1,39}$")]


class WebhookAsked(Asked):
    """Where to and for which acts; none: for all."""

    url: str = Field(max_length=400)
    acts: list[Annotated[str, Field(max_length=20)]] = Field(default=[], max_length=60)


class WebhookOut(BaseModel):
    """One webhook, with what still waits to be taken and the error of the newest try, empty after a success."""

    key: str
    url: str
    acts: list[str]
    made_at: float
    waiting: int
    last_error: str


class Everyone(BaseModel):
    """All webhooks."""

    webhooks: list[WebhookOut]


class Made(BaseModel):
    """A webhook as stored, with the secret its signatures are made with."""

    key: str
    url: str
    acts: list[str]
    secret: str


@router.get("")
async def webhooks(request: Request, _caller: Manager) -> Everyone:
    """All webhooks by key; never their secrets."""
    desk = desk_of(request)
    found = await desk.tickets_threads.run(desk.tickets.webhooks.everyone)
    told = [
        WebhookOut(
            key=each.key, url=each.url, acts=list(each.acts), made_at=each.made_at, waiting=each.waiting, last_error=each.last_error
        )
        for each in found
    ]  # fmt: skip
    return Everyone(webhooks=told)


@router.put("/{key}")
async def put(request: Request, key: Key, asked: WebhookAsked, caller: Manager) -> Made:
    """Add or change one; it gets a new secret each time, which is in this answer and nowhere else."""
    desk = desk_of(request)
    secret = await desk.tickets_threads.run(
        lambda: desk.tickets.webhooks.put(key, asked.url, asked.acts, actor=caller.login, now=desk.now())
    )
    return Made(key=key, url=asked.url, acts=sorted(set(asked.acts)), secret=secret)


@router.delete("/{key}", status_code=204)
async def remove(request: Request, key: Key, caller: Manager) -> None:
    """Tell this one no more, not even what still waits."""
    desk = desk_of(request)
    await desk.tickets_threads.run(lambda: desk.tickets.webhooks.remove(key, actor=caller.login, now=desk.now()))
