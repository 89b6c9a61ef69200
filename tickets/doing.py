"""The words between a step and its deeds: who acts (`Actor`), whom to tell what (`Notify`), what came out (`Outcome`, `Done`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, Literal

from tickets.acts import Stage
from tickets.facts import Facts
from tickets.policy import Policy
from tickets.profile import Profile
from tickets.ticket import Content, Life, Ticket

Lane = Literal["", "urgent", "safety", "topic"]
NoticeKind = Literal[
    "dispatched", "co_handling", "withdrawn", "phone_duty", "forwarded",
    "extension_asked", "extension_granted", "extension_refused", "return_asked", "return_granted", "return_refused",
    "suspended", "resumed", "overridden", "corrected", "replied", "supplement", "rework", "merged",
    "copied", "copy_closed", "doubt_asked", "doubt_decided",
    "return_contested", "review_called", "dispute_settled", "chased", "reported_up",
    "remind", "due", "overdue", "escalate",
]  # fmt: skip
CENTRE = "centre"
LEADERSHIP = "leadership"
# Fields of a life as they are when a limit begins anew.
NEW_CLOCK: Final[Mapping[str, Any]] = MappingProxyType(
    {"extension": None, "extensions": 0, "extended": 0, "pauses": (), "return_from": None, "is_supplement": False,
     "caller_duty": False, "refused_return": None}
)
_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: login, role, the role's rights; `units`: their own unit and those below it, empty for the centre's people."""

    name: str
    role: str
    rights: frozenset[str]
    units: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell somebody: `audience` is "unit:KEY", "head:KEY", "person:LOGIN", "centre" or "leadership"; no personal data."""

    audience: str
    kind: NoticeKind
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ticket after the act, what its step keeps, and whom to tell."""

    ticket: Ticket
    facts: Mapping[str, object]
    commands: tuple[Notify, ...] = ()


@dataclass(frozen=True, slots=True)
class Doing:
    """An act that may be done, on its way: the deeds take it and give back a `Done`."""

    ticket: Ticket
    facts: Facts
    now: float
    actor: Actor
    policy: Policy
    profile: Profile

    @property
    def life(self) -> Life:
        """As it was before."""
        return self.ticket.life

    @property
    def content(self) -> Content:
        """As it was before."""
        return self.ticket.content

    def done(self, stage: Stage, *tell: Notify, kept: Mapping[str, object] = _NOTHING, **life: Any) -> Done:
        """The life at that stage with these of its fields changed; whom to tell; what the step keeps beside the facts given."""
        return Done(replace(self.life, stage=stage, **life), tell, kept)

    def met(self, *limits: str) -> dict[str, float]:
        """What was kept, with these kept now; one that was kept before stays as it was."""
        return {**dict.fromkeys(limits, self.now), **self.life.met}


@dataclass(frozen=True, slots=True)
class Done:
    """What a deed came to; `content` None: as it was."""

    life: Life
    tell: tuple[Notify, ...] = ()
    kept: Mapping[str, object] = field(default_factory=dict)
    content: Content | None = None


def unit_audience(key: str) -> str:
    """The people of a unit."""
    return f"unit:{key}"


def head_audience(key: str) -> str:
    """Its head."""
    return f"head:{key}"


def person_audience(login: str) -> str:
    """One person."""
    return f"person:{login}"


def lane_of(content: Content) -> Lane:
    """Which lane a matter goes by, if any: it is dispatched at once whatever the profile says (R37, R41, R104)."""
    if content.is_safety:
        return "safety"
    if content.is_urgent:
        return "urgent"
    return "topic" if content.topic else ""


def needs_telephone(content: Content) -> bool:
    """Whether the unit is told by telephone too (R42): safety and urgent matters."""
    return content.is_safety or content.is_urgent
