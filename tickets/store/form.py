"""Owns how a ticket lies in the database: content and life as JSON, and what of both stands beside in columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from hotline_core.errors import BadInput
from tickets.facts import LENGTHS
from tickets.standing import nearest
from tickets.ticket import Content, Dispute, Doubt, Extension, Improper, Life, Pause, RefusedReturn, Ticket

LONGEST: Mapping[str, int] = {**LENGTHS, "line": 10, "source": 30, "klass": 20, "field": 40, "area": 40, "topic": 40}
LONGEST_KEY = 64  # of every other text of the content
# Fields of a life that are values of their own, and those that are several of one kind.
_PARTS: Mapping[str, type[Any]] = {"extension": Extension, "doubt": Doubt, "refused_return": RefusedReturn, "dispute": Dispute}
_ROWS: Mapping[str, type[Any]] = {"pauses": Pause, "improper": Improper}


def check(content: Content) -> None:
    """BadInput `too_long` with the field and how long it may be (characters)."""
    for field in fields(content):
        value = getattr(content, field.name)
        most = LONGEST.get(field.name, LONGEST_KEY)
        if isinstance(value, str) and len(value) > most:
            raise BadInput("too_long", field=field.name, most=most)
        if isinstance(value, str) and "\0" in value:  # PostgreSQL has no place for it
            raise BadInput("bad_character", field=field.name)


def dumped(value: object) -> str:
    """Compact JSON of plain values, dataclasses, maps and tuples."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def content_of(text: str) -> Content:
    """The content of its JSON; a field that this version does not know is left out."""
    return Content(**_known(Content, json.loads(text)))


def life_of(text: str) -> Life:
    """The life of its JSON; a field that was not there then has its default."""
    data = _known(Life, json.loads(text))
    for name, kind in _PARTS.items():
        if data.get(name) is not None:
            data[name] = kind(**{key: _tupled(value) for key, value in _known(kind, data[name]).items()})
    for name, kind in _ROWS.items():
        data[name] = tuple(kind(**_known(kind, each)) for each in data.get(name, ()))
    return Life(**{name: _tupled(value) for name, value in data.items()})


def columns(ticket: Ticket) -> dict[str, object]:
    """What lists are made of: both values in short."""
    content, life = ticket.content, ticket.life
    same = {name: getattr(content, name) for name in ("line", "source", "klass", "field", "area", "topic", "title")}
    return {
        "number": ticket.number, "version": life.version, "stage": life.stage, **same, "unit": life.unit,
        "is_urgent": int(content.is_urgent), "is_safety": int(content.is_safety), "call_id": content.call_id or None,
        "created_at": life.created_at, "due_at": nearest(life), "closed_at": life.closed_at,
        "is_provisional": int(life.is_provisional),
    }  # fmt: skip


def parts(life: Life) -> dict[str, str]:
    """Which units may see the ticket, and as what: the lead, those above it on the way down, the helping, the reading ones."""
    found = dict.fromkeys(life.copies, "copy") | dict.fromkeys(life.co_units, "co") | dict.fromkeys(life.chain, "above")
    if life.unit:
        found[life.unit] = "lead"
    return found


def unit_rows(ticket: Ticket, changed_at: float) -> list[dict[str, object]]:
    """The rows by which units list the ticket."""
    row = {"number": ticket.number, "stage": ticket.life.stage, "changed_at": changed_at, "due_at": nearest(ticket.life)}
    return [{**row, "unit": unit, "part": part} for unit, part in parts(ticket.life).items()]


def improper_rows(ticket: Ticket) -> list[dict[str, object]]:
    """The rows of the ledger of improper returns (R52), in the order of their judgement."""
    return [
        {
            "number": ticket.number, "nth": nth, "unit": each.unit, "asked_at": each.asked_at, "reason": each.reason,
            "judged_by": each.by, "judged_at": each.at, "withdrawn_by": each.withdrawn_by, "withdrawn_at": each.withdrawn_at,
        }
        for nth, each in enumerate(ticket.life.improper)
    ]  # fmt: skip


def _known(kind: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in data.items() if name in names}


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value
