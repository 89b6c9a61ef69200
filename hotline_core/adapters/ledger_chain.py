"""What a ledger record is, its two lines of text and the hash that chains them; pure, no files."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

Fact = str | int | float | bool | None

GENESIS = "0" * 64
HASH_PART = b',"hash":"'
_HASH_LENGTH = len(HASH_PART) + 64 + len(b'"}')

TRANSFER_KINDS = frozenset({  # somebody else on the line of a call; `n` counts its transfers from 1
    "third_asked", "third_dialled", "third_answered", "third_failed", "third_missed", "third_left", "stage_entered",
    "citizen_alone", "agent_took_over", "taken_back", "transfer_ended",
})  # fmt: skip
CALL_KINDS = frozenset({
    "call_arrived", "greeting_started", "notice_played", "recording_started", "queue_entered", "agent_rung",
    "agent_missed", "agent_answered", "hold_started", "hold_ended", "agent_left", "requeued", "duty_rung",
    "duty_answered", "callback_noted", "party_rung", "party_dialled", "party_missed",
    "party_answered", "party_failed", "fallback_entered", "adopted", "call_ended",
    "agent_awaited", "agent_resumed", "call_dialled", "citizen_answered", "talk_started", "dial_failed",
    "recording_paused", "recording_resumed",
}) | TRANSFER_KINDS  # fmt: skip
AGENT_KINDS = frozenset({"agent_ready", "agent_paused", "agent_offline", "agent_wrap_up"})
KINDS = CALL_KINDS | AGENT_KINDS | {"gap"}
NEVER_SHED = frozenset({"call_ended"})


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """One thing that was decided or happened; `personal` is what the law may order to erase."""

    seq: int
    at: float
    call_id: str
    kind: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)


class BadLine(ValueError):
    """A line of a ledger file that nobody of ours wrote, or that was altered."""


@dataclass(frozen=True, slots=True)
class ChainLine:
    """A chain line as read: the record without its personal part, and its links."""

    record: LedgerRecord
    salted: str
    prev: str
    hash: str


def dumps(value: object) -> bytes:
    """The one way JSON is written here; ASCII, so no half character can ever stand in a file."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def salted_hash(salt: str, personal: Mapping[str, str]) -> str:
    """What the chain keeps of the personal part: provable while it is there, nothing once it is erased."""
    return sha256(salt.encode("ascii") + dumps(dict(personal))).hexdigest()


def encode_personal(record: LedgerRecord, salt: str) -> bytes:
    """The erasable line of a record."""
    return dumps({"seq": record.seq, "salt": salt, "data": dict(record.personal)}) + b"\n"


def encode_chain(record: LedgerRecord, salted: str, prev: str) -> tuple[bytes, str]:
    """The chain line of a record and its hash, which covers every byte of the line before it."""
    body = dumps({
        "seq": record.seq, "at": record.at, "call": record.call_id, "kind": record.kind, "facts": dict(record.facts),
        "salted": salted, "prev": prev,
    })  # fmt: skip
    digest = sha256(body).hexdigest()
    return body[:-1] + HASH_PART + digest.encode("ascii") + b'"}\n', digest


def decode_chain(line: bytes) -> ChainLine:
    """Read one chain line without its newline; BadLine if its own hash does not fit it."""
    body, tail = line[:-_HASH_LENGTH] + b"}", line[-_HASH_LENGTH:]
    if not tail.startswith(HASH_PART):
        raise BadLine("no hash")
    digest = tail[len(HASH_PART) : -2].decode("ascii", "replace")
    if sha256(body).hexdigest() != digest:
        raise BadLine("hash does not fit")
    try:
        got = json.loads(body)
        record = LedgerRecord(got["seq"], got["at"], got["call"], got["kind"], got["facts"])
        return ChainLine(record, got["salted"], got["prev"], digest)
    except (ValueError, KeyError, TypeError) as error:
        raise BadLine("not a record") from error


def decode_personal(line: bytes) -> tuple[int, str, dict[str, str] | None]:
    """Sequence number, salt and data of a personal line; data is None when it was erased."""
    try:
        got = json.loads(line)
        if got.get("erased"):
            return got["seq"], "", None
        return got["seq"], got["salt"], got["data"]
    except (ValueError, KeyError, AttributeError) as error:
        raise BadLine("not a personal line") from error


def erased_line(seq: int, length: int) -> bytes:
    """What stands in place of a personal line: the same length, so that a file in use can be erased in place."""
    return dumps({"seq": seq, "erased": True}).ljust(length)


def follows(before: int, record: LedgerRecord) -> bool:
    """True if `record` may stand right after `before`: the next one, or a gap that tells what is missing."""
    missing = 0
    if record.kind == "gap":
        lost, skipped = record.facts.get("lost"), record.facts.get("skipped", 0)
        missing = (lost if isinstance(lost, int) else 0) + (skipped if isinstance(skipped, int) else 0) - 1
    return record.seq == before + 1 + max(0, missing)


class Backlog:
    """Records not written yet, bounded; what is shed leaves a `gap` record under the last shed sequence number."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._older: deque[LedgerRecord] = deque()  # gaps and the ends of calls that outlived them
        self._newer: deque[LedgerRecord] = deque()

    def __len__(self) -> int:
        return len(self._older) + len(self._newer)

    def push(self, record: LedgerRecord) -> None:
        """Keep `record`; the oldest one goes when there are too many, ends of calls last."""
        self._newer.append(record)
        if len(self._newer) <= self._limit:
            return
        oldest = self._newer.popleft()
        if oldest.kind in NEVER_SHED:
            self._older.append(oldest)
            if len(self._older) > self._limit:  # thousands of ended calls and gaps: they become one gap
                lost = sum(self._lost(one) for one in self._older)
                self._older = deque([replace(oldest, call_id="", kind="gap", facts={"lost": lost}, personal={})])
        else:
            lost = self._lost(oldest)
            if self._older and self._older[-1].kind == "gap":
                lost += self._lost(self._older.pop())
            self._older.append(replace(oldest, call_id="", kind="gap", facts={"lost": lost}, personal={}))

    @staticmethod
    def _lost(record: LedgerRecord) -> int:
        lost, skipped = record.facts.get("lost"), record.facts.get("skipped", 0)
        if record.kind != "gap" or not isinstance(lost, int):
            return 1
        return lost + (skipped if isinstance(skipped, int) else 0)

    def first(self) -> LedgerRecord:
        """The one to be written next."""
        return self._older[0] if self._older else self._newer[0]

    def drop_first(self) -> None:
        """The first one is written."""
        (self._older or self._newer).popleft()
