"""From where legs are to where they shall be: the moves of one step, what undoes a refused one, the net below the dialplan's."""

from __future__ import annotations

from dataclasses import replace

from hotline_core.domain.commands import HangUp
from transfer.commands import JoinCommand, Move, MuteLeg, Place, SetVariables
from transfer.events import AGENT, CITIZEN, ROLES, THIRD
from transfer.model import ALONE, AWAY, BRIDGE, GONE, HOLD, NONE, ROOM, Asked, Join
from transfer.thirds import let_go, transfer_ended

MOVE_S = 2.0  # a leg that was moved says so within some ten milliseconds
RETRY_S = 0.5  # after a refused move that must be made
MOST_REFUSALS = 10
NET_S = 2.0  # the dialplan itself leads a citizen who is alone onwards within one


def settle(join: Join, now: float) -> tuple[Join, list[JoinCommand]]:
    """Everything that follows from the places alone; called after each event."""
    commands: list[JoinCommand] = []
    if join.asked is not None and _is_done(join):
        join = replace(join, asked=None, refusals=0)
    if join.asked is None and "retry" not in join.deadlines:
        join, commands = _moved(join)
    if join.asked is None and join.leaves and (join.citizen, join.place_of(THIRD)) == (ROOM, ROOM):
        join = replace(join, leaves=False)
        if join.agent_place != GONE:
            commands.append(HangUp(join.agent_channel, ""))
    if join.agent_place == GONE and join.muted:  # nobody is left who could undo it
        commands += [MuteLeg(join.call_id, join.channel_of(role), False, "") for role in sorted(join.muted)]
        join = replace(join, muted=frozenset())
    return _timed(join, now), commands


def undone(join: Join, now: float) -> tuple[Join, list[JoinCommand]]:
    """A move was refused, or nothing came of it: legs are where they are.

    What an agent asked for is given up, and with the first move of a transfer its dial, unless a life may hang on it; what nobody
    asked for (a citizen is brought back) is tried again.
    """
    asked = join.asked
    join = replace(join, asked=None, intent_id="")
    if join.citizen == BRIDGE and join.agent_place == GONE:
        join = replace(join, citizen=AWAY)  # in the dialplan's hands, as after any talk
    if join.must and join.refusals < MOST_REFUSALS:
        return replace(join, refusals=join.refusals + 1, deadlines=dict(join.deadlines) | {"retry": now + RETRY_S}), []
    ended: list[JoinCommand] = []
    if join.lead is not None:
        join, ended = transfer_ended(join, "cancelled", "", now)
    join = replace(
        join, wanted=_here(join.citizen), third_wanted=_here(join.place_of(THIRD)) or ROOM, lead=None, leaves=False, refusals=0,
        released=join.citizen == AWAY,
    )  # fmt: skip
    is_first = asked is not None and any(role == AGENT for role, _ in asked.places)
    if not is_first or join.is_emergency:
        return join, ended
    join, gone = let_go(join, AGENT, now)
    return join, ended + gone


def _here(place: str) -> str:
    return place if place in (ROOM, HOLD) else ""


def _is_done(join: Join) -> bool:
    assert join.asked is not None
    return all(
        join.lead is None if place == AWAY else join.place_of(role) in (place, GONE, NONE) for role, place in join.asked.places
    )


def _missing(join: Join) -> tuple[tuple[str, str], ...]:
    """Legs that are not where they shall be; never three, as the agent moves only once, before any third is there."""
    legs: list[tuple[str, str]] = []
    if join.citizen != GONE and (join.lead is not None if join.wanted == AWAY else join.wanted not in ("", join.citizen)):
        legs.append((CITIZEN, join.wanted))
    if join.agent_place == BRIDGE and join.wanted in (ROOM, HOLD):
        legs.append((AGENT, ROOM))
    third = join.third
    if third is not None and third.place in (ROOM, HOLD) and third.place != join.third_wanted and not third.ended_by:
        legs.append((THIRD, join.third_wanted))
    return tuple(legs[:2])


def _moved(join: Join) -> tuple[Join, list[JoinCommand]]:
    legs = _missing(join)
    if join.refusals % 2:  # of two legs one has gone, unheard of: each by itself
        legs = legs[:1]
    if not legs:
        return join, []
    number = join.moves + 1
    commands: list[JoinCommand] = []
    if join.lead is not None and (CITIZEN, AWAY) in legs and join.lead.variables:
        commands.append(SetVariables(join.citizen_channel, join.lead.variables))
    places = tuple(_place(join, role, place) for role, place in legs)
    commands.append(Move(join.call_id, number, places, join.intent_id))
    moved = {role for role, _ in legs}
    return replace(
        join, asked=Asked(number, legs), moves=number, intent_id="", muted=join.muted - moved,
    ), commands  # fmt: skip


def _place(join: Join, role: str, place: str) -> Place:
    assert role in ROLES
    if place == ALONE:
        return Place(join.citizen_channel, "alone", "s")
    if place == AWAY and join.lead is not None:
        return Place(join.citizen_channel, join.lead.context, join.lead.extension)
    return Place(join.channel_of(role), place, role)


def _timed(join: Join, now: float) -> Join:
    deadlines = dict(join.deadlines)
    if join.asked is None:
        deadlines.pop("move", None)
    else:
        deadlines.setdefault("move", now + MOVE_S)
    if join.arrangement in ("alone", "sought") and join.citizen in (ROOM, HOLD):
        deadlines.setdefault("net", now + NET_S)
    else:
        deadlines.pop("net", None)
    return join if deadlines == join.deadlines else replace(join, deadlines=deadlines)
