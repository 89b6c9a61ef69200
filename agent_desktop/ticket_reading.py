"""Owns who sees which ticket and how much of its citizen, and how one ticket is told whole: limits, steps, calls, files."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from agent_desktop.call_view import Told, listed_calls
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.own_calls import is_own
from agent_desktop.refusals import Unavailable
from agent_desktop.ticket_view import told_attachment, told_limits, told_notice, told_steps, told_ticket
from hotline_core.errors import Forbidden, NotFound
from tickets.clockwork import to_chase
from tickets.life import Actor, allowed, dues, profile_of
from tickets.masking import Reader, Veil, sight_of, veil_for
from tickets.notice_words import sentence_of
from tickets.permission import may_go_to
from tickets.policy import Policy
from tickets.profile import Profile
from tickets.store.attachments import Attachment
from tickets.store.form import parts
from tickets.store.notices import Notice
from tickets.store.orders import Step
from tickets.ticket import Ticket
from tickets.units import below

CALLS_WAIT_S = 1.0
NOTICES_TOLD = 20


def policy_of(desk: Desk) -> Policy:
    """The rules as they stand now."""
    return desk.policy.policy


def units_of(desk: Desk, caller: Caller) -> frozenset[str]:
    """The caller's own unit and those below it; none for the centre's people, and for an officer without a unit."""
    return below(caller.unit, policy_of(desk).units) if caller.unit else frozenset()


def actor_of(desk: Desk, caller: Caller) -> Actor:
    """The caller as the life of a ticket knows them."""
    return Actor(name=caller.login, role=caller.role, rights=desk.rights.acts_of(caller.role), units=units_of(desk, caller))


def visible_to(desk: Desk, caller: Caller) -> frozenset[str] | None:
    """The units whose tickets the caller may see; None: all tickets."""
    return None if desk.rights.may(caller.role, "see_tickets") else units_of(desk, caller)


def reader_of(desk: Desk, caller: Caller, *, is_own: bool = False) -> Reader:
    """The caller as a reader of citizens' data; `is_own`: they have worked on the ticket."""
    return Reader(
        is_officer=visible_to(desk, caller) is not None,
        units=units_of(desk, caller),
        sees_numbers=is_own or desk.rights.may(caller.role, "see_full_numbers"),
    )


def names_of(desk: Desk) -> dict[str, str]:
    """Everybody's name by login, as last read."""
    return {login: person.name for login, person in (desk.gate.people or {}).items()}


def check_seen(desk: Desk, caller: Caller, ticket: Ticket | None) -> Ticket:
    """The ticket; NotFound `unknown_ticket` when there is none, or none that the caller may know of."""
    units = visible_to(desk, caller)
    if ticket is None or (units is not None and not units & parts(ticket.life).keys()):
        raise NotFound("unknown_ticket")
    return ticket


def check_works(desk: Desk, caller: Caller, ticket: Ticket) -> None:
    """Forbidden `not_your_unit` for a unit that was only sent a copy: it reads and does nothing (R45)."""
    units = visible_to(desk, caller)
    if units is not None and all(parts(ticket.life)[key] == "copy" for key in units & parts(ticket.life).keys()):
        raise Forbidden("not_your_unit")


def note_reading(desk: Desk, caller: Caller, ticket: Ticket, steps: tuple[Step, ...]) -> None:
    """Keep that somebody reads a ticket that is not of their own work: they did no step of it, and no unit of theirs has it, helps
    or stands above; synchronous, called before anything of it is told (R96)."""
    has = parts(ticket.life)
    is_units = any(has.get(key, "copy") != "copy" for key in units_of(desk, caller))
    if not is_units and not any(step.actor == caller.login for step in steps):
        desk.tickets.reads.read(caller.login, caller.role, ticket.number, desk.now())


async def seen_ticket(desk: Desk, caller: Caller, number: str) -> Ticket:
    """The ticket of that number, for who may see it."""
    return check_seen(desk, caller, await desk.tickets_threads.run(lambda: desk.tickets.orders.read(number)))


def veil_of(desk: Desk, caller: Caller, ticket: Ticket, steps: tuple[Step, ...]) -> Veil:
    """What this caller is not told of the citizen; who worked on a ticket in the centre sees its number whole."""
    reader = reader_of(desk, caller, is_own=any(step.actor == caller.login for step in steps))
    return veil_for(sight_of(ticket.content, reader, policy_of(desk).units), ticket.content, [step.facts for step in steps])


def may_remove(desk: Desk, caller: Caller, attachment: Attachment) -> bool:
    """Whether the caller may take a file away again: one's own, or any for who decides on tickets."""
    return attachment.by == caller.login or desk.rights.may(caller.role, "decide_ticket")


def files_for(desk: Desk, caller: Caller, veil: Veil, found: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    """The files that the caller is told of.

    Nobody can hide a name in a photograph or a letter: who may not know the citizen gets only what units have added.
    """
    if veil.sight != "nobody":
        return found
    people = desk.gate.people or {}
    return tuple(each for each in found if each.by in people and desk.rights.may(people[each.by].role, "see_unit_tickets"))


@dataclass(frozen=True, slots=True)
class _Found:
    ticket: Ticket
    steps: tuple[Step, ...]
    attachments: tuple[Attachment, ...]
    notices: tuple[Notice, ...]


async def whole_ticket(desk: Desk, caller: Caller, number: str) -> Told:
    """All that a page shows of a ticket, as this caller may see it; NotFound `unknown_ticket`."""

    def read() -> _Found:
        store = desk.tickets
        ticket = check_seen(desk, caller, store.orders.read(number))
        notices = store.notices.of_ticket(number, NOTICES_TOLD)
        steps = store.orders.steps(number)
        note_reading(desk, caller, ticket, steps)
        return _Found(ticket, steps, store.attachments.of(number), notices)

    found = await desk.tickets_threads.run(read)
    calls = await _calls(desk, caller, found.ticket.content.call_id)
    return _told(desk, caller, found) | {"calls": calls or [], "calls_known": calls is not None}


def _told(desk: Desk, caller: Caller, found: _Found) -> Told:
    policy, now, names = policy_of(desk), desk.now(), names_of(desk)
    ticket, life = found.ticket, found.ticket.life
    veil = veil_of(desk, caller, ticket, found.steps)
    made_by = found.steps[0].actor if found.steps else ""
    unit = policy.units.get(life.unit)
    title = veil.text(ticket.content.title)
    return told_ticket(ticket, veil) | {
        "made_by": made_by,
        "made_by_name": names.get(made_by, made_by),
        "unit_name": unit.name if unit else "",
        "profile_name": policy.profile(life.profile).name if life.profile in policy.profiles else "",
        "steps": told_steps(found.steps, veil, names),
        "attachments": [
            told_attachment(each, names, may_remove=may_remove(desk, caller, each))
            for each in files_for(desk, caller, veil, found.attachments)
        ],
        "notices": [
            told_notice(each, title, sentence_of(each.kind, each.facts, desk.tickets.names, policy)) for each in found.notices
        ],
        **_ruled(ticket, actor_of(desk, caller), policy, now),
    }


def _ruled(ticket: Ticket, actor: Actor, policy: Policy, now: float) -> Told:
    """What the rules of the ticket's day say of it: limits, acts, where it may go, extensions, returns.

    A ticket whose profile's file is gone can still be read; nothing can be done to it until the file is back (`rules_known`).
    """
    try:
        profile = profile_of(ticket, policy)
    except NotFound:
        return {
            "rules_known": False, "limits": [], "allowed": [], "forward_to": [], "extension_rule": None, "return_rule": None,
            "chase": None,
        }  # fmt: skip
    may_do = allowed(ticket, actor, policy)
    mark = to_chase(ticket, policy, now) if "chase" in may_do else None
    return {
        "rules_known": True,
        "limits": told_limits(dues(ticket, policy), ticket.life.met, policy, now),
        "allowed": list(may_do),
        "chase": None if mark is None else {"limit": mark.limit, "kind": mark.kind, "at": mark.at},
        "forward_to": [{"key": key, "name": policy.units[key].name} for key in may_go_to(ticket.life, actor, policy.units)],
        "extension_rule": _extension_rule(profile),
        "return_rule": {**asdict(profile.returning), "needs": list(profile.returning.needs)},
    }


async def _calls(desk: Desk, caller: Caller, call_id: str) -> list[Told] | None:
    """The call that the ticket came from, for who may see calls; None while the calls database does not answer."""
    if not call_id or not desk.rights.may(caller.role, "see_calls"):
        return []
    try:
        found = await desk.calls_threads.run(lambda: desk.calls.call(call_id), timeout_s=CALLS_WAIT_S)
    except Unavailable:
        return None
    if found is None:
        return []
    is_its_own = is_own(desk, caller, found.call)
    may_listen = desk.rights.may(caller.role, "listen_all") or (is_its_own and desk.rights.may(caller.role, "listen_own"))
    (told,) = listed_calls([found], is_whole=is_its_own or desk.rights.may(caller.role, "see_full_numbers"))
    return [told | {"may_listen": may_listen and found.recording}]


def _extension_rule(profile: Profile) -> Told | None:
    """What a profile says of extensions; None where there are none."""
    rule = profile.extension
    if rule is None:
        return None
    told = {"amount": rule.amount, "measure": rule.measure, "grounds": list(rule.grounds), "approver": rule.approver}
    return {**told, "before_expiry": rule.before_expiry, "times": rule.times, "source": rule.source}
