"""Owns what the open Internet sends to a SIP port: scanners, and messages cut, turned and lying; by the dice it is given."""

from __future__ import annotations

import random
import re

from tests.sip.wire import Address

CITIZEN = "13855709123"  # who calls in each of them; no log may hold it


def invite(server: Address, dice: random.Random) -> bytes:
    """A sound INVITE, to be broken."""
    number = dice.randrange(10**8)
    body = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
    return (
        f"INVITE sip:12345@{server[0]}:{server[1]} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9:5999;branch=z9hG4bK{number};rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:{CITIZEN}@127.0.0.9>;tag={number}\r\nTo: <sip:12345@{server[0]}>\r\n"
        f"Call-ID: scan-{number}\r\nCSeq: 1 INVITE\r\nContact: <sip:100@127.0.0.9:5999>\r\nContent-Type: application/sdp\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def scans(server: Address, dice: random.Random) -> list[bytes]:
    """What scanners send all day: OPTIONS, REGISTER for likely extensions, INVITE abroad."""
    good = invite(server, dice).decode()
    asked = [good.replace("INVITE", method) for method in ("OPTIONS", "REGISTER", "SUBSCRIBE", "MESSAGE", "REFER", "BYE", "CANCEL")]
    users = ("00972597000000", "900442037690000", "+", "%00", "a" * 900)
    asked += [good.replace("sip:12345@", f"sip:{user}@", 1) for user in users]
    return [text.replace("scan-", f"scan-{place}-").encode() for place, text in enumerate(asked)]


def broken(good: bytes, dice: random.Random) -> list[bytes]:
    """One message cut, with bytes turned, with headers doubled, with lengths that lie."""
    found = [b"", b"\r\n\r\n", b"\x00" * 64, dice.randbytes(1200), b"SIP/2.0 200 OK\r\n\r\n"]
    found += [good[: dice.randrange(1, len(good))] for _ in range(20)]
    for _ in range(40):
        turned = bytearray(good)
        for _ in range(dice.randrange(1, 12)):
            turned[dice.randrange(len(turned))] = dice.randrange(256)
        found.append(bytes(turned))
    for length in (b"-1", b"99999999", b"x", b"0"):
        found.append(re.sub(rb"Content-Length: \d+", b"Content-Length: " + length, good))
    found.append(good.replace(b"Via:", b"Via: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bK1\r\nVia:" * 50, 1))
    found.append(good.replace(b"m=audio 4000", b"m=audio 99999"))
    return found
