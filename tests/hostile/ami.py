"""Owns AMI streams no Asterisk should send: captures torn, shuffled and spoilt, and packets invented from the same words; pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

GREETING: Final = b"Asterisk Call Manager/11.0.0\r\n"
END: Final = b"\r\n\r\n"
CAPTURES: Final = Path(__file__).resolve().parents[1] / "transcripts"
HEAD: Final = "Event: {}\r\nPrivilege: call,all\r\nTimestamp: 1795296633.546715\r\nSystemName: h1\r\n"
EVENTS: Final = (
    "UserEvent", "AsyncAGIStart", "AsyncAGIExec", "AsyncAGIEnd", "QueueCallerJoin", "QueueCallerLeave", "AgentCalled",
    "AgentRingNoAnswer", "AgentConnect", "AgentComplete", "Hold", "Unhold", "HangupRequest", "Hangup", "QueueMemberStatus",
    "QueueMemberAdded", "QueueMemberPause", "QueueMemberRemoved", "FullyBooted", "Newchannel", "DialEnd", "ContactStatus", "",
)  # fmt: skip
USER_EVENTS: Final = (
    "HotlineArrived", "HotlineRescue", "HotlineNoticed", "HotlineRecording", "HotlineEmpty", "HotlineParty", "HotlineRecover",
    "HotlineDuty", "HotlineUnknown",
)  # fmt: skip
KEYS: Final = (
    "Channel", "Uniqueid", "Linkedid", "CallerIDNum", "CallerIDName", "Line", "Dialled", "Queue", "Position", "Interface",
    "Location", "DestChannel", "Cause", "Paused", "PausedReason", "Status", "Agent", "State", "Party", "Urgent", "Reason",
    "CommandId", "Result", "ActionID", "Response", "EventList", "Membership", "Wrapuptime", "LastCall", "InCall", "Context",
    "ChannelStateDesc", "Key", "Val", "Value", "",
)  # fmt: skip
VALUES: Final = (
    "", "0", "1", "-1", "12328", "12345", "hotline", "second", "PJSIP/agent-1001", "PJSIP/agent-1001-0000002a", "PJSIP/agent-",
    "PJSIP/trunk-demo-00000001", "agent-1001", "1001", "yes", "waiting", "failed", "resumed", "rung", "answered", "callback",
    "SUCCESS", "200 result=0", "200+result%3D-1", "%ff%fe%zz", "99999999999999999999999999", "1e309", "NaN", "-0", "0x10",
    "١٢٣", "张三", "\ud7ff", "\x1b[31m", "a\x00b", "a\nb", "a\rb", "'; DROP TABLE calls;--", "{{7*7}}", "../../etc/passwd",
    "x" * 5000, "<unknown>", "Complete", "Error", "Success", "44", "16", "5", "4",
)  # fmt: skip
CALLS: Final = ("h1-1795296633.2", "h1-1.2", "h1-1.3", "h1-1.4", "", "x", "../h1", "h1-1.2\x00")


def streams(seed: int, count: int) -> Iterator[bytes]:
    """`count` streams behind a greeting; the same seed gives the same ones."""
    dice = random.Random(seed)
    captures = [path.read_bytes().removeprefix(GREETING) for path in sorted(CAPTURES.glob("*.ami"))]
    ways: tuple[Callable[[random.Random, list[bytes]], bytes], ...] = (_noise, _invented, _shuffled, _spoilt, _spliced)
    for _ in range(count):
        yield dice.choice(ways)(dice, captures)


def pieces(dice: random.Random, data: bytes) -> Iterator[bytes]:
    """The stream in a few pieces of any length, as TCP may bring it."""
    cuts = sorted(dice.randrange(len(data) + 1) for _ in range(dice.randrange(8)))
    for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        yield data[begin:end]


def _noise(dice: random.Random, _captures: list[bytes]) -> bytes:
    """Any bytes, with line ends more often than chance has them."""
    parts = [dice.randbytes(dice.randrange(60)) + dice.choice((b"\r\n", b"\n", b"\r", b": ", END, b"")) for _ in range(20)]
    return b"".join(parts)


def _invented(dice: random.Random, _captures: list[bytes]) -> bytes:
    """Packets of the right form with words of the right language in the wrong places."""
    packets = []
    for _ in range(dice.randrange(1, 25)):
        lines = [HEAD.format(dice.choice(EVENTS)), f"ChanVariable: CALLREF={dice.choice(CALLS)}\r\n"]
        if dice.random() < 0.5:
            lines.append(f"UserEvent: {dice.choice(USER_EVENTS)}\r\n")
        lines += [f"{dice.choice(KEYS)}: {dice.choice(VALUES)}\r\n" for _ in range(dice.randrange(12))]
        if dice.random() < 0.5:
            lines.append(f"Uniqueid: {dice.choice(CALLS)}\r\n")
        packets.append("".join(lines).encode("utf-8", "surrogatepass") + b"\r\n")
    return b"".join(packets)


def _shuffled(dice: random.Random, captures: list[bytes]) -> bytes:
    """A stretch of a real call in another order, with repeats and holes."""
    packets = dice.choice(captures).split(END)
    begin = dice.randrange(len(packets))
    stretch = packets[begin : begin + dice.randrange(1, 40)]
    return END.join(dice.choices(stretch, k=len(stretch) + 2)) + END


def _spoilt(dice: random.Random, captures: list[bytes]) -> bytes:
    """A stretch of a real call with single bytes and values changed."""
    packets = dice.choice(captures).split(END)
    begin = dice.randrange(len(packets))
    spoilt = bytearray(END.join(packets[begin : begin + dice.randrange(1, 25)]) + END)
    for _ in range(dice.randrange(1, 20)):
        at = dice.randrange(len(spoilt))
        if dice.random() < 0.5:
            spoilt[at] = dice.randrange(256)
        else:
            spoilt[at:at] = dice.choice(VALUES).encode("utf-8", "surrogatepass")
    return bytes(spoilt)


def _spliced(dice: random.Random, captures: list[bytes]) -> bytes:
    """Two calls torn apart anywhere and put together."""
    first, second = dice.choice(captures), dice.choice(captures)
    one, other = dice.randrange(len(first)), dice.randrange(len(second))
    return first[one : one + dice.randrange(3000)] + second[other : other + dice.randrange(3000)]
