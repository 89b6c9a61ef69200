"""The AMI wire format (AMI 11, Asterisk 22): bytes in, packets out, and actions to bytes; no I/O, no clock.

A packet is lines `Key: value` ended by CRLF, packets are ended by an empty line. Bytes are framed before they are
decoded, so that a Chinese character cut by a TCP segment survives. Asterisk sends an extra CRLF after some events;
empty packets are therefore skipped. The greeting line of a fresh connection comes out as a packet of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hotline_core.errors import AmiError

BANNER = "Banner"
STAMP = re.compile(r"[0-9]{9,11}\.[0-9]{6}")
# C0 controls and DEL: no genuine value has any, a log's reader and PostgreSQL (NUL) stumble over them
CONTROL = re.compile(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n)")
CONTROLS = bytes(sign for sign in (*range(0x20), 0x7F) if sign not in b"\r\n")
LONGEST_PACKET = 1 << 20  # a line far beyond anything Asterisk sends: the peer is no Asterisk


class Packet(Mapping[str, str]):
    """One AMI packet; keys in order, repeated keys kept; `packet[key]` is the last value of a key."""

    __slots__ = ("_last", "_lines")

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        held = tuple(pairs)
        self._lines: Sequence[str] = [f"{key}: {value}" for key, value in held]
        self._last = dict(held)

    @classmethod
    def of_lines(cls, lines: Sequence[str]) -> Packet:
        """The packet of lines that all are `key: value`; ValueError if one is not. Twice as quick as by pairs."""
        packet = cls.__new__(cls)
        packet._last = dict([line.split(": ", 1) for line in lines])
        packet._lines = lines
        return packet

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Keys and values in the order they came, repeated keys too."""
        return tuple((key, value) for key, value in (line.split(": ", 1) for line in self._lines))

    def __contains__(self, key: object) -> bool:
        return key in self._last

    def __getitem__(self, key: str) -> str:
        return self._last[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def __repr__(self) -> str:
        return f"Packet({self.pairs!r})"

    def text(self, key: str) -> str:
        """The last value of a key, empty if it is not there."""
        return self._last.get(key, "")

    def all(self, key: str) -> list[str]:
        """Every value of a repeated key, in order."""
        head = f"{key}: "
        return [line[len(head) :] for line in self._lines if line.startswith(head)]

    def variable(self, name: str) -> str:
        """A channel variable sent along (`channelvars=` of manager.conf), empty if unset.

        The last one counts: Asterisk writes its own behind the caller's number, which a stranger chose.
        """
        head = f"ChanVariable: {name}="
        for line in reversed(self._lines):
            if line.startswith(head):
                return line[len(head) :]
        return ""

    @property
    def is_genuine(self) -> bool:
        """False for what can only be a piece of a packet: AMI does not escape line breaks in a caller's number.

        Every event of our manager.conf begins with these four keys (timestampevents, systemname).
        """
        if len(self._lines) < 4:
            return False
        event, privilege, when, system = self._lines[:4]
        is_begun = event.startswith("Event: ") and privilege.startswith("Privilege: ")
        is_dated = when.startswith("Timestamp: ") and system.startswith("SystemName: ")
        return is_begun and is_dated and STAMP.fullmatch(self._last["Timestamp"]) is not None


class Decoder:
    """Cuts a byte stream into packets; feed it any pieces."""

    def __init__(self) -> None:
        self._tail = b""
        self._greeted = False

    def feed(self, data: bytes) -> list[Packet]:
        """The packets completed by `data`; AmiError if the peer does not speak AMI."""
        self._tail += data
        packets = []
        if not self._greeted and b"\r\n" in self._tail:
            banner, self._tail = self._tail.split(b"\r\n", 1)
            if not banner.startswith(b"Asterisk Call Manager/"):
                raise AmiError("not_ami", reason="greeting")
            self._greeted = True
            packets.append(Packet([(BANNER, banner.decode("ascii", "replace"))]))
        if self._greeted:
            whole, end, tail = self._tail.rpartition(b"\r\n\r\n")
            if end:
                self._tail = tail
                read = _packet if _is_clean(whole) else _odd_packet
                packets += [packet for block in whole.split(end) if (packet := read(block)) is not None]
        if len(self._tail) > LONGEST_PACKET:
            raise AmiError("not_ami", reason="packet_too_long")
        return packets


def _is_clean(data: bytes) -> bool:
    """Whether there is no control character and no line break but CRLF."""
    breaks = data.count(b"\r\n")
    return data.count(b"\r") == breaks == data.count(b"\n") and len(data.translate(None, CONTROLS)) == len(data)


def _packet(block: bytes) -> Packet | None:
    try:
        return Packet.of_lines(block.decode("utf-8", "replace").split("\r\n"))
    except ValueError:  # a line that is not `key: value`
        return _odd_packet(block)


def _odd_packet(block: bytes) -> Packet | None:
    """A block of any bytes, line by line; None when no line has a colon."""
    pairs = []
    for line in CONTROL.sub("\ufffd".encode(), block).decode("utf-8", "replace").split("\r\n"):
        key, colon, value = line.partition(": ")
        if not colon:
            key, colon, value = line.partition(":")
        if colon:
            pairs.append((key, value))
    return Packet(pairs) if pairs else None


def encode(action: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """One action as bytes; AmiError `header_injection` if a value holds a line break (nothing is sent then)."""
    lines = [f"Action: {action}", *(f"{key}: {value}" for key, value in fields)]
    text = "\r\n".join(lines)
    if text.count("\r") != len(lines) - 1 or text.count("\n") != len(lines) - 1 or "\0" in text:
        odd = next(line for line in lines if any(sign in line for sign in "\r\n\0"))
        raise AmiError("header_injection", action=action, field=odd.partition(":")[0])
    return (text + "\r\n\r\n").encode()
