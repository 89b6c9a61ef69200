"""Hearing recordings at the desk: a reason for each listening and download, ranges, and every refusal in the audit trail."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import time
import wave
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from agent_desktop.passes import DOWNLOAD_S, LISTEN_S
from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.calls_schema import ALARMS, CALLS, RECORDINGS
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.domain.records import CallRow
from hotline_core.settings import Settings
from recordings.naming import Piece
from tests.integration.desk_kit import NOW, OWN_PAGE, application, make_token, prepare, settings_of, signed_in
from tests.running.kept import RATE_HZ, keep_sound

pytestmark = pytest.mark.integration
SOUND = b"RIFF" + bytes(range(256)) * 40
ONE = "/api/calls/h1-1.1/recording"


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.at = time.time()

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def settings(short_folder: Path, calls_url: str) -> Settings:
    """With calls and sound."""
    return with_calls(short_folder, calls_url)


def with_calls(folder: Path, calls_url: str) -> Settings:
    """One call of each agent, one that still runs; the second row's path leads out of the folder."""
    made = settings_of(folder, calls_database=calls_url)
    prepare(made)
    (made.paths.recordings / "2026/11/21").mkdir(parents=True)
    (made.paths.recordings / "2026/11/21/h1-1.1.wav").write_bytes(SOUND)
    (made.paths.recordings.parent / "secret.txt").write_text("secret")
    calls = [CallRow(f"h1-{n}.1", "12328", "13800001234", "12328", "ended", NOW, agent=agent, outcome="answered")
             for n, agent in ((1, "1001"), (2, "1002"), (3, "1001"))]  # fmt: skip
    paths = (("h1-1.1", "2026/11/21/h1-1.1.wav", "ready"), ("h1-2.1", "../secret.txt", "ready"), ("h1-3.1", None, "pending"))
    engine = make_engine(calls_url)
    with writing(engine) as connection:
        connection.execute(CALLS.insert(), [asdict(call) for call in calls])
        connection.execute(
            RECORDINGS.insert(),
            [{"call_id": key, "path": path, "state": state, "started_at": NOW, "size": len(SOUND)} for key, path, state in paths],
        )
    engine.dispose()
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(settings: Settings, clock: Clock) -> FastAPI:
    return application(settings, clock)


async def asks(client: httpx.AsyncClient, call_id: str = "h1-1.1", reason: str = "recheck", **more: object) -> httpx.Response:
    """Say why one wants to hear a call."""
    return await client.post(f"/api/calls/{call_id}/listening", json={"reason": reason, **more}, headers=OWN_PAGE)


async def trail(app: FastAPI, settings: Settings) -> list[tuple[str, str, str, dict[str, Any]]]:
    """What the audit trail has about recordings, once everything is written: actor, act, subject, facts."""
    late = app.state.desk.late_audit
    for row in list(late._rows):
        await late._write(row)
    engine = make_engine(settings.tickets_url)
    with reading(engine) as connection:
        rows = read_audit(connection)
    engine.dispose()
    return [(row.actor, row.act, row.subject, json.loads(row.facts)) for row in rows if row.act.startswith("recording_")]


async def test_a_recording_plays_by_ranges_and_the_listening_is_written_once(app: FastAPI, settings: Settings) -> None:
    """A player asks for many pieces; the audit has one row with the reason, before the first byte."""
    async with signed_in(app, "agent1") as client:
        url = (await asks(client)).json()["url"]
        whole = await client.get(url)
        piece = await client.get(url, headers={"Range": "bytes=4-7"})
        tail = await client.get(url, headers={"Range": "bytes=-3"})
        rest = await client.get(url, headers={"Range": "bytes=100-"})
    assert (whole.status_code, whole.headers["content-type"], whole.content) == (200, "audio/wav", SOUND)
    assert (whole.headers["accept-ranges"], whole.headers["cache-control"]) == ("bytes", "no-store")
    assert (piece.status_code, piece.content, piece.headers["content-range"]) == (206, SOUND[4:8], f"bytes 4-7/{len(SOUND)}")
    assert (tail.status_code, tail.content) == (206, SOUND[-3:])
    assert (rest.status_code, rest.content) == (206, SOUND[100:])
    async with signed_in(app, "auditor1") as client:
        await client.get((await asks(client, reason="audit")).json()["url"])
    assert await trail(app, settings) == [
        ("agent1", "recording_listened", "h1-1.1", {"role": "agent", "reason": "recheck"}),
        ("auditor1", "recording_listened", "h1-1.1", {"role": "auditor", "reason": "audit"}),
    ]


async def test_a_download_has_a_reason_and_a_row_of_its_own(app: FastAPI, settings: Settings) -> None:
    """With the words that some reasons need; it is saved, not played, and its address is short-lived."""
    async with signed_in(app, "supervisor1") as client:
        silent = await asks(client, reason="evidence", purpose="download")
        given = await asks(client, reason="evidence", note=" 检察院  调取函 2026-17 ", purpose="download")
        saved = await client.get(given.json()["url"])
    assert (silent.status_code, silent.json()["code"]) == (422, "note_needed")
    assert saved.content == SOUND
    assert saved.headers["content-disposition"] == 'attachment; filename="h1-1.1.wav"'
    assert given.json()["until"] - app.state.desk.now() == DOWNLOAD_S
    facts = {"role": "supervisor", "reason": "evidence", "note": "检察院 调取函 2026-17"}
    assert sorted(await trail(app, settings), key=lambda row: row[1]) == [
        ("supervisor1", "recording_downloaded", "h1-1.1", facts),
        ("supervisor1", "recording_refused", "h1-1.1", {"role": "supervisor", "why": "note_needed"}),
    ]


async def test_whoever_gives_no_reason_hears_nothing(app: FastAPI, settings: Settings) -> None:
    """No address works without one; a reason is one of the list, and an agent has not all of them."""
    async with signed_in(app, "agent1") as client:
        bare = await client.get(ONE)
        forged = await client.get(f"{ONE}?pass=abc.def")
        unknown = await asks(client, reason="curious")
        not_mine = await asks(client, reason="quality")
        offered = (await client.get("/api/listening-reasons")).json()["reasons"]
    assert [(one.status_code, one.json()["code"]) for one in (bare, forged)] == [(403, "reason_needed")] * 2
    assert [(one.status_code, one.json()["code"]) for one in (unknown, not_mine)] == [(422, "unknown_reason")] * 2
    assert [one["key"] for one in offered] == ["recheck", "other"]
    whys = [fact["why"] for _, _, _, fact in await trail(app, settings)]
    assert whys == ["reason_needed", "unknown_reason"], "a storm of one kind is one row"


async def test_nobody_listens_when_the_listening_cannot_be_written(app: FastAPI, settings: Settings) -> None:
    """No evidence, no sound."""
    async with signed_in(app, "auditor1") as client:
        engine = make_engine(settings.tickets_url)
        with writing(engine) as connection:
            connection.exec_driver_sql("DROP TABLE audit")
        engine.dispose()
        answer = await asks(client, reason="audit")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_down")


async def test_an_agent_hears_and_lists_only_own_calls(app: FastAPI) -> None:
    """A colleague's recording is refused, a supervisor hears all."""
    async with signed_in(app, "agent2") as client:
        refused = await asks(client)
        listed = (await client.get("/api/recordings")).json()["recordings"]
    async with signed_in(app, "supervisor1") as client:
        every = (await client.get("/api/recordings")).json()["recordings"]
    assert (refused.status_code, refused.json()["code"]) == (403, "not_own_call")
    assert [one["call_id"] for one in listed] == ["h1-2.1"]
    assert {one["call_id"] for one in every} == {"h1-1.1", "h1-2.1", "h1-3.1"}


async def refusals(app: FastAPI, clock: Clock) -> dict[str, httpx.Response]:
    """Asked one after the other, by the code of what is answered; `dots`: a path out of the folder."""
    async with signed_in(app, "agent1") as client:
        own = (await asks(client)).json()["url"]
        answers = {
            "not_own_call": await asks(client, "h1-2.1"),
            "unknown_call": await asks(client, "h1-99.1"),
            "range_beyond": await client.get(own, headers={"Range": "bytes=999999-"}),
        }
        answers["dots"] = await client.get("/api/calls/..%2F..%2F..%2Fsecret.txt/recording")
    async with signed_in(app, "supervisor1") as client:
        answers["link_not_yours"] = await client.get(own)
        late = (await asks(client, reason="quality")).json()["url"]
        clock.at += LISTEN_S
        answers["link_expired"] = await client.get(late)
        clock.at -= LISTEN_S
    async with signed_in(app, "admin1") as client:
        answers["forbidden"] = await asks(client)
        await client.get(ONE)
    return answers


async def test_every_refusal_stands_in_the_audit_trail_with_who_what_and_why(
    app: FastAPI, settings: Settings, clock: Clock
) -> None:
    """Another's call, a guess, dots, another's address, one that expired, a range beyond the end, a role that hears nothing."""
    answers = await refusals(app, clock)
    dots = answers.pop("dots")
    assert answers["range_beyond"].headers["content-range"] == f"bytes */{len(SOUND)}"
    assert {code: answer.json()["code"] for code, answer in answers.items()} == {code: code for code in answers}
    statuses = {code: answer.status_code for code, answer in answers.items()}
    assert statuses == {"not_own_call": 403, "unknown_call": 404, "range_beyond": 416, "link_not_yours": 403,
                        "link_expired": 403, "forbidden": 403}  # fmt: skip
    assert (dots.status_code, dots.json()["code"]) == (404, "unknown_call")
    refused = [(actor, subject, facts["why"]) for actor, act, subject, facts in await trail(app, settings)
               if act == "recording_refused"]  # fmt: skip
    assert refused == [
        ("agent1", "h1-2.1", "not_own_call"), ("agent1", "h1-99.1", "unknown_call"), ("agent1", "h1-1.1", "range_beyond"),
        ("agent1", "../../../secret.txt", "unknown_call"),
        ("supervisor1", "h1-1.1", "link_not_yours"), ("supervisor1", "h1-1.1", "link_expired"), ("admin1", "h1-1.1", "forbidden"),
    ]  # fmt: skip


async def test_who_loses_the_right_loses_the_sound_at_the_next_range(app: FastAPI) -> None:
    """An address is no right: who hears is looked at for each piece."""
    async with signed_in(app, "agent1") as client:
        url = (await asks(client)).json()["url"]
        assert (await client.get(url, headers={"Range": "bytes=0-9"})).status_code == 206
        engine = app.state.desk.calls_engine
        with writing(engine) as connection:
            connection.execute(CALLS.update().values(agent="1002"))
        assert (await client.get(url, headers={"Range": "bytes=10-19"})).json()["code"] == "not_own_call"


async def test_a_path_that_leads_out_of_the_recordings_is_not_served(app: FastAPI, settings: Settings) -> None:
    """Whatever stands in the database; nothing is written of what could not be heard."""
    async with signed_in(app, "supervisor1") as client:
        outside = await asks(client, "h1-2.1", reason="quality")
        pending = await asks(client, "h1-3.1", reason="quality")
    assert (outside.status_code, outside.json()["code"]) == (404, "recording_missing")
    assert (pending.status_code, pending.json()["code"]) == (404, "recording_not_ready")
    assert await trail(app, settings) == []


async def test_a_token_hears_with_a_reason_too(app: FastAPI, settings: Settings) -> None:
    """Another program of the city's; its listening stands under the token's name."""
    async with signed_in(app, "clerk1") as client:
        client.cookies.clear()
        head = {"Authorization": f"Bearer {make_token(settings, 'auditor')}"}
        given = await client.post("/api/calls/h1-1.1/listening", json={"reason": "audit"}, headers=head)
        answer = await client.get(given.json()["url"], headers=head)
    assert answer.content == SOUND
    ((actor, act, _, _),) = await trail(app, settings)
    assert act == "recording_listened"
    assert actor not in ("", "clerk1")


async def test_what_is_kept_encrypted_is_heard_and_what_was_altered_is_not(app: FastAPI, settings: Settings) -> None:
    """A recording as the worker keeps it: Opus by ranges, WAV on demand; one flipped byte, and a key that was destroyed."""
    tone = (8000 * np.sin(np.arange(20 * RATE_HZ) * 500 * 2 * np.pi / RATE_HZ)).astype(np.int16)
    kept = keep_sound(settings, "h1-3.1", np.stack([tone, tone], axis=1), NOW)
    async with signed_in(app, "agent1") as client:
        asked = (await asks(client, "h1-3.1")).json()
        whole = await client.get(asked["url"])
        piece = await client.get(asked["url"], headers={"Range": "bytes=70000-70099"})
        wav = await client.get(f"{asked['url']}&as=wav")
        head = await client.get(f"{asked['url']}&as=wav", headers={"Range": "bytes=0-43"})
        path = settings.paths.recordings / kept.path
        sealed = bytearray(path.read_bytes())
        sealed[len(sealed) // 2] ^= 1
        path.write_bytes(sealed)
        spoilt = await client.get(asked["url"])
        kept.cabinet.keyring.destroy(Piece("h1-3.1"))
        gone = await asks(client, "h1-3.1")
    assert (asked["media_type"], whole.headers["content-type"], whole.content[:4]) == ("audio/ogg", "audio/ogg", b"OggS")
    assert piece.content == whole.content[70000:70100]
    with wave.open(io.BytesIO(wav.content)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), round(sound.getnframes() / 8000)) == (2, 8000, 20)
    assert (head.status_code, head.content) == (206, wav.content[:44])
    assert (spoilt.status_code, spoilt.json()["code"]) == (409, "recording_altered"), "never a byte that was not written"
    assert (gone.status_code, gone.json()["code"]) == (404, "recording_failed")


async def test_an_altered_recording_is_refused_with_a_sentence_an_alarm_and_a_row(app: FastAPI, settings: Settings) -> None:
    """Also where the altered piece lies behind what would be heard first; an intact range of it is still what was written."""
    kept = keep_sound(settings, "h1-3.1", _noise(60), NOW)
    async with signed_in(app, "agent1") as client:
        url = (await asks(client, "h1-3.1")).json()["url"]
        path = settings.paths.recordings / kept.path
        sealed = bytearray(path.read_bytes())
        sealed[32 + 65552 + 100] ^= 1  # in the second piece
        path.write_bytes(sealed)
        heard = await client.get(url, headers={"Range": "bytes=0-99"})
        spoilt = await client.get(url, headers={"Range": "bytes=70000-70099"})
        as_wav = await client.get(f"{url}&as=wav")
        again = await asks(client, "h1-3.1")
        for _ in range(250):  # behind the answer, in a thread
            with reading(app.state.desk.calls_engine) as connection:
                alarms = connection.execute(select(ALARMS)).all()
            if alarms:
                break
            await asyncio.sleep(0.02)
        shown = await client.get("/api/calls/h1-3.1/sound")
    assert (heard.status_code, heard.content[:4]) == (206, b"OggS")
    for refused in (spoilt, as_wav, again):
        assert (refused.status_code, refused.json()["code"]) == (409, "recording_altered")
        assert "不一致" in refused.json()["message"]
    assert shown.json()["is_altered"]
    rows = await trail(app, settings)
    assert [(act, fact.get("why")) for _, act, _, fact in rows] == [
        ("recording_listened", None), ("recording_refused", "recording_altered"),
    ]  # fmt: skip
    (alarm,) = alarms
    assert (alarm.kind, alarm.subject, alarm.leg, alarm.settled_at) == ("altered", "h1-3.1", 0, None)


async def test_a_key_that_was_altered_is_no_fault_of_the_disk(app: FastAPI, settings: Settings) -> None:
    """What wraps it does not prove: the recording is refused as altered, not as away."""
    keep_sound(settings, "h1-3.1", _noise(1), NOW)
    with sqlite3.connect(settings.paths.recording_keys) as keys:
        keys.execute("UPDATE keys SET wrapped = zeroblob(length(wrapped))")
    async with signed_in(app, "agent1") as client:
        answer = await asks(client, "h1-3.1")
    assert (answer.status_code, answer.json()["code"]) == (409, "recording_altered")


def _noise(seconds: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Both sides; noise makes many bytes."""
    made = np.random.default_rng(1).integers(-8000, 8000, (seconds * RATE_HZ, 2))
    return made.astype(np.int16)
