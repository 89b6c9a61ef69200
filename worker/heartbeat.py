"""The worker's sign of life in Redis: sent only while the projector moves, with how far it is and which other thread does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from hotline_core.adapters.live_reader import PART_KEY
from hotline_core.log import Log
from worker.clockwork import Clockwork
from worker.finaliser import Finaliser
from worker.flusher import Flusher
from worker.keeper import Keeper
from worker.messenger import Messenger
from worker.projector import Projector

EVERY_S = 1.0
EXPIRES_S = 5
STUCK_S = 12.0  # longer than the longest wait for a locked database
STUCK_KEEPER_S = 1800.0  # a large file goes to a slow archive, a night's look over all files
STUCK_TICKETS_S = 60.0  # a batch of reminders is a hundred transactions
LATE_S = 120.0  # reminders that come later than this are told as a fault


@dataclass(frozen=True, slots=True)
class Watched:
    """The threads whose movement is told."""

    projector: Projector
    clockwork: Clockwork
    messenger: Messenger
    keeper: Keeper
    flusher: Flusher
    finaliser: Finaliser


def run_heartbeat(url: str, watched: Watched, now: Callable[[], float], log: Log, stop: threading.Event) -> None:
    """Until stopped; a dead Redis is logged once and its return once."""
    started = now()
    is_up: bool | None = None
    with Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0, retry=Retry(NoBackoff(), 0)) as redis:
        while not stop.is_set():
            try:
                if now() - watched.projector.ticked_at < STUCK_S:
                    redis.set(PART_KEY + "worker", json.dumps(sign(watched, started, now())), ex=EXPIRES_S)
                if is_up is False:
                    log.info("back", what="redis")
                is_up = True
            except (RedisError, OSError) as error:
                if is_up is not False:
                    log.warning("lost", what="redis", reason=type(error).__name__)
                is_up = False
            stop.wait(EVERY_S)


def sign(watched: Watched, started: float, now: float) -> dict[str, object]:
    """What is told, times in epoch seconds; `behind` names what does not move though its database answers."""
    calls, clockwork = watched.projector.database, watched.clockwork
    late_s = max(0.0, now - clockwork.caught_up_at)
    is_away = clockwork.database.state == "down"
    behind = ["clockwork"] if not is_away and (late_s > LATE_S or now - clockwork.ticked_at > STUCK_TICKETS_S) else []
    if now - watched.messenger.ticked_at > STUCK_TICKETS_S:
        behind.append("messenger")
    keeper = watched.keeper
    if keeper.database.state == "up" and now - keeper.ticked_at > STUCK_KEEPER_S:
        behind.append("keeper")
    sounds = keeper.troubles.told()
    if watched.flusher.is_late:
        sounds.append("unsynced")
    if watched.flusher.is_short:
        sounds.append("no_room")
    if watched.finaliser.is_stuck:
        sounds.append("finaliser")
    return {
        "since": started,
        "seq": watched.projector.seq,
        "calls_database": {"state": calls.state, "since": calls.since},
        "tickets_database": {"state": clockwork.database.state, "since": clockwork.database.since},
        "reminders_late_s": round(late_s, 1),
        "recordings": sounds,
        "behind": behind,
    }
