"""No request for a recording is refused in silence: whatever it was refused for, a row of the audit trail says so."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.settings import Settings
from tests.integration.desk_kit import OWN_PAGE, application, prepare, settings_of, signed_in

pytestmark = pytest.mark.integration
CALL = "/api/calls/h1-1.1"
WISH = {"reason": "audit"}
# What is asked for as an auditor (who may hear all), and the row: of what, and why.
ASKED = [
    ("POST", f"{CALL}/listening", {"reason": 7}, ("h1-1.1", "bad_input")),
    ("POST", f"{CALL}/listening", {"leg": -1, **WISH}, ("h1-1.1", "bad_input")),
    ("POST", "/api/calls/h1-2.1/listening", None, ("h1-2.1", "bad_input")),
    ("POST", "/api/calls/h1-3.1/listening", WISH, ("h1-3.1", "unknown_call")),
    ("POST", "/api/calls/..%2F..%2Fx/listening", WISH, ("../../x", "unknown_call")),
    ("POST", "/api/calls/a$b/listening", WISH, ("a$b", "bad_input")),
    ("GET", "/api/calls/h1-4.1/recording?as=mp3", None, ("h1-4.1", "bad_input")),
    ("GET", "/api/calls/h1-5.1/recording?pass=" + "x" * 2001, None, ("h1-5.1", "bad_input")),
    ("GET", "/api/calls/h1-6.1/segments/0", None, ("h1-6.1", "bad_input")),
    ("GET", "/api/calls/h1-7.1/segments/x", None, ("h1-7.1", "bad_input")),
    ("GET", "/api/calls/..%2F..%2Fy/segments/1", None, ("../../y", "unknown_call")),
    ("GET", "/api/calls/h1-8.1/sound", None, ("h1-8.1", "unknown_call")),
    ("GET", "/api/calls/..%2F..%2Fz/sound", None, ("../../z", "unknown_call")),
    ("GET", "/api/recordings?caller=1", None, ("-", "few_digits")),
    ("GET", "/api/recordings?limit=0", None, ("-", "bad_input")),
    ("GET", "/api/recordings?hold=none", None, ("-", "unknown_hold")),
    ("POST", "/api/calls/h1-9.1/notes", {"text": "x"}, ("h1-9.1", "bad_input")),
    ("DELETE", "/api/calls/h1-10.1/notes/99", None, ("h1-10.1", "unknown_note")),
    ("POST", "/api/calls/h1-11.1/training", {"reason": "x"}, ("h1-11.1", "forbidden")),
    ("POST", "/api/keeping/holds", {"key": "k", "reason": "r", "calls": []}, ("-", "bad_input")),
    ("GET", "/api/keeping/export?key=case-7&pass=abc.def", None, ("case-7", "reason_needed")),
    ("GET", "/api/keeping/planned?after=zzz", None, ("-", "bad_input")),
]


@pytest.fixture
def settings(short_folder: Path, calls_url: str) -> Settings:
    """No calls at all: every address is a guess."""
    made = settings_of(short_folder, calls_database=calls_url)
    prepare(made)
    return made


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return application(settings)


async def refusals(app: FastAPI, settings: Settings) -> list[tuple[str, str, str]]:
    """Every one that was written: who, of what, why."""
    late = app.state.desk.late_audit
    for row in list(late._rows):
        await late._write(row)
    engine = make_engine(settings.tickets_url)
    with reading(engine) as connection:
        rows = read_audit(connection)
    engine.dispose()
    return [(row.actor, row.subject, json.loads(row.facts)["why"]) for row in rows if row.act == "recording_refused"]


async def test_every_refused_request_about_recordings_is_written(app: FastAPI, settings: Settings) -> None:
    """Guessed ids, dots in the path, fields and bodies that are none, rights that are missing."""
    statuses = dict[str, int]()
    async with signed_in(app, "auditor1") as client:
        for method, address, body, _ in ASKED:
            answer = await client.request(method, address, json=body, headers=OWN_PAGE)
            statuses[f"{method} {address}"] = answer.status_code
    assert set(statuses.values()) <= {403, 404, 422}, statuses
    expected = {("auditor1", subject, why) for _, _, _, (subject, why) in ASKED}
    assert set(await refusals(app, settings)) == expected


async def test_who_is_not_signed_in_or_asks_from_another_site_is_written_too_and_a_storm_is_one_row(
    app: FastAPI, settings: Settings
) -> None:
    """Nobody knows who that is: one row a minute, whatever is guessed."""
    async with signed_in(app, "auditor1") as client:
        foreign = await client.post(f"{CALL}/listening", json=WISH)
        client.cookies.clear()
        guesses: list[httpx.Response] = [await client.get(f"/api/calls/h1-{n}.1/recording") for n in range(5)]
        token = await client.get(f"{CALL}/sound", headers={"Authorization": "Bearer none"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "cross_site")
    assert {answer.status_code for answer in (*guesses, token)} == {401}
    assert await refusals(app, settings) == [("auditor1", "h1-1.1", "cross_site"), ("-", "-", "not_signed_in")]
