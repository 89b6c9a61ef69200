"""Owns SIP that tortures a parser, scans, or lies (in the spirit of RFC 4475): datagrams by name, and spoilt ones; pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

NOWHERE: Final = "99990000"  # a number of no line: a torture call that is well-formed after all is refused, and rings nobody

_HEAD: Final = (
    ("Via", "SIP/2.0/UDP {host}:{port};branch=z9hG4bK{mark};rport"), ("Max-Forwards", "70"),
    ("From", '"13855709999" <sip:13855709999@{host}>;tag=t{mark}'), ("To", "<sip:{number}@{server}>"),
    ("Call-ID", "hostile-{mark}@{host}"), ("CSeq", "1 {method}"), ("Contact", "<sip:hostile@{host}:{port}>"),
)  # fmt: skip
_SDP: Final = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
)


def corpus(host: str, port: int, server: str) -> dict[str, bytes]:
    """Every named datagram, as sent from `host:port` to `server`."""

    def message(
        mark: str, method: str = "INVITE", *, body: str = _SDP, first: str = "", number: str = NOWHERE,
        without: tuple[str, ...] = (), more: tuple[tuple[str, str], ...] = (), length: str | None = None, **changed: str,
    ) -> bytes:  # fmt: skip
        facts = {"host": host, "port": str(port), "server": server, "mark": mark, "method": method, "number": number}
        heads = {name: value.format(**facts) for name, value in _HEAD if name not in without}
        heads |= {name.replace("_", "-"): value for name, value in changed.items()}
        said = [f"{name}: {value}" for name, value in (*heads.items(), *more)]
        lines = [first or f"{method} sip:{number}@{server} SIP/2.0", *said]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body.encode()) if length is None else length}")
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("utf-8", "surrogatepass")

    made = {
        "an empty datagram": b"",
        "line ends only": b"\r\n\r\n\r\n",
        "one byte": b"\x00",
        "random bytes": random.Random(4475).randbytes(1200),
        "HTTP on the SIP port": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "TLS on the SIP port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        "STUN": b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"a" * 12,
        "no headers": b"INVITE sip:99990000@127.0.0.1 SIP/2.0\r\n\r\n",
        "first line of 60,000 bytes": message("longline", first="INVITE sip:" + "9" * 60_000 + " SIP/2.0", body=""),
        "header of 50,000 bytes": message("longhead", more=(("Subject", "x" * 50_000),)),
        "2,000 headers": message("many", more=tuple((f"X-{number}", "y") for number in range(2000))),
        "500 Vias": message("vias", more=tuple(("Via", f"SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{n}") for n in range(500))),
        "folded headers everywhere": message("folded", more=(("Subject", "a\r\n b\r\n\tc"),)),
        "SIP/3.0": message("version", first=f"INVITE sip:{NOWHERE}@{server} SIP/3.0"),
        "a version of 400 digits": message("version2", first=f"INVITE sip:{NOWHERE}@{server} SIP/{'9' * 400}.0"),
        "unknown method": message("method", "NEWMETHOD", body=""),
        "method of 5,000 letters": message("longmethod", "X" * 5000, body=""),
        "no URI": message("nouri", first="INVITE SIP/2.0"),
        "URI with a NUL": message("nul", first=f"INVITE sip:{NOWHERE}\x00@{server} SIP/2.0"),
        "URI escaped to the bone": message("escaped", first=f"INVITE sip:%30%00%0d%0a%ff@{server} SIP/2.0"),
        "URI of another scheme": message("scheme", first="INVITE javascript:alert(1) SIP/2.0"),
        "tel URI": message("tel", first=f"INVITE tel:{NOWHERE};phone-context=+86 SIP/2.0"),
        "URI with headers": message("urihead", first=f"INVITE sip:{NOWHERE}@{server}?Route=%3Csip:127.0.0.1%3E SIP/2.0"),
        "no Via": message("novia", without=("Via",)),
        "no From": message("nofrom", without=("From",)),
        "no To": message("noto", without=("To",)),
        "no Call-ID": message("nocallid", without=("Call-ID",)),
        "no CSeq": message("nocseq", without=("CSeq",)),
        "no Contact": message("nocontact", without=("Contact",)),
        "CSeq beyond 2^31": message("cseq", CSeq="36893488147419103232 INVITE"),
        "CSeq of another method": message("cseq2", CSeq="1 BYE"),
        "CSeq that is no number": message("cseq3", CSeq="one INVITE"),
        "Max-Forwards 0": message("mf0", Max_Forwards="0"),
        "Max-Forwards -1": message("mf1", Max_Forwards="-1"),
        "Max-Forwards that is no number": message("mf2", Max_Forwards="a"),
        "Content-Length too large": message("cl1", length="9999"),
        "Content-Length negative": message("cl2", length="-999"),
        "Content-Length that is no number": message("cl3", length="0x10"),
        "Content-Length of 30 digits": message("cl4", length="9" * 30),
        "two Content-Lengths": message("cl5", more=(("Content-Length", "3"),)),
        "two Froms": message("from2", more=(("From", "<sip:other@127.0.0.1>;tag=x"),)),
        "two CSeqs": message("cseq4", more=(("CSeq", "2 INVITE"),)),
        "From with an open quote": message("quote", From='"13855709999 <sip:1@127.0.0.1>;tag=q'),
        "From with an open bracket": message("bracket", From="<sip:1@127.0.0.1;tag=b"),
        "From without a tag": message("notag", From="<sip:13855709999@127.0.0.1>"),
        "From with a tag of 5,000 letters": message("longtag", From=f"<sip:1@127.0.0.1>;tag={'t' * 5000}"),
        "From with line breaks in the user": message("crlf", From="<sip:1%0d%0aEvent:%20Hangup%0d%0a@127.0.0.1>;tag=c"),
        "From with bytes of no encoding": message("latin", From="LATIN <sip:1@x>;tag=l").replace(b"LATIN", b"\xff\xfe\xc3\x28"),
        "name with control characters": message("control", From='"\x01\x1b[2J\x7f" <sip:13855709999@127.0.0.1>;tag=x'),
        "name in 20,000 Chinese characters": message("chinese", From=f'"{"张" * 20_000}" <sip:1@127.0.0.1>;tag=z')[:65_000],
        "name that asks AMI": message("ami", From='"x\\\r\\\nAction: Originate" <sip:1@127.0.0.1>;tag=m'),
        "P-Asserted-Identity with line breaks": message("pai", more=(("P-Asserted-Identity", "<sip:1%0d%0aEvent@x>"),)),
        "Replaces a call that is not there": message("replaces", more=(("Replaces", "abc;to-tag=1;from-tag=2"),)),
        "Require of what nobody knows": message("require", more=(("Require", "nothing-that-exists"),)),
        "Route to elsewhere": message("route", more=(("Route", "<sip:127.0.0.99;lr>"),)),
        "Record-Route of 30,000 bytes": message("rr", more=(("Record-Route", "<sip:127.0.0.1;lr>," * 1500),)),
        "session timer of 1 s": message("timer", more=(("Session-Expires", "1"), ("Min-SE", "0"), ("Supported", "timer"))),
        "body that is no SDP": message("sdp1", body="this is no SDP"),
        "SDP of 40,000 streams": message("sdp2", body=_SDP + "m=audio 1 RTP/AVP 8\r\n" * 2000),
        "SDP with ports out of range": message("sdp3", body=_SDP.replace("40000", "999999999999")),
        "SDP without an address": message("sdp4", body=_SDP.replace("c=IN IP4 127.0.0.1\r\n", "")),
        "SDP with unknown codecs only": message("sdp5", body=_SDP.replace("AVP 8 101", "AVP 99").replace(":8 PCMA", ":99 X")),
        "SDP with a NUL": message("sdp6", body=_SDP.replace("s=-", "s=\x00")),
        "T.38 only": message("t38", body=_SDP.partition("m=")[0] + "m=image 4000 udptl t38\r\n"),
        "multipart body": message("multi", body="--x\r\n\r\n--x--", Content_Type="multipart/mixed;boundary=x"),
        "REGISTER as an agent without a password": message("reg", "REGISTER", body="", To=f"<sip:agent-1001@{server}>"),
        "REGISTER that takes all contacts away": message("reg2", "REGISTER", body="", Contact="*", more=(("Expires", "0"),)),
        "REGISTER with a stale answer": message(
            "reg3", "REGISTER", body="", To=f"<sip:agent-1001@{server}>",
            more=(("Authorization", 'Digest username="agent-1001", realm="hotline", nonce="0", uri="sip:x", response="0"'),),
        ),
        "scanner's OPTIONS": message("options", "OPTIONS", body="", From='"friendly-scanner" <sip:100@1.1.1.1>;tag=6'),
        "SUBSCRIBE": message("sub", "SUBSCRIBE", body="", more=(("Event", "presence"), ("Expires", "3600"))),
        "PUBLISH": message("pub", "PUBLISH", body="x", more=(("Event", "presence"),)),
        "MESSAGE": message("msg", "MESSAGE", body="rm -rf /", Content_Type="text/plain"),
        "REFER outside a call": message("refer", "REFER", body="", more=(("Refer-To", "<sip:00861000000@127.0.0.1>"),)),
        "INFO outside a call": message("info", "INFO", body="Signal=1", Content_Type="application/dtmf-relay"),
        "BYE of nobody's call": message("bye", "BYE", body="", To="<sip:1@127.0.0.1>;tag=nobody"),
        "CANCEL of nothing": message("cancel", "CANCEL", body=""),
        "ACK of nothing": message("ack", "ACK", body=""),
        "answer to nothing": message("answer", first="SIP/2.0 200 OK"),
        "answer with status 9999": message("answer2", first="SIP/2.0 9999 Odd"),
        "answer with a name of agent": message("answer3", first="SIP/2.0 180 Ringing", To="<sip:agent-1001@127.0.0.1>;tag=1"),
        "toll fraud": message("fraud", number="00972592277524"),
        "into a context of ours": message("context", number="taken"),
        "into a dialplan function": message("function", number="${SHELL(id)}"),
        "as if an agent": message("agent", From="<sip:agent-1001@127.0.0.1>;tag=a"),
        "as if a trunk": message("trunk", From="<sip:trunk-demo@127.0.0.1>;tag=a"),
    }  # fmt: skip
    return {name: datagram[:65_000] for name, datagram in made.items()}


def spoilt(seed: int, count: int, host: str, port: int, server: str) -> Iterator[bytes]:
    """`count` datagrams: pieces of the corpus cut, doubled, joined, with bytes changed."""
    dice = random.Random(seed)
    known = [data for data in corpus(host, port, server).values() if 0 < len(data) < 5000]
    for number in range(count):
        data = bytearray(dice.choice(known))
        for _ in range(dice.randrange(1, 12)):
            at = dice.randrange(len(data)) if data else 0
            match dice.randrange(5):
                case 0:
                    del data[at : at + dice.randrange(20)]
                case 1:
                    data[at:at] = dice.choice((b"\r\n", b"\x00", b"%", b'"', b"<", b";", b"\xff", b":", b" " * 50, b"9" * 30))
                case 2:
                    data[at:at] = data[at : at + dice.randrange(200)]
                case 3:
                    data += dice.choice(known)[dice.randrange(200) :]
                case _:
                    if data:
                        data[at] = dice.randrange(256)
        yield bytes(data[:65_000]).replace(b"z9hG4bK", b"z9hG4bK%d" % number, 1)
