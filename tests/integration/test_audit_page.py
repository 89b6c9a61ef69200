"""The audit trail as who may see it reads it: sought by who, what, whom and when; a change, a gap or a cut is found."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import Executable
from sqlalchemy.exc import DBAPIError

from agent_desktop.audit_reading import load_act_names
from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.adapters.tickets_schema import audit
from hotline_core.settings import Settings
from tests.integration.desk_kit import NOW, application, prepare, settings_of, signed_in
from tests.integration.thief import unguarded

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def settings(short_folder: Path, database_url: str) -> Settings:
    """A trail of listenings and refusals behind what the making of the people left."""
    made = settings_of(short_folder, tickets_database=database_url)
    prepare(made)
    engine = make_engine(made.tickets_url, durable=True)
    with writing(engine) as connection:
        for n in range(60):
            facts = {"role": "agent", "reason": "recheck"}
            write_audit(connection, at=NOW + n, actor="agent1", act="recording_listened", subject=f"h1-{n}.1", facts=facts)
        for n in range(3):
            facts = {"role": "agent", "why": "not_own_call"}
            write_audit(connection, at=NOW + 100 + n, actor="agent2", act="recording_refused", subject="h1-7.1", facts=facts)
    engine.dispose()
    return made


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return application(settings)


@pytest.mark.parametrize("change", [audit.update().values(actor="nobody"), audit.delete()])
def test_the_database_itself_refuses_to_change_or_remove_a_row(settings: Settings, change: Executable) -> None:
    """Whatever program asks it, with the very rights of our own."""
    engine = make_engine(settings.tickets_url)
    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.execute(change)
    engine.dispose()


async def test_rows_are_sought_by_who_what_whom_and_when_newest_first(app: FastAPI) -> None:
    """Page by page; each with its words."""
    async with signed_in(app, "auditor1") as client:
        one = (await client.get("/api/audit", params={"act": ["recording_listened", "recording_refused"], "limit": 50})).json()
        two = (await client.get("/api/audit", params={"act": "recording_listened", "before": one["next"]})).json()
        of_call = (await client.get("/api/audit", params={"subject": "h1-7.1"})).json()["rows"]
        of_agent = (await client.get("/api/audit", params={"actor": "agent2", "act": "recording_refused"})).json()["rows"]
        of_day = (await client.get("/api/audit", params={"since": NOW + 10, "until": NOW + 20})).json()["rows"]
    assert len(one["rows"]) == 50
    assert (one["rows"][0]["act"], one["rows"][0]["act_name"], one["rows"][0]["facts"]["why"]) == (
        "recording_refused", "拒绝收听", "not_own_call",
    )  # fmt: skip
    sequence = [row["seq"] for row in (*one["rows"], *two["rows"])]
    assert sequence == sorted(sequence, reverse=True)
    assert len(set(sequence)) == 63
    assert two["next"] is None
    assert [row["act"] for row in of_call] == ["recording_refused"] * 3 + ["recording_listened"]
    assert {row["actor"] for row in of_agent} == {"agent2"}
    assert {row["name"] for row in of_agent} <= {"李强", None}
    assert [row["subject"] for row in of_day] == [f"h1-{n}.1" for n in range(19, 9, -1)]


@pytest.mark.parametrize("login", ["agent1", "supervisor1", "admin1", "clerk1"])
async def test_the_trail_is_for_who_has_the_right_alone(app: FastAPI, login: str) -> None:
    """Not even for who leads, or who makes accounts."""
    async with signed_in(app, login) as client:
        assert (await client.get("/api/audit")).status_code == 403
        assert (await client.get("/api/audit/chain")).status_code == 403
        assert (await client.get("/audit")).status_code == 403


async def test_nothing_changes_or_removes_a_row(app: FastAPI) -> None:
    """There is no way but reading."""
    async with signed_in(app, "auditor1") as client:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = await client.request(method, "/api/audit", headers={"X-Hotline": "1"})
            assert answer.status_code == 405, method


@pytest.mark.parametrize("harm", ["changed", "removed", "cut", "none"])
async def test_a_row_that_was_changed_removed_or_cut_off_is_found(app: FastAPI, settings: Settings, harm: str) -> None:
    """By whoever has the database's file; the first wrong row is named."""
    async with signed_in(app, "auditor1") as client:
        engine = make_engine(settings.tickets_url)
        with writing(engine) as connection:
            unguarded(connection)
            match harm:
                case "changed":
                    connection.execute(audit.update().where(audit.c.seq == 30).values(actor="nobody"))
                case "removed":
                    connection.execute(audit.delete().where(audit.c.seq == 30))
                case "cut":
                    connection.execute(audit.delete().where(audit.c.seq >= 60))
        engine.dispose()
        look = (await client.get("/api/audit/chain")).json()
    assert look["is_all"] is True
    assert look["broken"] == {"changed": 30, "removed": 31, "cut": 60, "none": None}[harm]


def test_every_act_that_the_code_writes_has_a_name() -> None:
    """agent_desktop/audit_words.yaml against each literal `act` of write_audit and LateRow."""
    names = load_act_names({})
    written: set[str] = set()
    passed_on: set[tuple[Path, str, int]] = set()  # functions that write the act they are given, and at which place
    for path in [*(ROOT / "agent_desktop").rglob("*.py"), *(ROOT / "tickets").rglob("*.py"), *(ROOT / "worker").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="write_audit"), keywords=given):
                    written |= {str(one.value.value) for one in given if one.arg == "act" and isinstance(one.value, ast.Constant)}
                case ast.FunctionDef(name=name, args=parameters) if (at := _act_parameter(node)) is not None:
                    passed_on |= {(path, name, [each.arg for each in parameters.args].index(at))}
                case ast.Call(func=ast.Name(id="LateRow"), args=[_, _, ast.Constant(value=act), *_]):
                    written.add(str(act))
    for path, name, place in passed_on:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=called), args=values) if called == name and len(values) > place:
                    written |= {str(each.value) for each in values[place : place + 1] if isinstance(each, ast.Constant)}
    assert len(written) > 15
    assert "knowledge_added" in written
    assert sorted(written - set(names)) == []


def _act_parameter(function: ast.FunctionDef) -> str | None:
    """The parameter that a function hands to write_audit as its act."""
    names = {each.arg for each in function.args.args}
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id="write_audit"), keywords=given):
                for one in given:
                    if one.arg == "act" and isinstance(one.value, ast.Name) and one.value.id in names:
                        return one.value.id
    return None
