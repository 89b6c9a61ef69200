"""Owns the one kind of SDP that our telephone speaks: one audio stream, PCMA or PCMU, and telephone-event; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Direction: TypeAlias = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

PCMU, PCMA = 0, 8
_NAMES = {PCMU: "PCMU", PCMA: "PCMA"}
TELEPHONE_EVENT = 101
_MIRROR: dict[str, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


@dataclass(frozen=True, slots=True)
class Media:
    """Where one side wants its audio, and how; event_payload None means it takes no RFC 4733 digits."""

    host: str
    port: int
    codecs: tuple[int, ...] = (PCMA,)
    event_payload: int | None = TELEPHONE_EVENT
    direction: Direction = "sendrecv"

    @property
    def wants_audio(self) -> bool:
        """Whether the other side of this description should send."""
        return self.port != 0 and self.direction in ("sendrecv", "recvonly") and self.host != "0.0.0.0"


class BadSdp(ValueError):
    """The body has no audio stream that we understand."""


def read(body: str) -> Media:
    """The first audio stream of a session description."""
    session, _, rest = body.replace("\r\n", "\n").partition("\nm=audio ")
    if not rest:
        raise BadSdp("no audio stream")
    audio = rest.split("\nm=")[0]
    words = audio.split("\n")[0].split()
    host = re.search(r"^c=IN IP4 (\S+)", audio, re.MULTILINE) or re.search(r"^c=IN IP4 (\S+)", session, re.MULTILINE)
    if host is None or len(words) < 3 or not words[0].isdigit():
        raise BadSdp("no IPv4 address or no port")
    event = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", audio, re.MULTILINE | re.IGNORECASE)
    way = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)\s*$", audio, re.MULTILINE)
    way = way or re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)\s*$", session, re.MULTILINE)
    return Media(
        host=host.group(1),
        port=int(words[0]),
        codecs=tuple(int(word) for word in words[2:] if word in (str(PCMA), str(PCMU))),
        event_payload=int(event.group(1)) if event else None,
        direction=_MIRROR[_MIRROR[way.group(1)]] if way else "sendrecv",
    )


def write(media: Media, *, session_id: int, version: int = 1) -> str:
    """Our session description."""
    formats = [str(codec) for codec in media.codecs] + ([str(media.event_payload)] if media.event_payload is not None else [])
    lines = [
        "v=0",
        f"o=- {session_id} {version} IN IP4 {media.host}",
        "s=-",
        f"c=IN IP4 {media.host}",
        "t=0 0",
        f"m=audio {media.port} RTP/AVP {' '.join(formats)}",
        *(f"a=rtpmap:{codec} {_NAMES[codec]}/8000" for codec in media.codecs),
    ]
    if media.event_payload is not None:
        lines += [f"a=rtpmap:{media.event_payload} telephone-event/8000", f"a=fmtp:{media.event_payload} 0-16"]
    return "\r\n".join([*lines, "a=ptime:20", f"a={media.direction}", ""])


def answering(offer: Media, *, host: str, port: int, codec: int = PCMA) -> Media:
    """Our side of an offer: its own telephone-event number, its direction seen from here."""
    return Media(host=host, port=port, codecs=(codec,), event_payload=offer.event_payload, direction=_MIRROR[offer.direction])
