"""The machine of a call with a third as tables and a diagram for docs/states.md, made by asking the machine.

`python -m transfer.diagram` prints them. A cell is the stage that is reached when Asterisk does what the machine then asks of it.
"""

from __future__ import annotations

from dataclasses import replace

from hotline_core.domain.commands import HangUp, Reply
from transfer import events as te
from transfer.commands import HangUpThird, JoinCommand, Rejoin
from transfer.events import ACTS, AGENT, CITIZEN, THIRD, Target
from transfer.legs import VANISHED
from transfer.machine import HANDLED, step
from transfer.model import ALONE, AWAY, BRIDGE, DIALLED, EMERGENCY, GONE, HOLD, ROOM, STAGES, Asked, Join, Rules, Third, Try

NOW = 1000.0
CALL, CITIZEN_LEG, AGENT_LEG, THIRD_LEG, NEW_LEG = "h1-1.1", "citizen-leg", "agent-leg", "third-leg", "new-leg"
RULES = Rules(("demo",))
OUTSIDE = Target("railway", "railway", "hotline", ("95306",))
COLLEAGUE = Target(agent="1002")
THIRD_ID = f"third-{CALL}-1"
TALK = te.Talk(CALL, "12328", CITIZEN_LEG, "1001", AGENT_LEG)

# stage -> where citizen, agent and third are
PLACES: dict[str, tuple[str, str, str]] = {
    "placing": (BRIDGE, BRIDGE, DIALLED), "talk": (ROOM, ROOM, ""), "parked": (HOLD, ROOM, ""), "calling": (HOLD, ROOM, DIALLED),
    "adding": (ROOM, ROOM, DIALLED), "consult": (HOLD, ROOM, ROOM), "swapped": (ROOM, ROOM, HOLD), "three": (ROOM, ROOM, ROOM),
    "handed": (ROOM, GONE, ROOM), "led": (AWAY, GONE, ""), "alone": (ALONE, GONE, ""), "sought": (AWAY, GONE, DIALLED),
    "rescue_on": (GONE, ROOM, ROOM),
}  # fmt: skip

SAMPLES: tuple[tuple[str, te.JoinEvent], ...] = (
    ("RoomEntered (citizen)", te.RoomEntered(CALL, CITIZEN, CITIZEN_LEG)),
    ("RoomEntered (agent)", te.RoomEntered(CALL, AGENT, AGENT_LEG)),
    ("RoomEntered (agent, on a new leg)", te.RoomEntered(CALL, AGENT, NEW_LEG)),
    ("RoomEntered (third)", te.RoomEntered(CALL, THIRD, THIRD_LEG, THIRD_ID)),
    ("HoldEntered (citizen)", te.HoldEntered(CALL, CITIZEN, CITIZEN_LEG)),
    ("HoldEntered (third)", te.HoldEntered(CALL, THIRD, THIRD_LEG, THIRD_ID)),
    ("AloneEntered", te.AloneEntered(CALL)),
    ("CitizenElsewhere", te.CitizenElsewhere(CALL)),
    ("ThirdRinging", te.ThirdRinging(CALL, THIRD_ID)),
    ("ThirdFailed (the last attempt)", te.ThirdFailed(CALL, THIRD_ID, 17)),
    ("ThirdLeft", te.ThirdLeft(CALL, THIRD_ID, 16)),
    ("AgentGone (farewell)", te.AgentGone(CALL, "1001", AGENT_LEG, 16)),
    ("AgentGone (vanished, cause 44)", te.AgentGone(CALL, "1001", AGENT_LEG, VANISHED)),
    ("AgentTook", te.AgentTook(CALL, "1003", NEW_LEG)),
    ("PageBack", te.PageBack(CALL, "1001", "i")),
    ("CitizenGone", te.CitizenGone(CALL)),
    ("MoveRefused", te.MoveRefused(CALL, 1)),
    ("MoveDone", te.MoveDone(CALL, 1)),
    ("LegMuted", te.LegMuted(CALL, CITIZEN_LEG, True)),
    ("JoinDue (move)", te.JoinDue(CALL, "move")),
    ("JoinDue (third)", te.JoinDue(CALL, "third")),
    ("JoinSeen (citizen and agent in the room)", te.JoinSeen(CALL, TALK, "room", "room", "")),
)  # fmt: skip
MORE: tuple[tuple[str, te.JoinEvent, Target, str], ...] = (  # what matters is who the third is
    ("AgentGone, an emergency is dialled", te.AgentGone(CALL, "1001", AGENT_LEG, VANISHED), OUTSIDE, EMERGENCY),
    ("CitizenGone, an emergency is dialled", te.CitizenGone(CALL), OUTSIDE, EMERGENCY),
    ("AgentGone, the third is a colleague", te.AgentGone(CALL, "1001", AGENT_LEG, 16), COLLEAGUE, "consult"),
)


def join_in(stage: str, target: Target = OUTSIDE, way: str = "consult") -> Join:
    """A call in this stage."""
    citizen, agent, third = PLACES[stage]
    join = Join(
        CALL, "12328", CITIZEN_LEG, "1001", AGENT_LEG, NOW, citizen=citizen, agent_place=agent, way=way, target=target, n=1,
        dialled=1, moves=1, transfer_open=bool(third), lost_by="1001" if agent == GONE else "",
        wanted=citizen if citizen in (ROOM, HOLD) else "", deadlines={"third": NOW} if third == DIALLED else {},
        third_wanted=third if third == HOLD else ROOM,
    )  # fmt: skip
    if third:
        channel = "" if third == DIALLED else THIRD_LEG
        join = replace(join, third=Third(THIRD_ID, 1, 1, 1, Try("95306", "demo"), NOW, place=third, channel=channel))
    if stage == "sought":
        join = replace(join, way=EMERGENCY)
    if stage == "placing":
        asked = Asked(1, ((CITIZEN, HOLD), (AGENT, ROOM)))
        join = replace(join, wanted=HOLD, asked=asked, deadlines={"move": NOW, "third": NOW})
    return join


def reached(join: Join, event: te.JoinEvent) -> str:
    """The stage when all that follows has happened; `over` when the state has ended."""
    after: Join | None = join
    todo: list[te.JoinEvent] = [event]
    while todo and after is not None:
        before = after
        after, commands = step(before, todo.pop(0), RULES, NOW)
        todo += [said for command in commands for said in _said(before, command)]
        if after is not None and after.asked is not None and not todo and after.asked != join.asked:
            todo += _confirmed(after.asked)
    return "over" if after is None else after.stage


def _said(join: Join, command: JoinCommand) -> list[te.JoinEvent]:
    match command:
        case HangUp():
            return [te.AgentGone(CALL, join.agent, command.channel, command.cause)]
        case HangUpThird():
            return [te.ThirdLeft(CALL, command.third, 16), te.ThirdFailed(CALL, command.third, 16)]
        case Rejoin():
            return [te.RoomEntered(CALL, AGENT, NEW_LEG)]
        case _:
            return []


def _confirmed(asked: Asked) -> list[te.JoinEvent]:
    channels = {CITIZEN: CITIZEN_LEG, AGENT: AGENT_LEG, THIRD: THIRD_LEG}
    said: list[te.JoinEvent] = []
    for role, place in asked.places:
        if place == ALONE:
            said.append(te.AloneEntered(CALL))
        elif place == AWAY:
            said.append(te.MoveDone(CALL, asked.number))
        else:
            kind = te.RoomEntered if place == ROOM else te.HoldEntered
            said.append(kind(CALL, role, channels[role]))
    return said


def cell(stage: str, event: te.JoinEvent, target: Target = OUTSIDE, way: str = "consult") -> str:
    """One cell of the table of events."""
    if type(event).__name__ not in HANDLED[stage]:
        return "–"
    after = reached(join_in(stage, target, way), event)
    return "stays" if after == stage else after if after == "over" else f"**{after}**"


def table() -> str:
    """Rows are events, columns are stages."""
    rows = [(label, [cell(stage, event) for stage in STAGES]) for label, event in SAMPLES]
    for label, event, target, way in MORE:
        dialled = ("calling", "adding", "placing") if way == EMERGENCY else ("consult", "swapped", "three")
        rows.append((label, [cell(stage, event, target, way) if stage in dialled else "" for stage in STAGES]))
    return _markdown("event", rows)


def asked(act: str) -> te.ActAsked:
    """An act as it is asked for in the table."""
    target = Target(queue="second") if act == "requeue" else OUTSIDE
    return te.ActAsked(CALL, act, "1001", "i", TALK, target, role=CITIZEN, digits="1")


def acts_table() -> str:
    """Rows are acts, columns are stages; an empty cell is refused."""
    rows = []
    for act in ACTS:
        after = [(stage, reached(join_in(stage), asked(act)) if is_done(stage, act) else "") for stage in STAGES]
        rows.append((act, ["stays" if one == stage else one and f"**{one}**" for stage, one in after]))
    return _markdown("act", rows)


def is_done(stage: str, act: str) -> bool:
    """Whether the act is not refused in the table's sample of this stage."""
    _, commands = step(join_in(stage), asked(act), RULES, NOW)
    return not any(isinstance(command, Reply) and command.code != "ok" for command in commands)


def _markdown(first: str, rows: list[tuple[str, list[str]]]) -> str:
    lines = [f"| {first} | {' | '.join(STAGES)} |", "|---" * (len(STAGES) + 1) + "|"]
    lines += [f"| {label} | {' | '.join(cells)} |" for label, cells in rows]
    return "\n".join(lines)


def diagram() -> str:
    """Ways between stages by acts and by what happens to legs, as Mermaid."""
    edges: dict[tuple[str, str], list[str]] = {}
    happens = {"third answers": 3, "third fails": 9, "third leaves": 10, "agent leaves": 11, "citizen leaves": 15}
    for stage in STAGES:
        if stage == "placing":
            continue
        ways = [(label, SAMPLES[index][1]) for label, index in happens.items()]
        after = [(label, reached(join_in(stage), event)) for label, event in ways if type(event).__name__ in HANDLED[stage]]
        after += [(act, reached(join_in(stage), asked(act))) for act in ACTS if is_done(stage, act)]
        for label, to in after:
            if to != stage:
                edges.setdefault((stage, to), []).append(label)
    lines = ["stateDiagram-v2", "    [*] --> talk"]
    lines += [f"    {a} --> {'[*]' if b == 'over' else b}: {', '.join(dict.fromkeys(labels))}" for (a, b), labels in edges.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(), acts_table(), diagram(), sep="\n\n")
