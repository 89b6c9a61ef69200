"""Publishing the live view: the bridge's side. Nothing here ever makes the engine wait for Redis."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hotline_core.adapters.tasks import Tasks

LIVE_KEY = "hotline:live"  # the hash and the channel
SEQ_KEY = "hotline:live:seq"
BEAT_KEY = "hotline:bridge:beat"
BEAT_EXPIRES_S = 3
REDIS_TIMEOUT_S = 1.0
RETRY_S = 0.5


def open_redis(url: str) -> Redis:
    """A client that never repeats a command by itself; the caller bounds every wait with asyncio.timeout.

    No socket_timeout: redis-py 8.1 then sends inside asyncio.wait_for, which on Python 3.11 swallows a cancellation
    that comes while the send has just succeeded (bpo-37658), and a task told to end goes on.
    """
    client: Redis = Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=None,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
    return client


class LivePublisher:
    """Keeps the whole live view in memory and Redis in step with it.

    `publish` and `beat` only note what is to be sent (the latest value of each field, so the buffer is no larger than
    the view itself); one task of ours sends it. When Redis was away or lost its memory, the whole view is written
    again under a new epoch, which tells readers to read everything.
    """

    def __init__(self, url: str, *, now: Callable[[], float], on_change: Callable[[str, str], None]) -> None:
        """`on_change(state, reason)` is called once when Redis is lost and once when it is back."""
        self._url = url
        self._now = now
        self._on_change = on_change
        self._view: dict[str, str] = {}
        self._changed: set[str] = set()
        self._gone: set[str] = set()
        self._beat = False
        self._epoch = ""
        self._seq = 0
        self._is_whole = False  # Redis holds what we sent last
        self._held: set[str] = set()  # the fields it then has
        self._state = "down"
        self._since = now()
        self._told = False
        self._wake = asyncio.Event()
        self._tasks = Tasks(self._died)

    @property
    def state(self) -> tuple[str, float]:
        """("up" or "down", since when)."""
        return self._state, self._since

    @property
    def epoch(self) -> str:
        """The epoch now published."""
        return self._epoch

    def start(self) -> None:
        """Begin to send, in the running event loop; what an earlier bridge left in Redis is replaced at once."""
        self._wake.set()
        self._tasks.spawn("live-publisher", self._run())

    def publish(self, set_: Mapping[str, object], gone: Collection[str] = ()) -> None:
        """Note fields that changed and fields that are gone."""
        for field, value in set_.items():
            self._view[field] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            self._changed.add(field)
            self._gone.discard(field)
        for field in gone:
            if self._view.pop(field, None) is not None:
                self._changed.discard(field)
                self._gone.add(field)
        self._wake.set()

    def beat(self) -> None:
        """Note that the engine is alive."""
        self._beat = True
        self._wake.set()

    async def close(self, flush_s: float = 0.5) -> None:
        """Send what is left if Redis is there, then stop."""
        if self._state == "up":
            try:
                async with asyncio.timeout(flush_s):
                    while self._changed or self._gone:
                        self._wake.set()
                        await asyncio.sleep(0.005)
            except TimeoutError:
                pass
        await self._tasks.close()

    async def _run(self) -> None:
        redis = open_redis(self._url)
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                try:
                    async with asyncio.timeout(2 * REDIS_TIMEOUT_S):
                        await self._send(redis)
                    self._note("up", "")
                except (RedisError, OSError, TimeoutError) as error:
                    self._is_whole = False
                    self._note("down", type(error).__name__)
                    await redis.connection_pool.disconnect()
                    await asyncio.sleep(RETRY_S)
                    self._wake.set()
        finally:
            await redis.aclose()

    async def _send(self, redis: Redis) -> None:
        beat, self._beat = self._beat, False
        if self._is_whole:
            await self._send_changes(redis, beat)
        if not self._is_whole:
            await self._send_everything(redis, beat)

    async def _send_changes(self, redis: Redis, beat: bool) -> None:
        changed = {field: self._view[field] for field in self._changed}
        gone = list(self._gone)
        self._changed.clear()
        self._gone.clear()
        before = self._mark()
        async with redis.pipeline(transaction=True) as batch:
            batch.get(SEQ_KEY)
            batch.hlen(LIVE_KEY)
            if changed or gone:
                self._seq += 1
                if changed:
                    batch.hset(LIVE_KEY, mapping=dict[Any, Any](changed))
                if gone:
                    batch.hdel(LIVE_KEY, *gone)
                batch.set(SEQ_KEY, self._mark())
                batch.publish(LIVE_KEY, self._delta(changed, gone))
            if beat:
                batch.set(BEAT_KEY, repr(self._now()), ex=BEAT_EXPIRES_S)
            answers = await batch.execute()
        if answers[:2] != [before, len(self._held)]:  # Redis started anew, forgot (eviction), or somebody else wrote
            self._is_whole = False
        self._held = (self._held | changed.keys()).difference(gone)

    async def _send_everything(self, redis: Redis, beat: bool) -> None:
        self._epoch, self._seq = uuid.uuid4().hex[:16], 1
        view = dict(self._view)
        self._changed.clear()
        self._gone.clear()
        async with redis.pipeline(transaction=True) as batch:
            batch.delete(LIVE_KEY)
            if view:
                batch.hset(LIVE_KEY, mapping=dict[Any, Any](view))
            batch.set(SEQ_KEY, self._mark())
            batch.publish(LIVE_KEY, self._delta({}, []))
            if beat:
                batch.set(BEAT_KEY, repr(self._now()), ex=BEAT_EXPIRES_S)
            await batch.execute()
        self._held = set(view)
        self._is_whole = True

    def _mark(self) -> str:
        return json.dumps({"epoch": self._epoch, "seq": self._seq})

    def _delta(self, changed: Mapping[str, str], gone: list[str]) -> str:
        fields = ",".join(f"{json.dumps(field)}:{value}" for field, value in changed.items())
        return f'{self._mark()[:-1]},"set":{{{fields}}},"del":{json.dumps(gone)}}}'

    def _note(self, state: str, reason: str) -> None:
        if state == self._state and self._told:
            return
        self._state, self._since, self._told = state, self._now(), True
        self._on_change(state, reason)

    def _died(self, name: str, error: BaseException) -> None:
        self._note("down", f"{name} ended: {type(error).__name__}")
