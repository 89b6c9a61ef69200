"""What one change of the live view is to each page; pages that have nothing to do with it get one and the same message. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from agent_desktop.view import Live, Viewer, agents_of, seen_agent, seen_call

Message = dict[str, object]
Kinds = Mapping[str, Mapping[str, Live]]


class Shared(Message):
    """A message that many pages get: nobody changes it, and its text is made once."""

    __slots__ = ("_text",)

    def text(self) -> str:
        """The message as it is sent."""
        try:
            return self._text
        except AttributeError:
            self._text: str = _text(self)
            return self._text


def text_of(message: Message) -> str:
    """A message as it is sent."""
    return message.text() if isinstance(message, Shared) else _text(message)


def _text(message: Message) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


class Telling:
    """One change, told to one page after the other.

    With 300 desks nearly every page is a stranger to nearly every change: none of the calls is theirs, none of the agents is they.
    What strangers see differs only by the calls that leave their screens.
    """

    def __init__(self, seq: int, kinds: Kinds, gone: set[str]) -> None:
        self._seq = seq
        self._kinds = kinds
        self._touched = gone | kinds["call"].keys()
        theirs = frozenset[str]().union(*(agents_of(call) for call in kinds["call"].values()))
        self._involved = theirs | {str(agent.get("id")) for agent in kinds["agent"].values()}
        self._to_strangers: dict[frozenset[str], tuple[Shared | None, frozenset[str]]] = {}

    def concerns(self, viewer: Viewer) -> bool:
        """Whether it is about the viewer or a call of theirs: such a page is to be told before all others."""
        return viewer.extension in self._involved

    def to(self, viewer: Viewer, shown: set[str]) -> Message | None:
        """What this viewer is told, None when they see nothing of it; `shown`, the calls on the screen, is kept up to date."""
        before = frozenset(shown & self._touched)
        if viewer.sees_all or self.concerns(viewer):
            message, after = self._seen(viewer, before)
        elif before in self._to_strangers:
            message, after = self._to_strangers[before]
        else:
            message, after = self._to_strangers[before] = self._seen(viewer, before)
        shown -= before - after
        shown |= after
        return message

    def _seen(self, viewer: Viewer, before: frozenset[str]) -> tuple[Shared | None, frozenset[str]]:
        """The message of one viewer, and which of the touched calls are on the screen after it."""
        views = ((call_id, seen_call(viewer, call)) for call_id, call in self._kinds["call"].items())
        calls = {call_id: seen for call_id, seen in views if seen is not None}
        left = sorted(before - calls.keys())
        agents = [seen_agent(viewer, agent) for agent in self._kinds["agent"].values()]
        queues = [dict(queue) for queue in self._kinds["queue"].values()]
        if not (calls or left or agents or queues):
            return None, frozenset()
        told = {"type": "delta", "seq": self._seq, "calls": list(calls.values()), "gone": left, "agents": agents, "queues": queues}
        return Shared(told), frozenset(calls)
