"""Owns SIPp as a foreign caller: a scenario of ours, an A-law tone of ours, and the counts from its statistics.

SIPp cannot record what it hears and cannot decide by it: it only plays. To measure what a caller hears use our own
SipCaller or Baresip.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

from tests.sip import g711
from tests.sip.ports import free_media_port
from tests.sip.process import Program
from tests.sip.rtp import loopback_only
from tests.sip.tones import tone
from tests.sip.wire import Address

Ending = Literal["we hang up", "they hang up"]

_TONE_S = 4.0
# The tone starts with the 200, not in a <nop> after the ACK: SIPp aborts a call whose BYE comes during a <nop>.
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="hotline caller">
  <send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
From: <sip:{user}@[local_ip]:[local_port]>;tag=caller[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:{user}@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
a=ptime:20

]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" rrs="true"><action><exec rtp_stream="{audio},-1,8"/></action></recv>
  <send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
[routes]
From: <sip:{user}@[local_ip]:[local_port]>;tag=caller[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
"""
_WE_HANG_UP = """  <pause milliseconds="{hold_ms}"/>
  <nop><action><exec rtp_stream="pause"/></action></nop>
  <send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
[routes]
From: <sip:{user}@[local_ip]:[local_port]>;tag=caller[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200"/>
</scenario>
"""
_THEY_HANG_UP = """  <recv request="BYE" timeout="{hold_ms}"/>
  <send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
"""


@dataclass(frozen=True, slots=True)
class Report:
    """What SIPp counted; exit code 0 means that every call succeeded."""

    succeeded: int
    failed: int
    exit_code: int
    said: str

    @property
    def is_clean(self) -> bool:
        """Whether there were calls and all succeeded."""
        return self.exit_code == 0 and self.failed == 0 and self.succeeded > 0


async def call_with_sipp(
    server: Address,
    number: str,
    *,
    folder: Path,
    ending: Ending = "we hang up",
    hold_s: float = 2.0,
    calls: int = 1,
    calls_per_s: float = 1.0,
    user: str = "13855701234",
    freq_hz: float = 1000.0,
    amplitude: float = 8000.0,
    local_ip: str = "127.0.0.1",
    media_port: int | None = None,
    timeout_s: float = 30.0,
) -> Report:
    """Call, play the tone for `hold_s` (or until the other side's BYE, which fails after `hold_s`), count.

    All files go to `folder`. With more than one call at a time they share the media port, so only the counts mean
    something then. TimeoutError when SIPp is not done in `timeout_s`.
    """
    loopback_only(server[0])
    audio = folder / "sipp-tone.alaw"
    audio.write_bytes(g711.encode(tone(freq_hz, _TONE_S, amplitude)))
    scenario, statistics = folder / "sipp-scenario.xml", folder / "sipp-statistics.csv"
    statistics.unlink(missing_ok=True)
    tail = _WE_HANG_UP if ending == "we hang up" else _THEY_HANG_UP
    text = (_HEAD + tail).format(user=escape(user), audio=audio, hold_ms=round(hold_s * 1000))
    scenario.write_text(text, encoding="utf-8")
    command = ["sipp", f"{server[0]}:{server[1]}", "-sf", str(scenario), "-s", number, "-nostdin"]
    command += ["-i", loopback_only(local_ip), "-mi", local_ip, "-p", str(free_media_port(local_ip))]
    command += ["-mp", str(media_port if media_port is not None else free_media_port(local_ip))]
    command += ["-m", str(calls), "-r", f"{calls_per_s:g}", "-trace_stat", "-stf", str(statistics), "-fd", "1"]
    command += ["-trace_err", "-error_file", str(folder / "sipp-errors.log")]
    async with Program(*command, folder=folder, name="sipp") as sipp:
        code = await sipp.exit_code(timeout_s)
        succeeded, failed = _counts(statistics)
        return Report(succeeded, failed, code, sipp.said())


def _counts(statistics: Path) -> tuple[int, int]:
    """The cumulative columns of the last line; no line means that SIPp never began."""
    if not statistics.exists():
        return 0, 0
    with statistics.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    return (int(rows[-1]["SuccessfulCall(C)"]), int(rows[-1]["FailedCall(C)"])) if rows else (0, 0)
