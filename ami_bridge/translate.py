"""AMI packets to the events of the domain; pure. A packet that means nothing to a call or an agent gives none."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from ami_bridge.protocol import Packet
from hotline_core.domain import agent_events as ae
from hotline_core.domain import events as ev
from hotline_core.domain import outgoing_events as out
from hotline_core.domain.agents import WRAP_UP
from hotline_core.domain.events import Event
from hotline_core.domain.pause_events import LegRecorded, RecordingSilenced
from hotline_core.domain.queue_events import PlaceLeft

REASONS = {"Auto-Pause": "missed"}  # app_queue's own word for a member who missed or refused a ring
CALL_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # Asterisk's unique id behind its system name; the desk's API takes no other
AGENT = re.compile(r"(?:PJSIP/)?agent-([0-9]{1,10})(?:-.*)?")
LONGEST_NUMBER = 40  # E.164 has 15 digits; a longer "number" is an attack or a mistake
THIRD = "third-"  # begins the unique id of a third's channel
UNREACHABLE = ("4", "5")  # AST_DEVICE_INVALID, AST_DEVICE_UNAVAILABLE


def translate(packet: Packet) -> list[Event]:
    """The domain events one packet stands for, in order; the call id is the dialplan's CALLREF."""
    name = packet.text("Event")
    if name == "UserEvent":
        return _user_event(packet)
    if name in ("QueueMemberStatus", "QueueMemberAdded", "QueueMemberPause", "QueueMemberRemoved"):
        return [*_member(packet, name != "QueueMemberRemoved", 0.0 if name == "QueueMemberAdded" else None)]
    if name == "OriginateResponse":
        agent = agent_of(packet.text("Channel"))
        failed = packet.text("Response") == "Failure" and packet.text("Context") == "outgoing"
        return [out.DialDropped(agent)] if agent and failed else []
    call_id = packet.variable("CALLREF")
    is_agent = bool(agent_of(packet.text("Channel")))
    if not CALL_ID.fullmatch(call_id):
        return []
    if packet.text("Uniqueid").startswith(THIRD) and not (name == "Hangup" and is_agent):
        return []  # none of the call's own legs (translate_join.py), but of a colleague who took the call over
    # of a call to a citizen the agent's leg bears the call's id, and the citizen's own the mark CITIZEN
    is_caller = packet.text("Uniqueid") in (call_id, packet.variable("CITIZEN")) and not is_agent
    match name:
        case "AsyncAGIStart":
            return [ev.MenuReady(call_id)]
        case "QueueCallerJoin":
            return [ev.QueueEntered(call_id, packet.text("Queue"), whole(packet.text("Position")))]
        case "QueueCallerLeave":
            return [PlaceLeft(call_id, packet.text("Queue"))]  # AgentConnect, Hangup or the dialplan tell why
        case "AgentCalled":
            return [ev.AgentRung(call_id, agent_of(packet.text("Interface")))]
        case "AgentRingNoAnswer":
            return [ev.AgentMissed(call_id, agent_of(packet.text("Interface")))]
        case "AgentConnect":
            return [ev.AgentAnswered(call_id, agent_of(packet.text("Interface")), packet.text("DestChannel"))]
        case "Hold" if not is_caller:
            return [ev.HoldStarted(call_id)]
        case "Unhold" if not is_caller:
            return [ev.HoldEnded(call_id)]
        case "MixMonitorMute" if is_caller:
            return [RecordingSilenced(call_id, packet.text("Channel"), packet.text("State") == "1")]
        case "HangupRequest":
            leg = "agent" if is_agent else "duty"
            return [ev.HangUpAsked(call_id, "caller" if is_caller else leg, cause(packet.text("Cause")))]
        case "Hangup" if is_caller:
            return [ev.CallEnded(call_id, cause(packet.text("Cause")))]
        case "Hangup":
            channel = packet.text("Channel")
            return [ev.AgentLeft(call_id, agent_of(channel), channel, cause(packet.text("Cause")))]
    return []


def agi_result(packet: Packet) -> tuple[str, bool] | None:
    """(CommandId, played to its end) of an AsyncAGIExec event, None for other packets."""
    if packet.text("Event") != "AsyncAGIExec":
        return None
    result = unquote_plus(packet.text("Result"))
    return packet.text("CommandId"), result.startswith("200 result=") and not result.startswith("200 result=-1")


def agent_of(interface: str) -> str:
    """The extension in PJSIP/agent-1001 or in PJSIP/agent-1001-0000002a; empty if it is no agent's."""
    found = AGENT.fullmatch(interface)
    return found[1] if found else ""


def _user_event(packet: Packet) -> list[Event]:
    call_id = packet.variable("CALLREF")
    if not CALL_ID.fullmatch(call_id):
        return []
    match packet.text("UserEvent"):
        case "HotlineArrived":
            return [
                ev.CallArrived(
                    call_id, packet.text("Line"), _number(packet.text("CallerIDNum")),
                    _number(packet.text("Dialled")), packet.text("Channel"), packet.text("Withheld") == "yes",
                )
            ]
        case "HotlineDial":
            return _dial(call_id, packet)
        case "HotlineRescue":
            return [ev.RescueEntered(call_id, packet.text("Reason"))]
        case "HotlineNoticed":
            return [ev.NoticePlayed(call_id, packet.text("Status") == "SUCCESS")]
        case "HotlineRoom":  # of the places only that a third's recording has begun; the others: translate_join.py
            is_third = packet.text("State") == "entered" and packet.text("Role") == "third"
            return [LegRecorded(call_id, packet.text("Channel"))] if is_third else []
        case "HotlineRecording":
            return [ev.RecordingStarted(call_id)]
        case "HotlineEmpty":
            return [ev.QueueLeft(call_id)]
        case "HotlineParty":
            party = packet.text("Party")
            attempt, number, trunk = whole(packet.text("Attempt")), packet.text("Number"), packet.text("Trunk")
            missed = (packet.text("Result") or "unavailable", whole(packet.text("Cause")))
            steps: dict[str, Event] = {
                "rung": ev.PartyRung(call_id, party, packet.text("Urgent") == "yes"), "answered": ev.PartyAnswered(call_id, party),
                "dialled": ev.PartyDialled(call_id, party, attempt, whole(packet.text("Of")), number, trunk),
                "missed": ev.PartyMissed(call_id, party, attempt, *missed),
                "failed": ev.PartyFailed(call_id, party, packet.text("Urgent") == "yes"),
            }  # fmt: skip
            step = steps.get(packet.text("State"))
            return [step] if step else []
        case "HotlineRecover":
            agent = packet.text("Agent")
            turns: dict[str, Event] = {
                "waiting": ev.AgentAwaited(call_id, agent), "failed": ev.AgentNotBack(call_id, agent),
                "resumed": ev.AgentResumed(call_id, agent, packet.text("Channel")),
            }  # fmt: skip
            turn = turns.get(packet.text("State"))
            return [turn] if turn else []
        case "HotlineDuty":
            states: dict[str, Event] = {
                "rung": ev.DutyRung(call_id), "answered": ev.DutyAnswered(call_id), "callback": ev.CallbackNoted(call_id),
            }  # fmt: skip
            known = states.get(packet.text("State"))
            return [known] if known else []
        case "HotlineEnding":  # the dialplan hangs up, and nobody asked for it
            return [ev.HangUpAsked(call_id, "system")]
    return []


def _dial(call_id: str, packet: Packet) -> list[Event]:
    channel = packet.text("Channel")
    match packet.text("State"):
        case "begun":
            number, about = _number(packet.text("Number")), packet.text("About")
            return [out.CallDialled(call_id, packet.text("Line"), number, packet.text("Agent"), channel, about)]
        case "answered":
            return [out.CitizenAnswered(call_id, channel)]
        case "talking":
            return [out.TalkStarted(call_id)]
        case "failed":
            return [out.DialFailed(call_id, packet.text("Reason"))]
    return []


def _member(packet: Packet, present: bool, last_call: float | None = None) -> list[ae.MemberSeen]:
    agent, queue = agent_of(packet.text("Interface") or packet.text("Location")), packet.text("Queue")
    if not agent or not queue:
        return []
    return [
        ae.MemberSeen(
            agent, queue, present, packet.text("Paused") == "1",
            REASONS.get(packet.text("PausedReason"), packet.text("PausedReason")),
            present and packet.text("Status") not in UNREACHABLE, last_call,
        )
    ]  # fmt: skip


def member_of_list(packet: Packet) -> list[ae.MemberSeen]:
    """The member a QueueMember entry of QueueStatus stands for."""
    paused_for_wrap_up = packet.text("Paused") == "1" and packet.text("PausedReason") == WRAP_UP
    return _member(packet, True, float(max(0, whole(packet.text("LastPause" if paused_for_wrap_up else "LastCall")))))


def _number(text: str) -> str:
    """A caller's number; empty for AMI's `<unknown>` of a caller who withholds it."""
    return "" if text == "<unknown>" else text[:LONGEST_NUMBER]


def whole(text: str) -> int:
    """A whole number as Asterisk writes it, 0 for anything else."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else 0


def cause(text: str) -> int:
    """A cause of release (Q.850, 0 to 127), 0 for anything else."""
    return whole(text) if whole(text) in range(128) else 0
