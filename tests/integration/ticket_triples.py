"""Owns every (stage, act, role) of a ticket as docs/states.md has it, tried over HTTP: what is refused, with which code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_desktop.rights import ROLES, load_rights
from tests.integration.ticket_room import COMPLAINT, WAYS, Room
from tests.running.instance import CHECKOUT
from tests.security.roles import LOGINS
from tickets.acts import ACTS, RIGHT_OF, STAGES
from tickets.life import Actor
from tickets.ticket import Content

STATES: Path = CHECKOUT / "docs" / "states.md"
# Whose ticket it is to the officers of the tests, who are of transport: the unit that has it, a helping one, a stranger's.
WHOSE = ("own", "helped", "strange")
UNITS: dict[str, tuple[str, tuple[str, ...]]] = {
    "own": ("transport", ()), "helped": ("police", ("transport",)), "strange": ("city-management", ()),
}  # fmt: skip
CONTENT = Content(**COMPLAINT | {"line": "12345", "field": "transport"})
OFFICERS = ("unit", "unit_head")
NOT_SENT = frozenset({"draft", "accepted", "answered", "refused", "void"})
RIGHTS_TO_ACT = frozenset(RIGHT_OF.values())
STATUS = {"forbidden": 403, "not_your_unit": 403, "not_at_this_stage": 409, "unknown_ticket": 404}


@dataclass(frozen=True, slots=True)
class Triple:
    """One of them, for a ticket that is the officers' own, one they help with, or a stranger's."""

    stage: str
    act: str
    role: str
    whose: str


@dataclass(slots=True)
class Tried:
    """How many were tried, by the code of their refusal, and those that were answered otherwise."""

    codes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def triples() -> Iterator[Triple]:
    """All of them."""
    for stage in STAGES:
        for act in ACTS:
            for role in ROLES:
                for whose in WHOSE if role in OFFICERS else WHOSE[:1]:
                    yield Triple(stage, act, role, whose)


def refused_triples(approver: str) -> dict[Triple, str]:
    """The code of each that the tables of docs/states.md refuse; `approver` decides extensions: head or centre."""
    stages, roles, rights = _cells("stages"), _cells("roles"), load_rights()
    may_act = {role for role in ROLES if rights.acts_of(role) & RIGHTS_TO_ACT}
    found = {}
    for each in triples():
        if each.role not in may_act:
            code = "forbidden"  # the route lets nobody in who may do nothing at all
        else:
            code = _refusal(each, stages[each.act, each.stage], roles[each.act, each.role], approver)
        if code:
            found[each] = code
    return found


def _refusal(each: Triple, cell: str, who: str, approver: str) -> str:
    is_officer = each.role in OFFICERS
    if is_officer and (each.stage in NOT_SENT or each.whose == "strange"):
        return "unknown_ticket"  # it is not theirs to know of
    if not (who in ("yes", "own") or approver in who):
        return "forbidden"
    if who.startswith("own") and each.act != "note" and each.whose != "own":
        return "not_your_unit"
    return "not_at_this_stage" if cell == "–" else ""


async def who_decides(room: Room) -> str:
    """Who decides extensions of these tickets: head or centre."""
    number, _ = await brought(room, "signed", "own")
    rule = (await room.get("unit1", f"/api/tickets/{number}"))["extension_rule"]
    return "head" if rule["approver"] == "unit_head" else "centre"


async def try_all(room: Room, chosen: Iterable[tuple[Triple, str]]) -> Tried:
    """Each by its person over HTTP: the status and the code it must be, a sentence, and the ticket as it was."""
    tried, tickets = Tried(), {}
    for each, code in chosen:
        key = (each.stage, each.whose)
        if key not in tickets:
            tickets[key] = await brought(room, *key)
        number, version = tickets[key]
        client = await room.as_(LOGINS[each.role])
        body = {"act": each.act, "version": version, "facts": {}}
        answer = await client.post(f"/api/tickets/{number}/acts", json=body)
        told = answer.json()
        is_right = (answer.status_code, told.get("code")) == (STATUS[code], code) and bool(told.get("message"))
        tried.codes[code] += 1
        if not is_right:
            tried.wrong.append(f"{each}: {code} expected, {answer.status_code} {answer.text[:200]}")
    for (stage, whose), (number, version) in tickets.items():
        now = room.desk.tickets.orders.read(number)
        if now is None or (now.life.stage, now.life.version) != (stage, version):
            tried.wrong.append(f"{stage} {whose}: changed by what was refused")
    return tried


async def brought(room: Room, stage: str, whose: str) -> tuple[str, int]:
    """A ticket in that stage, with the unit that it stands for; its number and version."""
    desk = room.desk
    policy, rights, (unit, co_units) = desk.policy.policy, desk.rights, UNITS[whose]
    way: list[tuple[str, str, dict[str, Any]]] = list(WAYS.get(stage, WAYS["signed"]))
    if stage == "merged":
        other, _ = await brought(room, "accepted", "own")
        way.append(("clerk1", "merge", {"into": other}))
    ticket = desk.tickets.orders.create(CONTENT, by="clerk1", role="clerk", now=room.clock[0], policy=policy)
    for who, act, given in way:
        role = {"clerk1": "clerk", "unit1": "unit"}[who]
        actor = Actor(who, role, rights.acts_of(role), frozenset({unit}) if role == "unit" else frozenset())
        facts = given if act != "dispatch" else {"unit": unit, "co_units": list(co_units)}
        ticket = desk.tickets.orders.act(
            ticket.number, ticket.life.version, act, facts, actor, room.clock[0], policy  # type: ignore[arg-type] # a word of acts
        )
    assert ticket.life.stage == stage
    return ticket.number, ticket.life.version


def _cells(name: str) -> dict[tuple[str, str], str]:
    """The cells of a table of docs/states.md by act and column."""
    text = STATES.read_text(encoding="utf-8").partition(f"<!-- ticket {name}: begin -->\n")[2]
    lines = text.partition(f"\n<!-- ticket {name}: end -->")[0].splitlines()
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {(row[0], column): cell for row in rows for column, cell in zip(head[1:], row[1:], strict=True)}
