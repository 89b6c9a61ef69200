"""Commands about a call with a third on the line as AMI actions; pure. One command is one or more actions in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ami_bridge.actions import Action, interface
from ami_bridge.translate_join import MUTE_EVENT
from hotline_core.domain import commands as cmd
from transfer import commands as tc

ROOM = "room"  # the dialplan's context (extensions_room.conf): one extension a role
KEY_MS, BETWEEN_KEYS_MS = 100, 150
KEY_S = (KEY_MS + BETWEEN_KEYS_MS) / 1000  # from one key to the next (seconds)
SILENT = "-32000"  # func_volume divides each sample by it
PAGE_ANSWERS_S = 8  # a page that is called into the room again answers by itself within one


def actions_for(command: tc.JoinCommand, shown: Mapping[str, str]) -> Sequence[Action]:
    """The actions of a command; `shown` is each line's number as others see it."""
    match command:
        case tc.Move():
            return [("Redirect", _places(command.places))]
        case tc.DialThird():
            # known while it rings, so that who it is dialled for is not given up (extensions_room.conf)
            ringing = (("Family", f"hljoin/{command.call_id}"), ("Key", "dialled"), ("Val", command.third))
            return [("DBPut", ringing), _third(command, shown)]
        case tc.HangUpThird():
            # an agent who says goodbye right after it means it (extensions_room.conf, leg-left)
            return [_set(command.third, "DROPPED", "yes"), ("Hangup", (("Channel", command.third), ("Cause", "16")))]
        case tc.Promote():
            return [
                _set(command.channel, "ROLE", "agent"),
                ("DBPut", (("Family", f"hljoin/{command.call_id}"), ("Key", "agent"), ("Val", command.channel))),
                ("DBDel", (("Family", f"hljoin/{command.call_id}"), ("Key", "third"))),
            ]
        case tc.MuteLeg():
            # not ConfbridgeMute: that one takes the words out of the recording too; undone by the dialplan's `heard` at each move
            state = "muted" if command.is_muted else "heard"
            told = (("UserEvent", MUTE_EVENT), ("Call", command.call_id), ("Leg", command.channel), ("State", state))
            return [
                _set(command.channel, "MUTED", "yes" if command.is_muted else ""),
                ("UserEvent", told),
                _set(command.channel, "VOLUME(RX)", SILENT if command.is_muted else "0"),
            ]
        case tc.SendDigits():
            # not SendDTMF: its thread reads the third's channel beside the room's, and ate the end of a third who hung up under it:
            # the citizen stayed in the room with nobody. PlayDTMF holds this link up while a key is down, and reads nothing
            key = (("Channel", command.channel), ("Duration", str(KEY_MS)))
            return [("PlayDTMF", (*key, ("Digit", digit))) for digit in command.digits]
        case tc.SetVariables():
            return [_set(command.channel, name, value) for name, value in command.variables]
        case tc.Rejoin():
            variables = (
                ("CALLREF", command.call_id), ("LINE", command.line), ("ROLE", "agent"),
                *_headers(command.call_id, command.line, "X-Resume"),
            )  # fmt: skip
            return [_originate(interface(command.agent), "agent", PAGE_ANSWERS_S, shown.get(command.line, command.line), variables)]
        case cmd.HangUp():
            return [("Hangup", (("Channel", command.channel), ("Cause", str(command.cause))))]
        case tc.Tell() | cmd.Write() | cmd.Reply():
            return []


def keys_s(digits: str) -> float:
    """How long these keys are played, with the pause before the next ones (seconds)."""
    return 0.3 + len(digits) * KEY_S


def _third(command: tc.DialThird, shown: Mapping[str, str]) -> Action:
    variables = [("CALLREF", command.call_id), ("LINE", command.line), ("ROLE", "third"), ("WAY", command.way)]
    if command.agent:
        phone = interface(command.agent)
        variables += _headers(command.call_id, command.line, "X-Consult")
    else:
        phone = f"PJSIP/{command.number}@trunk-{command.trunk}"
    return _originate(phone, "third", command.rings_s, shown.get(command.line, command.line), variables, command.third)


def _originate(
    phone: str, role: str, rings_s: float, caller: str, variables: Sequence[tuple[str, str]], channel_id: str = ""
) -> Action:
    # ActionID: whoever cannot be called at all has no channel, and only the answer to this action tells it
    named = (("ChannelId", channel_id), ("ActionID", channel_id)) if channel_id else ()
    is_agent = phone.startswith("PJSIP/agent-")
    return "Originate", (
        ("Channel", phone), ("Context", ROOM), ("Exten", role), ("Priority", "1"), ("Timeout", str(int(rings_s * 1000))),
        ("CallerID", f"<{caller}>"), ("Async", "true"), *named,
        # Opus first, as in agent-leg; a trunk takes what its own agreement names
        ("Codecs", "opus,alaw,ulaw" if is_agent else "alaw,ulaw"),
        *(("Variable", f"{name}={value}") for name, value in variables),
    )  # fmt: skip


def _headers(call_id: str, line: str, mark: str) -> list[tuple[str, str]]:
    headers = {"X-Call-Id": call_id, "X-Line": line, mark: "yes"}
    return [(f"PJSIP_HEADER(add,{name})", value) for name, value in headers.items()]


def _places(places: Sequence[tc.Place]) -> tuple[tuple[str, str], ...]:
    fields: list[tuple[str, str]] = []
    for prefix, place in zip(("", "Extra"), places, strict=False):
        values = {"Channel": place.channel, "Context": place.context, "Exten": place.extension, "Priority": "1"}
        fields += [(f"{prefix}{name}", value) for name, value in values.items()]
    return tuple(fields)


def _set(channel: str, name: str, value: str) -> Action:
    return "Setvar", (("Channel", channel), ("Variable", name), ("Value", value))
