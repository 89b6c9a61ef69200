"""Who else was on the line of a call, at the desk: told to all who see calls, heard by those who spoke in it, on both databases."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.calls_schema import ATTEMPTS, CALLS, SEGMENTS, TRANSFERS
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.domain.records import AttemptRow, CallRow, SegmentRow, TransferRow
from hotline_core.settings import Settings
from tests.integration.desk_kit import NOW, OWN_PAGE, application, prepare, settings_of, signed_in

pytestmark = pytest.mark.integration
CALL = "h1-1.1"
EXPERT = "13911115678"
SOUND = b"RIFF" + bytes(range(256)) * 40


@pytest.fixture
def settings(short_folder: Path, calls_url: str) -> Settings:
    """Agent 1002 has the call now; 1001 had asked an expert alone, then 1003, whose leg nobody bound to a transfer."""
    made = settings_of(short_folder, calls_database=calls_url)
    prepare(made)
    folder = made.paths.recordings / "2026/11/21"
    folder.mkdir(parents=True)
    (folder / "third.wav").write_bytes(SOUND)
    call = CallRow(CALL, "12328", "13800001234", "12328", "ended", NOW, agent="1002", outcome="answered")
    asked = TransferRow(CALL, 1, "consult", NOW + 20, "", "李工", "expert", by="1001", answered_at=NOW + 31, waited_s=11.0)
    attempts = [
        AttemptRow(CALL, 1, 1, NOW + 20, 1, "12306", "main", cause=17, result="busy", ended_at=NOW + 22),
        AttemptRow(CALL, 1, 2, NOW + 22, 2, EXPERT, "main", answered_at=NOW + 31, waited_s=9.0, result="answered"),
    ]
    ready = ("2026/11/21/third.wav", NOW + 31, 5.0, sha256(SOUND).hexdigest(), len(SOUND), "ready", None)
    segments = [
        SegmentRow(CALL, 2, 1, "consult", *ready),
        SegmentRow(CALL, 3, None, "consult", *ready),
        SegmentRow(CALL, 4, 1, "consult", None, NOW + 90, None, None, None, "pending", None),
    ]
    engine = make_engine(calls_url)
    with writing(engine) as connection:
        connection.execute(CALLS.insert(), [asdict(call), asdict(call) | {"call_id": "h1-2.1"}])
        connection.execute(TRANSFERS.insert(), asdict(asked))
        connection.execute(ATTEMPTS.insert(), [asdict(one) for one in attempts])
        connection.execute(SEGMENTS.insert(), [asdict(one) for one in segments])
    engine.dispose()
    return made


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return application(settings)


@pytest.mark.parametrize(
    ("login", "number", "may_listen"),
    [
        ("supervisor1", EXPERT, [True, True, True]),
        ("agent1", EXPERT, [True, False, True]),
        ("agent2", EXPERT, [False, False, False]),
        ("admin1", EXPERT, [False, False, False]),
    ],
)
async def test_a_call_tells_its_transfers_attempts_and_segments(
    app: FastAPI, login: str, number: str, may_listen: list[bool]
) -> None:
    """Who asked sees the number dialled, as who has the call and who sees all; only who spoke in a segment may hear it."""
    async with signed_in(app, login) as client:
        told = (await client.get(f"/api/calls/{CALL}")).json()
        other = (await client.get("/api/calls/h1-2.1")).json()
    (transfer,) = told["transfers"]
    assert (transfer["way"], transfer["name"], transfer["by"], transfer["waited_s"]) == ("consult", "李工", "1001", 11.0)
    told_attempts = [(one["attempt"], one["leg"], one["result"], one["cause"]) for one in transfer["attempts"]]
    assert told_attempts == [(1, 1, "busy", 17), (2, 2, "answered", None)]
    assert transfer["attempts"][1]["number"] == number
    assert [(one["leg"], one["n"], one["state"]) for one in told["segments"]] == [
        (2, 1, "ready"),
        (3, None, "ready"),
        (4, 1, "pending"),
    ]
    assert [one["may_listen"] for one in told["segments"]] == may_listen
    assert (other["transfers"], other["segments"]) == ([], [])


async def test_a_number_that_a_colleague_dialled_is_masked(app: FastAPI, settings: Settings) -> None:
    """As a citizen's is."""
    engine = make_engine(settings.calls_url)
    with writing(engine) as connection:
        connection.execute(CALLS.update().values(agent="1001"))
    engine.dispose()
    async with signed_in(app, "agent2") as client:
        told = (await client.get(f"/api/calls/{CALL}")).json()
    assert [one["number"] for one in told["transfers"][0]["attempts"]] == ["1****", "139****5678"]


async def test_only_who_spoke_in_a_segment_hears_it_and_each_listening_is_written(app: FastAPI, settings: Settings) -> None:
    """The agent who has the call now did not hear the consult then and does not afterwards; a supervisor may."""
    place = f"/api/calls/{CALL}/listening"

    async def asks(client: httpx.AsyncClient, leg: int) -> httpx.Response:
        """Say why one wants to hear a leg."""
        return await client.post(place, json={"reason": "other", "note": "核对外单位的答复", "leg": leg}, headers=OWN_PAGE)

    async with signed_in(app, "agent1") as client:
        url = (await asks(client, 2)).json()["url"]
        whole = await client.get(url)
        piece = await client.get(url, headers={"Range": "bytes=4-7"})
        answers = [await asks(client, leg) for leg in (3, 4, 5)]
        answers.append(await client.get(f"/api/calls/{CALL}/segments/0"))
        elsewhere = await client.get(url.replace("segments/2", "segments/3"))
    assert (whole.status_code, whole.headers["content-type"], whole.content) == (200, "audio/wav", SOUND)
    assert (piece.status_code, piece.content) == (206, SOUND[4:8])
    told = [(answer.status_code, answer.json()["code"]) for answer in answers]
    assert told == [(403, "not_in_segment"), (404, "recording_not_ready"), (404, "unknown_segment"), (422, "bad_input")]
    assert elsewhere.status_code == 403
    for login, status in (("agent2", 403), ("admin1", 403), ("supervisor1", 200), ("auditor1", 200)):
        async with signed_in(app, login) as client:
            assert (await asks(client, 2)).status_code == status, login
    engine = make_engine(settings.tickets_url)
    with reading(engine) as connection:
        rows = [row for row in read_audit(connection) if row.act == "recording_listened"]
    engine.dispose()
    heard = [(row.actor, row.subject, json.loads(row.facts)["segment"]) for row in rows]
    assert heard == [("agent1", CALL, 2), ("supervisor1", CALL, 2), ("auditor1", CALL, 2)]
