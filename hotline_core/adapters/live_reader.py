"""Reading the live view: the desk's side. Snapshot, then deltas without a hole, as long as it is wanted."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from hotline_core.adapters.live_publisher import BEAT_KEY, LIVE_KEY, REDIS_TIMEOUT_S, RETRY_S, SEQ_KEY, open_redis

CHECK_EVERY_S = 1.0
PART_KEY = "hotline:part:"  # + name of the part


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole live view; everything known before is void. Epoch "" means that no bridge ever wrote."""

    epoch: str
    seq: int
    fields: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Delta:
    """The next change after the snapshot or delta before it."""

    epoch: str
    seq: int
    changed: Mapping[str, Mapping[str, Any]]
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Beats:
    """Who gave a sign of life, once a second: the bridge (its time, None when it is silent) and the other parts."""

    bridge: float | None
    parts: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Lost:
    """Redis is away since `since`; a snapshot follows when it is back. Sent once."""

    since: float
    reason: str


LiveEvent = Snapshot | Delta | Beats | Lost


class _Hole(Exception):
    """A delta is missing, is no delta, or the epoch changed: read everything again."""


class _Corrupt(Exception):
    """What lies in Redis is not what a bridge writes."""


class LiveReader:
    """Follows the live view; `parts` names the parts whose sign of life is read along ("worker")."""

    def __init__(self, url: str, *, now: Callable[[], float], parts: tuple[str, ...] = ("worker",)) -> None:
        self._url = url
        self._now = now
        self._parts = parts
        self._state = "down"
        self._since = now()
        self._epoch = ""
        self._seq = 0
        self._behind = 0  # what Redis held one check ago; a delta older than that has surely been sent

    @property
    def state(self) -> tuple[str, float]:
        """("up" or "down", since when)."""
        return self._state, self._since

    async def events(self) -> AsyncGenerator[LiveEvent, None]:
        """Snapshot, deltas, beats, and Lost when Redis goes; never ends by itself, reconnects by itself."""
        redis = open_redis(self._url)
        told = False
        try:
            while True:
                try:
                    async with contextlib.aclosing(self._follow(redis)) as following:
                        async for event in following:
                            if self._state != "up":
                                self._state, self._since = "up", self._now()
                            told = False
                            yield event
                except _Hole:
                    continue
                except (RedisError, OSError, TimeoutError, _Corrupt) as error:
                    if isinstance(error, _Corrupt):
                        await self._ask_anew(redis)
                    if self._state == "up" or not told:
                        self._state, self._since, told = "down", self._now(), True
                        yield Lost(self._since, type(error).__name__.lstrip("_"))
                    await redis.connection_pool.disconnect()
                    await asyncio.sleep(RETRY_S)
        finally:
            await redis.aclose()

    @staticmethod
    async def _ask_anew(redis: Redis) -> None:
        """Without its mark the bridge takes Redis for one that lost its memory, and writes everything at its next heartbeat."""
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                await redis.delete(SEQ_KEY)

    async def _follow(self, redis: Redis) -> AsyncGenerator[LiveEvent, None]:
        """One subscription with its snapshot, until a hole or a lost link raises."""
        loop = asyncio.get_running_loop()
        async with redis.pubsub() as channel:
            async with asyncio.timeout(2 * REDIS_TIMEOUT_S):
                await channel.subscribe(LIVE_KEY)
                await channel.get_message(timeout=REDIS_TIMEOUT_S)  # the confirmation: from here on nothing is missed
                snapshot = await self._read(redis)
            yield snapshot
            self._epoch, self._seq, self._behind = snapshot.epoch, snapshot.seq, 0
            next_check = loop.time()
            while True:
                wait_s = next_check - loop.time()
                if wait_s <= 0:
                    async with asyncio.timeout(2 * REDIS_TIMEOUT_S):
                        beats = await self._check(redis)
                    yield beats
                    next_check = loop.time() + CHECK_EVERY_S
                    continue
                if (delta := await self._next(channel, wait_s)) is not None:
                    yield delta

    async def _read(self, redis: Redis) -> Snapshot:
        async with redis.pipeline(transaction=True) as batch:
            batch.hgetall(LIVE_KEY)
            batch.get(SEQ_KEY)
            fields, mark = await batch.execute()
        epoch, seq = _mark(mark)
        return Snapshot(epoch, seq, {field: _object(value) for field, value in fields.items()})

    async def _next(self, channel: PubSub, wait_s: float) -> Delta | None:
        message = await channel.get_message(ignore_subscribe_messages=True, timeout=wait_s)
        if message is None:
            return None
        try:
            got = _object(message["data"])
            epoch, seq, changed, gone = got["epoch"], got["seq"], got["set"], tuple(got["del"])
        except (_Corrupt, KeyError, TypeError):
            raise _Hole from None
        if not isinstance(changed, dict):
            raise _Hole
        if epoch != self._epoch:
            raise _Hole
        if seq <= self._seq:
            return None  # already in the snapshot
        if seq != self._seq + 1:
            raise _Hole
        self._seq = seq
        return Delta(epoch, seq, changed, gone)

    async def _check(self, redis: Redis) -> Beats:
        """Signs of life; also finds a delta that was lost with nothing after it, and a Redis that lost its memory."""
        async with redis.pipeline(transaction=True) as batch:
            batch.get(SEQ_KEY)
            batch.get(BEAT_KEY)
            for part in self._parts:
                batch.get(PART_KEY + part)
            mark, bridge, *parts = await batch.execute()
        epoch, seq = _mark(mark)
        if self._seq < self._behind or (epoch != self._epoch and self._behind < 0):
            raise _Hole
        self._behind = seq if epoch == self._epoch else -1
        alive = {name: _object(value) for name, value in zip(self._parts, parts, strict=True) if value}
        try:
            return Beats(float(bridge) if bridge else None, alive)
        except ValueError:
            raise _Corrupt from None


def _mark(text: str | None) -> tuple[str, int]:
    if text is None:
        return "", 0
    got = _object(text)
    epoch, seq = got.get("epoch"), got.get("seq")
    if not isinstance(epoch, str) or not isinstance(seq, int):
        raise _Corrupt
    return epoch, seq


def _object(text: str) -> dict[str, Any]:
    try:
        got = json.loads(text)
    except ValueError:
        raise _Corrupt from None
    if not isinstance(got, dict):
        raise _Corrupt
    return got
