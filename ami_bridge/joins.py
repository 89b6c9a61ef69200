"""Carries out what the transfers ask of Asterisk, and gives its refusals back as events."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping

from ami_bridge.adoption import BOOK, MEMORY, dialled_for, remembered
from ami_bridge.connection import Connection
from ami_bridge.join_actions import KEY_S, actions_for, keys_s
from ami_bridge.protocol import Packet
from ami_bridge.replies import Replies, code_of
from ami_bridge.translate_join import call_of_third
from hotline_core.domain.commands import HangUp, Write
from transfer import commands as tc
from transfer import events as te
from transfer.events import JoinEvent
from transfer.model import ALONE, AWAY, Join

MOST_KNOWN = 1000


class Joins:
    """Knows which thirds have a channel, and which were given up before they had one; `put` takes the events."""

    def __init__(self, put: Callable[[JoinEvent], object], replies: Replies, shown: Mapping[str, str]) -> None:
        self._put = put
        self._replies = replies
        self._shown = shown
        self._unwanted: OrderedDict[str, None] = OrderedDict()
        self._begun: OrderedDict[str, None] = OrderedDict()  # thirds who have a channel
        self._pressed: dict[str, float] = {}  # until when keys are played to a channel (the loop's time)
        self._memories: dict[str, str] = {}  # by call id, as astdb has them

    def see(self, packet: Packet, link: Connection | None) -> bool:
        """Look at each packet first; False if it is to be passed over.

        Of a third that had a channel the failed dialling is told twice, first without the cause: the channel's own end is waited
        for. A channel that begins for a third who was given up is hung up at once.
        """
        event, third = packet.text("Event"), packet.text("Uniqueid")
        if event == "OriginateResponse":
            return packet.text("ActionID") not in self._begun
        if not call_of_third(third):
            return True
        if event == "Hangup":
            self._begun.pop(third, None)
        elif event in ("Newchannel", "CoreShowChannel"):
            self._begun[third] = None
            trim(self._begun)
        if event == "Newchannel" and third in self._unwanted and link is not None:
            del self._unwanted[third]
            link.post("Hangup", [("Channel", third), ("Cause", "16")])
        return True

    def act(self, command: tc.JoinCommand, link: Connection, join: Join | None = None) -> None:
        """Post the command's actions; what asks for an answer gets it when Asterisk's comes. `join` is the call's state."""
        answer = None
        if isinstance(command, tc.DialThird):
            # before the dialling: a restarted bridge must know for whom
            third = join.third if join else None
            self._keep(command.call_id, dialled_for(command, join.n if join else 0, third.attempt if third else 0), link)
        if isinstance(command, HangUp) and join is not None and join.citizen in (ALONE, AWAY):
            # the citizen's own leg may not have left the room yet: this end is no farewell (extensions_room.conf, leg-left)
            link.post("Setvar", [("Channel", command.channel), ("Variable", "LED"), ("Value", "yes")])
        if isinstance(command, tc.SendDigits):
            self._press(command, link)
            return
        for action, fields in actions_for(command, self._shown):
            answer = link.post(action, fields)
        if answer is None:
            return
        match command:
            case tc.Move():
                answer.add_done_callback(lambda future: self._moved(command, future))
            case tc.DialThird():
                answer.add_done_callback(lambda future: self._refused(te.ThirdFailed(command.call_id, command.third, 0), future))
            case tc.HangUpThird():
                answer.add_done_callback(lambda future: self._not_there(command.third, future))
        if intent_id := getattr(command, "intent_id", ""):
            self._replies.follow(intent_id, answer)

    def _press(self, command: tc.SendDigits, link: Connection) -> None:
        """Keys pressed before the ones before them are out wait for their turn: two at once are one to a telephone."""
        loop = asyncio.get_running_loop()
        begins = max(loop.time(), self._pressed.get(command.channel, 0.0))
        self._pressed = {channel: until for channel, until in self._pressed.items() if until > loop.time()}
        self._pressed[command.channel] = begins + keys_s(command.digits)
        waits = begins > loop.time()
        for place, (action, fields) in enumerate(actions_for(command, self._shown)):
            if place or waits:
                loop.call_at(begins + place * KEY_S, link.post, action, fields)
            else:
                self._replies.follow(command.intent_id, link.post(action, fields))
        if waits:
            self._replies.give(command.intent_id, "ok")

    def restore(self, memories: Mapping[str, str]) -> None:
        """Take over what astdb holds, after a login."""
        self._memories = dict(memories)

    def written(self, record: Write, link: Connection | None) -> None:
        """A record about a call: what a bridge that comes back must not write again."""
        if record.kind in ("third_answered", "transfer_ended") and link is not None and record.call_id in self._memories:
            self._keep(record.call_id, remembered(self._memories[record.call_id], record), link)

    def close_book(self, call_id: str, link: Connection | None) -> None:
        """The call is over, with all its legs: nothing of it stays behind in astdb."""
        if self._memories.pop(call_id, None) is not None and link is not None:
            link.post("DBDel", [("Family", MEMORY), ("Key", call_id)])
            # the dialplan closes its own, but for whom was dialled after the last leg had left it
            link.post("DBDelTree", [("Family", BOOK), ("Key", call_id)])

    def _keep(self, call_id: str, memory: str, link: Connection) -> None:
        self._memories[call_id] = memory
        link.post("DBPut", [("Family", MEMORY), ("Key", call_id), ("Val", memory)])

    def _moved(self, command: tc.Move, answer: asyncio.Future[Packet]) -> None:
        if code_of(answer) == "ok":
            self._put(te.MoveDone(command.call_id, command.move))
        self._refused(te.MoveRefused(command.call_id, command.move), answer)

    def _refused(self, event: JoinEvent, answer: asyncio.Future[Packet]) -> None:
        # asterisk_down: nobody knows what became of it; the resync tells
        if code_of(answer) == "asterisk_refused":
            self._put(event)

    def _not_there(self, third: str, answer: asyncio.Future[Packet]) -> None:
        if code_of(answer) == "asterisk_refused":
            self._unwanted[third] = None
            trim(self._unwanted)


def trim(known: OrderedDict[str, None]) -> None:
    """Forget the oldest of too many."""
    while len(known) > MOST_KNOWN:
        known.popitem(last=False)
