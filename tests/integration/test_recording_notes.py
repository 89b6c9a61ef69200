"""A note at a second of a recording: who writes one, who reads it, who takes it away, and that its words are in no trail."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI

from hotline_core.settings import Settings
from tests.integration.desk_kit import OWN_PAGE, application, signed_in
from tests.integration.test_listening import trail, with_calls

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(short_folder: Path, calls_url: str) -> Settings:
    """With calls and sound."""
    return with_calls(short_folder, calls_url)


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return application(settings)


async def test_a_note_stands_at_its_second_for_the_next_who_may_hear(app: FastAPI, settings: Settings) -> None:
    """Its words are in no trail; nobody takes another's away, and who may not hear neither writes nor reads."""
    async with signed_in(app, "supervisor1") as lead:
        jotted = {"text": " 口头  承诺三天内答复 ", "at_s": 12.5}
        written = await lead.post("/api/calls/h1-1.1/notes", json=jotted, headers=OWN_PAGE)
        empty = await lead.post("/api/calls/h1-1.1/notes", json={"text": "  ", "at_s": 1}, headers=OWN_PAGE)
    (note,) = written.json()["notes"]
    assert (note["text"], note["is_mine"], empty.status_code) == ("口头 承诺三天内答复", True, 422)
    async with signed_in(app, "agent1") as agent:
        (seen,) = (await agent.get("/api/calls/h1-1.1/sound")).json()["notes"]
        refused = await agent.delete(f"/api/calls/h1-1.1/notes/{note['id']}", headers=OWN_PAGE)
    async with signed_in(app, "agent2") as other:
        denied = await other.post("/api/calls/h1-1.1/notes", json={"text": "x", "at_s": 1}, headers=OWN_PAGE)
        unseen = await other.get("/api/calls/h1-1.1/sound")
    assert (seen["text"], seen["is_mine"]) == ("口头 承诺三天内答复", False)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_note")
    assert (denied.status_code, unseen.status_code) == (403, 403)
    async with signed_in(app, "supervisor1") as lead:
        left = await lead.delete(f"/api/calls/h1-1.1/notes/{note['id']}", headers=OWN_PAGE)
    assert left.json()["notes"] == []
    rows = await trail(app, settings)
    assert sorted((actor, act) for actor, act, _, _ in rows) == [  # a refusal is written behind its answer
        ("agent1", "recording_refused"), ("agent2", "recording_refused"), ("supervisor1", "recording_note_removed"),
        ("supervisor1", "recording_noted"), ("supervisor1", "recording_refused"),
    ]  # fmt: skip
    refused_for = {(actor, fact["why"]) for actor, act, _, fact in rows if act == "recording_refused"}
    assert refused_for == {("agent1", "not_your_note"), ("agent2", "not_own_call"), ("supervisor1", "bad_input")}
    assert "承诺" not in str(rows)
