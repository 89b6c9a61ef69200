"""A call and a recording as they are kept: the rows of the calls database as frozen values."""

from __future__ import annotations

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
    """One recording as stored; path is relative to the folder of recordings; state: pending, ready, failed."""

    call_id: str
    path: str | None
    started_at: float
    length_s: float | None
    sha256: str | None
    size: int | None
    state: str
    detail: str | None
