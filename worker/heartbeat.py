"""The worker's sign of life in Redis: sent only while the projector moves, with how far it is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from hotline_core.adapters.live_reader import PART_KEY
from hotline_core.log import Log
from worker.projector import Projector

EVERY_S = 1.0
EXPIRES_S = 5
STUCK_S = 12.0  # longer than the longest wait for a locked database


def run_heartbeat(url: str, projector: Projector, now: Callable[[], float], log: Log, stop: threading.Event) -> None:
    """Until stopped; a dead Redis is logged once and its return once."""
    started = now()
    is_up: bool | None = None
    with Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0, retry=Retry(NoBackoff(), 0)) as redis:
        while not stop.is_set():
            try:
                if now() - projector.ticked_at < STUCK_S:
                    redis.set(PART_KEY + "worker", json.dumps(_sign(projector, started)), ex=EXPIRES_S)
                if is_up is False:
                    log.info("back", what="redis")
                is_up = True
            except (RedisError, OSError) as error:
                if is_up is not False:
                    log.warning("lost", what="redis", reason=type(error).__name__)
                is_up = False
            stop.wait(EVERY_S)


def _sign(projector: Projector, started: float) -> dict[str, object]:
    database = projector.database
    return {
        "since": started,
        "seq": projector.seq,
        "calls_database": {"state": database.state, "since": database.since},
    }
