"""A call, its transfers and its recordings as they are kept: the rows of the calls database as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call as stored. state: greeting, waiting, ringing, talking, held, joined (somebody else is or was on the
    line too), duty, party, dialling, ended.

    outcome: None while open, then of a citizen's call answered, abandoned, callback, duty, party or lost, of a call to a citizen
    (direction out; `caller` is the citizen all the same, `about` the call it answers) answered, busy, no_answer or failed.
    """

    call_id: str
    line: str
    caller: str
    dialled: str
    state: str
    arrived_at: float
    queued_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    agent: str | None = None
    ended_by: str | None = None
    cause: int | None = None
    outcome: str | None = None
    direction: str = "in"
    about: str | None = None
    urgent: bool = False  # the caller asked for rescuers, whatever came of it
    left_alone: bool = False  # whoever had answered was gone before the end, and the citizen waited for a person again


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """One recording as stored; path is relative to its store's folder; state: pending, ready, failed, missing, deleted.

    size and sha256 are of the file as it lies there, plain_size and plain_sha256 of the sound in it (None: the same, it is plain).
    store: local or archive (None: local). cipher: None for plain. codec: opus, or wav (None). parties: {"left": [...],
    "right": [...]} of citizen, agent:EXTENSION, party:KEY, third; never a number. klass: ordinary, ticket, complaint, emergency,
    training.
    kept_from, keep_until: epoch seconds, of the rule named in `rule`; keep_until None: without an end for now.
    """

    call_id: str
    path: str | None
    started_at: float
    length_s: float | None
    sha256: str | None
    size: int | None
    state: str
    detail: str | None
    store: str | None = None
    cipher: str | None = None
    codec: str | None = None
    plain_size: int | None = None
    plain_sha256: str | None = None
    parties: Mapping[str, list[str]] | None = None
    klass: str = "ordinary"
    kept_from: float | None = None
    keep_until: float | None = None
    rule: str | None = None
    ready_at: float | None = None

    @property
    def leg(self) -> int:
        """The main recording is leg 0."""
        return 0


@dataclass(frozen=True, slots=True)
class TransferRow:
    """Somebody else wanted on the line of a call (R31); n counts the transfers of the call from 1, 0 is the party of a menu's key.

    way: an act of the agent (consult, add, emergency, blind, ...) or menu. result: None, or why nobody answered (busy, no_answer,
    declined, unknown_number, unavailable). outcome: None while open, then returned, handed, led, cancelled, failed, citizen_left,
    alone, or unseen (the end was told by nobody). last: who of the three left last.
    """

    call_id: str
    n: int
    way: str
    asked_at: float
    party: str = ""  # key in the directory
    name: str = ""  # as people called it then
    kind: str = ""
    to: str = ""  # extension
    queue: str = ""
    by: str = ""  # extension of who asked, empty for the menu
    answered_at: float | None = None
    waited_s: float | None = None
    result: str | None = None
    ended_at: float | None = None
    outcome: str | None = None
    last: str | None = None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One dialling of a transfer; attempt counts within it, leg (the N of third-CALLID-N) within the call.

    result: None while it rings, answered, cancelled, or as of a transfer. leg is None where the dialplan dialled from the
    citizen's own channel.
    """

    call_id: str
    n: int
    attempt: int
    dialled_at: float
    leg: int | None = None
    number: str = ""  # as dialled; empty for an agent
    trunk: str = ""
    answered_at: float | None = None
    waited_s: float | None = None
    cause: int | None = None  # Q.850
    result: str | None = None
    ended_at: float | None = None
    ended_by: str | None = None
    took_over_at: float | None = None  # a consulted agent's leg that became the call's agent's


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """What one third said and heard, as a recording of its own; access: who may hear it besides who may hear everything.

    access consult: only the agents of transfer n; n is None if the ledger lost whose leg it was. All else as of RecordingRow.
    """

    call_id: str
    leg: int
    n: int | None
    access: str
    path: str | None
    started_at: float
    length_s: float | None
    sha256: str | None
    size: int | None
    state: str
    detail: str | None
    store: str | None = None
    cipher: str | None = None
    codec: str | None = None
    plain_size: int | None = None
    plain_sha256: str | None = None
    parties: Mapping[str, list[str]] | None = None
    klass: str = "ordinary"
    kept_from: float | None = None
    keep_until: float | None = None
    rule: str | None = None
    ready_at: float | None = None
