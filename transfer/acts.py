"""What an agent may ask for in which stage, and what it makes wanted; places change only by Asterisk's own word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hotline_core.domain.commands import Fact, HangUp, Reply, Write
from transfer.commands import JoinCommand, MuteLeg, Rejoin, SendDigits
from transfer.events import AGENT, CITIZEN, ROLES, THIRD, ActAsked
from transfer.model import AWAY, BRIDGE, DIALLED, EMERGENCY, GONE, HOLD, ROOM, Join, Lead, Rules
from transfer.thirds import begun, cancelled, dial_next, let_go, missed, transfer_ended, tries_of, without_third

_AWAY = frozenset({"requeue", "blind"})
REJOIN_S = 10.0  # a page answers by itself within one, or not at all
_WITH_THIRD = frozenset({"merge", "swap", "leave"})
_KEYS = frozenset("0123456789*#")
_MUTE = frozenset({"mute", "unmute"})
# stage -> acts that mean something there; every other act is refused with wrong_stage
ALLOWED: Mapping[str, frozenset[str]] = {
    "placing": frozenset({EMERGENCY}),  # never waits for a move
    "talk": frozenset({"consult", "add", EMERGENCY, "hold", "digits"}) | _AWAY | _MUTE,
    "parked": frozenset({"consult", "add", EMERGENCY, "merge"}) | _AWAY | _MUTE,
    "calling": frozenset({EMERGENCY, "merge", "drop"}) | _AWAY | _MUTE,
    "adding": frozenset({EMERGENCY, "hold", "drop", "digits"}) | _AWAY | _MUTE,
    "consult": frozenset({"merge", "swap", "drop", "leave", "digits"}) | _AWAY | _MUTE,
    "swapped": frozenset({"merge", "swap", "drop", "leave", "digits"}) | _AWAY | _MUTE,
    "three": frozenset({"hold", "swap", "drop", "leave", "digits"}) | _AWAY | _MUTE,
    "handed": frozenset({"take_back"}),
    "led": frozenset({"take_back"}),
    "alone": frozenset({"take_back"}),
    "sought": frozenset({"take_back"}),
    "rescue_on": frozenset({"digits"}) | _MUTE,
}
# whose menu an agent's keys are for: whom the agent speaks with; of two, the one who was brought in
KEYS_TO: Mapping[str, str] = {
    "talk": CITIZEN, "adding": CITIZEN, "swapped": CITIZEN, "consult": THIRD, "three": THIRD, "rescue_on": THIRD,
}  # fmt: skip
# what each act makes wanted of (citizen, third); None: as it is
_WANTED: Mapping[str, tuple[str, str | None]] = {
    "consult": (HOLD, ROOM), "add": (ROOM, ROOM), EMERGENCY: (ROOM, ROOM), "hold": (HOLD, ROOM), "merge": (ROOM, ROOM),
}  # fmt: skip


def refusal(join: Join, event: ActAsked) -> str:
    """The code of the refusal, empty if the act may be done."""
    if event.act == "take_back":
        if join.lost_by != event.agent:
            return "not_your_call"
    elif join.agent != event.agent or join.agent_place == GONE:
        return "not_your_call"
    third = join.third
    is_as_good_as_gone = third is not None and bool(third.ended_by)
    if event.act not in ALLOWED[join.stage] and not (is_as_good_as_gone and event.act == EMERGENCY and join.agent_place != GONE):
        return "wrong_stage"
    if is_as_good_as_gone and event.act in _WITH_THIRD:
        return "wrong_stage"
    if event.act == EMERGENCY and third is not None and not third.ended_by and (join.is_emergency or third.place != DIALLED):
        return "wrong_stage"  # whoever rescues must be dropped knowingly
    if event.act in _MUTE and event.role not in ROLES:
        return "bad_input"
    if event.act in _MUTE and join.place_of(event.role) != ROOM:
        return "wrong_stage"
    if event.act == "digits" and _is_deaf(join):
        return "wrong_stage"
    if event.act == "digits" and not (event.digits and set(event.digits) <= _KEYS):
        return "bad_input"
    if event.target.agent == event.agent and event.act in ("consult", "add", EMERGENCY, "blind"):
        return "bad_input"
    if event.act in ("consult", "add", EMERGENCY) and not (event.target.agent or event.target.numbers):
        return "bad_input"
    if event.act == "blind" and _lead(event) is None:
        return "bad_input"
    return ""


def _is_deaf(join: Join) -> bool:
    """True where nobody would get an agent's keys: who they are for has not answered, or is as good as gone."""
    role = KEYS_TO[join.stage]
    return not join.channel_of(role) or (role == THIRD and join.third is not None and bool(join.third.ended_by))


def act(join: Join, event: ActAsked, rules: Rules, now: float) -> tuple[Join, list[JoinCommand]]:
    """Do what may be done; answered by Asterisk where a command bears the intent's id, else at once."""
    join = replace(join, must=False, failed="", refusals=0, intent_id=event.intent_id)
    match event.act:
        case "consult" | "add" | "emergency":
            return _dialled(join, event, rules, now)
        case "merge" | "hold":
            citizen, third = _WANTED[event.act]
            return replace(join, wanted=citizen, third_wanted=third or join.third_wanted), []
        case "swap":
            if join.citizen == HOLD:
                return replace(join, wanted=ROOM, third_wanted=HOLD), []
            # from three as from swapped: whoever the agent heard last goes on hold
            is_swapped = join.place_of(THIRD) == HOLD
            return replace(join, wanted=HOLD if is_swapped else ROOM, third_wanted=ROOM if is_swapped else HOLD), []
        case "drop":
            return _dropped(join, event, now)
        case "leave":
            return _left(join, event)
        case "requeue" | "blind":
            return _begun_away(join, event, now)
        case "mute" | "unmute":
            muted = MuteLeg(join.call_id, join.channel_of(event.role), event.act == "mute", event.intent_id)
            return replace(join, intent_id=""), [muted]
        case "digits":
            digits = SendDigits(join.call_id, join.channel_of(KEYS_TO[join.stage]), event.digits, event.intent_id)
            return replace(join, intent_id=""), [digits]
        case _:
            return taken_back(join, event.agent, event.intent_id, now)


def taken_back(join: Join, agent: str, intent_id: str, now: float) -> tuple[Join, list[JoinCommand]]:
    """The agent who was cut off comes back: into the room to citizen and third, or the citizen is led to the agent's telephone."""
    back = Write("taken_back", join.call_id, now, {"agent": agent})
    if join.stage == "handed":
        join, called = rejoined(replace(join, intent_id=""), agent, intent_id, now)
        return join, [back, *called]
    lead = Lead("recover", agent)
    return replace(join, wanted=AWAY, lead=lead, released=False, intent_id=intent_id), [back]


def rejoined(join: Join, agent: str, intent_id: str, now: float) -> tuple[Join, list[JoinCommand]]:
    """Call the agent's page into the room; once, however often it is asked for."""
    if "rejoin" in join.deadlines:
        return join, [Reply(intent_id)]
    join = replace(join, deadlines=dict(join.deadlines) | {"rejoin": now + REJOIN_S})
    return join, [Rejoin(join.call_id, agent, join.line, intent_id)]


def _dialled(join: Join, event: ActAsked, rules: Rules, now: float) -> tuple[Join, list[JoinCommand]]:
    commands: list[JoinCommand] = []
    if join.third is not None and join.third.ended_by:  # a drop is on its way: no emergency waits for it
        facts: dict[str, Fact] = {"n": join.third.n, "by": join.third.ended_by, "cause": 0}
        join, ended = transfer_ended(without_third(join), "returned", THIRD, now)
        commands = [Write("third_left", join.call_id, now, facts), *ended]
    elif join.third is not None:
        join, commands = cancelled(join, now)
    join, more = begun(join, event, now)
    commands += more
    citizen, third = _WANTED[event.act]
    join = replace(join, wanted=citizen, third_wanted=third or ROOM, tries=tries_of(event.target, rules))
    if event.act == EMERGENCY:
        # the dialling does not hang on any move: an agent who is told of a refused one must not think that nobody is dialled
        join = replace(join, urgent=True, must=True, lead=None, intent_id="")
    if join.tries:
        join, more = dial_next(join, rules, now)
        commands += more
    else:
        join, commands = missed(join, "unavailable", now, commands)
        join = replace(join, wanted="" if join.citizen == BRIDGE else ROOM)
    if not join.intent_id or _is_placed(join):
        commands.append(Reply(event.intent_id))
        join = replace(join, intent_id="")
    return join, commands


def _is_placed(join: Join) -> bool:
    return not join.wanted or join.citizen == join.wanted


def _dropped(join: Join, event: ActAsked, now: float) -> tuple[Join, list[JoinCommand]]:
    third = join.third
    assert third is not None
    is_dialled = third.place == DIALLED
    join, commands = let_go(replace(join, intent_id=""), AGENT, now)
    if is_dialled:  # of one who had answered the end is told by its leg
        join = replace(join, wanted=ROOM, must=True)
    return join, [*commands, Reply(event.intent_id)]


def _left(join: Join, event: ActAsked) -> tuple[Join, list[JoinCommand]]:
    if join.stage == "three":
        return replace(join, intent_id=""), [HangUp(join.agent_channel, event.intent_id)]
    return replace(join, wanted=ROOM, third_wanted=ROOM, leaves=True), []


def _begun_away(join: Join, event: ActAsked, now: float) -> tuple[Join, list[JoinCommand]]:
    commands: list[JoinCommand] = []
    if join.third is not None:
        if join.third.place == DIALLED:
            join, commands = cancelled(join, now)
        else:
            join, commands = transfer_ended(join, "returned", AGENT, now)
    join, more = begun(join, event, now)
    return replace(join, wanted=AWAY, lead=_lead(event)), commands + more


def _lead(event: ActAsked) -> Lead | None:
    """Where requeue and blind lead the citizen; None if the target names nobody."""
    target = event.target
    if event.act == "requeue" or target.queue:
        return Lead("wait", "s", (("MOVED_TO", target.queue),) if target.queue else ())
    if target.agent:
        return Lead("to-agent", target.agent)
    if target.party:
        return Lead("party", target.party)
    if target.numbers:
        return Lead("party", "number", (("NUMBERS", "&".join(target.numbers)),))
    return None
