"""Owns attacks on a running hotline from outside: SIP datagrams, raw HTTP, websocket frames; and what must hold after them."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from agent_desktop.headers import ALWAYS
from tests.running.instance import Hotline

PARTS = ("asterisk", "redis", "bridge", "desk", "relay", "worker", "front")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LEAKS = re.compile(rb"Traceback|File \"|site-packages|sqlalchemy|/etc/|secrets\.json")
ANSWER_S = 15.0


@dataclass(slots=True)
class Answers:
    """What came back, and every fault found in it."""

    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def pids(hotline: Hotline) -> dict[str, int]:
    """The process of each part; compare before and after."""
    return {part: hotline.pid(part) for part in PARTS}


def tracebacks(hotline: Hotline) -> list[str]:
    """Logs that hold a traceback, and in which file."""
    return sorted(path.name for path in (hotline.home / "log").glob("*.log*") if b"Traceback" in path.read_bytes())


async def sip_attack(hotline: Hotline, datagrams: Iterable[bytes], udp: socket.socket, *, gap_s: float = 0.003) -> Answers:
    """Send them all from one socket; statuses of what was answered. An accepted call would be a fault: no line was dialled."""
    answers, loop = Answers(), asyncio.get_running_loop()
    udp.setblocking(False)

    def take() -> None:
        while True:
            try:
                data = udp.recv(65_535)
            except OSError:
                return
            first = data.split(b"\r\n", 1)[0].decode("ascii", "replace").split()
            answers.statuses[first[1] if first[:1] == ["SIP/2.0"] and len(first) > 1 else "request"] += 1
            if LEAKS.search(data):
                answers.faults.append(data[:200].decode("utf-8", "replace"))

    loop.add_reader(udp, take)
    try:
        for datagram in datagrams:
            try:
                udp.sendto(datagram, hotline.sip)
            except OSError as error:
                answers.faults.append(f"not sent: {error}")
            await asyncio.sleep(gap_s)
        await asyncio.sleep(1.0)
    finally:
        loop.remove_reader(udp)
    return answers


async def http_attack(hotline: Hotline, requests: dict[str, bytes]) -> Answers:
    """Send each on a connection of its own; a fault is an answer of 5xx, none at all, one in no Chinese, one
    that leaks, or one without the security headers."""
    answers = Answers()
    for name, data in requests.items():
        status, head, body = await _asked(hotline, data)
        answers.statuses[status] += 1
        if missing := [each for each in ALWAYS if status != "none" and f"\r\n{each}: ".encode() not in head.lower()]:
            answers.faults.append(f"{name}: {status} without {', '.join(missing)}")
        if LEAKS.search(body):
            answers.faults.append(f"{name}: {body[:300]!r}")
        if status[:1] == "5" and status not in ("501", "505"):
            answers.faults.append(f"{name}: {status} {body[:300]!r}")
        if status == "none" and name not in ("no HTTP at all", "TLS on the plain port"):
            answers.faults.append(f"{name}: no answer")
        if status[:1] == "4" and not _is_clear(body):
            answers.faults.append(f"{name}: {status} says {body[:300]!r}")
    return answers


def _is_clear(body: bytes) -> bool:
    """A stable code and a sentence in Chinese."""
    try:
        told = json.loads(body)
    except ValueError:
        return False
    return bool(told.get("code")) and CHINESE.search(str(told.get("message", ""))) is not None


async def _asked(hotline: Hotline, data: bytes) -> tuple[str, bytes, bytes]:
    """Status, head and body; `none` when the front closed the connection without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", hotline.settings.http_port)
    try:
        writer.write(data)
        async with asyncio.timeout(ANSWER_S):
            answer = await _read(reader)
    except TimeoutError:
        return "hangs", b"", b""
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b"\r\n", 1)[0].split()
    if b"transfer-encoding: chunked" in head.lower():
        body = b"".join(re.split(rb"\r?\n?[0-9a-f]+\r\n", body))
    return (words[1].decode("ascii", "replace"), head, body) if len(words) > 1 else ("none", b"", answer)


async def _read(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while True:
        try:
            part = await reader.read(65_536)
        except ConnectionError:
            break  # it did not read to the end what it had refused already
        if not part:
            break
        parts.append(part)
    return b"".join(parts)


async def sign_in(hotline: Hotline, login: str) -> str:
    """The session cookie of a person, as a Cookie header."""
    async with httpx.AsyncClient(base_url=hotline.origin) as client:
        answer = await client.post("/api/sign-in", json={"login": login, "password": hotline.account(login)})
        answer.raise_for_status()
        return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())


async def frame_attack(hotline: Hotline, cookie: str, frames: Iterable[str | bytes], wanted: Iterable[str]) -> Answers:
    """Send frames to /ws as a signed-in page; a fault is an acknowledgement that is missing, or in no Chinese."""
    answers, missing = Answers(), set(wanted)
    heads = {"Cookie": cookie}
    url = f"ws://127.0.0.1:{hotline.settings.http_port}/ws"
    pending = list(frames)
    for _ in range(50):
        try:
            async with connect(url, origin=Origin(hotline.origin), additional_headers=heads, proxy=None, max_size=None) as socket_:
                while pending:
                    await socket_.send(pending.pop(0))
                    await _taken(socket_.recv, answers, missing, 0.02)
                for _ in range(200):
                    if not missing or not await _taken(socket_.recv, answers, missing, 2.0):
                        break
                break
        except ConnectionClosed as error:
            answers.statuses[f"closed {error.rcvd.code if error.rcvd else 1006}"] += 1
    answers.faults += [f"never answered: {name}" for name in sorted(missing)]
    return answers


async def _taken(receive: object, answers: Answers, missing: set[str], timeout_s: float) -> bool:
    """Read one message if one comes in time."""
    try:
        async with asyncio.timeout(timeout_s):
            text = await receive()  # type: ignore[operator]
    except TimeoutError:
        return False
    told = json.loads(text)
    if told.get("type") == "ack":
        answers.statuses[told["code"]] += 1
        missing.discard(str(told["id"]))
        if CHINESE.search(told["message"]) is None or LEAKS.search(str(text).encode()):
            answers.faults.append(str(text)[:300])
    return True


async def relay_attack(hotline: Hotline, cookie: str, datagrams: Iterable[bytes]) -> Answers:
    """Each as a frame on a telephone connection of a signed-in page; what passes is Asterisk's to answer."""
    answers = Answers()
    url = f"ws://127.0.0.1:{hotline.settings.http_port}/sip"
    for datagram in datagrams:
        try:
            async with connect(
                url, origin=Origin(hotline.origin), additional_headers={"Cookie": cookie}, subprotocols=[Subprotocol("sip")],
                proxy=None, max_size=None,
            ) as page:  # fmt: skip
                await page.send(datagram)
                async with asyncio.timeout(0.25):
                    text = await page.recv()
                answers.statuses[str(text).split(" ")[1] if str(text).startswith("SIP/2.0 ") else "request"] += 1
        except ConnectionClosed as error:
            answers.statuses[f"closed {error.rcvd.code if error.rcvd else 1006}"] += 1
        except InvalidStatus as error:
            answers.faults.append(f"refused {error.response.status_code}")
        except TimeoutError:
            answers.statuses["silence"] += 1
    return answers
