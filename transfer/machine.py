"""One call with somebody else on the line: every stage times every event, HANDLED or ignored on purpose; pure.

Asterisk says where the legs are; this decides what shall be done about it. The dialplan alone already keeps the citizen from
being lost (extensions_room.conf); the machine adds what the dialplan cannot know, and a net below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from hotline_core.domain.commands import Reply, Write
from transfer import events as te
from transfer import legs
from transfer.acts import act, refusal
from transfer.commands import HangUpThird, JoinCommand, Tell
from transfer.events import CITIZEN, ROLES, THIRD
from transfer.model import ALONE, AWAY, DIALLED, EMERGENCY, GONE, HOLD, ROOM, Join, Rules
from transfer.plan import settle, undone
from transfer.seen import seen

_ALWAYS = frozenset({
    "RoomEntered", "HoldEntered", "AloneEntered", "CitizenElsewhere", "CitizenGone", "JoinDue", "JoinSeen", "ActAsked", "PageBack",
})  # fmt: skip
_DIAL = frozenset({"ThirdRinging", "ThirdFailed", "ThirdLeft"})  # who answers may hang up before the room
_MOVE = frozenset({"MoveRefused", "MoveDone"})
_MUTE = frozenset({"LegMuted"})
_AGENT = frozenset({"AgentGone"})
_THIRD = frozenset({"ThirdLeft"})
_TOOK = frozenset({"AgentTook"})
# stage -> event names that mean something there; every other (stage, event) pair is ignored on purpose:
# no agent there who could leave, nobody dialled who could fail, no move that could be refused
HANDLED: Mapping[str, frozenset[str]] = {
    "placing": _ALWAYS | _DIAL | _MOVE | _AGENT | _THIRD | _TOOK | _MUTE,
    "talk": _ALWAYS | _AGENT | _MUTE,
    "parked": _ALWAYS | _AGENT | _MUTE,
    "calling": _ALWAYS | _DIAL | _AGENT | _MUTE,
    "adding": _ALWAYS | _DIAL | _AGENT | _MUTE,
    "consult": _ALWAYS | _AGENT | _THIRD | _MUTE,
    "swapped": _ALWAYS | _AGENT | _THIRD | _MUTE,
    "three": _ALWAYS | _AGENT | _THIRD | _MUTE,
    "handed": _ALWAYS | _THIRD | _MUTE,
    "led": _ALWAYS | _AGENT | _THIRD | _TOOK,
    "alone": _ALWAYS | _THIRD | _TOOK,
    "sought": _ALWAYS | _DIAL | _THIRD | _TOOK,
    "rescue_on": _ALWAYS | _DIAL | _AGENT | _THIRD | _MUTE,
}


def step(join: Join, event: te.JoinEvent, rules: Rules, now: float) -> tuple[Join | None, list[JoinCommand]]:
    """The next state and what to do; None when nobody else is on the line and nothing is left to be done."""
    if type(event).__name__ not in HANDLED[join.stage]:
        return join, []
    after, commands = _decided(join, event, rules, now)
    if after is None:
        return None, commands
    after, more = legs.over(after, now) if after.arrangement == "over" else settle(after, now)
    commands += more
    if after.stage == "handed" and after.target.agent:
        after, more = legs.promoted(after, now)
        commands += more
    return _told(join, after, commands, isinstance(event, te.JoinSeen), now)


def tell(join: Join) -> Tell:
    """What the board shall know."""
    has_agent = join.agent_place != GONE and join.stage != "over"
    third = join.third
    colleague = join.target.agent if third is not None else ""
    return Tell(
        join.call_id, join.stage, join.agent if has_agent else "", join.agent_channel if has_agent else "",
        colleague, bool(colleague) and third is not None and third.place != DIALLED, join.lost_by, join.urgent,
        join.target.party if join.way == EMERGENCY else "",
    )  # fmt: skip


def _told(join: Join, after: Join, commands: list[JoinCommand], is_anew: bool, now: float) -> tuple[Join | None, list[JoinCommand]]:
    """The stage's own record, and the board's news, if there is any."""
    if after.stage != join.stage:
        after = replace(after, since=now)
        if after.stage not in ("placing", "over"):
            agent = "" if after.agent_place == GONE else after.agent
            commands.append(Write("stage_entered", after.call_id, now, {"stage": after.stage, "agent": agent}))
    if is_anew or tell(after) != tell(join):
        commands.append(tell(after))
    is_left_over = after.released and after.agent_place == GONE and after.third is None and after.asked is None
    return (None if after.stage == "over" or is_left_over else after), commands


def _decided(join: Join, event: te.JoinEvent, rules: Rules, now: float) -> tuple[Join | None, list[JoinCommand]]:
    match event:
        case te.RoomEntered():
            if event.role == CITIZEN:
                return legs.citizen_at(join, ROOM, event.channel), []
            return legs.third_in(join, event, ROOM, now) if event.role == THIRD else legs.agent_in(join, event.channel)
        case te.HoldEntered():
            if event.role == CITIZEN:
                return legs.citizen_at(join, HOLD, event.channel), []
            return legs.third_in(join, event, HOLD, now)
        case te.AloneEntered():
            join, commands = legs.citizen_out(join, ALONE, now)
            return join, [Write("citizen_alone", join.call_id, now), *commands]
        case te.CitizenElsewhere():
            join, commands = legs.citizen_out(join, AWAY, now)
            return replace(join, released=True), commands
        case te.ThirdRinging():
            if join.third is None or join.third.unique_id != event.third or join.third.rings:
                return join, []
            return replace(join, third=replace(join.third, rings=True, since=now)), []
        case te.ThirdFailed() | te.ThirdLeft():
            if join.third is None or join.third.unique_id != event.third:
                return join, []
            if join.third.place == DIALLED:  # never in the room: nobody has spoken with them
                return legs.third_failed(join, event.cause, rules, now)
            return legs.third_left(join, event, now) if isinstance(event, te.ThirdLeft) else (join, [])
        case te.AgentGone():
            return legs.agent_gone(join, event, now)
        case te.AgentTook():
            return legs.agent_took(join, event), []
        case te.PageBack():
            return legs.page_back(join, event, now)
        case te.CitizenGone():
            return legs.citizen_gone(join, now)
        case te.MoveRefused():
            if join.asked is None or join.asked.number != event.move:
                return join, []
            return undone(join, now)
        case te.MoveDone():
            if join.asked is None or join.asked.number != event.move or (CITIZEN, AWAY) not in join.asked.places:
                return join, []  # the leg itself says when it has come
            return legs.citizen_out(join, AWAY, now)
        case te.LegMuted():
            roles = {role for role in ROLES if join.channel_of(role) == event.channel}
            return replace(join, muted=join.muted | roles if event.is_muted else join.muted - roles), []
        case te.JoinDue():
            return _due(join, event, rules, now)
        case te.JoinSeen():
            return seen(join, event, rules, now)
        case te.ActAsked():
            code = refusal(join, event)
            return (join, [Reply(event.intent_id, code)]) if code else act(join, event, rules, now)
        case _:
            assert_never(event)


def _due(join: Join, event: te.JoinDue, rules: Rules, now: float) -> tuple[Join, list[JoinCommand]]:
    if join.deadlines.get(event.name, now + 1) > now:
        return join, []
    join = replace(join, deadlines={name: at for name, at in join.deadlines.items() if name != event.name})
    match event.name:
        case "move":
            return undone(join, now)
        case "third" if join.third is not None:
            third = join.third
            join, commands = legs.third_failed(join, 0, rules, now)
            return join, [HangUpThird(join.call_id, third.unique_id), *commands]
        case "net":
            return replace(join, wanted=ALONE, must=True), []
        case _:
            return join, []  # retry: plan.py tries again
