"""The live view in Redis as the other parts use it: the bridge publishes, the desk reads."""

from __future__ import annotations

from hotline_core.adapters.live_publisher import BEAT_KEY, LIVE_KEY, SEQ_KEY, LivePublisher, open_redis
from hotline_core.adapters.live_reader import PART_KEY, Beats, Delta, LiveEvent, LiveReader, Lost, Snapshot

__all__ = [
    "BEAT_KEY",
    "LIVE_KEY",
    "PART_KEY",
    "SEQ_KEY",
    "Beats",
    "Delta",
    "LiveEvent",
    "LivePublisher",
    "LiveReader",
    "Lost",
    "Snapshot",
    "open_redis",
]
