"""A Redis that forgets a part or holds what no bridge wrote: pages are told, and the whole view is back within a heartbeat."""

from __future__ import annotations

import json

import pytest
import redis

from hotline_core.adapters.live import BEAT_KEY, LIVE_KEY
from hotline_core.adapters.live_publisher import SEQ_KEY
from tests.integration.servers import RedisServer
from tests.integration.test_live import Bridge, Desk, pair, until

pytestmark = pytest.mark.integration

__all__ = ["pair"]  # a fixture of the ordinary tests

CALLS = {"call:h1-1.1": {"id": 1}, "call:h1-1.2": {"id": 2}}
TEXTS = ("no JSON", '{"id": 1', "[1, 2]", "7", "null", '"text"')


async def _two_calls(bridge: Bridge, desk: Desk) -> None:
    bridge.publisher.publish(CALLS)
    await until(lambda: desk.view == CALLS, "both calls are seen")


@pytest.mark.parametrize("forgotten", ["whole view", "one call"])
async def test_a_redis_that_evicts_the_view_but_not_its_mark_is_filled_again(
    pair: tuple[Bridge, Desk], redis_server: RedisServer, forgotten: str
) -> None:
    """With a policy that evicts, any key may go alone; a desk that starts then must not see half a view for ever."""
    bridge, desk = pair
    await _two_calls(bridge, desk)
    with redis.Redis.from_url(redis_server.url) as client:
        if forgotten == "whole view":
            client.delete(LIVE_KEY)
        else:
            client.hdel(LIVE_KEY, "call:h1-1.1")
        bridge.publisher.beat()
        await until(lambda: client.hkeys(LIVE_KEY) == [b"call:h1-1.1", b"call:h1-1.2"], "the view is whole again")
    bridge.publisher.publish({"call:h1-1.3": {"id": 3}}, ["call:h1-1.2"])
    bridge.publisher.beat()
    await until(lambda: sorted(desk.view) == ["call:h1-1.1", "call:h1-1.3"], "and goes on")
    epoch = bridge.publisher.epoch
    bridge.publisher.beat()
    await until(lambda: desk.beats is not None and desk.beats.bridge is not None, "a heartbeat later")
    assert bridge.publisher.epoch == epoch, "a whole view is not written again and again"


@pytest.mark.parametrize("text", TEXTS)
async def test_a_field_that_no_bridge_wrote_is_told_and_replaced(
    pair: tuple[Bridge, Desk], redis_server: RedisServer, text: str
) -> None:
    """The desk asks for the view anew by taking its mark away; nobody has to restart anything."""
    bridge, desk = pair
    await _two_calls(bridge, desk)
    with redis.Redis.from_url(redis_server.url) as client:
        client.hset(LIVE_KEY, "call:h1-1.1", text)
        client.publish(LIVE_KEY, json.dumps({"epoch": "nobody", "seq": 1, "set": {}, "del": []}))
        await until(lambda: desk.lost == 1 and client.get(SEQ_KEY) is None, "the desk says so and asks anew")
        bridge.publisher.beat()
    await until(lambda: desk.snapshots >= 2 and desk.view == CALLS, "the view is back")


@pytest.mark.parametrize("text", [*TEXTS, "{}", '{"epoch": 5, "seq": 1}', '{"epoch": "x", "seq": "1"}'])
async def test_a_mark_that_no_bridge_wrote_is_replaced(pair: tuple[Bridge, Desk], redis_server: RedisServer, text: str) -> None:
    """The check once a second finds it, or the bridge's next heartbeat does."""
    bridge, desk = pair
    await _two_calls(bridge, desk)
    with redis.Redis.from_url(redis_server.url) as client:
        client.set(SEQ_KEY, text)
    await until(lambda: desk.lost == 1, "the desk says so")
    bridge.publisher.beat()
    await until(lambda: desk.snapshots >= 2 and desk.view == CALLS, "the view is back")


@pytest.mark.parametrize("text", [*TEXTS, "{}", '{"epoch": 5, "seq": "x", "set": [], "del": {}}', '{"epoch": 5, "del": 7}'])
async def test_a_change_that_no_bridge_sent_costs_one_reading_and_nothing_else(
    pair: tuple[Bridge, Desk], redis_server: RedisServer, text: str
) -> None:
    """Not even a moment in which the desk would say that the view is away."""
    bridge, desk = pair
    await _two_calls(bridge, desk)
    before = desk.snapshots
    with redis.Redis.from_url(redis_server.url) as client:
        client.publish(LIVE_KEY, text)
    await until(lambda: desk.snapshots == before + 1, "everything is read again")
    bridge.publisher.publish({"call:h1-1.1": {"id": 9}})
    await until(lambda: desk.view == {**CALLS, "call:h1-1.1": {"id": 9}}, "the next change is seen")
    assert desk.lost == 0


async def test_a_sign_of_life_that_is_no_time_is_passed_over(pair: tuple[Bridge, Desk], redis_server: RedisServer) -> None:
    """It is overwritten by the next heartbeat."""
    bridge, desk = pair
    await _two_calls(bridge, desk)
    with redis.Redis.from_url(redis_server.url) as client:
        client.set(BEAT_KEY, "soon")
    await until(lambda: desk.lost == 1, "the desk says so")
    bridge.publisher.beat()
    await until(lambda: desk.beats is not None and desk.beats.bridge is not None, "the heart is heard again")
    assert desk.view == CALLS
