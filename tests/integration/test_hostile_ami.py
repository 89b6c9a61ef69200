"""The bridge as a process whose AMI peer sends what no Asterisk should: it lives on, and the next real call is listed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.integration.hostile_ami_kit import AFTERWARDS, attack, projected
from tests.integration.servers import PostgresServer, RedisServer

pytestmark = pytest.mark.integration

STREAMS = 400


async def test_a_bridge_attacked_over_ami_lives_on_and_the_next_call_is_listed_in_both_databases(
    short_folder: Path, redis_server: RedisServer, postgres: PostgresServer, tmp_path: Path, seed: int
) -> None:
    """No stream stops the bridge, and nothing it wrote of one stops the worker."""
    ledger, links = await attack(short_folder, redis_server.url, seed, STREAMS)
    assert links == 1, "nothing of this needs a new link"
    for url in (f"sqlite:///{tmp_path / 'calls.sqlite'}", postgres.new_database()):
        store = await asyncio.to_thread(projected, ledger, url)
        listed = store.call(AFTERWARDS)
        assert listed is not None
        assert (listed.call.state, listed.call.outcome, listed.call.agent) == ("ended", "answered", "1001")
