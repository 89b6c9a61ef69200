"""Owns SIP messages as values: how bytes become a request or a response and back; refuses sockets, timers, state."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

Headers: TypeAlias = tuple[tuple[str, str], ...]

_COMPACT = {
    "v": "Via",
    "f": "From",
    "t": "To",
    "i": "Call-ID",
    "m": "Contact",
    "c": "Content-Type",
    "l": "Content-Length",
    "k": "Supported",
    "s": "Subject",
}
_REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    501: "Not Implemented",
    603: "Decline",
}


class BadMessage(ValueError):
    """The datagram is not a SIP message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What requests and responses share: headers in their order, and a body."""

    headers: Headers
    body: str = ""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of one header, in order."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def get(self, name: str) -> str | None:
        """The first value of one header, or None."""
        values = self.all(name)
        return values[0] if values else None

    def need(self, name: str) -> str:
        """The first value of a header that a valid message has."""
        value = self.get(name)
        if value is None:
            raise BadMessage(f"no {name} header")
        return value

    @property
    def call_id(self) -> str:
        """The Call-ID, which names the call."""
        return self.need("Call-ID")

    @property
    def cseq(self) -> int:
        """The number of the CSeq header."""
        return int(self.need("CSeq").split()[0])

    @property
    def cseq_method(self) -> str:
        """The method of the CSeq header."""
        return self.need("CSeq").split()[1]

    @property
    def branch(self) -> str:
        """The branch of the top Via, which names the transaction."""
        return parameter(self.need("Via").split(",")[0], "branch") or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Message):
    """A SIP request."""

    method: str
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Message):
    """A SIP response."""

    status: int
    reason: str


def parse(datagram: bytes) -> Request | Response:
    """Turn one UDP datagram into a message, or raise BadMessage."""
    head, _, rest = datagram.partition(b"\r\n\r\n")
    try:
        lines = re.sub(r"\r\n[ \t]+", " ", head.decode()).split("\r\n")
        headers = tuple(_header(line) for line in lines[1:] if line)
        length = next((int(value) for key, value in headers if key == "Content-Length"), len(rest))
        body = rest[:length].decode()
        first, second, third = lines[0].split(" ", 2)
    except ValueError as error:
        raise BadMessage(f"not SIP: {datagram[:40]!r}") from error
    if first == "SIP/2.0" and second.isdigit():
        message: Request | Response = Response(status=int(second), reason=third, headers=headers, body=body)
    elif third == "SIP/2.0":
        message = Request(method=first, uri=second, headers=headers, body=body)
    else:
        raise BadMessage(f"not SIP: {lines[0]!r}")
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        message.need(name)
    if not re.fullmatch(r"\d+\s+\S+", message.need("CSeq")):
        raise BadMessage("bad CSeq")
    return message


def build(message: Request | Response) -> bytes:
    """Turn a message into one UDP datagram; Content-Length is ours to write."""
    match message:
        case Request():
            first = f"{message.method} {message.uri} SIP/2.0"
        case Response():
            first = f"SIP/2.0 {message.status} {message.reason}"
    body = message.body.encode()
    lines = [first, *(f"{key}: {value}" for key, value in message.headers if key.lower() != "content-length")]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(one_line(line) for line in lines).encode() + b"\r\n\r\n" + body


def reply(request: Request, status: int, *, to_tag: str = "", reason: str = "", headers: Headers = (), body: str = "") -> Response:
    """The response to a request, with the headers RFC 3261 8.2.6.2 makes us copy."""
    to = request.need("To")
    if to_tag and parameter(to, "tag") is None:
        to = f"{to};tag={to_tag}"
    copied: list[tuple[str, str]] = [("Via", value) for value in request.all("Via")]
    if request.method == "INVITE":
        copied += [("Record-Route", value) for value in request.all("Record-Route")]
    copied += [("From", request.need("From")), ("To", to), ("Call-ID", request.call_id), ("CSeq", request.need("CSeq"))]
    return Response(
        status=status,
        reason=reason or _REASONS.get(status, "Unknown"),
        headers=(*copied, *headers),
        body=body,
    )


def new_branch() -> str:
    """A branch never used before, with the RFC 3261 cookie."""
    return "z9hG4bK" + secrets.token_hex(8)


def new_tag() -> str:
    """A From or To tag never used before."""
    return secrets.token_hex(6)


def parameter(value: str, name: str) -> str | None:
    """A parameter of a header, outside the angle brackets if it has them."""
    outside = value.rpartition(">")[2] if ">" in value else value
    found = re.search(rf";\s*{re.escape(name)}\s*=\s*\"?([^;,\s\"]+)", outside, re.IGNORECASE)
    return found.group(1) if found else None


def uri_in(value: str) -> str:
    """The URI of a From, To, Contact or Route header."""
    found = re.search(r"<([^>]*)>", value)
    return found.group(1) if found else value.split(";")[0].strip()


def user_in(value: str) -> str:
    """The user part of the URI of a header, empty if it has none."""
    found = re.match(r"(?:sips?|tel):([^@;>]*)", uri_in(value))
    return found.group(1) if found and ("@" in uri_in(value) or value.startswith("tel:")) else ""


def display_in(value: str) -> str:
    """The display name of a From or To header, empty if it has none."""
    name = value.partition("<")[0].strip() if "<" in value else ""
    if name.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name


def listed(values: Iterable[str]) -> tuple[str, ...]:
    """Several headers, or commas in one, as one tuple; commas inside <> do not split."""
    return tuple(part.strip() for value in values for part in re.split(r",(?![^<]*>)", value) if part.strip())


def name_address(uri: str, display: str | None) -> str:
    """A URI with its display name as From and To want it."""
    if display is None:
        return f"<{uri}>"
    escaped = one_line(display).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{uri}>'


def one_line(text: str) -> str:
    """The text without CR and LF, so that no value can become a header."""
    return text.replace("\r", " ").replace("\n", " ")


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise BadMessage(f"header without a colon: {line!r}")
    name = name.strip()
    known = _COMPACT.get(name.lower(), name)
    return ("Content-Length" if known.lower() == "content-length" else known), value.strip()
