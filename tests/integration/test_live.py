"""The live view through a real Redis: deltas without a hole, a dead, a paused and a forgetful Redis."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import redis

from hotline_core.adapters.live import BEAT_KEY, LIVE_KEY, Beats, Delta, LivePublisher, LiveReader, Lost, Snapshot
from hotline_core.adapters.tasks import Tasks
from tests.integration.servers import RedisServer

pytestmark = pytest.mark.integration


class Desk:
    """What a desk hub would know, kept from the reader's events."""

    def __init__(self, url: str) -> None:
        self.reader = LiveReader(url, now=time.time)
        self.view: dict[str, Any] = {}
        self.snapshots = self.deltas = self.lost = 0
        self.beats: Beats | None = None

    async def follow(self) -> None:
        async for event in self.reader.events():
            match event:
                case Snapshot():
                    self.snapshots += 1
                    self.view = dict(event.fields)
                case Delta():
                    self.deltas += 1
                    self.view.update(event.changed)
                    for field in event.gone:
                        self.view.pop(field, None)
                case Beats():
                    self.beats = event
                case Lost():
                    self.lost += 1


class Bridge:
    """A publisher and what it said."""

    def __init__(self, url: str) -> None:
        self.told: list[str] = []
        self.publisher = LivePublisher(url, now=time.time, on_change=lambda state, reason: self.told.append(state))


async def until(is_true: Callable[[], bool], what: str, timeout_s: float = 5.0) -> None:
    """Look every few milliseconds."""
    try:
        async with asyncio.timeout(timeout_s):
            while not is_true():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise AssertionError(what) from None


@pytest.fixture
async def pair(redis_server: RedisServer) -> AsyncIterator[tuple[Bridge, Desk]]:
    """A bridge and a desk on one Redis."""
    bridge, desk = Bridge(redis_server.url), Desk(redis_server.url)
    tasks = Tasks(lambda name, error: None)
    bridge.publisher.start()
    tasks.spawn("desk", desk.follow())
    await until(lambda: desk.snapshots > 0 and bridge.told == ["up"], "both are connected")
    await until(lambda: bridge.publisher.epoch != "", "the first epoch is written")
    yield bridge, desk
    await tasks.close()
    await bridge.publisher.close()


async def test_an_agent_sees_each_change_of_a_call_within_milliseconds(pair: tuple[Bridge, Desk]) -> None:
    """Set, changed, gone; texts in Chinese survive."""
    bridge, desk = pair
    call = {"id": "h1-1.1", "phase": "waiting", "caller": "13800001111", "note": "噪音"}
    bridge.publisher.publish({"call:h1-1.1": call, "queue:main": {"name": "main", "waiting": 1}})
    await until(lambda: desk.view.get("call:h1-1.1") == call, "the call is seen")
    bridge.publisher.publish({"call:h1-1.1": {**call, "phase": "talking"}})
    await until(lambda: desk.view["call:h1-1.1"]["phase"] == "talking", "the change is seen")
    bridge.publisher.publish({}, ["call:h1-1.1"])
    await until(lambda: "call:h1-1.1" not in desk.view, "the end is seen")
    assert desk.view == {"queue:main": {"name": "main", "waiting": 1}}


async def test_a_desk_that_comes_later_sees_the_same(pair: tuple[Bridge, Desk], redis_server: RedisServer) -> None:
    """Its snapshot equals what the first desk built from deltas."""
    bridge, desk = pair
    for number in range(300):
        bridge.publisher.publish({f"call:h1-1.{number % 40}": {"id": number}}, [f"call:h1-1.{(number + 7) % 40}"])
        await asyncio.sleep(0)
    await until(lambda: desk.view.get("call:h1-1.19", {}).get("id") == 299, "the last change is seen")
    late = Desk(redis_server.url)
    tasks = Tasks(lambda name, error: None)
    tasks.spawn("late", late.follow())
    await until(lambda: late.snapshots > 0, "the late desk has its snapshot")
    await tasks.close()
    assert late.view == desk.view


async def test_a_burst_is_coalesced_and_the_engine_never_waits(pair: tuple[Bridge, Desk]) -> None:
    """Twenty thousand changes of one call cost the engine little and reach the desk as its last value."""
    bridge, desk = pair
    began = time.perf_counter()
    for number in range(20_000):
        bridge.publisher.publish({"call:h1-1.1": {"id": "h1-1.1", "position": number}})
    assert (time.perf_counter() - began) / 20_000 < 0.0005
    await until(lambda: desk.view.get("call:h1-1.1", {}).get("position") == 19_999, "the last value is seen")
    assert desk.deltas < 100


async def test_a_killed_redis_is_told_once_and_the_whole_view_comes_back_by_itself(
    pair: tuple[Bridge, Desk], redis_server: RedisServer
) -> None:
    """Redis forgets everything; what changed meanwhile is there as well."""
    bridge, desk = pair
    bridge.publisher.publish({"call:h1-1.1": {"id": 1}, "call:h1-1.2": {"id": 2}})
    await until(lambda: len(desk.view) == 2, "both calls are seen")
    epoch = bridge.publisher.epoch
    redis_server.kill()
    bridge.publisher.publish({"call:h1-1.3": {"id": 3}}, ["call:h1-1.1"])
    await until(lambda: bridge.publisher.state[0] == "down" and desk.lost == 1, "both say so")
    redis_server.start()
    await until(lambda: sorted(desk.view) == ["call:h1-1.2", "call:h1-1.3"], "the view is back")
    assert bridge.publisher.epoch != epoch
    assert bridge.told == ["up", "down", "up"]
    assert desk.lost == 1


async def test_a_redis_restarted_unnoticed_is_filled_at_the_next_heartbeat(
    pair: tuple[Bridge, Desk], redis_server: RedisServer
) -> None:
    """Nothing changes, and still the view returns."""
    bridge, desk = pair
    bridge.publisher.publish({"call:h1-1.1": {"id": 1}})
    await until(lambda: "call:h1-1.1" in desk.view, "the call is seen")
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    bridge.publisher.beat()
    await until(lambda: desk.snapshots == 2 and "call:h1-1.1" in desk.view, "the view is written again and read again")


async def test_a_redis_that_hangs_is_found_on_both_sides(pair: tuple[Bridge, Desk], redis_server: RedisServer) -> None:
    """SIGSTOP: no error, no answer; both say so within seconds and return by themselves."""
    bridge, desk = pair
    redis_server.pause()
    bridge.publisher.publish({"call:h1-1.1": {"id": 1}})
    await until(lambda: bridge.publisher.state[0] == "down" and desk.reader.state[0] == "down", "both say so", 6.0)
    redis_server.go_on()
    await until(lambda: desk.view.get("call:h1-1.1") == {"id": 1}, "the call is seen")


async def test_a_lost_delta_makes_the_desk_read_everything_again(pair: tuple[Bridge, Desk], redis_server: RedisServer) -> None:
    """A hole in the numbers, and one after which nothing more comes."""
    bridge, desk = pair
    bridge.publisher.publish({"call:h1-1.1": {"id": 1}})
    await until(lambda: "call:h1-1.1" in desk.view, "the call is seen")
    with redis.Redis.from_url(redis_server.url) as client:
        client.hset(LIVE_KEY, "call:h1-1.2", '{"id": 2}')  # as if our delta number 3 had been lost on the way
        client.set("hotline:live:seq", json.dumps({"epoch": bridge.publisher.epoch, "seq": 3}))
    await until(lambda: desk.view.get("call:h1-1.2") == {"id": 2}, "the check finds what was never told", 5.0)
    with redis.Redis.from_url(redis_server.url) as client:
        client.hset(LIVE_KEY, "call:h1-1.3", '{"id": 3}')
        hole = {"epoch": bridge.publisher.epoch, "seq": 9, "set": {}, "del": []}
        client.publish(LIVE_KEY, json.dumps(hole))
    await until(lambda: desk.view.get("call:h1-1.3") == {"id": 3}, "the hole is found", 1.0)


async def test_the_bridge_s_heartbeat_is_sent_only_when_the_engine_beats(
    pair: tuple[Bridge, Desk], redis_server: RedisServer
) -> None:
    """Publishing alone is no sign of life; a beat expires after three seconds."""
    bridge, desk = pair
    bridge.publisher.publish({"call:h1-1.1": {"id": 1}})
    await until(lambda: "call:h1-1.1" in desk.view, "the call is seen")
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.get(BEAT_KEY) is None
        bridge.publisher.beat()
        await until(lambda: client.get(BEAT_KEY) is not None, "the beat is there")
        assert 2000 < client.pttl(BEAT_KEY) <= 3000
    await until(lambda: desk.beats is not None and desk.beats.bridge is not None, "the desk sees the beat")


async def test_a_bridge_that_starts_while_redis_is_away_goes_on(redis_server: RedisServer) -> None:
    """Nothing raises; the view is there once Redis is."""
    redis_server.kill()
    bridge = Bridge(redis_server.url)
    bridge.publisher.start()
    bridge.publisher.publish({"call:h1-1.1": {"id": 1}})
    bridge.publisher.beat()
    await until(lambda: bridge.told == ["down"], "it is told")
    redis_server.start()
    await until(lambda: bridge.told == ["down", "up"], "it is back")
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.hkeys(LIVE_KEY) == [b"call:h1-1.1"]
    await bridge.publisher.close()


async def test_a_new_bridge_takes_away_what_a_dead_one_left(pair: tuple[Bridge, Desk], redis_server: RedisServer) -> None:
    """Ghost calls do not stay on the board."""
    bridge, desk = pair
    bridge.publisher.publish({"call:ghost": {"id": 1}})
    await until(lambda: "call:ghost" in desk.view, "the call is seen")
    after = Bridge(redis_server.url)
    after.publisher.publish({"call:h1-1.2": {"id": 2}})
    after.publisher.start()
    await until(lambda: list(desk.view) == ["call:h1-1.2"], "only what the new bridge knows is left")
    await after.publisher.close()


async def test_a_desk_told_to_end_ends_at_once_whatever_it_is_doing(pair: tuple[Bridge, Desk], redis_server: RedisServer) -> None:
    """redis-py with a socket timeout swallows a cancellation now and then on Python 3.11; ours must not."""
    bridge, _ = pair
    bridge.publisher.publish({"call:h1-1.1": {"id": 1}})
    for _ in range(60):
        desk = Desk(redis_server.url)
        tasks = Tasks(lambda name, error: None)
        following = tasks.spawn("desk", desk.follow())
        await until(lambda: desk.snapshots > 0, "the snapshot is there")  # noqa: B023
        following.cancel()
        await asyncio.wait([following], timeout=0.5)
        assert following.done()
