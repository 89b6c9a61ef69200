"""Did any recording end early, or stay too long? Asked of every row by plain SQL and the calendar of Python, and nothing of ours.

The months are those of recordings/retention.yaml, written down once more by hand: kept at least, gone at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from sqlalchemy import Connection, Engine, text

MONTHS = {"complaint": (60, 66), "ticket": (60, 63), "emergency": (36, 39), "training": (12, 24), "ordinary": (12, 15)}
SHANGHAI = timezone(timedelta(hours=8))
LATE_S = 2 * 86_400.0  # looked at once a night, deleted the night after
MOST_TOLD = 20
HELD = 'SELECT h.call_id FROM recording_held h JOIN recording_holds c ON c."key" = h."key" WHERE c.released_at IS NULL'
TICKETS = "SELECT call_id, klass, closed_at FROM tickets WHERE stage <> 'void' AND call_id IS NOT NULL"
ABOUT = "SELECT call_id, about FROM calls WHERE about IS NOT NULL"
TEACHING = "SELECT call_id, taken_at FROM recording_training WHERE ended_at IS NULL"
CERTIFIED = "SELECT call_id, leg, klass, certified_at FROM recording_deletions WHERE certified_at IS NOT NULL"
ROWS = (
    "SELECT r.call_id, 0 AS leg, r.state, r.started_at, r.klass, c.urgent FROM recordings r "
    "LEFT JOIN calls c ON c.call_id = r.call_id",
    "SELECT r.call_id, r.leg, r.state, r.started_at, r.klass, c.urgent FROM recording_segments r "
    "LEFT JOIN calls c ON c.call_id = r.call_id",
)


@dataclass(slots=True)
class Checked:
    """By class: how many rows, deleted in their time, kept beyond their end by a hold; and the first things that are wrong."""

    rows: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    early: int = 0
    late: int = 0
    faults: list[str] = field(default_factory=list)

    def wrong(self, what: str) -> None:
        """One more; only the first ones are told."""
        if len(self.faults) < MOST_TOLD:
            self.faults.append(what)


@dataclass(slots=True)
class _Known:
    held: set[str]
    tickets: dict[str, list[tuple[str, float | None]]]
    about: dict[str, str]
    teaching: dict[str, float]
    certified: dict[tuple[str, int], tuple[str, float]]


def check_year(engine: Engine, now: float) -> Checked:
    """Every recording and segment as they are after the look of `now` (epoch seconds)."""
    done = Checked()
    with engine.connect() as connection:
        known = _known(connection)
        for query in ROWS:
            for row in connection.execution_options(yield_per=20_000).execute(text(query)):
                _check(row, known, now, done)
    return done


def _known(connection: Connection) -> _Known:
    tickets: dict[str, list[tuple[str, float | None]]] = {}
    for call_id, klass, closed_at in connection.execute(text(TICKETS)):
        kind = "complaint" if klass in ("complaint", "report") else "ticket"
        tickets.setdefault(call_id, []).append((kind, closed_at))
    return _Known(
        {row[0] for row in connection.execute(text(HELD))},
        tickets,
        {row[0]: row[1] for row in connection.execute(text(ABOUT))},
        {row[0]: row[1] for row in connection.execute(text(TEACHING))},
        {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(text(CERTIFIED))},
    )


def _check(row: Any, known: _Known, now: float, done: Checked) -> None:
    grounds = list(_grounds(row, known))
    order = list(MONTHS)
    least, klass = max(grounds, key=lambda ground: (ground[1], -order.index(ground[0])))[1::-1]
    most = max(ground[2] for ground in grounds)
    done.rows[klass] += 1
    place, is_held = f"{row.call_id}/{row.leg} ({klass})", row.call_id in known.held
    if row.state == "deleted":
        told_klass, at = known.certified.get((row.call_id, row.leg), ("no certificate", 0.0))
        done.deleted[klass] += 1
        if at < least:
            done.early += 1
            done.wrong(f"{place} ended {(least - at) / 86_400:.1f} days early")
        if at >= most:
            done.late += 1
            done.wrong(f"{place} ended {(at - most) / 86_400:.1f} days after its most")
        if is_held:
            done.early += 1
            done.wrong(f"{place} was held and is gone")
    else:
        told_klass = row.klass
        if row.state != "ready":
            done.wrong(f"{place} is {row.state}")
        if is_held and now >= least:
            done.held[klass] += 1
        elif now >= min(least + LATE_S, most):
            done.late += 1
            done.wrong(f"{place} is kept beyond its end")
    if told_klass != klass:
        done.wrong(f"{place} is told to be {told_klass}")


def _grounds(row: Any, known: _Known) -> Iterator[tuple[str, float, float]]:
    """Class, kept until at least, gone by."""
    yield _until("ordinary", row.started_at)
    if row.urgent:
        yield _until("emergency", row.started_at)
    if row.call_id in known.teaching:
        yield _until("training", max(known.teaching[row.call_id], row.started_at))
    call_id: str | None = row.call_id
    while call_id is not None:
        for klass, closed_at in known.tickets.get(call_id, ()):
            if closed_at is None:
                yield klass, float("inf"), float("inf")
            else:
                yield _until(klass, max(closed_at, row.started_at))
        call_id = known.about.get(call_id)


def _until(klass: str, since: float) -> tuple[str, float, float]:
    least, most = (_midnight_after(since, months) for months in MONTHS[klass])
    return klass, least, most


def _midnight_after(since: float, months: int) -> float:
    """The midnight that ends the same day so many months later; of a day that is not there, the first of the next month."""
    day = datetime.fromtimestamp(since, SHANGHAI).date()
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    try:
        last = date(year, month, day.day)
    except ValueError:
        last = date(year + month // 12, month % 12 + 1, 1)
    return datetime.combine(last + timedelta(days=1), time(), SHANGHAI).timestamp()
