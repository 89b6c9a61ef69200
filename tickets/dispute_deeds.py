"""What contesting a refused return, calling a review and settling a dispute do: one lead is fixed, and that binds; pure (R52)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from hotline_core.errors import BadInput, IntentRefused
from tickets.acts import Act
from tickets.deeds import read_units, sent_to
from tickets.doing import LEADERSHIP, Doing, Done, Notify, person_audience, unit_audience
from tickets.ticket import Dispute, Improper
from tickets.units import Units, disowning, is_below


def _contest_return(doing: Doing) -> Done:
    """The unit does not accept that its return was refused; it goes on with the matter meanwhile (首接负责), its limits run on."""
    reason = doing.facts.text("reason")
    doing.facts.text_or_none("basis")
    opened = Dispute("contested", (doing.life.unit,), reason, doing.actor.name, doing.now)
    return doing.done(doing.life.stage, Notify(LEADERSHIP, "return_contested", {"unit": doing.life.unit}), dispute=opened)


def _call_review(doing: Doing) -> Done:
    """Two units or more have said that it is not theirs: nobody is sent it before the review has fixed who leads."""
    units = disowning(doing.life, doing.policy.units)
    opened = Dispute("disowned", units, doing.facts.text("reason"), doing.actor.name, doing.now)
    told = [Notify(unit_audience(doing.life.unit), "review_called")] if doing.life.unit else []
    return doing.done(doing.life.stage, Notify(LEADERSHIP, "review_called"), *told, dispute=opened)


def _settle_dispute(doing: Doing) -> Done:
    """Who leads is fixed with reason and basis; whoever refused the return may not decide that alone, but as a joint review."""
    life, dispute = doing.life, doing.life.dispute
    if dispute is None:
        raise IntentRefused("no_dispute", act="settle_dispute")
    unit, co_units = read_units(doing)
    why, basis = doing.facts.text("reason"), doing.facts.text("basis")
    refused = life.refused_return
    is_own = dispute.kind == "contested" and refused is not None and refused.by == doing.actor.name
    members = doing.facts.text("members", missing="own_refusal") if is_own else doing.facts.text_or_none("members")
    stays = unit in life.chain
    settled = replace(
        dispute, lead=life.chain[0] if stays else unit, why=why, basis=basis, members=members, decided_by=doing.actor.name,
        decided_at=doing.now,
    )  # fmt: skip
    improper = _judged(doing, why, settled.lead, stays=stays)
    told = [Notify(person_audience(dispute.by), "dispute_settled", {"unit": unit})]
    if not stays:
        sent = sent_to(doing, unit, co_units, dispute=settled, improper=improper, disowned=())
        return replace(sent, tell=(*sent.tell, *told))
    told += [Notify(unit_audience(life.unit), "dispute_settled", {"unit": unit})]
    fresh = tuple(key for key in co_units if key not in (*life.chain, *life.co_units, *life.copies))
    told += [Notify(unit_audience(key), "co_handling", {"lane": "", "unit": life.unit}) for key in fresh]
    stage = (life.return_from or "dispatched") if life.stage == "return_asked" else life.stage
    return doing.done(
        stage, *told, dispute=settled, improper=improper, disowned=(), return_from=None, co_units=(*life.co_units, *fresh),
    )  # fmt: skip


def _judged(doing: Doing, why: str, lead: str, *, stays: bool) -> tuple[Improper, ...]:
    """The judgements of improper returns after the review: no return of a unit that the review finds right was improper.

    Which those are is read from the units, not from the last return alone: a unit whose return was refused may have asked again.
    """
    life = doing.life
    pending = life.stage == "return_asked"
    unit = life.unit if pending else life.refused_return.unit if life.refused_return is not None else ""
    asked_at = life.return_asked_at
    stands = any(each.asked_at == asked_at and each.withdrawn_at is None for each in life.improper)
    wanted = doing.facts.flag("improper", default=stands and stays)
    if wanted and (not stays or not unit or asked_at is None):
        raise BadInput("bad_input", field="improper")
    right = _found_right(doing, lead)
    judged = tuple(
        replace(each, withdrawn_at=doing.now, withdrawn_by=doing.actor.name)
        if each.withdrawn_at is None
        and ((each.asked_at == asked_at and not wanted) or any(_is_of(each.unit, key, doing.policy.units) for key in right))
        else each
        for each in life.improper
    )
    return (*judged, Improper(unit, asked_at or doing.now, why, doing.actor.name, doing.now)) if wanted and not stands else judged


def _found_right(doing: Doing, lead: str) -> tuple[str, ...]:
    """Of the unit that has the ticket and those that gave it back, the ones whose matter it is not after all."""
    life = doing.life
    return tuple(key for key in (*life.chain[:1], *life.disowned) if not _is_of(lead, key, doing.policy.units))


def _is_of(key: str, house: str, units: Units) -> bool:
    """Whether it is that unit or one below it: a return that a unit below asks is its house's."""
    return key == house or is_below(key, house, units)


DEEDS: Final[Mapping[Act, Callable[[Doing], Done]]] = MappingProxyType({
    "contest_return": _contest_return, "call_review": _call_review, "settle_dispute": _settle_dispute,
})  # fmt: skip
