"""The clicks that wait for Asterisk's word, and their one answer each."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from ami_bridge import intents
from ami_bridge.intents import Intent
from ami_bridge.protocol import Packet

MOST_WAITING = 10_000  # the desk gives a click up after 3 s; what Asterisk never answers must not pile up


class Replies:
    """Intents by id, from admission to the answer."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Intent] = OrderedDict()

    def expect(self, intent: Intent) -> None:
        """This intent will be answered."""
        self._waiting[intent.intent_id] = intent
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)

    def give(self, intent_id: str, code: str) -> None:
        """`ok`, or the code of a refusal; an intent that was answered already is let be."""
        intent = self._waiting.pop(intent_id, None)
        if intent is not None:
            intent.reply(intents.done(intent_id) if code == "ok" else intents.refused(intent_id, code))

    def follow(self, intent_id: str, answer: asyncio.Future[Packet]) -> None:
        """Answer as Asterisk does."""
        answer.add_done_callback(lambda future: self.give(intent_id, code_of(future)))


def code_of(answer: asyncio.Future[Packet]) -> str:
    """What an action's answer means to whoever asked for it."""
    if answer.cancelled() or answer.exception() is not None:
        return "asterisk_down"
    return "asterisk_refused" if answer.result().text("Response") == "Error" else "ok"
