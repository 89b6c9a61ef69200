"""The fault campaign's own count of a day: by hand, and beside the worker's projection over courses thrown by dice."""

from __future__ import annotations

import random
from typing import Any

import pytest

from hotline_core.adapters.ledger import LedgerRecord
from hotline_core.domain.records import CallRow
from tests.faults.recount import COUNTS, calls_of, day_of, differences
from worker.projection import project

pytestmark = pytest.mark.unit

START = 1000.0


def course(call_id: str, *kinds: str, line: str = "12328", **end: object) -> list[LedgerRecord]:
    """A call of these records, a second apart."""
    found = [LedgerRecord(1, START, call_id, "call_arrived", {"line": line})]
    found += [LedgerRecord(1, START + at, call_id, kind, {}) for at, kind in enumerate(kinds, start=1)]
    return [*found, LedgerRecord(1, START + 20, call_id, "call_ended", {"by": "caller", **end})] if end else found  # type: ignore[dict-item]


def test_each_call_is_counted_where_its_citizen_would_say_it_belongs() -> None:
    """One of each kind."""
    records = [
        *course("answered", "recording_started", "queue_entered", "agent_rung", "agent_answered", cause=16),
        *course("gave up", "recording_started", "queue_entered", cause=16),
        *course("left in the menu", "greeting_started", cause=16),
        *course("cut off", "recording_started", by="system"),
        *course("promised", "recording_started", "callback_noted", cause=16),
        *course("rescuers", "recording_started", "party_rung", "party_answered", cause=16),
        *course("waits", "recording_started", "queue_entered"),
        *course("unseen", by="caller", recovered=True),
        LedgerRecord(1, START, "to a citizen", "call_dialled", {"line": "12328"}),
    ]
    (day,) = day_of(calls_of(records), START).values()
    assert day == {
        "arrived": 8, "asked": 6, "waiting": 1, "in_menu": 0, "left_menu": 1, "answered": 1, "duty": 0, "party": 1, "abandoned": 2,
        "callback": 1, "lost": 1, "waited_s": 4.0,
    }  # fmt: skip


def test_what_is_shown_otherwise_is_named() -> None:
    """Also a line that is not shown at all."""
    counted = day_of(calls_of([*course("a", cause=16), *course("b", line="12345", cause=16)]), START)
    shown: dict[str, Any] = {"line": "12328", **dict.fromkeys(COUNTS, 0), "arrived": 1, "average_wait_s": {"numerator": 0.0}}
    assert differences(counted, [shown]) == ["12328 left_menu: shown 0, the ledger has 1", "12345: not shown at all"]


def test_the_recount_and_the_worker_agree_on_every_outcome(seed: int) -> None:
    """A thousand courses that no bridge would write."""
    dice = random.Random(seed)
    kinds = (
        "greeting_started", "notice_played", "recording_started", "queue_entered", "agent_rung", "agent_missed", "agent_answered",
        "hold_started", "hold_ended", "agent_left", "duty_rung", "duty_answered", "party_rung", "party_answered", "callback_noted",
    )  # fmt: skip
    for number in range(1000):
        own = course(f"c{number}", *dice.sample(kinds, dice.randrange(len(kinds))), by=dice.choice(("caller", "agent", "system")))
        row: CallRow | None = None
        for record in own:
            row = project(row, record)
        (told,) = calls_of(own)
        assert row is not None
        assert told.outcome == row.outcome, own
        assert told.asked == (row.queued_at is not None or row.outcome in ("answered", "duty", "callback")), own
