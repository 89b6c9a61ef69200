"""What somebody may try with recordings, and what is said of it: by `make verify-recordings`, and by the audit trail."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.migrate import migrate_calls
from tests.campaign.conftest import OpenTable
from tests.integration.desk_kit import application
from tests.integration.test_listening import Clock, refusals, trail, with_calls
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


async def test_each_refusal_to_hear_stands_in_the_audit_trail(table: OpenTable) -> None:
    """Who asked for what, what was answered, and the row of it."""
    columns = ("asked", "answered", "audit: who", "audit: what", "audit: why")
    rows = table("recording-refusals", "Refusals to hear a recording", *columns)
    with TemporaryDirectory(prefix="hl", dir="/tmp") as folder:  # short, for Unix sockets
        url = f"sqlite:///{folder}/refused.sqlite"
        migrate_calls(url)
        settings, clock = with_calls(Path(folder), url), Clock()
        app = application(settings, clock)
        answers = await refusals(app, clock)
        told = await trail(app, settings)
    written = [(actor, subject, facts["why"]) for actor, act, subject, facts in told if act == "recording_refused"]
    for (asked, answer), (actor, subject, why) in zip(answers.items(), written, strict=True):
        rows.add(asked.replace("_", " "), f"{answer.status_code} {answer.json()['code']}", actor, subject, why)
        assert (answer.status_code >= 400, answer.json()["code"]) == (True, why)
