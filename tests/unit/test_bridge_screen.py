"""What the live view shows: each change at once, a crowd's together, and the last of them always."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress

import pytest

from ami_bridge import screen
from ami_bridge.screen import Screen
from ami_bridge.view import Field

pytestmark = pytest.mark.unit


class Scene:
    """A board of fields, and what a desk was told of it."""

    def __init__(self) -> None:
        self.board: dict[str, Field] = {}
        self.seen: dict[str, Field] = {}
        self.told = 0
        self.screen = Screen(lambda: dict(self.board), self._tell)

    def _tell(self, changed: Mapping[str, Field], gone: Collection[str]) -> None:
        self.told += 1
        self.seen |= changed
        for name in gone:
            del self.seen[name]

    def set(self, name: str, phase: str) -> None:
        """A call is in this phase now."""
        self.board[name] = {"phase": phase}
        self.screen.changed()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The screen shows until the block is left."""
        task = asyncio.ensure_future(self.screen.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def turns() -> None:
    """A few turns of the loop, no time."""
    for _ in range(4):
        await asyncio.sleep(0)


async def test_a_change_a_second_one_and_an_end_are_shown_without_any_wait() -> None:
    """Whose telephone rings is not to wait for anybody."""
    scene = Scene()
    async with scene.running():
        scene.set("call:1", "waiting")
        await turns()
        assert scene.seen == {"call:1": {"phase": "waiting"}}
        scene.set("call:1", "ringing")
        await turns()
        assert scene.seen == {"call:1": {"phase": "ringing"}}
        scene.board.clear()
        scene.screen.changed()
        await turns()
        assert (scene.seen, scene.told) == ({}, 3)
        assert scene.screen.fields == {}


async def test_of_a_crowd_every_call_is_shown_in_no_more_looks_than_the_moments_allow() -> None:
    """A thousand calls, each in a turn of its own: all are seen, and the last phase of each."""
    scene, loop = Scene(), asyncio.get_running_loop()
    async with scene.running():
        began = loop.time()
        for number in range(1000):
            scene.set(f"call:{number}", "arrived")
            scene.set(f"call:{number - 100}", "menu")
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            while scene.seen != scene.board:  # noqa: ASYNC110 - a plain dict is looked at
                await asyncio.sleep(0.001)
        assert scene.told <= 2 + screen.AT_ONCE + (loop.time() - began) / screen.GATHER_S
        assert scene.seen["call:899"] == {"phase": "menu"}


async def test_what_is_still_to_be_shown_when_the_bridge_ends_is_shown() -> None:
    """The last word of a crowd is not lost in the moment that it waits."""
    scene = Scene()
    async with scene.running():
        for number in range(50):
            scene.set(f"call:{number}", "arrived")
            await asyncio.sleep(0)
        assert scene.seen != scene.board
    assert scene.seen == scene.board


async def test_what_did_not_change_is_not_told() -> None:
    """A tick twice a second finds nothing new most of the time."""
    scene = Scene()
    async with scene.running():
        scene.set("call:1", "waiting")
        for _ in range(5):
            scene.screen.changed()
            await turns()
    assert scene.told == 1
