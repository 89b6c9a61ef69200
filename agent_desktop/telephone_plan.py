"""Which telephones there should be, and what to ask of the bridge so that there are; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from agent_desktop.people import Person
from agent_desktop.phone_holders import Holder
from asterisk_conf.telephones import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Wanted:
    """One telephone that should be there: its kind and H(A1) of its password."""

    extension: str
    kind: Kind
    digest: str


@dataclass(frozen=True, slots=True)
class SetPhone:
    """Ask for a telephone; `holder` is told when it is there."""

    wanted: Wanted
    holder: Holder | None


@dataclass(frozen=True, slots=True)
class RemovePhone:
    """Ask that a telephone be gone."""

    extension: str


@dataclass(frozen=True, slots=True)
class Leave:
    """A holder's session is over: the agent takes no more calls, and the row can go."""

    holder: Holder


@dataclass(frozen=True, slots=True)
class MoveQueues:
    """The agent serves these queues from now on."""

    extension: str
    queues: tuple[str, ...]


Step = SetPhone | RemovePhone | Leave | MoveQueues


def wanted_for(person: Person, holder: Holder | None, page_digest: Callable[[str, str], str]) -> Wanted | None:
    """The telephone of one person, if any; `page_digest` is H(A1) of an extension in a sign-in (sid).

    A page nobody holds has the password of the sign-in "", which is never handed out: the telephone is there, but locked.
    """
    kind = next((kind for kind in KINDS if kind == person.phone_kind), None)
    if person.is_disabled or not person.extension or kind is None:
        return None
    if kind == "hardware":
        return Wanted(person.extension, kind, person.phone_digest) if person.phone_digest else None
    return Wanted(person.extension, kind, page_digest(person.extension, holder.sid if holder is not None else ""))


def plan(
    people: Iterable[Person],
    holders: Mapping[str, Holder],
    is_holding: Callable[[Holder], bool],
    page_digest: Callable[[str, str], str],
    mark_of: Callable[[Wanted], str],
    known: Mapping[str, str],
    queues_told: Mapping[str, tuple[str, ...]],
) -> list[Step]:
    """What to ask, in order: first whose session is over, then telephones that should be gone, then those that should be there.

    `known` is what Asterisk has (extension -> mark), `queues_told` what the bridge was last told of each extension's queues.
    """
    open_holders = {extension: holder for extension, holder in holders.items() if is_holding(holder)}
    steps: list[Step] = [Leave(holder) for extension, holder in sorted(holders.items()) if extension not in open_holders]
    wanted: dict[str, Wanted] = {}
    moves: list[Step] = []
    for person in people:
        holder = open_holders.get(person.extension)
        if (found := wanted_for(person, holder, page_digest)) is not None:
            wanted[found.extension] = found
        told = queues_told.get(person.extension)
        if holder is not None and told is not None and told != person.queues:
            moves.append(MoveQueues(person.extension, person.queues))
    steps += [RemovePhone(extension) for extension in sorted(known.keys() - wanted.keys())]
    steps += [
        SetPhone(phone, open_holders.get(extension))
        for extension, phone in sorted(wanted.items())
        if known.get(extension) != mark_of(phone)
    ]
    return steps + moves
