"""Legs that come and go: what each of Asterisk's words on one leg means for the others."""

from __future__ import annotations

from dataclasses import replace

from hotline_core.domain.commands import Fact, HangUp, Reply, Write
from transfer import events as te
from transfer.acts import rejoined, taken_back
from transfer.commands import HangUpThird, JoinCommand, Promote
from transfer.events import AGENT, CITIZEN, THIRD
from transfer.model import ALONE, AWAY, BRIDGE, DIALLED, GONE, ROOM, Join, Rules
from transfer.thirds import attempt_failed, let_go, transfer_ended, without_third

VANISHED = 44  # Q.850: the telephone vanished
SYSTEM = "system"

# -- legs that come ---------------------------------------------------------------------------------------------------


def citizen_at(join: Join, place: str, channel: str) -> Join:
    """The citizen is in the room or hears music; without a move of ours it is the dialplan's decision, and right."""
    if join.citizen == GONE:
        return join
    wanted = join.wanted if join.asked is not None or "retry" in join.deadlines else place
    return replace(join, citizen=place, citizen_channel=channel, wanted=wanted, released=False)


def agent_in(join: Join, channel: str) -> tuple[Join, list[JoinCommand]]:
    """The agent is in the room: moved there, or on a new leg that a fresh page answered; then the old leg is ended."""
    if join.citizen in (ALONE, AWAY):
        return join, [HangUp(channel, "", VANISHED)]  # too late; not 16: it must not look like a farewell
    if channel == join.agent_channel:
        return replace(join, agent_place=ROOM), []
    commands: list[JoinCommand] = [HangUp(join.agent_channel, "", VANISHED)] if join.agent_place != GONE else []
    deadlines = {name: at for name, at in join.deadlines.items() if name != "rejoin"}
    return replace(
        join, agent_channel=channel, agent_place=ROOM, lost_by="", left=False, muted=join.muted - {AGENT}, deadlines=deadlines,
    ), commands  # fmt: skip


def third_in(join: Join, event: te.RoomEntered | te.HoldEntered, place: str, now: float) -> tuple[Join, list[JoinCommand]]:
    """The third answered, or was moved; one of an earlier attempt, answered too late, is let go."""
    third = join.third
    if third is None or event.unique_id not in ("", third.unique_id):
        return join, [HangUpThird(join.call_id, event.unique_id)] if event.unique_id else []
    if third.place != DIALLED:
        wanted = join.third_wanted if join.asked is not None or "retry" in join.deadlines else place
        return replace(join, third=replace(third, place=place, channel=event.channel), third_wanted=wanted), []
    waited_s = round(now - join.begun_at, 1)
    facts: dict[str, Fact] = {"n": third.n, "attempt": third.attempt, "waited_s": waited_s}
    join = replace(
        join,
        third=replace(third, place=place, channel=event.channel, since=now),
        third_wanted=ROOM,
        tries=(),
        waited_s=waited_s,
        urgent=False if join.is_emergency else join.urgent,
        deadlines={name: at for name, at in join.deadlines.items() if name != "third"},
    )
    if join.agent_place == GONE:  # fetched for the citizen, wherever that is now
        join = replace(join, wanted=ROOM, must=True, lead=None)
    return join, [Write("third_answered", join.call_id, now, facts)]


def agent_took(join: Join, event: te.AgentTook) -> Join | None:
    """An agent has answered the citizen again: the call is the board's own, or an emergency is dialled on for this agent."""
    if join.citizen not in (ALONE, AWAY):
        return join
    if join.agent_place == GONE and join.third is None:
        return None
    if join.agent_place != GONE or not join.is_emergency:
        return replace(join, released=True)  # other legs are still to end
    return replace(
        join,
        agent=event.agent,
        agent_channel=event.channel,
        agent_place=BRIDGE,
        citizen=BRIDGE,
        wanted=ROOM,
        must=True,
        lost_by="",
        left=False,
        released=False,
    )


def page_back(join: Join, event: te.PageBack, now: float) -> tuple[Join, list[JoinCommand]]:
    """A fresh page takes its place in the talk: in the room before the dead page's leg is ended, so that nobody is alone."""
    if join.lead is not None or (join.citizen in (ALONE, AWAY) and join.agent_place != GONE):
        return join, [Reply(event.intent_id, "unknown_call")]  # the agent has given the call away
    if event.agent == join.agent and join.agent_place != GONE:
        if join.agent_place == BRIDGE:  # as in any talk: `recover` calls the page
            return join, [HangUp(join.agent_channel, event.intent_id, VANISHED)]
        return rejoined(join, event.agent, event.intent_id, now)
    if event.agent != join.lost_by or join.left or join.stage not in ("handed", "alone", "sought", "led"):
        return join, [Reply(event.intent_id, "unknown_call")]
    return taken_back(join, event.agent, event.intent_id, now)


# -- legs that go -----------------------------------------------------------------------------------------------------


def citizen_out(join: Join, place: str, now: float) -> tuple[Join, list[JoinCommand]]:
    """The citizen is out of our hands: nobody else stays, but whoever is fetched for a rescue."""
    if join.citizen == GONE:
        return join, []
    is_led = join.lead is not None and join.lead.context != "recover"  # given away, not taken back
    agent_place = GONE if join.agent_place == BRIDGE else join.agent_place  # the first bridge holds both or none
    join = replace(join, citizen=place, agent_place=agent_place, lead=None, leaves=False)
    # where the dialplan has decided, a move of ours may still bring the citizen in: 44 is never taken for a farewell
    cause = 16 if is_led else VANISHED
    commands: list[JoinCommand] = [HangUp(join.agent_channel, "", cause)] if agent_place == ROOM else []
    if join.is_emergency and not is_led:
        is_there = join.third is not None and join.third.place != DIALLED
        if not is_there:
            join = replace(join, wanted="", must=False, asked=None)
        elif join.asked is None:
            join = replace(join, wanted=ROOM, must=True)
        return join, commands
    join = replace(join, wanted="", must=False, asked=None)
    join, ended = transfer_ended(join, "alone" if place == ALONE else "led", AGENT, now)
    join, gone = let_go(join, SYSTEM, now)
    return join, commands + ended + gone


def third_failed(join: Join, cause: int, rules: Rules, now: float) -> tuple[Join, list[JoinCommand]]:
    """An attempt came to nothing; after the last one the citizen is back with the agent at once."""
    join, commands = attempt_failed(join, cause, rules, now)
    return (_brought_back(join) if join.third is None else join), commands


def third_left(join: Join, event: te.ThirdLeft, now: float) -> tuple[Join, list[JoinCommand]]:
    """The third had answered and is gone; the citizen is back with the agent at once, or the dialplan leads it onwards."""
    third = join.third
    if third is None or third.unique_id != event.third:
        return join, []
    facts: dict[str, Fact] = {"n": third.n, "by": third.ended_by or THIRD, "cause": event.cause}
    outcomes = {"handed": "handed", "rescue_on": "citizen_left", "alone": "alone", "sought": "alone", "led": "led"}
    join, ended = transfer_ended(join, outcomes.get(join.arrangement, "returned"), THIRD, now)
    if join.left:  # whoever gave the citizen to the third has nothing to take back now: the dialplan finds an agent
        join = replace(join, lost_by="", left=False)
    return _brought_back(without_third(join)), [Write("third_left", join.call_id, now, facts), *ended]


def _brought_back(join: Join) -> Join:
    if join.agent_place == GONE or join.citizen in (ALONE, AWAY, GONE) or join.lead is not None:
        return join
    return replace(join, wanted=ROOM, must=True)


def agent_gone(join: Join, event: te.AgentGone, now: float) -> tuple[Join | None, list[JoinCommand]]:
    """The agent's leg is gone: the talk's end, or citizen and third talk on, or the dialplan leads the citizen onwards."""
    if event.channel != join.agent_channel or join.agent_place == GONE:
        return join, []  # an older leg, a colleague's, or told already
    if join.arrangement == "talk" and join.lead is None and join.asked is None and "rejoin" not in join.deadlines:
        return None, []  # an ordinary talk's end: the board's own
    left: list[JoinCommand] = [Write("agent_left", join.call_id, now, {"agent": event.agent, "cause": event.cause})]
    is_out = join.citizen in (ALONE, AWAY, GONE) or join.lead is not None
    meet = _meet(join)
    join = replace(
        join,
        agent_place=GONE,
        # the dialplan has the citizen now, but if a move of ours is on its way: the citizen's own word or the refusal tells
        citizen=AWAY if join.citizen == BRIDGE and join.asked is None else join.citizen,
        leaves=False,
        muted=join.muted - {AGENT},
    )
    if is_out:
        return join, left
    if meet:
        return replace(join, lost_by=event.agent, left=event.cause != VANISHED), left
    join = replace(join, lost_by=event.agent, left=False, wanted="")
    if join.is_emergency and join.place_of(THIRD) == DIALLED:
        return join, left
    join, gone = let_go(join, AGENT, now)
    return join, left + gone


def _meet(join: Join) -> bool:
    """Citizen and third are together, or on their way there."""
    asked = dict(join.asked.places) if join.asked is not None else {}
    is_wanted = join.third is not None and not join.third.ended_by
    return is_wanted and (asked.get(CITIZEN, join.citizen), asked.get(THIRD, join.place_of(THIRD))) == (ROOM, ROOM)


def promoted(join: Join, now: float) -> tuple[Join, list[JoinCommand]]:
    """Citizen and a colleague are left together: the call is the colleague's from here."""
    third, agent = join.third, join.target.agent
    assert third is not None
    join, ended = transfer_ended(join, "handed", AGENT, now)
    join = replace(
        without_third(join), agent=agent, agent_channel=third.channel, agent_place=ROOM, lost_by="", left=False, target=te.Target(),
    )  # fmt: skip
    took = Write("agent_took_over", join.call_id, now, {"agent": agent})
    return join, [took, *ended, Promote(join.call_id, agent, third.channel)]


def citizen_gone(join: Join, now: float) -> tuple[Join, list[JoinCommand]]:
    """The citizen hung up: agent and third talk on, also when an emergency is still dialled; a lonely third has nobody left."""
    is_handed = join.arrangement == "handed"
    join = replace(join, citizen=GONE, wanted="", lead=None, leaves=False, must=True, third_wanted=ROOM)
    if is_handed:
        return transfer_ended(join, "handed", CITIZEN, now)
    if join.place_of(THIRD) == DIALLED and not join.is_emergency:
        return let_go(join, CITIZEN, now)
    return join, []


def over(join: Join, now: float) -> tuple[Join, list[JoinCommand]]:
    """The citizen is gone, and not two people are left."""
    join, ended = transfer_ended(join, "citizen_left", CITIZEN, now)
    commands: list[JoinCommand] = [HangUp(join.agent_channel, "")] if join.agent_place == ROOM else []
    if join.third is not None and join.third.place != DIALLED:
        facts: dict[str, Fact] = {"n": join.third.n, "by": join.third.ended_by or SYSTEM, "cause": 16}
        commands.append(Write("third_left", join.call_id, now, facts))
    join, gone = let_go(join, SYSTEM, now)
    return replace(without_third(join), agent_place=GONE, asked=None), commands + gone + ended
