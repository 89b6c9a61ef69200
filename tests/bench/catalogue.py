"""Owns the list of series in the order of the report: a new series is one import and one line here."""

from __future__ import annotations

from tests.bench import events, fanout, memory, menu, page, recordings, recordings_live, ring, talks, tickets
from tests.bench.report import Series

SERIES: tuple[Series, ...] = (
    ring.SERIES, page.SERIES, events.SERIES, fanout.SERIES, menu.SERIES, talks.SERIES, tickets.SERIES, recordings.SERIES,
    recordings_live.SERIES, memory.SERIES,
)  # fmt: skip
