"""Every act at every stage by every role that docs/states.md refuses, tried over HTTP on both databases."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.campaign.conftest import OpenTable
from tests.integration.conftest import database_url, postgres, short_folder
from tests.integration.desk_kit import settings_of
from tests.integration.ticket_room import open_room
from tests.integration.ticket_triples import refused_triples, triples, try_all, who_decides

pytestmark = pytest.mark.campaign
__all__ = ["database_url", "postgres", "short_folder"]  # fixtures of the ordinary tests


async def test_every_refused_act_of_every_role_at_every_stage(short_folder: Path, database_url: str, table: OpenTable) -> None:
    began = time.monotonic()
    async with open_room(settings_of(short_folder, tickets_database=database_url)) as room:
        approver = await who_decides(room)
        refused = refused_triples(approver)
        tried = await try_all(room, refused.items())
    codes = ", ".join(f"{code}: {count}" for code, count in sorted(tried.codes.items()))
    columns = ("database", "triples", "refused", "codes", "seconds", "wrong")
    rows = table("ticket_table", "Acts refused over HTTP", *columns)
    kind = database_url.partition(":")[0]
    rows.add(kind, len(list(triples())), len(refused), codes, f"{time.monotonic() - began:.0f}", len(tried.wrong))
    assert tried.wrong == []
