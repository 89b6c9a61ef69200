"""Owns one RTP stream on a UDP port pair of 127.0.0.0/8: paced sending, DTMF, and a record of all that came."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
import struct
from collections import deque
from dataclasses import dataclass

import numpy as np

from tests.sip import g711
from tests.sip.deadline import Signal
from tests.sip.sdp import PCMA, PCMU, TELEPHONE_EVENT
from tests.sip.tones import RATE_HZ, Samples, level_of, tone

PTIME_S = 0.02
FRAME = 160
DIGIT_FRAMES = 5
GAP_FRAMES = 3
MAX_DIGITS = 64
MAX_PACKETS = 50 * 3600
_KEYS = "0123456789*#ABCD"
_REBASE_SAMPLES = round(0.3 * RATE_HZ)
_LOST_IF_QUIET_S = 0.06
_LATE_S = 0.2


@dataclass(frozen=True, slots=True)
class Silence:
    """A source that says nothing, but says it 50 times a second."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A source that plays one frequency until told otherwise."""

    freq_hz: float
    amplitude: float = 8000.0


Source = Silence | Tone | Samples


@dataclass(frozen=True, slots=True)
class Heard:
    """One audio packet that came: its place in the record, in samples since the first, and the loop time of arrival."""

    position: int
    arrived_s: float
    sequence: int
    timestamp: int
    ssrc: int
    samples: Samples


def loopback_only(host: str) -> str:
    """The address, if it is in 127.0.0.0/8; test traffic goes nowhere else."""
    if ipaddress.ip_address(host) not in ipaddress.ip_network("127.0.0.0/8"):
        raise ValueError(f"{host} is not in 127.0.0.0/8")
    return host


class RtpStream:
    """A socket pair that is open from the start; sends once `start` names the other side."""

    def __init__(self, local_ip: str = "127.0.0.1", codec: int = PCMA, *, first_number: int | None = None) -> None:
        self.codec = codec
        self.packets: list[Heard] = []
        self.digits = ""
        self.event_payload: int | None = TELEPHONE_EVENT
        self.sent_packets = 0
        self.longest_pause_s = 0.0  # how long this machine let us send nothing, at most
        self.key_over_s: float | None = None  # loop time at which the end of the newest key was first sent
        self.arrival = Signal()
        self._loop = asyncio.get_running_loop()
        self._rtp, self._rtcp = _port_pair(loopback_only(local_ip))
        self.port: int = self._rtp.getsockname()[1]
        self._loop.add_reader(self._rtp, self._readable)
        self._remote: tuple[str, int] | None = None
        self._sender: asyncio.Task[None] | None = None
        self._source: Source = Silence()
        self._played = 0
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._press: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._pressing = 0  # frames of the present digit already sent
        self._sequence = secrets.randbelow(1 << 15) if first_number is None else first_number
        self._timestamp = secrets.randbelow(1 << 31)
        self._digit_timestamp = 0
        self._ssrc = secrets.randbelow(1 << 32)
        self._marker = True
        self._base = (-1, 0, 0)  # ssrc, timestamp, position of the present stretch of timestamps
        self._last_event = (-1, -1)
        self._closed = False

    # --- what we say

    def start(self, host: str, port: int, event_payload: int | None) -> None:
        """Send to this address from now on; a second call moves the stream."""
        self._remote, self.event_payload = (loopback_only(host), port), event_payload
        if self._sender is None and not self._closed:
            self._sender = asyncio.create_task(self._send_paced(), name=f"rtp sender {self.port}")

    def begin_anew(self) -> None:
        """Go on as another source does: a new SSRC, and here lower numbers (RFC 3550, 5.1)."""
        self._ssrc = secrets.randbelow(1 << 32)
        self._sequence = (self._sequence - 5000) % (1 << 16)

    def pause(self) -> None:
        """Send nothing (we are on hold) until `start` is called again."""
        self._remote = None

    def send(self, source: Source) -> asyncio.Future[None]:
        """Play this from the next packet on; the future is done when an array has been played, at once for the rest."""
        self._settle(self._done)
        self._source, self._played = source, 0
        self._done = self._loop.create_future()
        if not isinstance(source, np.ndarray):
            self._done.set_result(None)
        return self._done

    def press(self, digits: str) -> asyncio.Future[None]:
        """Send RFC 4733 digits after those already waiting; the future is done when the last one is out."""
        if self.event_payload is None:
            raise ValueError("the other side takes no telephone-event")
        if not digits or len(self._press) + len(digits) > MAX_DIGITS:
            raise ValueError("no digits, or too many waiting")
        for digit in digits:
            self._press.append((_KEYS.index(digit.upper()), self._loop.create_future()))
        return self._press[-1][1]

    async def _send_paced(self) -> None:
        """One packet per 20 ms of the loop's clock; late by more than 200 ms it starts a new beat, no burst."""
        due = sent_s = self._loop.time()
        while not self._closed:
            self.longest_pause_s = max(self.longest_pause_s, self._loop.time() - sent_s - PTIME_S)
            sent_s = self._loop.time()
            if self._remote is not None:
                self._send_frame(self._remote)
            self._timestamp = (self._timestamp + FRAME) % (1 << 32)
            due = max(due + PTIME_S, self._loop.time() - _LATE_S)
            await asyncio.sleep(max(0.0, due - self._loop.time()))

    def _send_frame(self, remote: tuple[str, int]) -> None:
        if self._press and self._pressing < DIGIT_FRAMES + 3:
            self._send_event(remote)
            return
        if self._press:
            self._pressing += 1
            if self._pressing >= DIGIT_FRAMES + 3 + GAP_FRAMES:
                self._pressing = 0
                self._settle(self._press.popleft()[1])
        sound = g711.encode(self._next_samples(), is_mu=self.codec == PCMU)
        self._send_packet(remote, self.codec, self._timestamp, sound)

    def _send_event(self, remote: tuple[str, int]) -> None:
        """A frame of the present digit: five that grow, then the end three times over (RFC 4733 2.5.1.4)."""
        if self._pressing == 0:
            self._digit_timestamp, self._marker = self._timestamp, True
        self._pressing += 1
        is_end = self._pressing > DIGIT_FRAMES
        if self._pressing == DIGIT_FRAMES + 1:
            self.key_over_s = self._loop.time()
        duration = min(self._pressing, DIGIT_FRAMES) * FRAME
        body = struct.pack("!BBH", self._press[0][0], (0x80 if is_end else 0) | 10, duration)
        self._send_packet(remote, self.event_payload or TELEPHONE_EVENT, self._digit_timestamp, body)

    def _send_packet(self, remote: tuple[str, int], payload: int, timestamp: int, body: bytes) -> None:
        kind = payload | (0x80 if self._marker else 0)
        self._marker = False
        head = struct.pack("!BBHII", 0x80, kind, self._sequence, timestamp, self._ssrc)
        self._sequence = (self._sequence + 1) % (1 << 16)
        self.sent_packets += 1
        try:
            self._rtp.sendto(head + body, remote)
        except OSError:
            pass  # a full buffer or a closed far port: lost, as on any network

    def _next_samples(self) -> Samples:
        start, self._played = self._played, self._played + FRAME
        match self._source:
            case Silence():
                return np.zeros(FRAME, dtype=np.int16)
            case Tone(freq_hz=freq_hz, amplitude=amplitude):
                return tone(freq_hz, PTIME_S, amplitude, start=start)
            case array:
                if self._played >= len(array):
                    self._settle(self._done)
                piece = array[start : start + FRAME]
                return np.pad(piece, (0, FRAME - len(piece)))

    @staticmethod
    def _settle(future: asyncio.Future[None]) -> None:
        if not future.done():
            future.set_result(None)

    # --- what we hear

    def heard(self, last_s: float | None = None) -> Samples:
        """What came so far, by timestamp, what did not come as silence; or only the newest `last_s` seconds."""
        if not self.packets:
            return np.zeros(0 if last_s is None else round(last_s * RATE_HZ), dtype=np.int16)
        last = max(self.packets[-50:], key=lambda packet: packet.position)
        end, quiet_s = last.position + len(last.samples), self._loop.time() - self.packets[-1].arrived_s
        if quiet_s > _LOST_IF_QUIET_S and not self._closed:
            end += round(quiet_s * RATE_HZ)
        begin = 0 if last_s is None else end - round(last_s * RATE_HZ)
        record = np.zeros(end - begin, dtype=np.int16)
        for packet in reversed(self.packets):
            at = packet.position - begin
            if at + len(packet.samples) <= 0:
                if at < -RATE_HZ:
                    break
                continue
            piece = packet.samples[max(0, -at) :]
            record[max(0, at) : max(0, at) + len(piece)] = piece
        return record

    async def listen(self, seconds: float, *, patience_s: float = 2.0) -> None:
        """Return when this much more audio has come; TimeoutError when it comes `patience_s` late, or never."""
        wanted = len(self.packets) + round(seconds / PTIME_S)
        async with asyncio.timeout(seconds + patience_s):
            while len(self.packets) < wanted:
                if self._closed:
                    raise ConnectionError("the call ended, no more audio will come")
                await self.arrival.wait()

    async def hears_tone(self, frequency: float, level: float = 8000) -> None:
        """The other side sends this tone at this level; a second spoilt by a busy machine is measured again."""
        for _ in range(6):
            await self.listen(1.0)
            heard = level_of(self.heard(0.5), frequency)
            if abs(heard - level) <= 0.15 * level:
                return
        raise AssertionError(f"{frequency} Hz at {heard:.0f}, not at {level}")

    def _readable(self) -> None:
        while True:
            try:
                datagram = self._rtp.recv(2048)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP refusal of what we sent
            self.receive(datagram, self._loop.time())

    def receive(self, datagram: bytes, now_s: float) -> None:
        """Take one RTP packet; what is not RTP version 2 is dropped."""
        if len(datagram) < 12 or datagram[0] >> 6 != 2:
            return
        first, kind, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", datagram)
        start = 12 + 4 * (first & 15)
        if first & 0x10 and len(datagram) >= start + 4:
            start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4])
        body = datagram[start : len(datagram) - (datagram[-1] if first & 0x20 else 0)]
        if kind & 127 == self.codec and body and len(self.packets) < MAX_PACKETS:
            position = self._place(ssrc, timestamp, now_s)
            if position >= 0:
                self.packets.append(Heard(position, now_s, sequence, timestamp, ssrc, g711.decode(body, is_mu=self.codec == PCMU)))
                self.arrival.pulse()
        elif kind & 127 in (TELEPHONE_EVENT, self.event_payload) and len(body) >= 4:
            self._take_event(body, (ssrc, timestamp))

    def _take_event(self, body: bytes, digit: tuple[int, int]) -> None:
        """Count a key at its end; the end comes three times with one timestamp."""
        if body[0] < len(_KEYS) and body[1] & 0x80 and self._last_event != digit:
            self._last_event = digit
            self.digits += _KEYS[body[0]]

    def _place(self, ssrc: int, timestamp: int, now_s: float) -> int:
        """The position of a packet; a new SSRC or a leap of the timestamps against the clock starts a new stretch."""
        if not self.packets:
            self._base = (ssrc, timestamp, 0)
            return 0
        by_clock = round((now_s - self.packets[0].arrived_s) * RATE_HZ)
        based_on, base_timestamp, base_position = self._base
        steps = (timestamp - base_timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
        position = base_position + steps
        if ssrc == based_on and abs(position - by_clock) <= _REBASE_SAMPLES:
            return position
        end = self.packets[-1].position + len(self.packets[-1].samples)
        self._base = (ssrc, timestamp, max(end, by_clock))
        return self._base[2]

    def close(self) -> None:
        """Stop sending, let go of the ports; the record stays."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._rtp)
        if self._sender is not None:
            self._sender.cancel()
        for future in (self._done, *(future for _, future in self._press)):
            future.cancel()
        self._rtp.close()
        self._rtcp.close()
        self.arrival.pulse()

    async def wait_closed(self) -> None:
        """Close, and see the sending task end; an error of its own is raised here."""
        self.close()
        if self._sender is not None:
            await asyncio.wait({self._sender})
            if not self._sender.cancelled():
                self._sender.result()


def _port_pair(local_ip: str) -> tuple[socket.socket, socket.socket]:
    """An even port and the odd one above it, both bound, from the ephemeral range."""
    for _ in range(200):
        rtp, rtcp = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        try:
            rtp.bind((local_ip, 0))
            port: int = rtp.getsockname()[1]
            if port % 2 == 0:
                rtcp.bind((local_ip, port + 1))
                rtp.setblocking(False)
                return rtp, rtcp
        except OSError:
            pass  # the odd port is taken: another pair
        rtp.close()
        rtcp.close()
    raise OSError("no free pair of UDP ports")
