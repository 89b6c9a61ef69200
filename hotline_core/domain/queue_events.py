"""Who stands where in app_queue's own order, in the past tense; joining it is QueueEntered, a call's event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlaceLeft:
    """The caller stands in that queue no more: answered, gave up, or led on by the dialplan."""

    call_id: str
    queue: str


@dataclass(frozen=True, slots=True)
class PlacesSeen:
    """Asterisk's order of all callers by queue, read after a login; the first is the next."""

    places: Mapping[str, tuple[str, ...]]
