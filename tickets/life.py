"""Owns one step of a ticket's life: an act with its facts, done or refused; pure. The table is tickets/table.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from tickets import chase_deeds, deeds, dispute_deeds, doubt_deeds, unit_deeds
from tickets.acts import Act
from tickets.doing import Actor, Doing, Done, Notify, Outcome
from tickets.facts import Facts
from tickets.permission import allowed, check
from tickets.policy import Policy
from tickets.standing import dues, foreseen, is_suspended, nearest, open_limits, profile_of, standing
from tickets.table import TABLE
from tickets.ticket import Life, Ticket

__all__ = [
    "Actor", "Notify", "Outcome", "allowed", "dues", "foreseen", "is_suspended", "nearest", "open_limits", "profile_of", "standing",
    "step",
]  # fmt: skip

_DEEDS: Final[Mapping[Act, Callable[[Doing], Done]]] = MappingProxyType({
    **deeds.DEEDS, **unit_deeds.DEEDS, **doubt_deeds.DEEDS, **dispute_deeds.DEEDS, **chase_deeds.DEEDS,
})  # fmt: skip


def step(ticket: Ticket, act: Act, facts: Mapping[str, object], *, now: float, actor: Actor, policy: Policy) -> Outcome:
    """Do one act at `now` (epoch seconds): the ticket after it with its limits reckoned anew, what the step keeps, whom to tell.

    Forbidden `forbidden`, `not_your_unit`; IntentRefused `not_at_this_stage` and the codes of what stands in the way; BadInput
    `missing`, `unknown_fact`, `unknown_unit`, `reply_incomplete` and the like, with `field`. Rights are judged first, then the
    stage, then the facts, so that who may not is told nothing of the ticket. See docs/states.md for the whole table.
    """
    check(ticket, act, actor, policy)
    read = Facts(act, facts)
    done = _DEEDS[act](Doing(ticket, read, now, actor, policy, profile_of(ticket, policy)))
    life = replace(_without_idle_dispute(done.life), version=ticket.life.version + 1)
    after = standing(Ticket(ticket.number, done.content or ticket.content, life), policy)
    kept = {**read.kept, **done.kept}
    changed = {what: at for what, at in after.life.stands.items() if ticket.life.stands.get(what) != at}
    if changed:
        kept["limits"] = changed
    return Outcome(after, kept, done.tell)


def _without_idle_dispute(life: Life) -> Life:
    """A dispute that nobody decided lapses where nobody can decide it: the unit replied, the matter is over."""
    is_open = life.dispute is not None and life.dispute.decided_at is None
    return replace(life, dispute=None) if is_open and life.stage not in TABLE["settle_dispute"] else life
