"""Owns baresip 1.0.0 as a foreign telephone: its own folder, a WAV file as its mouth, WAV dumps as its ears.

Its aufile module only plays into a call; what it hears is written by the sndfile module (dump-*-dec.wav), which is
complete once the call has ended. SIP, SDP and control are on 127.0.0.1 (`-n`: without it the SDP names the LAN
address). Its RTP and its idle DNS client it binds to 0.0.0.0, which we found no option of this version to change.
Commands and events go through ctrl_tcp (JSON in netstrings).
"""

from __future__ import annotations

import asyncio
import json
import wave
from pathlib import Path
from types import TracebackType

import numpy as np

from tests.sip.deadline import Signal
from tests.sip.ports import free_media_port, free_port
from tests.sip.process import Program
from tests.sip.rtp import loopback_only
from tests.sip.tones import RATE_HZ, Samples, tone
from tests.sip.wire import Address

MODULES = Path("/usr/lib/baresip/modules")
_MAX_FRAME = 1 << 20
_LOADED = ("g711", "aufile", "sndfile", "aubridge")
_STARTED = ("account", "menu", "ctrl_tcp")


class CommandFailed(Exception):
    """baresip refused a command, or never started."""


class Baresip:
    """One baresip process; one call at a time. Use as `async with`."""

    def __init__(
        self,
        folder: Path,
        user: str = "13855701234",
        *,
        source: Samples | None = None,
        local_ip: str = "127.0.0.1",
        answers: bool = False,
        password: str | None = None,
        registrar: Address | None = None,
    ) -> None:
        self.established, self.ringing, self.closed, self.registered = Signal(), Signal(), Signal(), Signal()
        self.closed_reason: str | None = None
        self.events: list[str] = []
        self.address: Address = (loopback_only(local_ip), free_media_port(local_ip))
        self._folder, self._user, self._answers = folder, user, answers
        self._password, self._registrar = password, registrar
        self._source = source if source is not None else tone(1000, 60, 8000)
        self._control_port = free_port(local_ip)
        self._program = Program("baresip", "-4", "-n", local_ip, "-f", str(folder), folder=folder, name="baresip")
        self._writer: asyncio.StreamWriter | None = None
        self._reader_task: asyncio.Task[None] | None = None
        self._replies: dict[str, asyncio.Future[str]] = {}
        self._number = 0

    async def __aenter__(self) -> Baresip:
        self._write_configuration()
        await self._program.__aenter__()
        try:
            reader, self._writer = await self._connect(5)
            self._reader_task = asyncio.create_task(self._read(reader), name="baresip events")
            await self.command("uanew", self._account())  # not in the accounts file: its REGISTER would be over by now
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._reader_task is not None:
            self._reader_task.cancel()
            await asyncio.wait({self._reader_task})
        if self._writer is not None:
            self._writer.close()
        await self._program.__aexit__(kind, error, trace)

    # --- what a test does with it

    async def dial(self, uri: str, *, timeout_s: float = 5.0) -> None:
        """Call a SIP URI; returns when the call is established."""
        self.established.clear()
        self.closed.clear()
        await self.command("dial", uri, timeout_s=timeout_s)
        await self.established.within(timeout_s)

    async def hang_up(self, *, timeout_s: float = 5.0) -> None:
        """End the call; returns when baresip says that it is closed."""
        await self.command("hangup", timeout_s=timeout_s)
        await self.closed.within(timeout_s)

    async def press(self, digits: str, *, timeout_s: float = 5.0) -> None:
        """Press keys (RFC 4733): each is held until its release, as on a real keypad."""
        for digit in digits:
            await self.command("sndcode", digit, timeout_s=timeout_s)
            await asyncio.sleep(0.15)
            await self.command("sndcode", "\x04", timeout_s=timeout_s)
            await asyncio.sleep(0.1)

    async def command(self, name: str, params: str = "", *, timeout_s: float = 5.0) -> str:
        """Run one of baresip's long commands and return what it printed."""
        if self._writer is None:
            raise CommandFailed("not connected")
        self._number += 1
        token = str(self._number)
        reply: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._replies[token] = reply
        frame = json.dumps({"command": name, "params": params, "token": token}).encode()
        self._writer.write(b"%d:%s," % (len(frame), frame))
        try:
            async with asyncio.timeout(timeout_s):
                await self._writer.drain()
                return await reply
        finally:
            self._replies.pop(token, None)

    def heard(self) -> Samples:
        """All that came in the newest call, from its WAV dump; call it after the call has ended."""
        return self._dump("dec")

    def spoken(self) -> Samples:
        """All that went out in the newest call, from its WAV dump."""
        return self._dump("enc")

    def said(self) -> str:
        """The console output, for a failed test's report."""
        return self._program.said()

    # --- inside

    def _dump(self, side: str) -> Samples:
        dumps = sorted(self._folder.glob(f"dump-*{side}.wav"), key=lambda path: path.stat().st_mtime_ns)
        if not dumps:
            raise CommandFailed(f"no {side} dump in {self._folder}")
        with wave.open(str(dumps[-1]), "rb") as recording:
            if (recording.getframerate(), recording.getnchannels(), recording.getsampwidth()) != (RATE_HZ, 1, 2):
                raise CommandFailed(f"the dump is {recording.getparams()}")
            return np.frombuffer(recording.readframes(recording.getnframes()), dtype=np.int16)

    def _write_configuration(self) -> None:
        host, port = self.address
        mouth = self._folder / "mouth.wav"
        with wave.open(str(mouth), "wb") as recording:
            recording.setnchannels(1)
            recording.setsampwidth(2)
            recording.setframerate(RATE_HZ)
            recording.writeframes(self._source.tobytes())
        lines = [
            f"sip_listen {host}:{port}",
            f"audio_source aufile,{mouth}",
            "audio_player aubridge,ear",
            "audio_alert aubridge,bell",
            "audio_srate 8000-8000",
            "audio_channels 1-1",
            "rtp_ports 30000-32000",  # above Asterisk's default range, below the ephemeral ports
            "rtp_timeout 0",
            f"ctrl_tcp_listen {host}:{self._control_port}",
            f"snd_path {self._folder}",
            f"module_path {MODULES}",
            *(f"module {name}.so" for name in _LOADED),
            *(f"module_app {name}.so" for name in _STARTED),
        ]
        (self._folder / "config").write_text("\n".join([*lines, ""]), encoding="utf-8")
        (self._folder / "accounts").write_text("", encoding="utf-8")
        (self._folder / "contacts").write_text("", encoding="utf-8")

    def _account(self) -> str:
        server = self._registrar
        account = f"<sip:{self._user}@{f'{server[0]}:{server[1]}' if server else self.address[0]}>"
        account += ";audio_codecs=pcma/8000/1;ptime=20"
        account += f";regint={600 if server else 0};answermode={'auto' if self._answers else 'manual'}"
        return account + (f";auth_user={self._user};auth_pass={self._password}" if self._password is not None else "")

    async def _connect(self, timeout_s: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """baresip has no ready signal before its control port listens: try until it does."""
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    return await asyncio.open_connection(self.address[0], self._control_port)
                except ConnectionRefusedError:
                    if not self._program.is_running:
                        raise CommandFailed(f"baresip ended: {self.said()[-800:]}") from None
                    await asyncio.sleep(0.02)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Frames until the connection ends; then every waiting command fails."""
        try:
            while True:
                length = int((await reader.readuntil(b":"))[:-1])
                if length > _MAX_FRAME:
                    raise CommandFailed("a frame of more than 1 MiB")
                self._take(json.loads((await reader.readexactly(length + 1))[:-1]))
        except (asyncio.IncompleteReadError, ConnectionError):
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(CommandFailed("baresip is gone"))

    def _take(self, frame: dict[str, object]) -> None:
        if frame.get("response"):
            reply = self._replies.get(str(frame.get("token")))
            if reply is not None and not reply.done():
                text = str(frame.get("data") or "")
                reply.set_result(text) if frame.get("ok") else reply.set_exception(CommandFailed(text))
            return
        kind = str(frame.get("type"))
        self.events.append(kind)
        match kind:
            case "CALL_ESTABLISHED":
                self.established.set()
            case "CALL_RINGING" | "CALL_INCOMING":
                self.ringing.set()
            case "REGISTER_OK":
                self.registered.set()
            case "CALL_CLOSED":
                self.closed_reason = str(frame.get("param") or "")
                self.closed.set()
