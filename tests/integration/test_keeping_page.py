"""Planned deletions, certificates and legal holds at the desk, on both databases: who sees them, who holds, and what is written."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from agent_desktop.passes import Pass, _signer, written
from agent_desktop.refusals import Unavailable
from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.calls_schema import CALLS, DELETIONS, RECORDINGS
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.domain.records import CallRow
from hotline_core.errors import Conflict, HotlineError
from hotline_core.settings import Settings
from recordings.holds import MOST_CALLS
from tests.integration.desk_kit import NOW, OWN_PAGE, application, prepare, settings_of, signed_in
from tests.running.kept import RATE_HZ, keep_sound

pytestmark = pytest.mark.integration
DAY_S = 86_400.0
CASE = "（2026）皖1302民初17号/1"


@pytest.fixture
def settings(short_folder: Path, calls_url: str) -> Settings:
    """Five recordings whose deletion is announced, one that is certified."""
    made = settings_of(short_folder, calls_database=calls_url)
    prepare(made)
    engine = make_engine(calls_url)
    with writing(engine) as connection:
        for n in range(1, 7):
            call = CallRow(f"h1-{n}.1", "12328", "13800001234", "12328", "ended", NOW, agent="1001", outcome="answered")
            state = "deleted" if n == 6 else "ready"
            connection.execute(CALLS.insert(), asdict(call))
            kept = {"klass": "ordinary", "kept_from": NOW, "keep_until": NOW + n * DAY_S, "rule": "2014-09-01/ordinary"}
            connection.execute(RECORDINGS.insert(), {"call_id": call.call_id, "started_at": NOW, "state": state, **kept})
            connection.execute(
                DELETIONS.insert(),
                {"call_id": call.call_id, "leg": 0, "planned_at": NOW - 3, "planned_for": NOW + n * DAY_S, "reason": "expired",
                 "rule": "2014-09-01/ordinary", "klass": "ordinary", "started_at": NOW, "sha256": "ab" * 32,
                 "certified_at": NOW + 7 * DAY_S if n == 6 else None, "certified_hash": "cd" * 32 if n == 6 else None},
            )  # fmt: skip
    engine.dispose()
    return made


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return application(settings)


async def test_what_will_be_deleted_is_listed_by_its_day_and_what_was_with_its_certificate(app: FastAPI) -> None:
    """Page by page, nearest first."""
    async with signed_in(app, "supervisor1") as client:
        one = (await client.get("/api/keeping/planned", params={"limit": 3})).json()
        two = (await client.get("/api/keeping/planned", params={"limit": 3, "after": one["next"]})).json()
        gone = (await client.get("/api/keeping/certificates")).json()["certificates"]
    listed = [*one["planned"], *two["planned"]]
    assert [row["call_id"] for row in listed] == [f"h1-{n}.1" for n in range(1, 6)]
    assert (one["total"], two["next"]) == (5, None)
    assert [row["planned_for"] for row in listed] == [NOW + n * DAY_S for n in range(1, 6)]
    assert (listed[0]["caller"], listed[0]["agent"], listed[0]["rule"]) == ("13800001234", "1001", "2014-09-01/ordinary")
    assert [(row["call_id"], row["certified_hash"]) for row in gone] == [("h1-6.1", "cd" * 32)]


async def test_certificates_of_one_moment_are_all_listed_page_after_page(app: FastAPI, settings: Settings) -> None:
    """A look of the keeper certifies many at one moment, with their thirds; the last first."""
    engine = make_engine(settings.calls_url)
    same = {"planned_at": NOW, "planned_for": NOW, "reason": "expired", "rule": "2014-09-01/ordinary", "klass": "ordinary",
            "started_at": NOW, "sha256": "ab" * 32, "certified_hash": "cd" * 32}  # fmt: skip
    places = [(f"h3-{n}.1", leg, NOW + 8 * DAY_S) for n in range(5) for leg in range(3)]
    with writing(engine) as connection:
        rows = [{**same, "call_id": call_id, "leg": leg, "certified_at": at} for call_id, leg, at in places]
        connection.execute(DELETIONS.insert(), rows)
    engine.dispose()
    seen: list[tuple[str, int]] = []
    after: dict[str, str] | None = {}
    async with signed_in(app, "supervisor1") as client:
        while after is not None:
            page = (await client.get("/api/keeping/certificates", params={"limit": 4, **after})).json()
            seen += [(row["call_id"], row["leg"]) for row in page["certificates"]]
            after = {"after": page["next"]} if page["next"] else None
        odd = await client.get("/api/keeping/certificates", params={"after": "1.2.3~x~1"})
    assert seen == [*((call_id, leg) for call_id, leg, _ in places), ("h1-6.1", 0)]
    assert (odd.status_code, odd.json()["facts"]["field"]) == (422, "after")


async def test_a_case_holds_calls_and_says_for_which_it_came_too_late(app: FastAPI, settings: Settings) -> None:
    """Releasing needs a reason, a case that is over takes no more calls, and what was refused is in no trail as done."""
    async with signed_in(app, "auditor1") as client:
        wanted = {"key": CASE, "reason": "法院调取", "calls": ["h1-2.1", " h1-3.1", "h1-6.1", "h1-2.1"]}
        held = (await client.post("/api/keeping/holds", json=wanted, headers=OWN_PAGE)).json()
        unknown = await client.post("/api/keeping/holds", json={**wanted, "calls": ["h1-99.1"]}, headers=OWN_PAGE)
        seen = (await client.get("/api/keeping/holds")).json()["holds"]
        calls = (await client.get("/api/keeping/holds/calls", params={"key": CASE})).json()["calls"]
        empty = await client.post("/api/keeping/holds/release", json={"key": CASE, "reason": ""}, headers=OWN_PAGE)
        released = await client.post("/api/keeping/holds/release", json={"key": CASE, "reason": "已结案"}, headers=OWN_PAGE)
        again = await client.post("/api/keeping/holds", json=wanted, headers=OWN_PAGE)
        gone = await client.post("/api/keeping/holds/release", json={"key": CASE, "reason": "再解除"}, headers=OWN_PAGE)
        never = await client.post("/api/keeping/holds/release", json={"key": "没有的案件", "reason": "解除"}, headers=OWN_PAGE)
        open_ones = (await client.get("/api/keeping/holds")).json()["holds"]
        everyone = (await client.get("/api/keeping/holds", params={"all": "true"})).json()["holds"]
    assert held == {"held": 3, "too_late": ["h1-6.1"]}
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_calls")
    assert [(one["key"], one["by"], one["calls"]) for one in seen] == [(CASE, "auditor1", 3)]
    assert calls == ["h1-2.1", "h1-3.1", "h1-6.1"]
    assert (empty.status_code, released.status_code) == (422, 200)
    assert (again.status_code, again.json()["code"]) == (409, "hold_released")
    assert [(one.status_code, one.json()["code"]) for one in (gone, never)] == [(409, "hold_released"), (404, "unknown_hold")]
    assert open_ones == []
    assert [(one["released_by"], one["release_reason"]) for one in everyone] == [("auditor1", "已结案")]
    engine = make_engine(settings.tickets_url)
    with reading(engine) as connection:
        rows = [row for row in read_audit(connection) if row.act.startswith("hold_")]
    engine.dispose()
    assert [(row.act, row.subject) for row in rows] == [("hold_put", CASE), ("hold_released", CASE)], "of what was done"
    assert json.loads(rows[0].facts) == {"reason": "法院调取", "calls": 3, "first": "h1-2.1"}


@pytest.mark.parametrize(("login", "sees", "holds"), [
    ("agent1", False, False), ("clerk1", False, False), ("admin1", True, False), ("supervisor1", True, True),
    ("auditor1", True, True),
])  # fmt: skip
async def test_who_leads_or_audits_sees_and_holds_and_who_runs_the_machine_sees(
    app: FastAPI, login: str, sees: bool, holds: bool
) -> None:
    """Nobody else."""
    async with signed_in(app, login) as client:
        seen = [(await client.get(f"/api/keeping/{part}")).status_code for part in ("planned", "certificates", "holds")]
        page = await client.get("/keeping")
        wanted = {"key": "a", "reason": "b", "calls": ["h1-1.1"]}
        held = (await client.post("/api/keeping/holds", json=wanted, headers=OWN_PAGE)).status_code
    assert page.text.count("不要写市民的姓名") == (3 if holds else 2 if sees else 0), "what is typed stays in the trail for good"
    assert ([*seen, page.status_code], held) == ([200 if sees else 403] * 4, 200 if holds else 403)


async def test_an_act_that_fails_behind_its_row_has_a_second_row(
    app: FastAPI, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody releases the case between the look and the act; then the database of calls is away."""
    desk = app.state.desk
    acts: list[HotlineError] = [Conflict("hold_released", key="a"), Unavailable("calls_database_down")]

    def fails(*_: object) -> None:
        raise acts.pop(0)

    monkeypatch.setattr(desk.holds, "put", fails)
    async with signed_in(app, "auditor1") as client:
        wanted = {"key": "a", "reason": "b", "calls": ["h1-1.1"]}
        statuses = [(await client.post("/api/keeping/holds", json=wanted, headers=OWN_PAGE)).status_code for _ in range(2)]
    for row in list(desk.late_audit._rows):
        await desk.late_audit._write(row)
    engine = make_engine(settings.tickets_url)
    with reading(engine) as connection:
        told = [json.loads(row.facts) for row in read_audit(connection) if row.act == "hold_put"]
    engine.dispose()
    assert statuses == [409, 503]
    assert sorted(str(set(facts) & {"refused", "unsure"}) for facts in told) == ["set()", "set()", "{'refused'}", "{'unsure'}"]


async def test_as_many_calls_as_a_case_may_have_are_held_at_once_and_one_whose_row_was_lost_too(
    app: FastAPI, settings: Settings
) -> None:
    """Quickly enough for anybody; what nothing is known of is named."""
    calls = [f"h2-{n}.1" for n in range(MOST_CALLS)]
    engine = make_engine(settings.calls_url)
    with writing(engine) as connection:
        rows = [asdict(CallRow(name, "12328", "13800001234", "12328", "ended", NOW)) for name in calls[1:]]
        connection.execute(CALLS.insert(), rows)
        connection.execute(RECORDINGS.insert(), {"call_id": calls[0], "started_at": NOW, "state": "ready"})
    queries: list[str] = []
    event.listen(app.state.desk.calls_engine, "before_cursor_execute", lambda *told: queries.append(told[2]))
    async with signed_in(app, "auditor1") as client:
        wanted = {"key": CASE, "reason": "法院调取", "calls": calls}
        unknown = await client.post("/api/keeping/holds", json={**wanted, "calls": [*calls[1:], "h9-9.9"]}, headers=OWN_PAGE)
        queries.clear()
        held = await client.post("/api/keeping/holds", json=wanted, headers=OWN_PAGE)
    engine.dispose()
    assert unknown.json()["facts"] == {"calls": "h9-9.9"}
    assert held.json() == {"held": MOST_CALLS, "too_late": []}
    assert len([query for query in queries if query.startswith("SELECT")]) < 30, "not one for each call"


async def test_nothing_is_held_that_cannot_be_audited(app: FastAPI, settings: Settings) -> None:
    """The trail comes first."""
    async with signed_in(app, "auditor1") as client:
        engine = make_engine(settings.tickets_url)
        with writing(engine) as connection:
            connection.exec_driver_sql("DROP TABLE audit")
        engine.dispose()
        wanted = {"key": "a", "reason": "b", "calls": ["h1-1.1"]}
        refused = await client.post("/api/keeping/holds", json=wanted, headers=OWN_PAGE)
        seen = (await client.get("/api/keeping/holds")).json()["holds"]
    assert (refused.status_code, seen) == (503, [])


async def test_a_recording_tells_until_when_it_is_kept_and_why(app: FastAPI, settings: Settings) -> None:
    """By its announced deletion, then by the case that forbids it; a deleted one by its certificate."""
    async with signed_in(app, "supervisor1") as client:
        planned = (await client.get("/api/calls/h1-1.1/sound")).json()["keep"]
        wanted = {"key": CASE, "reason": "法院调取", "calls": ["h1-1.1"]}
        await client.post("/api/keeping/holds", json=wanted, headers=OWN_PAGE)
        held = (await client.get("/api/calls/h1-1.1/sound")).json()["keep"]
        gone = (await client.get("/api/calls/h1-6.1/sound")).json()
    assert "计划" in planned["because"]
    assert "录音至少一年" in planned["because"]
    assert held["holds"] == [CASE]
    assert held["because"].startswith("依法保全")
    assert (gone["state"], "已删除" in gone["keep"]["because"]) == ("deleted", True)


async def test_a_case_leaves_as_one_archive_with_sound_course_hashes_and_who_took_it_and_why(
    app: FastAPI, settings: Settings
) -> None:
    """What is gone is named; without a reason, by another's address or by another role there is none."""
    tone = (6000 * np.sin(np.arange(3 * RATE_HZ) * 0.4)).astype(np.int16)
    kept = keep_sound(settings, "h1-1.1", np.stack([tone, tone], axis=1), NOW)
    async with signed_in(app, "auditor1") as client:
        wanted = {"key": CASE, "reason": "法院调取", "calls": ["h1-1.1", "h1-6.1"]}
        await client.post("/api/keeping/holds", json=wanted, headers=OWN_PAGE)
        silent = await client.post("/api/keeping/export", json={"key": CASE, "reason": " "}, headers=OWN_PAGE)
        bare = await client.get("/api/keeping/export", params={"key": CASE})
        asked = await client.post("/api/keeping/export", json={"key": CASE, "reason": "移送 法院"}, headers=OWN_PAGE)
        url = asked.json()["url"]
        sent = await client.get(url)
    async with signed_in(app, "supervisor1") as other:
        stolen = await other.get(url)
    async with signed_in(app, "admin1") as admin:
        denied = await admin.post("/api/keeping/export", json={"key": CASE, "reason": "x y"}, headers=OWN_PAGE)
    assert [answer.status_code for answer in (silent, bare, sent, stolen, denied)] == [422, 403, 200, 403, 403]
    with zipfile.ZipFile(io.BytesIO(sent.content)) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        course = json.loads(archive.read("h1-1.1/call.json"))
        sound = archive.read("h1-1.1/recording.ogg")
        sums = archive.read("SHA256SUMS").decode().splitlines()
    assert (manifest["case"], manifest["exported_by"], manifest["reason"]) == (CASE, "auditor1", "移送 法院")
    files = {one["name"]: one for one in manifest["files"]}
    assert files["h1-1.1/recording.ogg"]["is_as_kept"] is True
    assert files["h1-1.1/recording.ogg"]["sha256"] == kept.made.sealed.plain_sha256 == sha256(sound).hexdigest()
    assert files["h1-6.1/recording"]["missing"].startswith("recording_")
    assert course["call"]["caller"] == "13800001234"
    assert all("path" not in one for one in course["recordings"])
    assert f"{sha256(sound).hexdigest()}  h1-1.1/recording.ogg" in sums
    engine = make_engine(settings.tickets_url)
    with reading(engine) as connection:
        rows = [json.loads(row.facts) for row in read_audit(connection) if row.act == "case_exported"]
    engine.dispose()
    assert rows == [{"reason": "移送 法院", "calls": 2}]


async def test_the_address_of_a_case_opens_no_recording_and_that_of_a_recording_no_case(app: FastAPI) -> None:
    """Even of a case that is called like a call: hearing has a reason of its own in the trail."""
    async with signed_in(app, "auditor1") as client:
        wanted = {"key": "h1-1.1", "reason": "法院调取", "calls": ["h1-1.1"]}
        await client.post("/api/keeping/holds", json=wanted, headers=OWN_PAGE)
        asked = await client.post("/api/keeping/export", json={"key": "h1-1.1", "reason": "移送法院"}, headers=OWN_PAGE)
        given = asked.json()["url"].partition("pass=")[2]
        heard = await client.get(f"/api/calls/h1-1.1/recording?pass={given}")
        key = app.state.desk.secrets.session
        listening = Pass("auditor1", _signer(key).loads(given)[1], "h1-1.1", 0, "listen", NOW * 2)
        taken = await client.get(f"/api/keeping/export?key=h1-1.1&pass={written(listening, key)}")
    assert [(one.status_code, one.json()["code"]) for one in (heard, taken)] == [(403, "reason_needed")] * 2


async def test_text_that_no_database_keeps_is_refused_by_its_name(app: FastAPI) -> None:
    """On either database, and not as a database that is away."""
    nul = "a\0b"
    case = {"key": "a", "reason": "b"}
    async with signed_in(app, "auditor1") as client:
        bodies: dict[str, list[dict[str, Any]]] = {
            "/api/keeping/holds": [
                {**case, "calls": ["h1-1.1"], "key": nul}, {**case, "calls": ["h1-1.1"], "reason": nul}, {**case, "calls": [nul]},
            ],
            "/api/keeping/holds/release": [{**case, "key": nul}, {**case, "reason": nul}],
            "/api/keeping/export": [{**case, "key": nul}, {**case, "reason": nul}],
            "/api/calls/h1-1.1/notes": [{"text": nul, "at_s": 1}],
            "/api/calls/h1-1.1/listening": [{"reason": "other", "note": nul}],
        }  # fmt: skip
        asked = [("/api/history", "q"), ("/api/audit", "actor"), ("/api/audit", "subject"), ("/api/audit", "act"),
                 ("/api/keeping/holds/calls", "key"), ("/api/keeping/export", "key")]  # fmt: skip
        answers = [await client.post(path, json=body, headers=OWN_PAGE) for path, each in bodies.items() for body in each]
        answers += [await client.get(path, params={name: nul}) for path, name in asked]
    assert [(one.request.url.path, one.status_code, one.json()["code"]) for one in answers] == [
        (one.request.url.path, 422, "holds_nul") for one in answers
    ]
    assert {one.json()["message"] for one in answers} == {"内容里有一个看不见、存不下的字符（空字符），请删去后再试。"}
