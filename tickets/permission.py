"""Owns who may do which act to a ticket as it is, before any fact is read: right, unit, stage, and what stands in the way; pure."""

from __future__ import annotations

from hotline_core.errors import Forbidden, IntentRefused
from tickets.acts import ACTS, RIGHT_OF, Act, Right
from tickets.doing import Actor
from tickets.policy import Policy
from tickets.profile import Profile
from tickets.standing import is_suspended, profile_of
from tickets.table import may_follow
from tickets.ticket import Life, Ticket
from tickets.units import Units, disowning, is_below, takes

_UNITS_OWN = frozenset({"handle_ticket", "approve_extension"})  # rights that hold for tickets of one's unit
_TWO = 2  # units that say a matter is not theirs make a dispute
_CENTRE = "see_tickets"  # who has it sees every ticket
_APPROVED = ("grant_extension", "refuse_extension")
_DISPUTED = ("dispatch", "ask_return", "grant_return", "refuse_return", "contest_return", "call_review", "settle_dispute")


def check(ticket: Ticket, act: Act, actor: Actor, policy: Policy) -> None:
    """Forbidden `forbidden`, `not_your_unit`; IntentRefused `not_at_this_stage` (act, stage) or the code of what is in the way."""
    profile = profile_of(ticket, policy)
    if right_for(act, profile) not in actor.rights:
        raise Forbidden("forbidden", act=act)
    if not _is_theirs(ticket.life, act, actor, profile):
        raise Forbidden("not_your_unit", act=act)
    if not may_follow(ticket.life.stage, act):
        raise IntentRefused("not_at_this_stage", act=act, stage=ticket.life.stage)
    code = _hindrance(ticket.life, act, actor, profile, policy.units)
    if code:
        raise IntentRefused(code, act=act)


def allowed(ticket: Ticket, actor: Actor, policy: Policy) -> tuple[Act, ...]:
    """The acts this person may do now, in the order of the words; only what they write or the clock may still refuse one."""
    found = []
    for act in ACTS:
        try:
            check(ticket, act, actor, policy)
        except (Forbidden, IntentRefused):
            continue
        found.append(act)
    return tuple(found)


def right_for(act: Act, profile: Profile) -> Right:
    """The right the act needs; of an extension the unit's head decides, or the centre, as the profile says (R51)."""
    if act in _APPROVED and profile.extension is not None and profile.extension.approver == "centre":
        return "decide_ticket"
    return RIGHT_OF[act]


def may_go_to(life: Life, actor: Actor, units: Units) -> tuple[str, ...]:
    """The units to which this person may hand the ticket down (R44), or back up to their own: active ones only.

    It stays below the unit to which the centre sent it, and below the highest unit on the way that is the actor's.
    """
    own = next((key for key in life.chain if key in actor.units), "")
    if not own:
        return ()
    ways = (own, *(key for key in units if is_below(key, own, units)))
    return tuple(key for key in ways if key != life.unit and key in units and takes(units[key]))


def _is_theirs(life: Life, act: Act, actor: Actor, profile: Profile) -> bool:
    """Whether the ticket is with a unit of theirs; writing a note, a helping unit or one above may do too."""
    if right_for(act, profile) in _UNITS_OWN:
        return life.unit in actor.units
    if act == "note" and _CENTRE not in actor.rights:
        return bool(actor.units & {life.unit, *life.chain, *life.co_units})
    return True


def _hindrance(life: Life, act: Act, actor: Actor, profile: Profile, units: Units) -> str:
    is_doubted = life.doubt is not None and life.doubt.decided_at is None
    is_asked = life.extension is not None and life.extension.granted is None
    if act in _DISPUTED and (code := _disputed(life, act, profile, units)):
        return code
    match act:
        case "dispatch" if life.stage in ("signed", "in_hand") and life.unit in units and units[life.unit].is_active:
            return "unit_has_it"
        case "tell_by_phone" if not life.phone_duty:
            return "no_phone_duty"
        case "forward" if not may_go_to(life, actor, units):
            return "nowhere_to_forward"
        case "ask_extension":
            return _no_extension(life, profile, is_asked=is_asked)
        case "grant_extension" | "refuse_extension" if not is_asked:
            return "nothing_asked"
        case "ask_superior" if is_doubted:
            return "doubt_already_asked"
        case "advise" if not is_doubted:
            return "no_doubt"
        case "advise" if life.doubt is not None and life.doubt.by == actor.name:
            return "own_doubt"
        case "suspend" if is_suspended(life):
            return "already_suspended"
        case "resume" if not is_suspended(life):
            return "not_suspended"
        case "archive" if life.stage == "closed" and "follow_up" in life.stands and "follow_up" not in life.met:
            return "follow_up_missing"
    return ""


def _disputed(life: Life, act: Act, profile: Profile, units: Units) -> str:
    """What a dispute over the lead hinders: nothing is decided beside it, and a lead that it fixed stands (R52)."""
    dispute = life.dispute
    is_open = dispute is not None and dispute.decided_at is None
    if act == "settle_dispute":
        return "" if is_open else "no_dispute"
    if is_open:
        return "dispute_open"
    is_fixed = dispute is not None and dispute.lead in life.chain and dispute.lead in units and units[dispute.lead].is_active
    match act:
        case "ask_return" | "contest_return" | "dispatch" if is_fixed:
            return "lead_is_fixed"
        case "contest_return" if not profile.returning.has_dispute_review:
            return "no_review_here"
        case "contest_return" if life.refused_return is None:
            return "no_refused_return"
        case "call_review" if len(disowning(life, units)) < _TWO:
            return "not_two_units"
    return ""


def _no_extension(life: Life, profile: Profile, *, is_asked: bool) -> str:
    if profile.extension is None:
        return "no_extension_here"
    if is_asked:
        return "extension_already_asked"
    if life.extensions >= profile.extension.times:
        return "no_more_extensions"
    if is_suspended(life):
        return "suspended"
    return "" if "reply" in life.stands else "no_limit_stands"
