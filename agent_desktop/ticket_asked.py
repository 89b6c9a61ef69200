"""Owns what may be asked of tickets over HTTP: the shapes of bodies and queries, nothing decided here."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from agent_desktop.storable import storable
from tickets.acts import Act, Stage
from tickets.facts import LENGTHS
from tickets.ticket import CallerKind, Content, RealName

Number = Annotated[str, Path(pattern=r"^[0-9]{14}$")]
Left = Literal["late", "today", "soon", "calm", "none"]
MOST_AT_ONCE = 200
_DEEPEST = 4
_LONGEST_FACT = 30_000  # a correction of the longest text, with every other field and its reason


def _flat(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts are read by a person: neither deep nor endless."""

    def weigh(value: Any, depth: int) -> int:
        if depth > _DEEPEST:
            raise ValueError("too deep")
        if isinstance(value, dict):
            return sum(len(storable(key)) + weigh(each, depth + 1) for key, each in value.items())
        if isinstance(value, list):
            return sum(weigh(each, depth + 1) for each in value)
        return len(storable(value)) if isinstance(value, str) else 8

    if weigh(facts, 0) > _LONGEST_FACT:
        raise ValueError("too long")
    return facts


Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,40}$")]
Facts = Annotated[dict[str, JsonValue], AfterValidator(_flat)]
Title = Annotated[str, Field(max_length=200), AfterValidator(storable)]
Short = Annotated[str, Field(max_length=60), AfterValidator(storable)]
Middle = Annotated[str, Field(max_length=400), AfterValidator(storable)]
Long = Annotated[str, Field(max_length=LENGTHS["text"]), AfterValidator(storable)]


class Asked(BaseModel):
    """A body in which an unknown field is a mistake."""

    model_config = ConfigDict(extra="forbid")


class ContentAsked(Asked):
    """What the citizen said; a field that is left out stays as it is (tickets.ticket.Content)."""

    line: Key | None = None
    source: Key | None = None
    klass: Key | None = None
    field: Key | None = None
    caller_kind: CallerKind | None = None
    is_complex: bool | None = None
    is_urgent: bool | None = None
    is_safety: bool | None = None
    is_secret: bool | None = None
    topic: Key | None = None
    title: Title | None = None
    text: Long | None = None
    happened_at: Short | None = None
    place: Middle | None = None
    area: Key | None = None
    object: Title | None = None
    name: Short | None = None
    number: Annotated[str, Field(pattern=r"^(\+?[0-9 -]{2,29})?$")] | None = None
    address: Middle | None = None
    real_name: RealName | None = None

    def over(self, content: Content) -> Content:
        """`content` with what was given here."""
        return replace(content, **self.model_dump(exclude_none=True))


class NewTicket(Asked):
    """A ticket to make, from a call's draft or from nothing, and what is done with it at once.

    `request` is made once by the page for this ticket, so that a request whose answer was lost makes no second one.
    """

    request: Annotated[str, Field(pattern=r"^([A-Za-z0-9-]{8,64})?$")] = ""
    call_id: Annotated[str, Field(pattern=r"^([A-Za-z0-9._-]{1,64})?$")] = ""
    draft_version: Annotated[int, Field(ge=0, le=2**31 - 2)] | None = None
    content: ContentAsked = ContentAsked()
    act: Literal["", "accept", "answer", "refuse", "void", "dispatch", "ask_superior"] = ""
    facts: Facts = {}


class ActAsked(Asked):
    """An act upon a ticket as its reader saw it."""

    act: Act
    version: Annotated[int, Field(ge=0, le=2**31 - 2)]
    facts: Facts = {}


class OneOfMany(Asked):
    """A ticket of a bulk act and the version its reader saw."""

    number: Annotated[str, Field(pattern=r"^[0-9]{14}$")]
    version: Annotated[int, Field(ge=0, le=2**31 - 2)]


class ManyAsked(Asked):
    """One act upon many tickets: dispatching them to the same unit."""

    act: Literal["dispatch"]
    facts: Facts
    tickets: Annotated[list[OneOfMany], Field(min_length=1, max_length=MOST_AT_ONCE)]


class Sought(Asked):
    """Which tickets (docs of GET /api/tickets)."""

    stage: list[Stage] = []
    line: list[Key] = []
    source: list[Key] = []
    klass: list[Key] = []
    field: list[Key] = []
    area: list[Key] = []
    topic: list[Key] = []
    unit: Key = ""
    left: Left | None = None
    urgent: bool | None = None
    safety: bool | None = None
    open: bool = False
    mine: bool = False
    call_id: Annotated[str, Field(pattern=r"^([A-Za-z0-9._-]{1,64})?$")] = ""
    since: Annotated[float, Field(ge=0, le=1e11)] | None = None
    until: Annotated[float, Field(ge=0, le=1e11)] | None = None
    q: Annotated[str, Field(max_length=100), AfterValidator(storable)] = ""


class SoughtPage(Sought):
    """One page of a list; `after` is the `next` of the page before."""

    sort: Literal["due", "newest", "changed"] = "due"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: Annotated[str, Field(max_length=120, pattern=r"^[A-Za-z0-9.+_~:-]*$")] = ""
