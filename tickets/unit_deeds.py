"""What a unit's acts do: signing, handing down, contacting, extensions, returns, replies; pure (R44, R46, R47, R51 to R53)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from hotline_core.errors import BadInput, IntentRefused
from tickets.acts import Act
from tickets.deeds import check_unit, decided_only, ended
from tickets.doing import CENTRE, Doing, Done, Notify, head_audience, unit_audience
from tickets.limits import LONGEST
from tickets.permission import may_go_to
from tickets.ticket import Extension
from tickets.units import path_to


def _sign(doing: Doing) -> Done:
    signed_at = doing.now if doing.life.signed_at is None else doing.life.signed_at
    return doing.done("signed", signed_at=signed_at, met=doing.met("sign"))


def _forward(doing: Doing) -> Done:
    """Down to a unit below, or back up to one's own; the limits of the ticket run on (首接负责, R43, R44)."""
    life, units = doing.life, doing.policy.units
    unit = check_unit(doing.facts.text("unit"), units)
    if unit not in may_go_to(life, doing.actor, units):
        raise BadInput("not_below", field="unit")
    doing.facts.text_or_none("note")
    path = path_to(unit, units)
    chain = path[path.index(life.chain[0]) :]
    co_units = tuple(key for key in life.co_units if key != unit)
    told = Notify(unit_audience(unit), "forwarded", {"unit": life.unit})
    return doing.done("dispatched", told, unit=unit, chain=chain, co_units=co_units)


def _contact(doing: Doing) -> Done:
    """A trial to reach the caller (R47), also to tell of an extension (R51).

    One that succeeded keeps the limit; one that did not is counted, with what was tried.
    """
    life = doing.life
    if not doing.facts.flag("reached"):
        doing.facts.text("note")
        return doing.done(life.stage, contacts=life.contacts + 1)
    doing.facts.text_or_none("note")
    contacted_at = doing.now if life.contacted_at is None else life.contacted_at
    return doing.done("in_hand", contacts=life.contacts + 1, contacted_at=contacted_at, met=doing.met("contact"), caller_duty=False)


def _ask_extension(doing: Doing) -> Done:
    """On a ground of the profile, no longer than it allows, and, where it says so, before the limit ends (R51; A4 art. 20)."""
    rule = doing.profile.extension
    if rule is None:
        raise IntentRefused("no_extension_here", act="ask_extension")
    ground, reason = doing.facts.text("ground"), doing.facts.text("reason")
    if ground not in rule.grounds:
        raise BadInput("unknown_reason", field="ground")
    amount = doing.facts.whole("amount", LONGEST)
    if amount > rule.amount:
        raise BadInput("extension_too_long", field="amount", most=rule.amount)
    if rule.before_expiry and doing.now > doing.life.stands["reply"]:
        raise IntentRefused("too_late_to_extend", act="ask_extension")
    to = head_audience(doing.life.unit) if rule.approver == "unit_head" else CENTRE
    told = Notify(to, "extension_asked", {"unit": doing.life.unit, "amount": amount, "measure": rule.measure})
    return doing.done(doing.life.stage, told, extension=Extension(ground, reason, amount, doing.now))


def _grant_extension(doing: Doing) -> Done:
    """Counts on from the limit that stood; the centre is told, and that the caller has to be (R51)."""
    doing.facts.text_or_none("reason")
    extension, rule = doing.life.extension, doing.profile.extension
    if extension is None or rule is None:
        raise IntentRefused("nothing_asked", act="grant_extension")
    facts = {"unit": doing.life.unit, "amount": extension.amount, "measure": rule.measure, "tells": list(rule.tells)}
    tell = [Notify(to, "extension_granted", facts) for to in (unit_audience(doing.life.unit), CENTRE)]
    return doing.done(
        doing.life.stage,
        *tell,
        kept={**facts, "ground": extension.ground},
        extension=replace(extension, granted=True, decided_at=doing.now),
        extensions=doing.life.extensions + 1,
        extended=doing.life.extended + extension.amount,
        caller_duty="caller" in rule.tells,
    )


def _refuse_extension(doing: Doing) -> Done:
    doing.facts.text("reason")
    if doing.life.extension is None:
        raise IntentRefused("nothing_asked", act="refuse_extension")
    refused = replace(doing.life.extension, granted=False, decided_at=doing.now)
    return doing.done(doing.life.stage, Notify(unit_audience(doing.life.unit), "extension_refused"), extension=refused)


def _ask_return(doing: Doing) -> Done:
    """Not ours (R52): with what the profile wants said, and within its limit; the reply's clock runs on until it is granted."""
    for name in ("reason", "basis", "suggestion"):
        if name in doing.profile.returning.needs:
            doing.facts.text(name)
        else:
            doing.facts.text_or_none(name)
    until = doing.life.stands.get("return")
    if until is not None and doing.now > until:
        raise IntentRefused("too_late_to_return", act="ask_return")
    told = Notify(CENTRE, "return_asked", {"unit": doing.life.unit})
    return doing.done(
        "return_asked", told, return_from=doing.life.stage, return_asked_at=doing.now, returns=doing.life.returns + 1,
        extension=decided_only(doing.life), pauses=ended(doing.life.pauses, doing.now),
    )  # fmt: skip


def _reply(doing: Doing) -> Done:
    """Facts, process and basis, all three (R53; A4 art. 23); a suspension ends with it, an extension nobody decided lapses."""
    for name in ("facts", "process", "basis"):
        doing.facts.text(name, missing="reply_incomplete")
    return doing.done(
        "replied", Notify(CENTRE, "replied", {"unit": doing.life.unit}), replied_at=doing.now, met=doing.met("reply"),
        is_supplement=False, pauses=ended(doing.life.pauses, doing.now), extension=decided_only(doing.life),
    )  # fmt: skip


DEEDS: Final[Mapping[Act, Callable[[Doing], Done]]] = MappingProxyType({
    "sign": _sign, "forward": _forward, "contact": _contact, "ask_extension": _ask_extension, "grant_extension": _grant_extension,
    "refuse_extension": _refuse_extension, "ask_return": _ask_return, "reply": _reply,
})  # fmt: skip
