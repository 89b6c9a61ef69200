"""What Asterisk holds of a call after a login, taken over: it is right and we are not."""

from __future__ import annotations

from dataclasses import replace

from hotline_core.domain.commands import Fact, HangUp, Write
from transfer.commands import JoinCommand
from transfer.events import AGENT, ROLES, THIRD, JoinSeen
from transfer.model import AWAY, BRIDGE, DIALLED, EMERGENCY, GONE, HOLD, NONE, ROOM, Join, Rules, Third, Try
from transfer.thirds import PATIENCE_S, attempt_failed, let_go, transfer_ended, tries_of, without_third

_PLACES = {"room": ROOM, "hold": HOLD}


def seen(join: Join, event: JoinSeen, rules: Rules, now: float) -> tuple[Join | None, list[JoinCommand]]:
    """The state as it is seen, and what is missing to a whole one; None if nothing about the call concerns us any more."""
    talk = event.talk
    commands: list[JoinCommand] = []
    if join.third is not None and join.third.unique_id != event.third_id:
        join, commands = transfer_ended(without_third(join), "returned", THIRD, now)
    has_agent = bool(talk.agent_channel)
    if not (event.citizen or event.agent or event.third or has_agent):
        return None, commands
    outside = BRIDGE if has_agent and not event.agent else AWAY
    join = replace(
        join,
        citizen_channel=talk.citizen,
        citizen=_PLACES.get(event.citizen, outside) if talk.citizen else GONE,
        agent=talk.agent or join.agent,
        agent_channel=talk.agent_channel,
        agent_place=(ROOM if event.agent else BRIDGE) if has_agent else GONE,
        dialled=max(join.dialled, event.dialled),
        n=max(join.n, event.n),
        muted=frozenset(event.muted) & frozenset(ROLES),
        asked=None,
        lead=None,
        leaves=False,
        intent_id="",
        deadlines={},
    )
    if event.third:
        join, more = _third_seen(join, event, rules, now)
        commands += more
    elif event.way and not commands:  # how its transfer ended the bridge before this one could not write
        join = replace(join, way=event.way, transfer_open=True, n=max(join.n, 1))
        if event.way == EMERGENCY and not event.is_told:
            join, commands = _dialled_on(join, event, rules, now)
        else:
            join, commands = transfer_ended(join, "returned", THIRD, now)
    join = replace(
        join, wanted=join.citizen if join.citizen in (ROOM, HOLD) else "", must=True, released=join.citizen == AWAY,
        third_wanted=HOLD if join.place_of(THIRD) == HOLD else ROOM,
    )  # fmt: skip
    join, more = _mended(join, bool(commands), now)
    return join, commands + more


def _mended(join: Join, is_third_lost: bool, now: float) -> tuple[Join, list[JoinCommand]]:
    """Whoever was left apart while nobody heard: brought together for a rescue, else the third is let go."""
    third = join.place_of(THIRD)
    if join.citizen == AWAY and join.agent_place == ROOM:  # the citizen was led on, and is not back
        join, gone = (join, []) if join.is_emergency else let_go(join, AGENT, now)
        return join, [HangUp(join.agent_channel, ""), *gone]
    if third == NONE:  # a citizen held for somebody who has gone meanwhile is brought back; else the agent wants them to wait
        return (replace(join, wanted=ROOM) if join.citizen == HOLD and join.agent_place != GONE and is_third_lost else join), []
    is_apart = third != DIALLED and join.citizen in (BRIDGE, AWAY)
    is_for_nobody = join.agent_place == GONE and (join.citizen == HOLD or third == DIALLED) and join.citizen != GONE
    if join.is_emergency and join.citizen != HOLD:
        return (replace(join, wanted=ROOM) if is_apart else join), []
    return let_go(join, AGENT, now) if is_apart or is_for_nobody else (join, [])


def _dialled_on(join: Join, event: JoinSeen, rules: Rules, now: float) -> tuple[Join, list[JoinCommand]]:
    """An emergency whose present number failed unheard: the next one at once, as if it had been heard; none left is a red notice.

    Whether somebody came and left again nobody can tell: rescuers called twice rather than never.
    """
    what, tries, n = _tried(event, rules)
    third = Third(f"third-{join.call_id}-{join.dialled}", join.n, n, n + len(tries), what, now, since=now)
    join = replace(join, target=event.target, urgent=True, third=third, tries=tries, begun_at=now)
    return attempt_failed(join, 0, rules, now)


def _tried(event: JoinSeen, rules: Rules) -> tuple[Try, tuple[Try, ...], int]:
    """The try that Asterisk was given last, those still to come, and how many there have been."""
    what = Try(event.number, event.trunk)
    tries = tries_of(event.target, rules)
    rest = tries[tries.index(what) + 1 :] if what in tries else ()
    return what, rest, event.attempt or len(tries) - len(rest) or 1


def _third_seen(join: Join, event: JoinSeen, rules: Rules, now: float) -> tuple[Join, list[JoinCommand]]:
    place = _PLACES.get(event.third, DIALLED)
    before = join.third
    if before is None:
        what, rest, attempt = _tried(event, rules)
        join = replace(
            join, way=event.way or "add", target=event.target, tries=rest, transfer_open=True, begun_at=now, n=max(join.n, 1),
        )  # fmt: skip
        before = Third(event.third_id, join.n, attempt, attempt + len(rest), what, now, since=now)
    commands: list[JoinCommand] = []
    if event.is_told:
        join = replace(join, waited_s=event.waited_s)
    elif place != DIALLED and before.place == DIALLED:  # answered unseen
        facts: dict[str, Fact] = {"n": join.n, "attempt": before.attempt, "waited_s": None, "recovered": True}
        commands.append(Write("third_answered", join.call_id, now, facts))
    join = replace(
        join,
        third=replace(before, place=place, channel=event.third_channel, rings=True, ended_by=""),
        tries=join.tries if place == DIALLED else (),
        urgent=place == DIALLED if join.way == EMERGENCY else None,
        deadlines={"third": now + rules.ring_s + PATIENCE_S} if place == DIALLED else {},
    )
    return join, commands
