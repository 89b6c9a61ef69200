"""Owns the two clocks of series `ring`: Asterisk's own time of a ring by AMI, and the page's own time of what it got and showed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from playwright.async_api import Page

from ami_bridge.protocol import Decoder, Packet, encode
from hotline_core.adapters.secrets import load_or_make
from tests.running.instance import Hotline

LIMIT_S = 30.0

# Before the page's own code: note when the INVITE and the live view's word of the ring came out of the websockets.
WIRE = """
window.__came = {sip: {}, live: {}};
const Plain = window.WebSocket;
window.WebSocket = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({data}) => {
      const at = Date.now();
      if (typeof data !== "string") return;
      const invite = data.startsWith("INVITE ") && /^X-Call-Id: *([^\\r\\n]+)/mi.exec(data);
      if (invite) window.__came.sip[invite[1]] ??= at;
      if (!data.startsWith('{"type":"delta"')) return;
      for (const call of JSON.parse(data).calls) if (call.phase === "ringing") window.__came.live[call.id] ??= at;
    });
  }
};
"""

# In the page: when the ticket of a call, with its number, was on the screen (in the task after the frame that painted it).
SCREEN = """
window.__shown = {};
new MutationObserver(() => {
  const id = document.querySelector("#ticket").dataset.callId;
  if (!id || id in window.__shown || !/\\d{3}/.test(document.querySelector("#ticket-number").textContent)) return;
  window.__shown[id] = null;
  requestAnimationFrame(() => setTimeout(() => { window.__shown[id] = Date.now(); }, 0));
}).observe(document.querySelector("#ticket"), {attributes: true, childList: true, subtree: true, characterData: true});
"""

SHOWN = "id => window.__shown[id] && {shown: window.__shown[id], sip: window.__came.sip[id], live: window.__came.live[id]}"


@dataclass(slots=True)
class Rings:
    """When the agent's leg of each call came into being, as Asterisk stamped it (epoch seconds).

    That is before the INVITE is made; AgentCalled, which names the call, is stamped after it was sent.
    """

    at: dict[str, float] = field(default_factory=dict)
    _legs: dict[str, float] = field(default_factory=dict)
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, packet: Packet) -> None:
        """An event of the AMI."""
        match packet.text("Event"):
            case "Newchannel":
                self._legs[packet.text("Channel")] = float(packet.text("Timestamp"))
            case "AgentCalled":
                self.at.setdefault(packet.variable("CALLREF"), self._legs[packet.text("DestChannel")])
                self._more.set()

    async def next_after(self, known: set[str]) -> str:
        """The id of the next call that rings; TimeoutError when none does."""
        async with asyncio.timeout(LIMIT_S):
            while not (fresh := self.at.keys() - known):
                self._more.clear()
                await self._more.wait()
        return min(fresh)


@asynccontextmanager
async def rings_of(hotline: Hotline) -> AsyncIterator[Rings]:
    """Listen to the events of calls and agents, beside the bridge."""
    rings = Rings()
    reader, writer = await asyncio.open_connection("127.0.0.1", hotline.settings.ami_port)
    secret = load_or_make(hotline.settings.paths.secrets).ami
    writer.write(encode("Login", [("Username", "bridge"), ("Secret", secret), ("Events", "call,agent")]))

    async def read() -> None:
        decoder = Decoder()
        while data := await reader.read(65536):
            for packet in decoder.feed(data):
                rings.take(packet)

    task = asyncio.ensure_future(read())
    try:
        yield rings
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        writer.close()


async def shown(page: Page, call_id: str) -> dict[str, float]:
    """When the page had the INVITE, the live view's word and the ticket on its screen, in ms since the epoch."""
    handle = await page.wait_for_function(SHOWN, arg=call_id, timeout=LIMIT_S * 1000)
    found: dict[str, float] = await handle.json_value()
    return found
