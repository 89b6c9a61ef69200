"""The menus' questions as AGI commands, and Asterisk's answers to them as keys in the inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ami_bridge.connection import Connection
from ami_bridge.inbox import KeyRead
from ami_bridge.menus import Question
from ami_bridge.protocol import Packet


class Questions:
    """The questions callers hear now, by CommandID; `put` takes what a caller answered."""

    def __init__(self, put: Callable[[KeyRead], object]) -> None:
        self._put = put
        self._asked: dict[str, Question] = {}

    def forget(self) -> None:
        """The link is lost: no answer can come any more."""
        self._asked.clear()

    def ask(self, questions: list[Question], link: Connection) -> None:
        """Play them."""
        for question in questions:
            command_id = link.next_id()
            self._asked[command_id] = question
            fields = [("Channel", question.channel), ("Command", question.agi), ("CommandID", command_id)]
            link.post("AGI", fields)

    def answered(self, command_id: str, is_played: bool, link: Connection | None) -> None:
        """A command has ended; the key, if one was wanted, is read from the channel."""
        question = self._asked.pop(command_id, None)
        if question is None:
            return
        if not is_played:
            self._put(KeyRead(question.call_id, None))
        elif not question.wants_key:
            self._put(KeyRead(question.call_id, ""))
        elif link is not None:
            # Getvar by AMI takes 0.1 ms, GET VARIABLE by AGI 20 ms
            said = link.post("Getvar", [("Channel", question.channel), ("Variable", "KEY")])
            said.add_done_callback(lambda future: self._key_said(question.call_id, future))

    def _key_said(self, call_id: str, future: asyncio.Future[Packet]) -> None:
        if future.cancelled() or future.exception() is not None:
            return  # the link is lost; the deadline or the watchdog leads the caller on
        self._put(KeyRead(call_id, future.result().text("Value")[:1]))
