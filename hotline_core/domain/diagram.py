"""The state machines of a call and of an agent as Markdown tables, made by asking the machines; docs/states.md holds them.

`python -m hotline_core.domain.diagram` prints both.
"""

from __future__ import annotations

from hotline_core.domain import agent_events as ae
from hotline_core.domain import agents
from hotline_core.domain import events as ev
from hotline_core.domain import outgoing_events as out
from hotline_core.domain.agents import Agent, Member, Rules
from hotline_core.domain.call import HANDLED, PHASES, VANISHED, Call, step
from hotline_core.domain.join_events import StageEntered

NOW = 1000.0
CALL = "h1-1.1"
AGENT = "1001"
LEG = "PJSIP/agent-1001-00000001"

# One event of each kind that a running call may meet, as it comes to a call with agent 1001; the label says what matters.
SAMPLES: tuple[tuple[str, ev.CallEvent], ...] = (
    ("MenuReady", ev.MenuReady(CALL)),
    ("MenuStepped", ev.MenuStepped(CALL)),
    ("MenuLeft (to the queue)", ev.MenuLeft(CALL, "queue", "", noticed=True)),
    ("MenuFailed", ev.MenuFailed(CALL)),
    ("PartyRung", ev.PartyRung(CALL, "water_rescue")),
    ("PartyDialled", ev.PartyDialled(CALL, "water_rescue", 1, 2, "12395", "main")),
    ("PartyMissed", ev.PartyMissed(CALL, "water_rescue", 1, "busy", 17)),
    ("PartyAnswered", ev.PartyAnswered(CALL, "water_rescue")),
    ("PartyFailed", ev.PartyFailed(CALL, "water_rescue", urgent=True)),
    ("DeadlineReached", ev.DeadlineReached(CALL, "notice")),
    ("RescueEntered", ev.RescueEntered(CALL, "taken")),
    ("NoticePlayed", ev.NoticePlayed(CALL, complete=True)),
    ("RecordingStarted", ev.RecordingStarted(CALL)),
    ("QueueEntered", ev.QueueEntered(CALL, "hotline", 1)),
    ("QueueLeft", ev.QueueLeft(CALL)),
    ("AgentRung", ev.AgentRung(CALL, AGENT)),
    ("AgentMissed", ev.AgentMissed(CALL, AGENT)),
    ("AgentAnswered", ev.AgentAnswered(CALL, AGENT, LEG)),
    ("HoldStarted", ev.HoldStarted(CALL)),
    ("HoldEnded", ev.HoldEnded(CALL)),
    ("HangUpWanted", ev.HangUpWanted(CALL, "intent")),
    ("HangUpAsked", ev.HangUpAsked(CALL, "caller")),
    ("AgentLeft (farewell)", ev.AgentLeft(CALL, AGENT, LEG, 16)),
    ("AgentLeft (vanished, cause 44)", ev.AgentLeft(CALL, AGENT, LEG, VANISHED)),
    ("ResumeWanted", ev.ResumeWanted(CALL, "intent")),
    ("AgentAwaited", ev.AgentAwaited(CALL, AGENT)),
    ("AgentResumed", ev.AgentResumed(CALL, AGENT, LEG)),
    ("AgentNotBack", ev.AgentNotBack(CALL, AGENT)),
    ("DutyRung", ev.DutyRung(CALL)),
    ("DutyAnswered", ev.DutyAnswered(CALL)),
    ("CallbackNoted", ev.CallbackNoted(CALL)),
    ("CitizenAnswered", out.CitizenAnswered(CALL, "PJSIP/trunk-demo-00000002")),
    ("TalkStarted", out.TalkStarted(CALL)),
    ("DialFailed", out.DialFailed(CALL, "busy")),
    ("CallAdopted (as talking)", ev.CallAdopted(CALL, "12328", "", "12328", "", "talking", NOW, AGENT, LEG)),
    ("StageEntered (three)", StageEntered(CALL, "three", AGENT, LEG)),
    ("StageEntered (alone)", StageEntered(CALL, "alone", lost_by=AGENT)),
    ("CallEnded", ev.CallEnded(CALL, 16)),
)


RULES = Rules(("hotline", "second"), 15.0)
AGENT_SAMPLES: tuple[tuple[str, ae.AgentEvent], ...] = (
    ("MemberSeen (free)", ae.MemberSeen(AGENT, "hotline", True, reachable=True)),
    ("MemberSeen (paused)", ae.MemberSeen(AGENT, "hotline", True, paused=True, reason="meal", reachable=True)),
    ("MemberSeen (fresh)", ae.MemberSeen(AGENT, "hotline", True, reachable=True, last_call=0.0)),
    ("MemberSeen (absent)", ae.MemberSeen(AGENT, "hotline", False)),
    ("CallsSeen (rung)", ae.CallsSeen(AGENT, "c1", "")),
    ("CallsSeen (talks)", ae.CallsSeen(AGENT, "", "c1")),
    ("CallsSeen (none)", ae.CallsSeen(AGENT, "", "")),
    ("RingMissed", ae.RingMissed(AGENT, "rejected")),
    ("WrapUpOver", ae.WrapUpOver(AGENT)),
    ("ClockSetBack", ae.ClockSetBack(AGENT)),
    ("ReadyAsked", ae.ReadyAsked(AGENT, "intent")),
    ("QueuesAsked", ae.QueuesAsked(AGENT, "intent", ("second",))),
    ("PauseAsked", ae.PauseAsked(AGENT, "intent", "meal")),
    ("SignOutAsked", ae.SignOutAsked(AGENT, "intent")),
)


def table() -> str:
    """Rows are events, columns are phases; a cell is the phase after the event."""
    lines = [f"| event | {' | '.join(PHASES)} |", "|---" * (len(PHASES) + 1) + "|"]
    for label, event in SAMPLES:
        lines.append(f"| {label} | {' | '.join(_after(phase, event) for phase in PHASES)} |")
    return "\n".join(lines)


def unlisted() -> frozenset[str]:
    """Events that a phase handles and the table does not show; empty unless an event was added without a sample."""
    shown = {type(event).__name__ for _, event in SAMPLES}
    return frozenset().union(*HANDLED.values()) - shown


def _after(phase: str, event: ev.CallEvent) -> str:
    if type(event).__name__ not in HANDLED[phase]:
        return "–"
    call = Call(CALL, "12328", "", "12328", "", phase, NOW, NOW, agent=AGENT, agent_channel=LEG, deadlines={"notice": NOW})
    after, _ = step(call, event, NOW)
    if after is None:
        return "over"
    return "stays" if after.phase == phase else f"**{after.phase}**"


def agent_table() -> str:
    """Rows are events, columns are an agent's states; a cell is the state after the event."""
    lines = [f"| event | {' | '.join(agents.STATES)} |", "|---" * (len(agents.STATES) + 1) + "|"]
    for label, event in AGENT_SAMPLES:
        lines.append(f"| {label} | {' | '.join(_agent_after(state, event) for state in agents.STATES)} |")
    return "\n".join(lines)


def agent_in(state: str) -> Agent:
    """A member of one queue in this state; after-call work and its end have just come."""
    member = Member(state == "paused", "meal" if state == "paused" else "", True, NOW if state == "wrap_up" else 0.0)
    return Agent(
        AGENT, NOW, {} if state == "offline" else {"hotline": member},
        ringing="c1" if state == "ringing" else "", talking="c1" if state == "talking" else "",
    )  # fmt: skip


def _agent_after(state: str, event: ae.AgentEvent) -> str:
    if type(event).__name__ not in agents.HANDLED[state]:
        return "–"
    after, _ = agents.step(agent_in(state), event, NOW, RULES)
    return "stays" if after.state == state else f"**{after.state}**"


if __name__ == "__main__":
    print(table())
    print()
    print(agent_table())
