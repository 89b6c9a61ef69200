"""Owns what a browser would never send: raw HTTP requests and websocket frames, by name; pure."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

DEEP = 100_000


def requests(host: str, cookie: str) -> dict[str, bytes]:
    """Raw requests to the front by name; `cookie` is a signed-in agent's, sent where the request needs one to get far."""

    def request(line: str, *heads: str, body: bytes = b"", length: int | None = None) -> bytes:
        size = [f"Content-Length: {len(body) if length is None else length}"] if body or length is not None else []
        lines = [line, f"Host: {host}", "Connection: close", *size, *heads]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + body

    signed = (f"Cookie: {cookie}", "X-Hotline: 1", f"Origin: http://{host}")
    typed = (*signed, "Content-Type: application/json")

    def put(body: bytes, *heads: str, path: str = "/api/drafts/h1-1.2") -> bytes:
        return request(f"PUT {path} HTTP/1.1", *(heads or typed), body=body)

    def sign_in(body: bytes) -> bytes:
        return request("POST /api/sign-in HTTP/1.1", "Content-Type: application/json", body=body)

    return {
        "no HTTP at all": b"\x00\x01\x02\x03\r\n\r\n",
        "TLS on the plain port": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(160),
        "SIP on the web port": b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n",
        "HTTP/9.9": request("GET / HTTP/9.9"),
        "unknown method": request("BREW /api/calls HTTP/1.1", *signed),
        "method of 5,000 letters": request("X" * 5000 + " / HTTP/1.1"),
        "TRACE": request("TRACE / HTTP/1.1"),
        "CONNECT": request("CONNECT 127.0.0.1:22 HTTP/1.1"),
        "DELETE of a list": request("DELETE /api/calls HTTP/1.1", *signed),
        "POST to a page": request("POST /desk HTTP/1.1", *signed, body=b"x=1"),
        "path of 20,000 letters": request(f"GET /{'a' * 20_000} HTTP/1.1"),
        "path out of the house": request("GET /static/../../../../etc/passwd HTTP/1.1"),
        "path out of the house, escaped": request("GET /static/%2e%2e/%2e%2e/%2e%2e/etc/passwd HTTP/1.1"),
        "path out of the house, twice escaped": request("GET /static/%252e%252e%252fsecrets.json HTTP/1.1"),
        "path with a NUL": request("GET /static/js%00.js HTTP/1.1"),
        "path with a backslash": request("GET /static/..\\..\\secrets.json HTTP/1.1"),
        "path of bytes of no encoding": request("GET /api/calls/%ff%fe%c3%28 HTTP/1.1", *signed),
        "call id with a NUL": request("GET /api/calls/h1%00 HTTP/1.1", *signed),
        "call id with a path": request("GET /api/calls/..%2f..%2fetc HTTP/1.1", *signed),
        "recording of a path": request("GET /api/calls/..%2f..%2f..%2fsecrets.json/recording HTTP/1.1", *signed),
        "call id of 10,000 letters": request(f"GET /api/calls/{'a' * 10_000} HTTP/1.1", *signed),
        "a search in SQL": request("GET /api/calls?caller='%20OR%201=1-- HTTP/1.1", *signed),
        "a limit that is no number": request("GET /api/calls?limit=NaN HTTP/1.1", *signed),
        "a limit beyond all": request(f"GET /api/calls?limit={'9' * 400} HTTP/1.1", *signed),
        "a time that is infinite": request("GET /api/calls?since=inf HTTP/1.1", *signed),
        "a page mark that is none": request("GET /api/calls?before=1e9999~x HTTP/1.1", *signed),
        "the same question 1,000 times": request("GET /api/calls?" + "&".join(["limit=1"] * 1000) + " HTTP/1.1", *signed),
        "header of 100,000 bytes": request("GET / HTTP/1.1", f"X-Odd: {'x' * 100_000}"),
        "1,000 headers": request("GET / HTTP/1.1", *(f"X-{number}: y" for number in range(1000))),
        "cookie of 30,000 bytes": request("GET /api/me HTTP/1.1", f"Cookie: hotline={'x' * 30_000}"),
        "cookie of odd bytes": request("GET /api/me HTTP/1.1", "Cookie: hotline=\udcff\udcfe; =; ;;"),
        "token that is none": request("GET /api/calls HTTP/1.1", "Authorization: Bearer \udcff"),
        "token of 7,000 letters": request("GET /api/calls HTTP/1.1", f"Authorization: Bearer {'a' * 7000}"),
        "no Host": b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        "two Hosts": request("GET / HTTP/1.1", "Host: evil.example"),
        "a stranger's Host": b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        "two lengths": request("POST /api/sign-in HTTP/1.1", "Content-Length: 5", body=b"{}"),
        "length and chunks": request("POST /api/sign-in HTTP/1.1", "Transfer-Encoding: chunked", body=b"0\r\n\r\nGET /x"),
        "chunks of an odd size": request("POST /api/sign-in HTTP/1.1", "Transfer-Encoding: chunked") + b"ZZ\r\n{}\r\n0\r\n\r\n",
        "negative length": request("POST /api/sign-in HTTP/1.1", length=-5),
        "length of 30 digits": request("POST /api/sign-in HTTP/1.1", length=int("9" * 30)),
        "body of 2,000,000 bytes": put(b'"' + b"x" * 2_000_000 + b'"'),
        "JSON cut off": sign_in(b'{"login": "agent1", "passw'),
        "JSON of odd bytes": sign_in(b'{"login": "\xff\xfe", "password": "x"}'),
        "JSON with a NUL": sign_in(b'{"login": "a\\u0000b", "password": "x"}'),
        "JSON with half a character": sign_in(b'{"login": "\\ud800", "password": "\\udfff"}'),
        "JSON nested 100,000 deep": sign_in(b"[" * DEEP + b"]" * DEEP),
        "JSON with a number of 5,000 digits": put(b'{"text": "x", "version": ' + b"9" * 5000 + b"}"),
        "JSON with NaN": put(b'{"text": "x", "version": NaN}'),
        "JSON of another kind": sign_in(b'["login", "password"]'),
        "JSON null": sign_in(b"null"),
        "login that is a number": sign_in(b'{"login": 1, "password": 2}'),
        "login that is an object": sign_in(b'{"login": {"$ne": null}, "password": {"$ne": null}}'),
        "login of 1,000,000 letters": sign_in(json.dumps({"login": "a" * 1_000_000, "password": "x"}).encode()[:900_000]),
        "XML": request("POST /api/sign-in HTTP/1.1", "Content-Type: text/xml", body=b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///x">]>'),
        "form": request("POST /api/sign-in HTTP/1.1", "Content-Type: application/x-www-form-urlencoded", body=b"login=agent1"),
        "draft with a NUL": put(b'{"text": "\\u0000", "version": 0}'),
        "draft with half a character": put(b'{"text": "\\ud83d", "version": 0}'),
        "draft with a negative version": put(b'{"text": "x", "version": -1}'),
        "draft with a fraction": put(b'{"text": "x", "version": 0.5}'),
        "draft without what it needs": put(b"{}"),
        "draft from another site": put(b'{"text": "x", "version": 0}', f"Cookie: {cookie}", "Content-Type: application/json"),
        "ranges that overlap": request("GET /api/calls/h1-1.2/recording HTTP/1.1", *signed, "Range: bytes=0-1,0-2,0-3,-1,5-2"),
        "websocket without a key": request("GET /ws HTTP/1.1", "Upgrade: websocket"),
        "websocket of version 1": request(
            "GET /ws HTTP/1.1", "Upgrade: websocket", "Sec-WebSocket-Key: eA==", "Sec-WebSocket-Version: 1"
        ),
        "telephone without a session": request("GET /sip HTTP/1.1", "Upgrade: websocket", "Sec-WebSocket-Key: eA=="),
        "telephone by POST": request("POST /sip HTTP/1.1", *signed, body=b"REGISTER sip:x SIP/2.0\r\n\r\n"),
    }  # fmt: skip


def frames() -> dict[str, str | bytes]:
    """Frames for /ws by name; those with a usable id are to be answered."""
    return {
        "nothing": "",
        "no JSON": "hello",
        "bytes": b"\x00\x01\x02",
        "JSON null": "null",
        "JSON list": "[]",
        "nested 50,000 deep": "[" * 50_000,
        "number of 5,000 digits": '{"type": "intent", "id": "n", "op": ' + "9" * 5000 + "}",
        "another type": '{"type": "snapshot", "id": "a"}',
        "no id": '{"type": "intent", "op": "ready"}',
        "id that is a list": '{"type": "intent", "id": [], "op": "ready"}',
        "id of 10,000 letters": json.dumps({"type": "intent", "id": "a" * 10_000, "op": "ready"}),
        "id with a line break": '{"type": "intent", "id": "a\\r\\nb", "op": "ready"}',
        "unknown act": '{"type": "intent", "id": "act", "op": "shutdown"}',
        "act that is an object": '{"type": "intent", "id": "object", "op": {}}',
        "act that only the desk may ask": '{"type": "intent", "id": "signout", "op": "sign_out", "agent": "1002"}',
        "in another's name": '{"type": "intent", "id": "other", "op": "nothing", "agent": "1002"}',
        "call that is a path": '{"type": "intent", "id": "path", "op": "hang_up", "call_id": "../../x"}',
        "call of nobody": '{"type": "intent", "id": "nobody", "op": "hang_up", "call_id": "h1-9.9"}',
        "reason with line breaks": '{"type": "intent", "id": "break", "op": "pause", "reason": "a\\r\\nAction: Originate"}',
        "reason of 1,000 letters": json.dumps({"type": "intent", "id": "long", "op": "pause", "reason": "x" * 1000}),
        "reason with half a character": '{"type": "intent", "id": "half", "op": "pause", "reason": "\\ud800"}',
        "reason that is a number": '{"type": "intent", "id": "number", "op": "pause", "reason": 5}',
        "number with a channel in it": '{"type": "intent", "id": "dial", "op": "add", "call_id": "x", "number": "110&Local/x@y"}',
        "party that is a path": '{"type": "intent", "id": "party", "op": "emergency", "call_id": "h1-9.9", "party": "../police"}',
        "keys with a line break": '{"type": "intent", "id": "keys", "op": "digits", "call_id": "x", "digits": "1\\r\\nAction: x"}',
        "two targets": '{"type": "intent", "id": "two", "op": "blind", "call_id": "h1-9.9", "to": "1002", "queue": "hotline"}',
    }


ANSWERED = (
    "act", "object", "signout", "other", "path", "nobody", "break", "long", "half", "number", "dial", "party", "keys", "two",
)  # fmt: skip


def spoilt_frames(seed: int, count: int) -> Iterator[str]:
    """`count` text frames: intents with words missing, doubled, of wrong types and with any characters."""
    dice = random.Random(seed)
    values: tuple[object, ...] = (None, True, 0, -1, 1e308, "", "x", "\x00", "\ud7ff", "张三", [], {}, [[]], "a" * 300, "nothing")
    names = ("type", "id", "op", "call_id", "reason", "target", "queues", "version", "agent")
    for number in range(count):
        told: dict[str, object] = {"type": "intent", "id": f"f{number}", "op": dice.choice(("hang_up", "resume", "nothing"))}
        for _ in range(dice.randrange(1, 4)):
            told[dice.choice(names)] = dice.choice(values)
        text = json.dumps(told, ensure_ascii=dice.random() < 0.5)
        yield text[: dice.randrange(len(text))] if dice.random() < 0.2 else text
