"""What Asterisk holds of a call after a login, taken over: it is right and we are not."""

from __future__ import annotations

from dataclasses import replace

from transfer.commands import JoinCommand
from transfer.events import AGENT, CITIZEN, THIRD, JoinSeen
from transfer.model import AWAY, BRIDGE, DIALLED, GONE, HOLD, ROOM, Join, Rules, Third, Try
from transfer.thirds import PATIENCE_S, transfer_ended, tries_of, without_third

_PLACES = {"room": ROOM, "hold": HOLD}


def adopted(event: JoinSeen, now: float) -> Join:
    """The state of a call that nothing is known of; `seen` brings it up to date."""
    talk = event.talk
    return Join(talk.call_id, talk.line, talk.citizen, talk.agent, talk.agent_channel, now)


def seen(join: Join, event: JoinSeen, rules: Rules, now: float) -> tuple[Join | None, list[JoinCommand]]:
    """The state as it is seen; None if there is nothing about it that concerns us."""
    talk = event.talk
    is_known = join.third is not None and join.third.unique_id == event.third_id
    commands: list[JoinCommand] = []
    if join.third is not None and not is_known:
        join, commands = transfer_ended(without_third(join), "returned", THIRD, now)
    has_agent = bool(talk.agent_channel)
    outside = BRIDGE if has_agent and not event.agent and not event.citizen else AWAY
    citizen = _PLACES.get(event.citizen, outside) if talk.citizen else GONE
    join = replace(
        join, citizen_channel=talk.citizen, citizen=citizen, agent=talk.agent or join.agent, agent_channel=talk.agent_channel,
        agent_place=(ROOM if event.agent else BRIDGE) if has_agent else GONE,
        dialled=max(join.dialled, event.dialled), n=max(join.n, event.n), muted=frozenset(event.muted) & {CITIZEN, AGENT, THIRD},
        asked=None, lead=None, leaves=False, intent_id="", deadlines={}, released=citizen == AWAY,
    )  # fmt: skip
    if event.third:
        join = _third_seen(join, event, rules, now)
    if join.third is None and not (event.citizen or event.agent or has_agent):
        return None, commands
    place = DIALLED if join.third is None else join.third.place
    held_in_vain = citizen == HOLD and join.third is None and has_agent  # whom it was held for has gone meanwhile
    join = replace(
        join, wanted=ROOM if held_in_vain else citizen if citizen in (ROOM, HOLD) else "", must=held_in_vain,
        third_wanted=place if place in (ROOM, HOLD) else ROOM,
    )  # fmt: skip
    return join, commands


def _third_seen(join: Join, event: JoinSeen, rules: Rules, now: float) -> Join:
    place = _PLACES.get(event.third, DIALLED)
    before = join.third
    if before is None:
        tries = tries_of(event.target, rules)
        what = Try(event.number, event.trunk)
        join = replace(
            join, way=event.way or "add", target=event.target, tries=tries[tries.index(what) + 1 :] if what in tries else (),
            transfer_open=True, n=max(join.n, 1),
        )  # fmt: skip
        attempt = tries.index(what) + 1 if what in tries else 1
        before = Third(event.third_id, attempt, max(attempt, len(tries)), what, now, since=now)
    third = replace(before, place=place, channel=event.third_channel, rings=before.rings or place == DIALLED)
    deadlines = {"third": now + rules.ring_s + PATIENCE_S} if place == DIALLED else {}
    return replace(join, third=third, tries=join.tries if place == DIALLED else (), deadlines=deadlines)
