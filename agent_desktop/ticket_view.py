"""How the API tells tickets: rows, one ticket with its limits and steps, attachments, notices; masked for who reads; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from math import isfinite

from agent_desktop.call_view import Told
from tickets.limits import Due, What
from tickets.masking import Veil
from tickets.policy import Policy
from tickets.store.attachments import Attachment
from tickets.store.export import left_of
from tickets.store.listing import Row
from tickets.store.notices import Notice
from tickets.store.orders import Step
from tickets.ticket import Life, Ticket

_WRITTEN = ("extension", "pauses", "doubt", "dispute", "improper")  # where people's words stand in a life


def told_row(row: Row, now: float, title: str | None = None) -> Told:
    """A ticket in a list; `title` in place of its own where that names a citizen."""
    told = {name: getattr(row, name) for name in Row.__dataclass_fields__}
    return told | {"title": row.title if title is None else title, "left": left_of(row.due_at, now)}


def told_life(life: Life) -> Told:
    """How far a ticket is, as plain JSON; which limits stand is told apart (`told_limits`)."""
    told = {each.name: getattr(life, each.name) for each in fields(life) if each.name not in ("stands", "met")}
    return told | {
        "co_units": list(life.co_units), "copies": list(life.copies), "chain": list(life.chain),
        "pauses": [asdict(each) for each in life.pauses],
        "extension": None if life.extension is None else asdict(life.extension),
        "doubt": None if life.doubt is None else asdict(life.doubt),
        "dispute": None if life.dispute is None else asdict(life.dispute) | {"units": list(life.dispute.units)},
        "refused_return": None if life.refused_return is None else asdict(life.refused_return),
        "disowned": list(life.disowned), "improper": [asdict(each) for each in life.improper],
    }  # fmt: skip


def told_limits(dues: Mapping[What, Due], met: Mapping[str, float], policy: Policy, now: float) -> list[Told]:
    """Each limit with its arithmetic in words, in the order given; `met` is when it was kept, by key."""
    return [_limit(key, due, met.get(key), policy, now) for key, due in dues.items()]


def _limit(key: str, due: Due, met_at: float | None, policy: Policy, now: float) -> Told:
    at = due.at if isfinite(due.at) else None
    if met_at is not None:
        state = "kept" if at is None or met_at <= at else "kept_late"
    else:
        state = "suspended" if at is None else "late" if at < now else "stands"
    rule = due.rule
    return {
        "key": key, "at": at, "met_at": met_at, "state": state, "is_provisional": due.is_provisional,
        "sentence": policy.sentence(due), "source": rule.source,
        "rule": {"key": rule.key, "amount": rule.limit.amount, "measure": rule.limit.measure, "start": rule.start},
    }  # fmt: skip


def told_ticket(ticket: Ticket, veil: Veil) -> Told:
    """Number, version, stage, content and life."""
    content, hidden = veil.content(ticket.content)
    life = told_life(ticket.life)
    life |= {name: veil.facts(life[name]) for name in _WRITTEN if life[name]}
    return {
        "number": ticket.number, "version": ticket.life.version, "stage": ticket.life.stage, "content": asdict(content),
        "is_masked": bool(hidden), "masked": list(hidden), "life": life,
    }  # fmt: skip


def told_steps(steps: Iterable[Step], veil: Veil, names: Mapping[str, str]) -> list[Told]:
    """The history, oldest first; `names` by login."""
    return [
        {
            "version": step.version, "at": step.at, "actor": step.actor, "actor_name": names.get(step.actor, step.actor),
            "role": step.role, "act": step.act, "stage": step.stage, "facts": veil.facts(step.facts),
        }
        for step in steps
    ]  # fmt: skip


def told_attachment(each: Attachment, names: Mapping[str, str], *, may_remove: bool) -> Told:
    """A file of a ticket."""
    return {
        "id": each.id, "name": each.name, "kind": each.kind, "size": each.size, "sha256": each.sha256, "at": each.at, "by": each.by,
        "by_name": names.get(each.by, each.by), "may_remove": may_remove,
    }  # fmt: skip


def told_notice(each: Notice, title: str, sentence: str) -> Told:
    """What somebody is to be told, with the words for it."""
    return {
        "id": each.id, "number": each.number, "title": title, "kind": each.kind, "limit": each.facts.get("limit"), "at": each.at,
        "audience": each.audience, "sentence": sentence, "facts": dict(each.facts), "seen_at": each.seen_at,
        "seen_by": each.seen_by,
    }  # fmt: skip
