"""Owns which limits stand for a ticket, from when they run and until when; pure (R46, R47, R50 to R52, R65)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from tickets.acts import Stage
from tickets.limits import Due, Limit, Rule, What
from tickets.policy import Policy
from tickets.profile import Profile
from tickets.reckoning import due
from tickets.ticket import Content, Life, Ticket

# Limits that somebody has to keep in that stage. That of a return is none: after it a unit may not give the ticket back any more.
AWAITED: Final[Mapping[Stage, tuple[What, ...]]] = MappingProxyType({
    "accepted": ("dispatch",),
    "dispatched": ("sign", "contact", "reply"),
    "signed": ("contact", "reply"),
    "in_hand": ("contact", "reply"),
    "return_asked": ("reply",),
    "closed": ("follow_up",),
})
_PAUSED: Final[frozenset[What]] = frozenset({"contact", "reply"})  # what a suspension stops


def profile_of(ticket: Ticket, policy: Policy) -> Profile:
    """The profile of the ticket's day; NotFound `unknown_profile` when its file is gone. A draft has none of its own yet."""
    if ticket.life.profile:
        return policy.profile(ticket.life.profile)
    return policy.profile_of(ticket.content.line, ticket.life.created_at)


def dues(ticket: Ticket, policy: Policy) -> Mapping[What, Due]:
    """Every limit that stands or was kept, with its arithmetic, the reply's first; infinite `at` while it is suspended."""
    life, profile = ticket.life, profile_of(ticket, policy)
    starts: Mapping[What, float | None] = {
        "reply": life.clock_from,
        "contact": life.dispatched_at,
        "sign": life.dispatched_at,
        "return": life.dispatched_at,
        "dispatch": life.accepted_at if life.stage == "accepted" or life.dispatched_at is not None else None,
        "follow_up": life.closed_at if life.dispatched_at is not None else None,
    }
    found = {
        what: _due(what, rule, start, life, profile, policy)
        for what, start in starts.items()
        if start is not None and (rule := _rule(what, ticket.content, life, profile)) is not None
    }
    return MappingProxyType(found)


def foreseen(content: Content, policy: Policy, *, now: float) -> Mapping[What, Due]:
    """The limits that would stand if the matter were taken on and dispatched at `now`, for the desk before anything is stored."""
    life = Life("dispatched", created_at=now, accepted_at=now, dispatched_at=now, clock_from=now)
    return dues(Ticket("", content, life), policy)


def standing(ticket: Ticket, policy: Policy) -> Ticket:
    """The ticket with its limits reckoned anew, as after every act, or when a year's holidays have arrived; its version stays."""
    found = dues(ticket, policy)
    stands: dict[str, float] = {what: each.at for what, each in found.items() if not each.is_suspended}
    awaited = [found[what] for what in _open(ticket.life) if what in found]
    life = replace(ticket.life, stands=stands, is_provisional=any(each.is_provisional for each in awaited))
    return replace(ticket, life=life)


def open_limits(life: Life) -> Mapping[What, float]:
    """The limits that wait to be kept, with the moment they end (epoch seconds); a suspended one is not there."""
    return {what: life.stands[what] for what in _open(life) if what in life.stands}


def nearest(life: Life) -> float | None:
    """When the first of them ends, for lists by time left; None when nothing waits."""
    return min(open_limits(life).values(), default=None)


def is_suspended(life: Life) -> bool:
    """Whether the clock stands still now."""
    return bool(life.pauses) and life.pauses[-1].until is None


def _open(life: Life) -> tuple[What, ...]:
    return tuple(what for what in AWAITED.get(life.stage, ()) if what not in life.met)


def _rule(what: What, content: Content, life: Life, profile: Profile) -> Rule | None:
    if what == "follow_up" and profile.following_up.share_of(content.klass) != "all":
        return None  # of those that are sampled nobody in particular has to be asked
    rule = profile.rule(what, content)
    if what != "reply" or life.override is None:
        return rule
    if rule is None:
        return Rule("reply.override", Limit(life.override, "working_days"), "next_day", life.law)
    return replace(rule, source=life.law)


def _due(what: What, rule: Rule, start: float, life: Life, profile: Profile, policy: Policy) -> Due:
    pauses = life.pauses if what in _PAUSED else ()
    if what != "reply":
        return due(rule, start, policy.calendar, pauses=pauses)
    extended = (Limit(life.extended, profile.extension.measure),) if life.extended and profile.extension is not None else ()
    return due(rule, start, policy.calendar, pauses=pauses, extended=extended, override=life.override)
