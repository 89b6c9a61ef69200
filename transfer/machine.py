"""One call with somebody else on the line: every stage times every event, HANDLED or ignored on purpose; pure.

Asterisk says where the legs are; this decides what shall be done about it. The dialplan alone already keeps the citizen from
being lost (extensions_room.conf); the machine adds what the dialplan cannot know, and a net below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from hotline_core.domain.commands import Fact, HangUp, Reply, Write
from transfer import events as te
from transfer.acts import act, refusal, taken_back
from transfer.commands import HangUpThird, JoinCommand, Promote, Rejoin, Tell
from transfer.events import AGENT, CITIZEN, ROLES, THIRD
from transfer.model import ALONE, AWAY, BRIDGE, DIALLED, GONE, HOLD, ROOM, Join, Rules
from transfer.plan import dismissed, settle, undone
from transfer.seen import seen
from transfer.thirds import attempt_failed, cancelled, transfer_ended, without_third

VANISHED = 44  # Q.850: the telephone vanished

_ALWAYS = frozenset({
    "RoomEntered", "HoldEntered", "AloneEntered", "CitizenElsewhere", "CitizenGone", "JoinDue", "JoinSeen", "ActAsked", "PageBack",
})  # fmt: skip
_DIAL = frozenset({"ThirdRinging", "ThirdFailed"})
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
    if after.arrangement == "over":
        after, more = _over(after, now)
    else:
        after, more = settle(after, now)
    return _told(join, after, commands + more, isinstance(event, te.JoinSeen), now)


def tell(join: Join) -> Tell:
    """What the board shall know."""
    has_agent = join.agent_place != GONE and join.stage != "over"
    third = join.third
    colleague = join.target.agent if third is not None else ""
    return Tell(
        join.call_id, join.stage, join.agent if has_agent else "", join.agent_channel if has_agent else "",
        colleague, bool(colleague) and third is not None and third.place != DIALLED, join.lost_by, join.urgent,
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


def _over(join: Join, now: float) -> tuple[Join, list[JoinCommand]]:
    """The citizen is gone, and not two people are left."""
    join, ended = transfer_ended(join, "citizen_left", CITIZEN, now)
    commands: list[JoinCommand] = []
    if join.agent_place == ROOM:
        commands.append(HangUp(join.agent_channel, ""))
    if join.third is not None:
        commands.append(HangUpThird(join.call_id, join.third.unique_id))
    return replace(without_third(join), agent_place=GONE, asked=None), [*commands, *ended]


def _decided(join: Join, event: te.JoinEvent, rules: Rules, now: float) -> tuple[Join | None, list[JoinCommand]]:
    match event:
        case te.RoomEntered():
            return _room(join, event, now)
        case te.HoldEntered():
            if event.role == THIRD:
                return _third_place(join, event, HOLD)
            return _citizen_at(replace(join, citizen_channel=event.channel), HOLD), []
        case te.AloneEntered():
            join, commands = _out(join, ALONE, now)
            return join, [Write("citizen_alone", join.call_id, now), *commands]
        case te.CitizenElsewhere():
            join, commands = _out(join, AWAY, now)
            return replace(join, released=True), commands
        case te.ThirdRinging():
            if join.third is None or join.third.unique_id != event.third or join.third.rings:
                return join, []
            return replace(join, third=replace(join.third, rings=True, since=now)), []
        case te.ThirdFailed():
            if join.third is None or join.third.unique_id != event.third or join.third.place != DIALLED:
                return join, []
            return _attempt_failed(join, event.cause, rules, now)
        case te.ThirdLeft():
            return _third_left(join, event, now)
        case te.AgentGone():
            return _agent_gone(join, event, now)
        case te.AgentTook():
            return _agent_took(join, event), []
        case te.PageBack():
            return _page_back(join, event, now)
        case te.CitizenGone():
            return _citizen_gone(join, now)
        case te.MoveRefused():
            if join.asked is None or join.asked.number != event.move:
                return join, []
            return undone(join, now)
        case te.MoveDone():
            if join.asked is None or join.asked.number != event.move or (CITIZEN, AWAY) not in join.asked.places:
                return join, []  # the leg itself says when it has come
            return _out(join, AWAY, now)
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


# -- legs that come ---------------------------------------------------------------------------------------------------


def _room(join: Join, event: te.RoomEntered, now: float) -> tuple[Join, list[JoinCommand]]:
    if event.role == CITIZEN:
        return _citizen_at(replace(join, citizen_channel=event.channel), ROOM), []
    if event.role == AGENT:
        return _agent_in(join, event)
    third = join.third
    if third is None or (event.unique_id or third.unique_id) != third.unique_id:
        return join, [HangUpThird(join.call_id, event.unique_id)] if event.unique_id else []
    if third.place != DIALLED:
        return _third_place(join, te.HoldEntered(event.call_id, THIRD, event.channel, event.unique_id), ROOM)
    waited = now - third.asked_at
    facts: dict[str, Fact] = {"n": join.n, "attempt": third.attempt, "waited_s": round(waited, 1)}
    join = replace(
        join, third=replace(third, place=ROOM, channel=event.channel, since=now), third_wanted=ROOM, waited_s=waited, tries=(),
        urgent=False if join.is_emergency else join.urgent,
        deadlines={name: at for name, at in join.deadlines.items() if name != "third"},
    )  # fmt: skip
    if join.citizen == BRIDGE or join.agent_place == GONE:
        join = replace(join, wanted=ROOM, must=True, lead=None)  # to whoever was fetched for the citizen
    return join, [Write("third_answered", join.call_id, now, facts)]


def _citizen_at(join: Join, place: str) -> Join:
    """The citizen's own word; without a move of ours it is the dialplan's decision, and right."""
    return replace(join, citizen=place, wanted=join.wanted if join.asked is not None else place, released=False)


def _third_place(join: Join, event: te.HoldEntered, place: str) -> tuple[Join, list[JoinCommand]]:
    third = join.third
    if third is None or (event.unique_id or third.unique_id) != third.unique_id:
        return join, []
    wanted = join.third_wanted if join.asked is not None else place
    return replace(join, third=replace(third, place=place, channel=event.channel), third_wanted=wanted), []


def _agent_in(join: Join, event: te.RoomEntered) -> tuple[Join, list[JoinCommand]]:
    if event.channel == join.agent_channel:
        return replace(join, agent_place=ROOM), []
    if join.citizen in (ALONE, AWAY):
        return join, [HangUp(event.channel, "")]  # called in too late
    old = join.agent_channel if join.agent_place != GONE else ""
    commands: list[JoinCommand] = [HangUp(old, "", VANISHED)] if old else []
    return replace(join, agent_channel=event.channel, agent_place=ROOM, lost_by="", muted=join.muted - {AGENT}), commands


def _agent_took(join: Join, event: te.AgentTook) -> Join | None:
    if join.third is None or join.citizen not in (ALONE, AWAY):
        return None if join.third is None and join.agent_place == GONE else join
    return replace(
        join, agent=event.agent, agent_channel=event.channel, citizen=BRIDGE, agent_place=BRIDGE, lost_by="", released=False,
        wanted=join.wanted if join.third.place != DIALLED else "",
    )  # fmt: skip


def _page_back(join: Join, event: te.PageBack, now: float) -> tuple[Join, list[JoinCommand]]:
    if event.agent == join.agent and join.agent_place != GONE:
        # the new leg enters the room before the dead page's is ended: nobody is alone for a moment
        return join, [Rejoin(join.call_id, event.agent, join.line, event.intent_id)]
    if event.agent != join.lost_by or join.stage not in ("handed", "alone", "sought"):
        return join, [Reply(event.intent_id, "unknown_call")]
    return taken_back(join, event.agent, event.intent_id, now)


# -- legs that go -----------------------------------------------------------------------------------------------------


def _out(join: Join, place: str, now: float) -> tuple[Join, list[JoinCommand]]:
    """The citizen is out of our hands; nobody else stays."""
    if join.asked is not None and (CITIZEN, ROOM) in join.asked.places and join.citizen in (ALONE, AWAY):
        return replace(join, citizen=place), []  # the news is older than our move to whoever was fetched
    commands = dismissed(join)
    outcome = "alone" if place == ALONE else "led"
    agent_place = GONE if join.agent_place == BRIDGE else join.agent_place  # the first bridge holds both or none
    join = replace(join, citizen=place, agent_place=agent_place, wanted="", lead=None, must=False, leaves=False, asked=None)
    if join.third is not None and join.third.place == DIALLED:
        if join.is_emergency:
            return join, commands
        join = without_third(join)  # dismissed with the others
    join, ended = transfer_ended(join, outcome, AGENT, now)
    return join, commands + ended


def _attempt_failed(join: Join, cause: int, rules: Rules, now: float) -> tuple[Join, list[JoinCommand]]:
    join, commands = attempt_failed(join, cause, rules, now)
    if join.third is None and join.agent_place != GONE and join.citizen == HOLD:
        join = replace(join, wanted=ROOM, must=True)
    return join, commands


def _third_left(join: Join, event: te.ThirdLeft, now: float) -> tuple[Join, list[JoinCommand]]:
    third = join.third
    if third is None or third.unique_id != event.third:
        return join, []
    facts: dict[str, Fact] = {"n": join.n, "by": third.ended_by or THIRD, "cause": event.cause}
    outcome = {"handed": "handed", "rescue_on": "citizen_left"}.get(join.arrangement, "returned")
    join, ended = transfer_ended(without_third(join), outcome, THIRD, now)
    if join.agent_place != GONE and join.citizen == HOLD:
        join = replace(join, wanted=ROOM, must=True)
    return join, [Write("third_left", join.call_id, now, facts), *ended]


def _agent_gone(join: Join, event: te.AgentGone, now: float) -> tuple[Join | None, list[JoinCommand]]:
    if event.channel != join.agent_channel or join.agent_place == GONE:
        return join, []
    before, third = join.arrangement, join.third
    is_led = join.citizen in (ALONE, AWAY) or join.lead is not None
    if third is None and before == "talk" and not is_led:
        return None, []  # an ordinary talk's end: the board's own
    left: list[JoinCommand] = [Write("agent_left", join.call_id, now, {"agent": event.agent, "cause": event.cause})]
    citizen = AWAY if join.citizen == BRIDGE else join.citizen  # the dialplan has the citizen now
    join = replace(join, agent_place=GONE, citizen=citizen, leaves=False, muted=join.muted - {AGENT})
    if is_led or citizen == GONE:
        return join, left
    if third is not None and _meet(join):
        if join.target.agent:
            join, commands = _promoted(join, now)
            return join, left + commands
        return replace(join, lost_by=event.agent if event.cause == VANISHED else ""), left
    join = replace(join, lost_by=event.agent, wanted="", lead=None)
    if third is None or join.is_emergency:
        return join, left
    if third.place == DIALLED:
        join, commands = cancelled(join, now)
    else:
        commands = [HangUpThird(join.call_id, third.unique_id)]
    return join, left + commands


def _meet(join: Join) -> bool:
    """Citizen and third are together, or on their way there."""
    asked = dict(join.asked.places) if join.asked is not None else {}
    return (asked.get(CITIZEN, join.citizen), asked.get(THIRD, join.place_of(THIRD))) == (ROOM, ROOM)


def _promoted(join: Join, now: float) -> tuple[Join, list[JoinCommand]]:
    third, agent = join.third, join.target.agent
    assert third is not None
    join, ended = transfer_ended(join, "handed", AGENT, now)
    join = replace(
        without_third(join), agent=agent, agent_channel=third.channel, agent_place=ROOM, lost_by="", target=te.Target(), asked=None,
    )  # fmt: skip
    took = Write("agent_took_over", join.call_id, now, {"agent": agent})
    return join, [took, *ended, Promote(join.call_id, agent, third.channel)]


def _citizen_gone(join: Join, now: float) -> tuple[Join, list[JoinCommand]]:
    handed = join.arrangement == "handed"
    join = replace(join, citizen=GONE, wanted="", lead=None, leaves=False, third_wanted=ROOM)
    if handed:
        return transfer_ended(join, "handed", CITIZEN, now)
    if join.third is not None and join.third.place == DIALLED and not join.is_emergency:
        return cancelled(join, now)
    return join, []


def _due(join: Join, event: te.JoinDue, rules: Rules, now: float) -> tuple[Join, list[JoinCommand]]:
    if join.deadlines.get(event.name, now + 1) > now:
        return join, []
    join = replace(join, deadlines={name: at for name, at in join.deadlines.items() if name != event.name})
    match event.name:
        case "move":
            return undone(join, now)
        case "third" if join.third is not None:
            third = join.third
            join, commands = _attempt_failed(join, 0, rules, now)
            return join, [HangUpThird(join.call_id, third.unique_id), *commands]
        case "net":
            return replace(join, wanted=ALONE, must=True), []
        case _:
            return join, []  # retry: plan.py tries again
