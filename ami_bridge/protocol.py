"""The AMI wire format (AMI 11, Asterisk 22): bytes in, packets out, and actions to bytes; no I/O, no clock.

A packet is lines `Key: value` ended by CRLF, packets are ended by an empty line. Bytes are framed before they are
decoded, so that a Chinese character cut by a TCP segment survives. Asterisk sends an extra CRLF after some events;
empty packets are therefore skipped. The greeting line of a fresh connection comes out as a packet of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from hotline_core.errors import AmiError

BANNER = "Banner"
GENUINE_HEAD = ("Event", "Privilege", "Timestamp", "SystemName")
STAMP = re.compile(r"[0-9]{9,11}\.[0-9]{6}")
# C0 controls and DEL: no genuine value has any, a log's reader and PostgreSQL (NUL) stumble over them
CONTROL = re.compile(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n)")
LONGEST_PACKET = 1 << 20  # a line far beyond anything Asterisk sends: the peer is no Asterisk


class Packet(Mapping[str, str]):
    """One AMI packet; keys in order, repeated keys kept; `packet[key]` is the last value of a key."""

    __slots__ = ("_last", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = tuple(pairs)
        self._last = dict(self.pairs)

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
        return [value for name, value in self.pairs if name == key]

    def variable(self, name: str) -> str:
        """A channel variable sent along (`channelvars=` of manager.conf), empty if unset.

        The last one counts: Asterisk writes its own behind the caller's number, which a stranger chose.
        """
        for value in reversed(self.all("ChanVariable")):
            key, _, content = value.partition("=")
            if key == name:
                return content
        return ""

    @property
    def is_genuine(self) -> bool:
        """False for what can only be a piece of a packet: AMI does not escape line breaks in a caller's number.

        Every event of our manager.conf begins with these four keys (timestampevents, systemname).
        """
        return tuple(key for key, _ in self.pairs[:4]) == GENUINE_HEAD and bool(STAMP.fullmatch(self.text("Timestamp")))


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
            *whole, self._tail = self._tail.split(b"\r\n\r\n")
            packets += [packet for block in whole if (packet := _packet(block)) is not None]
        if len(self._tail) > LONGEST_PACKET:
            raise AmiError("not_ami", reason="packet_too_long")
        return packets


def _packet(block: bytes) -> Packet | None:
    pairs = []
    if CONTROL.search(block):
        block = CONTROL.sub("\ufffd".encode(), block)
    for line in block.split(b"\r\n"):
        if not line:
            continue
        key, colon, value = line.partition(b":")
        if colon:
            pairs.append((key.decode("utf-8", "replace"), value.removeprefix(b" ").decode("utf-8", "replace")))
    return Packet(pairs) if pairs else None


def encode(action: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """One action as bytes; AmiError `header_injection` if a value holds a line break (nothing is sent then)."""
    lines = [f"Action: {action}"]
    for key, value in fields:
        if any(sign in key + value for sign in "\r\n\0"):
            raise AmiError("header_injection", action=action, field=key)
        lines.append(f"{key}: {value}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
