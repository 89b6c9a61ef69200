"""What somebody with a database and a disk in hand can do to recordings, and what `make verify-recordings` says of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.migrate import migrate_calls
from tests.campaign.conftest import OpenTable
from tests.integration.test_recording_proof import HARMS, found, rewritten_day, three_days

pytestmark = pytest.mark.campaign


def test_verify_finds_each_tampering_and_nothing_where_nobody_touched_anything(tmp_path: Path, table: OpenTable) -> None:
    """Each on recordings of its own: of three days, with a segment and a lawful deletion."""
    rows = table("recording-tampering", "Tampering, and what verify says", "what was done", "found", "of which call or day")
    unseen = []
    for harm in (None, *(each for each, _ in HARMS), rewritten_day):
        name = harm.__name__.strip("_").replace("_", " ") if harm is not None else "nothing"
        folder = tmp_path / name.replace(" ", "-")
        folder.mkdir()
        url = f"sqlite:///{folder / 'calls.sqlite'}"
        migrate_calls(url)
        migrate_tickets(url)
        engine = make_engine(url)
        room = three_days(engine, folder / "home")
        if harm is not None:
            harm(room)
        told = found(room)
        engine.dispose()
        codes, whose = (dict.fromkeys(str(each[at]) for each in told) for at in range(2))
        rows.add(name, ", ".join(codes) or "nothing", ", ".join(whose))
        if bool(told) != (harm is not None):
            unseen.append(name)
    assert unseen == []
