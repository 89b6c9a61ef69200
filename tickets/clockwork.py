"""Owns what happens by itself before, at and after a ticket's limits: reminders and the ladder of escalation (R46, R57); pure.

A mark's key holds the limit and the minute it ends, so that a limit that moved has new marks and
one that did not has no second ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tickets.doing import CENTRE, LEADERSHIP, head_audience, unit_audience
from tickets.ladders import WAITS, Step, Wait
from tickets.limits import SHANGHAI, What
from tickets.policy import Policy
from tickets.profile import Alert, AlertKind, Profile, Rung
from tickets.reckoning import after, before
from tickets.standing import dues, is_suspended, open_limits, profile_of
from tickets.table import AT_UNIT, TABLE
from tickets.ticket import Life, Ticket

__all__ = ["WAITS", "Mark", "marks", "next_mark_at", "to_chase", "to_fire"]
PHONE: Final = "phone"  # in place of a limit: the unit of an urgent matter was not told by telephone yet (R42)
LONGEST_KEY: Final = 60  # as the table of marks has it

@dataclass(frozen=True, slots=True)
class Mark:
    """Something to be told at `at` (epoch seconds): `limit` a limit's key, `phone` or one of WAITS; `audience` as in a notice."""

    key: str
    at: float
    kind: AlertKind
    limit: str
    audience: str


def marks(ticket: Ticket, policy: Policy) -> tuple[Mark, ...]:
    """All marks of the limits that wait to be kept, past and coming, by time; none comes before its limit began.

    NotFound `unknown_profile` when the file of the ticket's profile is gone.
    """
    profile = profile_of(ticket, policy)
    reckoned = dues(ticket, policy)
    found = [*_phone_marks(ticket.life, policy), *_wait_marks(ticket.life, profile, policy)]
    for what in open_limits(ticket.life):
        due = reckoned[what]
        for alert in (*profile.reminders, *profile.escalation):
            if not alert.watches(what, due.parts[-1]):
                continue
            is_before = alert.kind == "remind"
            at = (before if is_before else after)(due.at, alert.offset, policy.calendar)
            if is_before and at <= due.started_at:
                continue
            found += _told(alert, what, at if is_before else max(at, due.at), due.at, ticket.life)
    return tuple(sorted(found, key=lambda mark: (mark.at, mark.key)))


def next_mark_at(ticket: Ticket, fired: Collection[str], policy: Policy) -> float | None:
    """When the ticket has to be looked at again: the first mark that was not fired, perhaps in the past; None if none is left."""
    return min((mark.at for mark in marks(ticket, policy) if mark.key not in fired), default=None)


def to_fire(ticket: Ticket, fired: Collection[str], policy: Policy, now: float) -> tuple[Mark, ...]:
    """The marks whose time has come and that were not fired yet, by time."""
    return tuple(mark for mark in marks(ticket, policy) if mark.at <= now and mark.key not in fired)


def to_chase(ticket: Ticket, policy: Policy, now: float) -> Mark | None:
    """The last reminder of a limit that a unit has not kept, told since it was last chased (R57); None: nobody need be chased."""
    life = ticket.life
    if life.stage not in AT_UNIT:
        return None
    told = [mark for mark in to_fire(ticket, (), policy, now) if mark.limit in open_limits(life)]
    return told[-1] if told and (life.chased_at is None or told[-1].at > life.chased_at) else None


def _told(alert: Alert, what: What, at: float, due_at: float, life: Life) -> Iterator[Mark]:
    """One mark for each that the alert tells; with the head of a sub-unit that of the unit the centre sent it to."""
    minute = _minute(due_at)
    for rung in alert.audience:
        for name, audience in _audiences(rung, life):
            yield Mark(f"{what}@{minute}:{alert.key}:{name}", at, alert.kind, what, audience)


def _audiences(rung: Rung, life: Life) -> Iterator[tuple[str, str]]:
    if rung == "unit" and life.unit:
        yield "unit", unit_audience(life.unit)
    elif rung == "head" and life.unit:
        yield "head", head_audience(life.unit)
        if life.chain and life.chain[0] != life.unit:
            yield "top", head_audience(life.chain[0])
    elif rung == "centre":
        yield "centre", CENTRE
    elif rung == "leadership":
        yield "leaders", LEADERSHIP


def _phone_marks(life: Life, policy: Policy) -> Iterator[Mark]:
    if not life.phone_duty or life.stage not in AT_UNIT or life.dispatched_at is None:
        return
    for step in policy.ladders.phone:
        at = step.at(life.dispatched_at, policy.calendar)
        yield Mark(f"phone@{int(life.dispatched_at)}:{step.key}", at, step.kind, PHONE, _to(step, life, None))


def _wait_marks(life: Life, profile: Profile, policy: Policy) -> Iterator[Mark]:
    for name, since in _waiting(life):
        for step in policy.ladders.waits.get(name, ()):
            at = step.at(since, policy.calendar)
            yield Mark(f"{name}@{_minute(since)}:{step.key}", at, step.kind, name, _to(step, life, profile))


def _to(step: Step, life: Life, profile: Profile | None) -> str:
    """The audience of a ladder's step; an extension's approver is the unit's head or the centre, as the profile says."""
    if step.audience == "unit" and life.unit:
        return unit_audience(life.unit)
    is_head = profile is not None and profile.extension is not None and profile.extension.approver == "unit_head"
    if step.audience == "approver" and is_head and life.unit:
        return head_audience(life.unit)
    return LEADERSHIP if step.audience == "leadership" else CENTRE


def _waiting(life: Life) -> Iterator[tuple[Wait, float]]:
    """What waits for a decision, and since when."""
    if life.stage == "accepted" and "dispatch" not in life.stands and life.accepted_at is not None:
        yield "wait_dispatch", life.accepted_at
    is_disputed = life.dispute is not None and life.dispute.decided_at is None
    if life.dispute is not None and is_disputed:
        yield "wait_dispute", life.dispute.asked_at
    if life.stage == "return_asked" and life.return_asked_at is not None and not is_disputed:
        yield "wait_return", life.return_asked_at
    if life.extension is not None and life.extension.granted is None:
        yield "wait_extension", life.extension.asked_at
    if is_suspended(life):
        yield "wait_resume", life.pauses[-1].since
    if life.stage == "replied" and life.replied_at is not None:
        yield "wait_check", life.replied_at
    if life.stage == "checked" and life.checked_at is not None:
        yield "wait_close", life.checked_at
    if life.doubt is not None and life.doubt.decided_at is None and life.stage in TABLE["advise"]:
        yield "wait_doubt", life.doubt.asked_at
    if life.caller_duty and life.stage in AT_UNIT and life.extension is not None and life.extension.decided_at is not None:
        yield "wait_caller", life.extension.decided_at


def _minute(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(SHANGHAI).strftime("%Y%m%d%H%M")
