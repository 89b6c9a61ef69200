"""Topics by the API: switched per line by those who may, audited, refused in words, ended in their time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from agent_desktop.desk import Desk
from agent_desktop.topics import end_topics
from hotline_core.adapters.audit import AuditRow, first_broken, read_audit
from hotline_core.adapters.engine import reading
from ivr.catalogue import RECORDINGS_FOLDER
from tests.integration.desk_kit import OWN_PAGE, application, prepare, settings_of, signed_in

pytestmark = pytest.mark.integration
FOG = (RECORDINGS_FOLDER / "topic-example.wav").read_bytes()


class Clock:
    """A clock that the test moves."""

    at = 1_795_300_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(tmp_path: Path, clock: Clock) -> FastAPI:
    settings = settings_of(tmp_path)
    prepare(settings)
    return application(settings, now=clock)


@pytest.fixture
async def supervisor(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with signed_in(app, "supervisor1") as client:
        client.headers.update(OWN_PAGE)
        yield client


def trail(app: FastAPI) -> list[AuditRow]:
    desk: Desk = app.state.desk
    with reading(desk.tickets_engine) as connection:
        return read_audit(connection)


async def test_a_supervisor_uploads_a_recording_and_switches_it_on_and_off_for_one_line(
    app: FastAPI, supervisor: httpx.AsyncClient, tmp_path: Path, clock: Clock
) -> None:
    """What callers hear changes at once, the other line's does not, and the trail tells who did it."""
    assert (await supervisor.put("/api/topic-recordings/大雾", content=FOG)).status_code == 200
    assert (await supervisor.get("/api/topic-recordings/大雾")).content == FOG
    wanted = {"recording": "大雾", "on": True, "until": clock.at + 60}
    told = (await supervisor.put("/api/topics/12328", json=wanted)).json()
    assert [(each["line"], each["on"], each["recording"], each["until"], each["by"]) for each in told["lines"]] == [
        ("12328", True, "大雾", clock.at + 60, "supervisor1"), ("12345", False, "", None, ""),
    ]  # fmt: skip
    assert (tmp_path / "topics/12328.wav").read_bytes() == FOG
    await supervisor.put("/api/topics/12328", json={"recording": "大雾", "on": False})
    assert (tmp_path / "topics/12328.wav").read_bytes() != FOG
    rows = [row for row in trail(app) if row.act.startswith("topic")]
    assert [(row.actor, row.act, row.subject) for row in rows] == [
        ("supervisor1", "topic_recording_added", "大雾"), *[("supervisor1", "topic_set", "12328")] * 2,
    ]  # fmt: skip
    assert json.loads(rows[1].facts) == {"on": True, "recording": "大雾", "until": clock.at + 60}
    assert first_broken(trail(app)) is None


async def test_a_topic_ends_by_itself_at_its_time_and_that_is_audited(
    app: FastAPI, supervisor: httpx.AsyncClient, tmp_path: Path, clock: Clock
) -> None:
    """Not before; and nobody needs to look at a page."""
    await supervisor.put("/api/topic-recordings/fog", content=FOG)
    await supervisor.put("/api/topics/12345", json={"recording": "fog", "on": True, "until": clock.at + 60})
    desk: Desk = app.state.desk
    clockwork = asyncio.ensure_future(end_topics(desk.topics, desk.tickets_threads, clock, desk.log))
    try:
        await asyncio.sleep(1.2)
        assert (tmp_path / "topics/12345.wav").read_bytes() == FOG
        clock.at += 60
        for _ in range(40):
            if (tmp_path / "topics/12345.wav").read_bytes() != FOG and trail(app)[-1].act == "topic_ended":
                break
            await asyncio.sleep(0.1)
    finally:
        clockwork.cancel()
    assert [(row.actor, row.act, row.subject) for row in trail(app)[-1:]] == [("hotline", "topic_ended", "12345")]
    lines = (await supervisor.get("/api/topics")).json()["lines"]
    assert [each["on"] for each in lines] == [False, False]


@pytest.mark.parametrize(
    ("path", "wanted", "status", "code"),
    [
        ("12328", {"recording": "none", "on": True}, 404, "unknown_recording"),
        ("12328", {"recording": "../secrets", "on": True}, 404, "unknown_recording"),
        ("99999", {"recording": "fog", "on": True}, 404, "unknown_line"),
        ("12328", {"recording": "fog", "on": True, "until": 1_795_299_999.0}, 422, "topic_until_past"),
        ("12328", {"recording": "fog", "on": "perhaps"}, 422, "bad_input"),
        ("12328", {"recording": "odd", "on": True}, 422, "sound_rate"),
    ],
)
async def test_what_cannot_be_played_is_refused_in_words_and_callers_hear_what_they_heard(
    app: FastAPI, supervisor: httpx.AsyncClient, tmp_path: Path, path: str, wanted: dict[str, object], status: int, code: str
) -> None:
    """A stable code, a sentence, no change and no row in the trail."""
    await supervisor.put("/api/topic-recordings/fog", content=FOG)
    await supervisor.put("/api/topics/12328", json={"recording": "fog", "on": True})
    (tmp_path / "announcements/odd.wav").write_bytes(FOG[:24] + (16000).to_bytes(4, "little") + FOG[28:])
    rows = len(trail(app))
    answer = await supervisor.put(f"/api/topics/{path}", json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"]
    assert (tmp_path / "topics/12328.wav").read_bytes() == FOG
    assert len(trail(app)) == rows


async def test_a_recording_that_is_unfit_too_large_or_there_already_is_not_kept(
    app: FastAPI, supervisor: httpx.AsyncClient, tmp_path: Path
) -> None:
    """422, 413, 409; the folder holds what it held."""
    answers = [
        await supervisor.put("/api/topic-recordings/fog", content=FOG),
        await supervisor.put("/api/topic-recordings/fog", content=FOG),
        await supervisor.put("/api/topic-recordings/text", content=b"hello"),
        await supervisor.put("/api/topic-recordings/large", content=bytes(1_100_000)),
        await supervisor.put("/api/topic-recordings/a b", content=FOG),
    ]
    assert [answer.status_code for answer in answers] == [200, 409, 422, 413, 422]
    assert [answer.json()["code"] for answer in answers[1:]] == ["recording_exists", "sound_no_wav", "too_large", "sound_name"]
    assert [path.name for path in (tmp_path / "announcements").iterdir()] == ["fog.wav"]
