"""Owns how each AMI client reads the stream, in a process of its own: `python -m tests.bench.ami_reader CLIENT PORT COUNT`."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from asterisk.ami import AMIClient
from panoramisk import Manager

from ami_bridge.connection import Connection
from ami_bridge.protocol import Packet
from hotline_core.log import open_log
from tests.bench.ami_stream import LAST, Mark, events

LIMIT_S = 60.0


@dataclass(slots=True)
class Reading:
    """What one client has read: two values of each event, as its user gets them, and what it took."""

    seen: list[Mark] = field(default_factory=list)
    began: tuple[float, float] = (0.0, 0.0)
    ended: tuple[float, float] = (0.0, 0.0)

    def take(self, event: str, when: str, name: str) -> bool:
        """One event; True with the last one."""
        if event == "FullyBooted":
            return False
        if not self.seen:
            self.began = time.perf_counter(), time.process_time()
        self.seen.append((when, name))
        if event == LAST:
            self.ended = time.perf_counter(), time.process_time()
            return True
        return False

    def told(self, wanted: list[Mark]) -> dict[str, float]:
        """Seconds by the wall and by the processor; how many events were lost, came out of order or with another value."""
        sent = dict(wanted)
        stamps = [when for when, _ in self.seen]
        return {
            "wall_s": self.ended[0] - self.began[0],
            "cpu_s": self.ended[1] - self.began[1],
            "lost": len(sent.keys() - set(stamps)),
            "disordered": sum(1 for before, after in pairwise(stamps) if after <= before),
            "changed": sum(1 for when, name in self.seen if sent.get(when) != name),
        }


def ours(port: int, reading: Reading) -> None:
    """The bridge's own connection."""

    async def read() -> None:
        done = asyncio.Event()

        def on_event(packet: Packet) -> None:
            if reading.take(packet["Event"], packet.text("Timestamp"), packet.text("CallerIDName")):
                done.set()

        async def on_up(connection: Connection) -> None:
            pass

        log = open_log("bench", "error")
        link = Connection("127.0.0.1", port, "bench", "bench", log=log, on_event=on_event, on_up=on_up, on_down=lambda: None)
        task = asyncio.ensure_future(link.run())
        async with asyncio.timeout(LIMIT_S):
            await done.wait()
        task.cancel()

    asyncio.run(read())


def asterisk_ami(port: int, reading: Reading) -> None:
    """asterisk-ami: a thread reads, a listener is called in it."""
    done = threading.Event()

    def on_event(source: Any, event: Any) -> None:
        if reading.take(event.name, event.keys.get("Timestamp", ""), event.keys.get("CallerIDName", "")):
            done.set()

    client = AMIClient("127.0.0.1", port)
    client.add_listener(on_event=on_event)
    client.login("bench", "bench")
    if not done.wait(LIMIT_S):
        raise TimeoutError("asterisk-ami did not see the last event")


def panoramisk(port: int, reading: Reading) -> None:
    """panoramisk: asyncio, a callback for all events."""

    async def read() -> None:
        done = asyncio.Event()

        def on_event(manager: Manager, message: Any) -> None:
            if reading.take(message.event, message.get("Timestamp", ""), message.get("CallerIDName", "")):
                done.set()

        manager = Manager(loop=asyncio.get_running_loop(), host="127.0.0.1", port=port, username="bench", secret="bench")
        manager.register_event("*", on_event)
        await manager.connect()
        async with asyncio.timeout(LIMIT_S):
            await done.wait()
        manager.close()

    asyncio.run(read())


CLIENTS: dict[str, Callable[[int, Reading], None]] = {"ours": ours, "asterisk-ami": asterisk_ami, "panoramisk": panoramisk}


def main() -> None:
    """Read until the last event and print what it took."""
    name, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    wanted = [mark for mark, _ in events(count)]
    reading = Reading()
    CLIENTS[name](port, reading)
    print(json.dumps(reading.told(wanted)))


if __name__ == "__main__":
    main()
