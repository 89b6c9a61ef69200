"""What a click on a page asks of the bridge: checked on the way in, answered once; pure but for the reply call."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from hotline_core.domain import agent_events as ae
from hotline_core.domain import events as ev
from hotline_core.domain.events import Event
from hotline_core.domain.outgoing_events import DialAsked
from hotline_core.domain.pause_events import PauseRecordingAsked, ResumeRecordingAsked
from hotline_core.errors import BadInput, IntentRefused

LONGEST_LIFE_S = 10.0  # an expiry further away than this is a broken clock or a forged intent
REMEMBERED = 10_000
_CALL_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")
TEXTS = (
    "id", "op", "agent", "call_id", "reason", "number", "line", "about", "kind", "digest", "party", "to", "queue", "role", "digits",
)  # fmt: skip
MOST_QUEUES = 50

Answer = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Intent:
    """One request; `reply` is called exactly once."""

    intent_id: str
    op: str
    agent: str
    call_id: str
    reason: str
    expires: float
    reply: Callable[[Answer], None] = field(compare=False)
    number: str = ""  # whom to call, under which line, as the answer to which call
    line: str = ""
    about: str = ""
    kind: str = ""  # of a telephone
    digest: str = field(default="", repr=False)  # H(A1) of a telephone's password
    queues: tuple[str, ...] = ()
    party: str = ""  # of an act with a third: whom it names, a key of the directory, an extension or a queue
    to: str = ""
    queue: str = ""
    role: str = ""
    digits: str = field(default="", repr=False)  # keys that a person pressed
    data: Mapping[str, object] = field(default_factory=dict)  # of a party of the directory


def parse(line: bytes, reply: Callable[[Answer], None]) -> Intent:
    """One line of the socket; BadInput names the field that cannot be used."""
    try:
        data = json.loads(line)
    except ValueError:
        raise BadInput(field="json") from None
    if not isinstance(data, dict):
        raise BadInput(field="json")
    texts = {name: data.get(name) or "" for name in TEXTS}
    for name, value in texts.items():
        if not isinstance(value, str) or len(value) > 200:
            raise BadInput(field=name)
    expires = data.get("expires", 0)
    if not isinstance(expires, int | float) or isinstance(expires, bool):
        raise BadInput(field="expires")
    if not texts["id"]:
        raise BadInput(field="id")
    if texts["agent"] and not texts["agent"].isdigit():
        raise BadInput(field="agent")
    if texts["about"] and _CALL_ID.fullmatch(texts["about"]) is None:
        raise BadInput(field="about")
    if texts["to"] and not texts["to"].isdigit():
        raise BadInput(field="to")
    if not isinstance(data.get("data") or {}, dict):
        raise BadInput(field="data")
    queues = data.get("queues") or []
    if not isinstance(queues, list) or len(queues) > MOST_QUEUES or not all(isinstance(name, str) for name in queues):
        raise BadInput(field="queues")
    return Intent(
        texts["id"], texts["op"], texts["agent"], texts["call_id"], texts["reason"], float(expires), reply,
        texts["number"], texts["line"], texts["about"], texts["kind"], texts["digest"], tuple(dict.fromkeys(queues)),
        texts["party"], texts["to"], texts["queue"], texts["role"], texts["digits"], data.get("data") or {},
    )  # fmt: skip


class Gate:
    """Lets an intent pass once and in time; `queues` are the city's."""

    def __init__(self, queues: Collection[str]) -> None:
        self._queues = queues
        self._seen: OrderedDict[str, None] = OrderedDict()

    def admit(self, intent: Intent, now: float) -> None:
        """Remember the intent; IntentRefused if it is late or repeated."""
        if not now <= intent.expires <= now + LONGEST_LIFE_S:
            raise IntentRefused("stale_intent")
        if intent.intent_id in self._seen:
            raise IntentRefused("repeated_intent")
        self._seen[intent.intent_id] = None
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def event_of(self, intent: Intent, now: float) -> Event:
        """The event an intent stands for; IntentRefused if it is late, repeated, unknown or incomplete."""
        self.admit(intent, now)
        if not intent.agent:
            raise IntentRefused("bad_input", field="agent")
        if any(queue not in self._queues for queue in intent.queues):
            raise IntentRefused("unknown_queue")
        match intent.op:
            case "ready":
                return ae.ReadyAsked(intent.agent, intent.intent_id, intent.queues)
            case "queues":  # none stands for the city's first
                return ae.QueuesAsked(intent.agent, intent.intent_id, intent.queues or tuple(self._queues)[:1])
            case "pause":
                return ae.PauseAsked(intent.agent, intent.intent_id, intent.reason)
            case "sign_out":
                return ae.SignOutAsked(intent.agent, intent.intent_id)
            case "hang_up":
                return ev.HangUpWanted(intent.call_id, intent.intent_id)
            case "resume":
                return ev.ResumeWanted(intent.call_id, intent.intent_id)
            case "pause_recording":
                return PauseRecordingAsked(intent.call_id, intent.agent, intent.intent_id)
            case "resume_recording":
                return ResumeRecordingAsked(intent.call_id, intent.agent, intent.intent_id)
            case "dial":
                return DialAsked(intent.agent, intent.intent_id, "", intent.number, intent.line, intent.about)
        raise IntentRefused("unknown_op")


def done(intent_id: str, facts: Mapping[str, object] | None = None) -> Answer:
    """The answer to an intent that was carried out."""
    return {"id": intent_id, "ok": True, "facts": dict(facts or {})}


def refused(intent_id: str, code: str, facts: Mapping[str, object] | None = None) -> Answer:
    """The answer to an intent that was not carried out."""
    return {"id": intent_id, "ok": False, "code": code, "facts": dict(facts or {})}
