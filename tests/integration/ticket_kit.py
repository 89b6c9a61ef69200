"""What tests of the tickets' store share: plain laws that a store can be tried with, and the two databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hotline_core.errors import IntentRefused
from tickets.acts import Act, Stage
from tickets.ticket import Content, Ticket

NOW = 1_795_312_800.0  # 2026-11-22 10:00 in Asia/Shanghai
DAY = 86_400.0
BECOMES: Mapping[str, Stage] = {
    "accept": "accepted", "dispatch": "dispatched", "sign": "signed", "contact": "in_hand", "reply": "replied", "check": "checked",
    "close": "closed", "archive": "archived", "refuse": "refused", "answer": "answered",
}  # fmt: skip
OVER = ("closed", "archived", "refused", "answered")


@dataclass(frozen=True)
class Person:
    """Who acts."""

    name: str = "clerk1"
    role: str = "clerk"


@dataclass(frozen=True)
class Told:
    """Whom to tell."""

    audience: str
    kind: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Became:
    """What became of an act."""

    ticket: Ticket
    facts: Mapping[str, object]
    commands: tuple[Told, ...] = ()


@dataclass(frozen=True)
class Due:
    """A mark: the limit has come."""

    key: str
    at: float
    kind: str = "due"
    audience: str = "centre"

    @property
    def limit(self) -> str:
        return self.key


class PlainLaws:
    """An act leads to its stage from any other; a dispatch has a reply limit of five days; "rework" is refused."""

    def step(
        self, ticket: Ticket, act: Act, facts: Mapping[str, object], *, now: float, actor: object, policy: object
    ) -> Became:
        life, content = ticket.life, ticket.content
        if act == "rework":
            raise IntentRefused("not_at_this_stage", act=act, stage=life.stage)
        life = replace(life, version=life.version + 1, stage=BECOMES.get(act, life.stage))
        commands: tuple[Told, ...] = ()
        if act == "dispatch":
            unit, co_units = str(facts["unit"]), tuple(map(str, facts.get("co_units", ())))  # type: ignore[call-overload]
            chain = tuple(map(str, facts.get("chain", (unit,))))  # type: ignore[call-overload]
            stands = {"reply": now + 5 * DAY, "sign": now + DAY}
            life = replace(life, unit=unit, co_units=co_units, chain=chain, dispatched_at=now, stands=stands)
            commands = (Told(f"unit:{unit}", "dispatched", {"stage": life.stage}),)
        if act == "sign":
            life = replace(life, met={**life.met, "sign": now}, signed_at=now)
        if life.stage in OVER:
            life = replace(life, stands={}, closed_at=now)
        if act == "correct":
            changes: Mapping[str, object] = facts["changes"]  # type: ignore[assignment]
            before = {name: getattr(content, name) for name in changes}
            content = replace(content, **changes)  # type: ignore[arg-type]
            facts = {**facts, "before": before}
        return Became(Ticket(ticket.number, content, life), facts, commands)

    def next_mark_at(self, ticket: Ticket, fired: frozenset[str], policy: object) -> float | None:
        return min((at for key, at in ticket.life.stands.items() if key not in ticket.life.met and key not in fired), default=None)


    def to_fire(self, ticket: Ticket, fired: frozenset[str], policy: object, now: float) -> tuple[Due, ...]:
        life = ticket.life
        return tuple(Due(key, at) for key, at in life.stands.items() if at <= now and key not in life.met and key not in fired)


def complaint(**changes: object) -> Content:
    """A citizen of 海州 complains of a bus."""
    said = Content(
        line="12328", klass="complaint", field="city_passenger", title="公交车拒载",
        text="207路公交车在人民广场站不停车，司机态度恶劣", place="人民广场站", area="haizhou", object="皖L12345", name="王小明",
        number="13855700001", address="幸福路18号",
    )  # fmt: skip
    return replace(said, **changes)  # type: ignore[arg-type]
