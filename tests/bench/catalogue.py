"""Owns the list of series in the order of the report: a new series is one import and one line here."""

from __future__ import annotations

from tests.bench import events, fanout, memory, menu, ring, talks, tickets
from tests.bench.report import Series

SERIES: tuple[Series, ...] = (ring.SERIES, events.SERIES, fanout.SERIES, menu.SERIES, talks.SERIES, tickets.SERIES, memory.SERIES)
