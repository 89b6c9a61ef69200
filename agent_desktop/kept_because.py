"""Kept until when, and because of what: one recording's sentence for a page. Sync; call it off the event loop."""

from __future__ import annotations

from collections.abc import Sequence

from agent_desktop.desk import Desk
from hotline_core.domain.records import RecordingRow, SegmentRow
from hotline_core.errors import SettingsError
from recordings.explain import Known, explain
from recordings.policy_data import load_editions
from recordings.retention import Edition
from recordings.terminal import explained

Told = dict[str, object]


def editions_of(desk: Desk) -> tuple[Edition, ...]:
    """The rules of keeping, none while the city's file of them cannot be used: the worker tells it."""
    try:
        return load_editions(desk.settings.paths.retention)
    except SettingsError:
        return ()


def source_of(rule: str, editions: Sequence[Edition]) -> str:
    """The law behind a rule as it stands in the rows, empty if it is not among the editions any more."""
    return str(explain(Known("ready", "ordinary", None, None, rule), editions).facts.get("source", ""))


def kept_because(desk: Desk, row: RecordingRow | SegmentRow) -> Told:
    """`until` (epoch seconds or None), `because` in words, `holds` as the keys of cases in force."""
    plan = desk.keeping.of(row.call_id, row.leg)
    cases = [hold.key for hold in desk.holds.of_call(row.call_id)]
    known = Known(
        row.state, row.klass, row.kept_from, row.keep_until, row.rule, cases,
        plan.planned_for if plan else None, plan.certified_at if plan else None,
    )  # fmt: skip
    return {"until": row.keep_until, "because": explained(explain(known, editions_of(desk))), "holds": cases}
