"""Owns an attack on the bridge's process over AMI: a scripted Asterisk that sends hostile streams, then one real call."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from hotline_core.adapters.calls_store import CallsStore
from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.ledger import LedgerReader
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.adapters.secrets import load_or_make
from hotline_core.log import open_log
from hotline_core.settings import Settings
from tests.hostile.ami import CAPTURES, GREETING, pieces, streams
from tests.integration.scripted_asterisk import ScriptedAsterisk
from worker.projector import Projector

CALL = "h1-1795296633.2"  # of the capture
AFTERWARDS = "h1-1795299999.9"


class Bridge:
    """The bridge's process beside a scripted Asterisk and a real Redis."""

    def __init__(self, home: Path, ami_port: int, redis_url: str, *, log_folder: Path | None = None) -> None:
        self.home = home
        self._said = (log_folder or home) / "bridge.log"
        environment = os.environ | {"HOTLINE_HOME": str(home), "HOTLINE_AMI_PORT": str(ami_port), "HOTLINE_REDIS_URL": redis_url}
        with self._said.open("wb") as log:
            argv = [sys.executable, "-m", "ami_bridge"]
            self.process = subprocess.Popen(argv, env=environment, stderr=log, stdout=log)

    @property
    def log(self) -> str:
        """Everything it said."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)


class Peer(ScriptedAsterisk):
    """An Asterisk without calls whose watchdog ticks; what it sends besides is the test's."""

    def __init__(self, password: str) -> None:
        super().__init__()
        self.password = password
        self.on_action = self._answered
        self.beats = 0

    def _answered(self, action: dict[str, str]) -> str | None:
        match action["Action"]:
            case "DBGetTree":
                return "Response: Error\r\nMARKMessage: Database entry not found\r\n\r\n"
            case "CoreShowChannels" | "QueueStatus":
                return "Response: Success\r\nMARKEventList: start\r\n\r\nEvent: End\r\nMARKEventList: Complete\r\n\r\n"
            case "Getvar":
                return f"Response: Success\r\nMARKVariable: WD_TICK\r\nValue: {self.beats}\r\n\r\n"
            case "Setvar" if action.get("Variable") == "HB":
                self.beats += 1
        return None


def projected(ledger: Path, url: str) -> CallsStore:
    """The ledger in a fresh calls database, by the worker's own code."""
    migrate_calls(url)
    engine = make_engine(url)
    projector = Projector(engine, LedgerReader(ledger), now=lambda: 1.0, log=open_log("test", "error"))
    while projector.step():
        pass
    return CallsStore(engine)


async def beaten(bridge: Bridge, peer: Peer, more: int) -> None:
    """The bridge's heart goes on beating."""
    wanted = peer.beats + more
    for _ in range(750):
        if peer.beats >= wanted:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"the heart stopped: {bridge.log[-3000:]}")


async def attack(short_folder: Path, redis_url: str, seed: int, count: int) -> tuple[Path, int]:
    """Run the bridge against `count` hostile streams and one real call; the ledger and the number of links it took."""
    home = short_folder / "home"
    (home / "run").mkdir(parents=True)
    peer, dice = Peer(load_or_make(Settings(home=home).paths.secrets).ami), random.Random(seed)
    async with peer.running():
        with closing(Bridge(home, peer.port, redis_url)) as bridge:
            await beaten(bridge, peer, 2)
            for number, stream in enumerate(streams(seed, count)):
                try:
                    for piece in pieces(dice, stream + b"\r\n\r\n"):
                        peer.writers[-1].write(piece)
                    await asyncio.wait_for(peer.writers[-1].drain(), 10)
                except ConnectionError:
                    await beaten(bridge, peer, 2)  # it hung up on us and is back
                if number % 50 == 0:
                    await beaten(bridge, peer, 1)
            await beaten(bridge, peer, 2)
            real = (CAPTURES / "whole_call.ami").read_bytes().removeprefix(GREETING)
            peer.writers[-1].write(real.replace(CALL.encode(), AFTERWARDS.encode()))
            await beaten(bridge, peer, 2)
            assert bridge.process.poll() is None, bridge.log[-3000:]
            assert "Traceback" not in bridge.log, bridge.log[-3000:]
            assert "died" not in bridge.log
    return home / "ledger", len(peer.writers)
