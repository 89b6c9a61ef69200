"""Does each port that the hotline needs listen, on the right address; or, before a start, is it free?"""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from doctor.finding import Finding, bad, good, note
from doctor.subject import Subject
from hotline_core.adapters import ports as port_file
from hotline_core.errors import SetupError
from hotline_core.settings import Settings

NAME = "ports"
TCP_LISTEN, UDP_BOUND = "0A", "07"  # proc_net_tcp: TCP_LISTEN, and TCP_CLOSE for a bound UDP socket
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that takes what comes in: TCP or UDP, its address and port."""

    protocol: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A port of the hotline: whose it is, where it must listen, which variable moves it, whether it is for this machine only."""

    part: str
    protocol: str
    address: str
    port: int
    variable: str
    is_private: bool


def examine(subject: Subject) -> list[Finding]:
    """Reads the kernel's tables of sockets."""
    listeners = [one for name in ("tcp", "tcp6", "udp", "udp6") for one in _listeners(Path("/proc/net") / name)]
    wanted = wanted_of(subject.settings)
    first, _, last = EPHEMERAL.read_text(encoding="ascii").partition("\t")
    ephemeral = (int(first), int(last))
    return judge(
        wanted, listeners, subject.up if subject.is_running else None, rtp=subject.settings.rtp_first_last, ephemeral=ephemeral
    )


def wanted_of(settings: Settings) -> list[Wanted]:
    """All ports of these settings and of this start."""
    bind = _numeric(settings.bind)
    found = [
        Wanted("front", "TCP", bind, settings.http_port, "HOTLINE_HTTP_PORT", is_private=False),
        Wanted("asterisk", "UDP", bind, settings.sip_port, "HOTLINE_SIP_PORT", is_private=False),
        Wanted("asterisk", "TCP", "127.0.0.1", settings.ami_port, "HOTLINE_AMI_PORT", is_private=True),
    ]
    try:
        chosen = port_file.read(settings.paths)
    except SetupError:
        return found  # never started: these ports are not chosen yet
    found.append(Wanted("asterisk", "TCP", "127.0.0.1", chosen.asterisk_http, "HOTLINE_ASTERISK_HTTP_PORT", is_private=True))
    if settings.demo:
        found.append(Wanted("carrier", "UDP", "127.0.0.1", chosen.carrier_sip, "HOTLINE_CARRIER_SIP_PORT", is_private=True))
    return found


def judge(
    wanted: Iterable[Wanted], listeners: Iterable[Listener], up: Mapping[str, bool] | None, *,
    rtp: tuple[int, int], ephemeral: tuple[int, int],
) -> list[Finding]:  # fmt: skip
    """`up` None: nothing runs yet, and a port that is held is held by somebody else. A dead part's ports are told by its part."""
    there, found = list(listeners), []
    ports = list(wanted)
    for port in ports:
        same = [one for one in there if (one.protocol, one.port) == (port.protocol, port.port)]
        fitting = [one for one in same if _covers(one.address, port.address)]
        facts = {
            "port": port.port, "protocol": port.protocol, "variable": port.variable, "part": port.part, "address": port.address,
        }  # fmt: skip
        if up is None:
            found += [bad(NAME, "busy", **facts)] if fitting else []
        elif not fitting:
            found += [bad(NAME, "closed", **facts)] if up.get(port.part) else []
        elif port.is_private and (wide := [one for one in same if not _is_loopback(one.address)]):
            found.append(bad(NAME, "exposed", **{**facts, "address": wide[0].address}))
    if up is None and (held := [one.port for one in there if one.protocol == "UDP" and rtp[0] <= one.port <= rtp[1]]):
        found.append(note(NAME, "rtp_held", count=len(held), port=min(held)))
    if rtp[0] <= ephemeral[1] and ephemeral[0] <= rtp[1]:
        found.append(note(NAME, "rtp_ephemeral", first=rtp[0], last=rtp[1], low=ephemeral[0], high=ephemeral[1]))
    code = "free" if up is None else "fine"
    return found or [good(NAME, code, count=len(ports), ports="、".join(f"{port.port}/{port.protocol}" for port in ports))]


def listeners_of(protocol: str, table: str) -> list[Listener]:
    """The listeners in the text of /proc/net/tcp, tcp6, udp or udp6, whose addresses are words in the machine's own order."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 4 or fields[3] not in (TCP_LISTEN, UDP_BOUND):
            continue
        raw, _, port = fields[1].partition(":")
        words = [int(raw[place : place + 8], 16).to_bytes(4, sys.byteorder) for place in range(0, len(raw), 8)]
        found.append(Listener(protocol, str(ipaddress.ip_address(b"".join(words))), int(port, 16)))
    return found


def _listeners(path: Path) -> list[Listener]:
    try:
        return listeners_of(path.name.rstrip("6").upper(), path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return []  # a machine without IPv6


def _numeric(bind: str) -> str:
    """The address of a name such as localhost; a name nobody knows stays as it is and is found nowhere."""
    try:
        return str(socket.getaddrinfo(bind, None)[0][4][0])
    except socket.gaierror:
        return bind


def _covers(listening: str, wanted: str) -> bool:
    try:
        here = ipaddress.ip_address(listening)
    except ValueError:
        return False
    return listening == wanted or here.is_unspecified


def _is_loopback(address: str) -> bool:
    here = ipaddress.ip_address(address)
    mapped = getattr(here, "ipv4_mapped", None)
    return (mapped or here).is_loopback
