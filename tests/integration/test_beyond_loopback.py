"""A hotline on an address of a real network: pages over HTTPS only, and sound through a NAT."""

from __future__ import annotations

import re
import secrets
import socket
import ssl
import struct
from collections.abc import Iterator

import httpx
import pytest

from tests.running.namespaces import Networks
from tests.running.service import Service

pytestmark = pytest.mark.asterisk

INSIDE = "10.77.0.2"
OUTSIDE = "203.0.113.9"  # the router's address that the world sees
CARRIER = "203.0.113.50"
CITY = f"""
name: 示范市
area_code: "0557"
system_name: h1
lines:
  "12328": {{name: 交通运输服务监督热线, numbers: ["12328"], notice: notice-12328}}
trunks:
  telecom: {{host: {CARRIER}}}
"""
PAGES = 8443


class City(Service):
    """A hotline behind a router that gives away one outside address; its pages are asked from the world."""

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        super().__init__(
            CITY, wrapped=networks.wrapped("inside"), HOTLINE_BIND=INSIDE, HOTLINE_HTTP_PORT=str(PAGES), HOTLINE_SIP_PORT="5060",
            HOTLINE_TLS_NAMES=f"desk.city.example,{INSIDE},{OUTSIDE}", HOTLINE_EXTERNAL_ADDRESS=OUTSIDE,
            HOTLINE_LOCAL_NETWORKS="10.77.0.0/24", HOTLINE_MEDIA_LOOPBACK="0",
        )  # fmt: skip

    def get(self, path: str, **more: object) -> httpx.Response:
        """An answer as a browser in the world gets it that trusts our certificate and nothing else."""
        trusted = ssl.create_default_context(cafile=str(self.settings.paths.tls / "certificate.pem"))
        return self.networks.inside(
            "world", lambda: httpx.get(f"https://{OUTSIDE}:{PAGES}{path}", verify=trusted, timeout=3.0, trust_env=False, **more)  # type: ignore[arg-type]
        )

    def is_ready(self) -> bool:
        """True when health answers 200."""
        try:
            return self.get("/api/health").status_code == 200
        except (httpx.TransportError, FileNotFoundError):
            return False


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    """Inside, a router, the world; the router hands the hotline's ports on and hides what is inside."""
    with Networks("inside", "router", "world") as networks:
        networks.join("inside", f"{INSIDE}/24", "router", "10.77.0.1/24")
        networks.join("router", f"{OUTSIDE}/24", "world", f"{CARRIER}/24")
        networks.run("inside", "ip", "route", "add", "default", "via", "10.77.0.1")
        networks.run("router", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        made = City(networks)
        rules = f"""table ip nat {{
          chain in {{ type nat hook prerouting priority dstnat;
            ip daddr {OUTSIDE} tcp dport {PAGES} dnat to {INSIDE}
            ip daddr {OUTSIDE} udp dport {{ 5060, {made.settings.rtp_ports} }} dnat to {INSIDE}
          }}
          chain out {{ type nat hook postrouting priority srcnat; ip saddr {INSIDE} snat to {OUTSIDE}
          }}
        }}"""
        networks.run("router", "nft", "-f", "-", text=rules)
        try:
            made.start()
            yield made
        finally:
            made.close()


def test_a_browser_gets_the_pages_by_https_with_a_certificate_for_the_name_it_asked(city: City) -> None:
    """The pages are really served beyond loopback; they may never be asked by plain HTTP again."""
    page = city.get("/sign-in")
    assert page.status_code == 200
    assert page.headers["strict-transport-security"] == "max-age=31536000"


def test_whoever_types_the_address_without_https_is_led_to_it(city: City) -> None:
    """nginx would tell in English that a plain request came to the port of HTTPS."""
    plain = city.networks.inside(
        "world", lambda: httpx.get(f"http://{OUTSIDE}:{PAGES}/desk?x=1", timeout=3.0, trust_env=False)
    )  # fmt: skip
    assert (plain.status_code, plain.headers["location"]) == (308, f"https://{OUTSIDE}:{PAGES}/desk?x=1")


def test_the_cookie_of_a_session_never_travels_in_the_clear(city: City) -> None:
    """Signing in beyond loopback: Secure, HttpOnly, SameSite."""
    password = city.add_person("admin9", "administrator")
    trusted = ssl.create_default_context(cafile=str(city.settings.paths.tls / "certificate.pem"))
    origin = f"https://{OUTSIDE}:{PAGES}"
    answer = city.networks.inside(
        "world",
        lambda: httpx.post(
            f"{origin}/api/sign-in", json={"login": "admin9", "password": password}, verify=trusted, timeout=5.0, trust_env=False,
            headers={"Origin": origin, "X-Hotline": "1"},
        ),
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("secure", "httponly", "samesite=strict"))


def test_a_call_from_the_world_is_answered_with_the_routers_address_and_its_sound_comes_through(city: City) -> None:
    """A carrier beyond the NAT is told where the sound is taken, sends there, and hears the greeting."""
    answer, packets = city.networks.inside("world", _call)
    assert f"c=IN IP4 {OUTSIDE}" in answer
    assert INSIDE not in answer
    assert packets >= 10


def _call() -> tuple[str, int]:
    """Dial 12328 as a carrier would, hear some sound, hang up; the answer with its SDP, and the number of packets heard."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sound:
        for each in (sip, sound):
            each.settimeout(10.0)
        sip.bind((CARRIER, 5060))
        sound.bind((CARRIER, 0))
        tag, call = secrets.token_hex(4), secrets.token_hex(8)
        sip.sendto(_request("INVITE", tag, call, "", _sdp(sound.getsockname()[1])), (OUTSIDE, 5060))
        while " 200 " not in (answer := sip.recv(4096).decode()).partition("\r\n")[0]:
            assert answer.startswith("SIP/2.0 1"), answer
        remote = re.search(r"^To:.*$", answer, re.MULTILINE)
        port = re.search(r"^m=audio (\d+) ", answer, re.MULTILINE)
        assert remote is not None
        assert port is not None
        to = remote.group().strip()
        sip.sendto(_request("ACK", tag, call, to, ""), (OUTSIDE, 5060))
        heard = 0
        for number in range(200):
            sound.sendto(struct.pack("!BBHII", 0x80, 8, number, number * 160, 7) + b"\xd5" * 160, (OUTSIDE, int(port.group(1))))
            packet, source = sound.recvfrom(2048)
            assert source == (OUTSIDE, int(port.group(1)))
            heard += packet[1] & 0x7F == 8
            if heard >= 10:
                break
        sip.sendto(_request("BYE", tag, call, to, "", number=2), (OUTSIDE, 5060))
        return answer, heard


def _request(method: str, tag: str, call: str, to: str, body: str, number: int = 1) -> bytes:
    lines = [
        f"{method} sip:12328@{OUTSIDE} SIP/2.0", f"Via: SIP/2.0/UDP {CARRIER}:5060;branch=z9hG4bK{secrets.token_hex(6)}",
        "Max-Forwards: 70", f"From: <sip:13855700009@{CARRIER}>;tag={tag}", to or f"To: <sip:12328@{OUTSIDE}>",
        f"Call-ID: {call}", f"CSeq: {number} {method}", f"Contact: <sip:carrier@{CARRIER}:5060>",
        *(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(body)}", "", body,
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def _sdp(port: int) -> str:
    lines = ["v=0", f"o=- 1 1 IN IP4 {CARRIER}", "s=-", f"c=IN IP4 {CARRIER}", "t=0 0", f"m=audio {port} RTP/AVP 8"]
    return "".join(f"{line}\r\n" for line in lines)
