"""Owns the answer to "kept until when, and why?" for one recording, as a code and facts; its sentences stand in texts.yaml; pure.

`explained(one)` of recordings.terminal makes it Chinese.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from recordings.naming import SHANGHAI
from recordings.retention import Edition


@dataclass(frozen=True, slots=True)
class Explanation:
    """`code`: held, deleted, planned, open, kept, new (not looked at yet). Facts are texts; days as 2026-11-22.

    `cases`: the keys of the holds in force, of `held` alone.
    """

    code: str
    klass: str
    facts: Mapping[str, str] = field(default_factory=dict)
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows say: of a recording or segment, its holds in force (keys), its planned or certified deletion."""

    state: str
    klass: str
    kept_from: float | None
    keep_until: float | None
    rule: str | None
    holds: Sequence[str] = ()
    planned_for: float | None = None
    certified_at: float | None = None


def explain(known: Known, editions: Sequence[Edition]) -> Explanation:
    """The strongest reason: gone, held, announced, then the rule."""
    facts = {"source": _source(known.rule, editions), "from": day(known.kept_from), "until": _last_day(known.keep_until)}
    if known.certified_at is not None or known.state in ("deleting", "deleted"):
        return Explanation("deleted", known.klass, facts | {"day": day(known.certified_at)})
    if known.holds:
        return Explanation("held", known.klass, facts, tuple(known.holds))
    if known.planned_for is not None:
        return Explanation("planned", known.klass, facts | {"day": day(known.planned_for)})
    if known.rule is None:
        return Explanation("new", known.klass)
    return Explanation("open" if known.keep_until is None else "kept", known.klass, facts)


def day(at: float | None) -> str:
    """The day in Shanghai, empty for none."""
    return "" if at is None else f"{datetime.fromtimestamp(at, SHANGHAI):%Y-%m-%d}"


def _last_day(until: float | None) -> str:
    """The last whole day it is kept: it ends at the midnight after."""
    return day(None if until is None else until - 1)


def _source(rule: str | None, editions: Sequence[Edition]) -> str:
    edition, _, klass = (rule or "").partition("/")
    found = next((one for one in editions if one.key == edition), None)
    return next((each.source for name, each in found.rules.items() if name == klass), "") if found else ""
