"""Commands of the domain as AMI actions; pure. One command is one or more actions in order."""

from __future__ import annotations

from collections.abc import Sequence

from hotline_core.domain import commands as cmd
from hotline_core.domain.dialling import RING_S

PAUSES = "hlpause"  # in Asterisk's own database, by call id: until, since, agent
Action = tuple[str, tuple[tuple[str, str], ...]]


def actions_for(command: cmd.Command, command_id: str) -> Sequence[Action]:
    """The actions of a command."""
    match command:
        case cmd.BeginMenu():
            return []  # the menus ask their own questions
        case cmd.SendToQueue():
            return [
                _set(command.channel, "NOTICE", "done"),
                _set(command.channel, "NEXT", "queue"),
                ("AGI", (("Channel", command.channel), ("Command", "ASYNCAGI BREAK"), ("CommandID", command_id))),
            ]
        case cmd.SendToParty():
            return [
                _set(command.channel, "NOTICE", "done"),
                _set(command.channel, "PARTY", command.party),
                _set(command.channel, "NEXT", "party"),
                ("AGI", (("Channel", command.channel), ("Command", "ASYNCAGI BREAK"), ("CommandID", command_id))),
            ]
        case cmd.LeaveMenu():
            return [("AGI", (("Channel", command.channel), ("Command", "ASYNCAGI BREAK"), ("CommandID", command_id)))]
        case cmd.TakeToQueue():
            return [take_to_queue(command.channel)]
        case cmd.HangUp():
            return [("Hangup", (("Channel", command.channel), ("Cause", str(command.cause))))]
        case cmd.CloseJournal():
            families = ("hlcall", *(("hlout",) if command.dialled else ()), "hlend")
            # an agent's leg may tell its end in the moment of the citizen's, too late for the dialplan to clear it away
            # and the mark of whose hands the caller was in stays where a full disk took no change; who answered is cleared
            # whatever we know: a call that is answered and ended while Asterisk cannot be asked is told without its answer
            trees = (("DBDelTree", (("Family", family), ("Key", command.call_id))) for family in ("hlans", "hlleg", "ivr"))
            return [*(("DBDel", (("Family", family), ("Key", command.call_id))) for family in families), *trees]
        case cmd.Dial():
            phone = interface(command.agent)
            variables = {
                "CALLREF": command.call_id, "LINE": command.line, "ABOUT": command.about,
                "PJSIP_HEADER(add,X-Call-Id)": command.call_id, "PJSIP_HEADER(add,X-Line)": command.line,
                "PJSIP_HEADER(add,X-Dial)": "yes",
            }  # fmt: skip
            return [
                ("Originate", (("Channel", phone), ("Context", "outgoing"), ("Exten", command.number), ("Priority", "1"),
                               ("Timeout", str(int(RING_S * 1000))), ("CallerID", command.number), ("ChannelId", command.call_id),
                               ("Codecs", "opus,alaw,ulaw"), ("Async", "true"),
                               *(("Variable", f"{name}={value}") for name, value in variables.items()))),
            ]  # fmt: skip
        case cmd.JoinQueue():
            phone = interface(command.agent)
            steps = [_no_wrap_up(command.agent)]
            for queue in command.queues:
                # a fresh member has no last call, so no after-call work; queue by queue, so that a member of two is never of none
                steps += [_remove(queue, phone)] if command.fresh else []
                steps.append(_add(queue, command.agent))
            return [*steps, ("QueuePause", (("Interface", phone), ("Paused", "false")))]
        case cmd.AddToQueues():
            pause = (("Paused", "true"), ("Reason", one_line(command.reason))) if command.paused else (("Paused", "false"),)
            return [_add(queue, command.agent, pause) for queue in command.queues]
        case cmd.PauseMember():
            paused = (("Interface", interface(command.agent)), ("Paused", "true"), ("Reason", one_line(command.reason)))
            return [_no_wrap_up(command.agent), ("QueuePause", paused)]
        case cmd.LeaveQueue():
            return [_remove(queue, interface(command.agent)) for queue in command.queues]
        case cmd.Silence():
            # both: what the channel says and what it hears; the file's length goes on. Nobody in the call notices
            state = "1" if command.is_silent else "0"
            return [("MixMonitorMute", (("Channel", command.channel), ("Direction", "both"), ("State", state)))]
        case cmd.KeepPause():
            since = "" if command.since is None else str(int(command.since))
            kept = f"{int(command.until)},{since},{command.agent}"
            return [("DBPut", (("Family", PAUSES), ("Key", command.call_id), ("Val", kept)))]
        case cmd.ForgetPause():
            return [("DBDel", (("Family", PAUSES), ("Key", command.call_id)))]
        case cmd.Write() | cmd.Reply():
            return []


def take_to_queue(channel: str) -> Action:
    """Pull a caller who is in the menu out of it; the notice is heard first."""
    return "Redirect", (("Channel", channel), ("Context", "rescue"), ("Exten", "taken"), ("Priority", "1"))


def beat(counter: int) -> Action:
    """The heartbeat the watchdog must see change."""
    return _global("HB", str(counter))


def start_watchdog() -> Action:
    """A fresh watchdog; it takes the ownership over from one that hangs."""
    return (
        "Originate",
        (("Channel", "Local/s@watchdog/n"), ("Application", "Wait"), ("Data", "100000000"), ("Async", "true")),
    )


def interface(agent: str) -> str:
    """The queue member of an extension."""
    return f"PJSIP/agent-{agent}"


def one_line(text: str) -> str:
    """What a person typed, fit for one AMI value: no line breaks, at most 80 characters."""
    return " ".join(text.replace("\0", " ").split())[:80]


def _add(queue: str, agent: str, pause: tuple[tuple[str, str], ...] = (("Paused", "false"),)) -> Action:
    phone = interface(agent)
    member = (("Queue", queue), ("Interface", phone), ("MemberName", f"agent-{agent}"), ("StateInterface", phone))
    return "QueueAdd", (*member, *pause)


def _no_wrap_up(agent: str) -> Action:
    """The dialplan shall not end a pause that is not its own (extensions_agents.conf); refused where there is nothing to forget."""
    return "DBDel", (("Family", "hlwrap"), ("Key", agent))


def _remove(queue: str, phone: str) -> Action:
    return "QueueRemove", (("Queue", queue), ("Interface", phone))


def _set(channel: str, name: str, value: str) -> Action:
    return "Setvar", (("Channel", channel), ("Variable", name), ("Value", value))


def _global(name: str, value: str) -> Action:
    return "Setvar", (("Variable", name), ("Value", value))
