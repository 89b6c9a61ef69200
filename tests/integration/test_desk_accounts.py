"""People, tokens and migrations on the command line, as the launcher calls them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text, update

from agent_desktop.migrate import TICKETS_MIGRATIONS, TICKETS_VERSION_TABLE, migrate_tickets
from agent_desktop.people import People, Person
from hotline_core.adapters.audit import first_broken, read_audit, write_audit
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.adapters.migrate import migrate
from hotline_core.adapters.tickets_schema import metadata
from hotline_core.adapters.tickets_schema import people as people_table
from hotline_core.settings import Settings
from tests.integration.desk_kit import ScriptedBridge, application, browser, prepare, settings_of, sign_in

pytestmark = pytest.mark.integration
INSERT_FORMER = (
    "INSERT INTO people (login, name, role, extension, password_hash, made_at) "
    "VALUES (:login, :name, :role, :extension, :password_hash, :made_at)"
)


@pytest.fixture
def settings(short_folder: Path) -> Settings:
    made = settings_of(short_folder)
    made.paths.home.mkdir(exist_ok=True)
    migrate_tickets(made.tickets_url)
    return made


def command(settings: Settings, *arguments: str, demo: str = "1") -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    environment = {**inherited, "HOTLINE_HOME": str(settings.home), "HOTLINE_DEMO": demo}
    return subprocess.run(
        [sys.executable, "-m", *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def accounts(settings: Settings) -> dict[str, str]:
    """Login and password of each line that is no comment."""
    lines = settings.paths.accounts.read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: line.split()[1] for line in lines if not line.startswith("#")}


async def opens(settings: Settings, login: str, password: str) -> bool:
    async with browser(application(settings)) as client:
        return (await sign_in(client, login, password)).status_code == 200


async def test_the_demos_people_sign_in_with_the_passwords_of_the_file(settings: Settings) -> None:
    """Random, only for the owner's eyes, made once."""
    assert (await asyncio.to_thread(command, settings, "agent_desktop.accounts", "demo")).returncode == 0
    made = accounts(settings)
    assert list(made) == [
        "agent1", "agent2", "agent3", "supervisor1", "admin1", "auditor1", "clerk1", "unit1", "head1", "unit2",
    ]  # fmt: skip
    assert settings.paths.accounts.stat().st_mode & 0o777 == 0o600
    assert len(set(made.values())) == len(made)
    assert await opens(settings, "agent3", made["agent3"])
    await asyncio.to_thread(command, settings, "agent_desktop.accounts", "demo")
    assert accounts(settings) == made


async def test_a_lost_accounts_file_gives_new_passwords_that_work(settings: Settings) -> None:
    """The old ones are stored nowhere."""
    await asyncio.to_thread(command, settings, "agent_desktop.accounts", "demo")
    old = accounts(settings)
    settings.paths.accounts.unlink()
    await asyncio.to_thread(command, settings, "agent_desktop.accounts", "demo")
    assert await opens(settings, "agent1", accounts(settings)["agent1"])
    assert not await opens(settings, "agent1", old["agent1"])


def test_there_are_no_demo_people_in_service(settings: Settings) -> None:
    """A known list of logins has no place there."""
    refused = command(settings, "agent_desktop.accounts", "demo", demo="0")
    assert refused.returncode == 2
    assert "HOTLINE_DEMO" in refused.stderr
    assert not settings.paths.accounts.exists()


async def test_an_operator_adds_a_person_and_reads_the_password_once(settings: Settings) -> None:
    """The password stands alone on standard output."""
    person = ("--login", "zhou.lan", "--name", "周兰", "--role", "agent", "--extension", "1007")
    added = await asyncio.to_thread(command, settings, "agent_desktop.accounts", "add", *person)
    assert added.stderr == ""
    assert await opens(settings, "zhou.lan", added.stdout.strip())
    again = await asyncio.to_thread(command, settings, "agent_desktop.accounts", "add", *person)
    assert (again.returncode, again.stderr) == (1, "this login or extension is taken\n")


@pytest.mark.parametrize(
    "person",
    [
        ("--login", "Zhou Lan", "--name", "周兰", "--role", "agent"),
        ("--login", "zhou", "--name", "周\r\n兰", "--role", "agent"),
        ("--login", "zhou", "--name", "周兰", "--role", "king"),
        ("--login", "zhou", "--name", "周兰", "--role", "agent", "--extension", "9"),
        ("--login", "zhou", "--name", "周兰", "--role", "unit"),
        ("--login", "zhou", "--name", "周兰", "--role", "agent", "--unit", "transport"),
    ],
)
def test_a_person_that_cannot_be_is_refused_with_the_reason(settings: Settings, person: tuple[str, ...]) -> None:
    """Bad login, name, role, extension."""
    refused = command(settings, "agent_desktop.accounts", "add", *person)
    assert refused.returncode == 2
    assert refused.stderr
    assert "Traceback" not in refused.stderr


async def test_a_token_is_printed_alone(settings: Settings) -> None:
    """`make -s token ROLE=supervisor` is read by scripts."""
    made = await asyncio.to_thread(command, settings, "agent_desktop.token", "supervisor")
    token = made.stdout.removesuffix("\n")
    assert (made.stderr, len(token.split())) == ("", 1)
    async with browser(application(settings)) as client:
        answer = await client.get("/api/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["role"] == "supervisor"
    assert command(settings, "agent_desktop.token", "king").returncode == 2


def test_a_home_that_was_never_migrated_is_told_in_one_sentence(short_folder: Path) -> None:
    """No traceback for an operator either."""
    fresh = settings_of(short_folder)
    for arguments in (("agent_desktop.token", "supervisor"), ("agent_desktop.accounts", "demo")):
        told = command(fresh, *arguments)
        assert told.returncode == 1
        assert "not migrated" in told.stderr
        assert "Traceback" not in told.stderr


def test_people_of_the_former_form_keep_everything_and_may_sign_in(database_url: str) -> None:
    """A city that runs already: names, extensions, passwords and the audit's chain go on; new fields have their defaults."""
    migrate(database_url, TICKETS_MIGRATIONS, TICKETS_VERSION_TABLE, "tickets_0003")
    engine = make_engine(database_url)
    with writing(engine) as connection:
        former = {"login": "zhou.lan", "name": "周兰", "role": "agent", "extension": "1007", "password_hash": "x", "made_at": 1.0}
        connection.execute(text(INSERT_FORMER), former)
        write_audit(connection, at=1.0, actor="operator", act="person_added", subject="zhou.lan", facts={})
    migrate_tickets(database_url)
    assert People(engine).everybody() == [Person("zhou.lan", "周兰", "agent", "1007", "x")]
    People(engine).change("zhou.lan", {"queues": ("hotline",), "phone_kind": "hardware"}, actor="operator", now=2.0)
    changed = Person("zhou.lan", "周兰", "agent", "1007", "x", queues=("hotline",), phone_kind="hardware")
    assert People(engine).find("zhou.lan") == changed
    with reading(engine) as connection:
        assert first_broken(read_audit(connection)) is None
    engine.dispose()


def test_a_change_of_name_never_brings_an_older_password_back(database_url: str) -> None:
    """Two administrators at once: one gives a new password while the other's change of the name is under way."""
    migrate_tickets(database_url)
    engine = make_engine(database_url)
    people = People(engine)
    people.add(Person("zhou.lan", "周兰", "agent", "1007", "stolen"), actor="operator", now=1.0)
    other = threading.Thread(target=lambda: people.change("zhou.lan", {"name": "周岚"}, actor="admin2", now=3.0))
    with writing(engine) as connection:
        connection.execute(update(people_table).values(password_hash="fresh", sessions_from=2.0))
        other.start()
        other.join(0.5)
        assert other.is_alive()  # it waits for the row
    other.join(5.0)
    found = people.find("zhou.lan")
    assert found is not None
    assert (found.name, found.password_hash, found.sessions_from) == ("周岚", "fresh", 2.0)
    engine.dispose()


def test_the_migrations_make_what_the_code_uses(database_url: str) -> None:
    """Every table and column, on either database; a second run changes nothing."""
    assert migrate_tickets(database_url) == migrate_tickets(database_url)
    engine = make_engine(database_url)
    with reading(engine) as connection:
        found = metadata.__class__()
        found.reflect(connection)
    engine.dispose()
    is_postgresql = engine.dialect.name == "postgresql"
    for name, table in metadata.tables.items():
        # an index of a kind that only PostgreSQL has; SQLite's own full-text table takes its place
        wanted = {index.name for index in table.indexes if is_postgresql or not index.dialect_options["postgresql"]["using"]}
        assert [column.name for column in found.tables[name].columns] == [column.name for column in table.columns]
        assert wanted <= {index.name for index in found.tables[name].indexes}


async def test_with_the_tickets_database_gone_open_pages_go_on(settings: Settings) -> None:
    """Who is signed in keeps the page, the telephone and the live view; a save is refused with a sentence, not lost silently."""
    for path in settings.paths.databases.glob("*"):
        path.unlink()
    prepare(settings)
    app = application(settings)
    bridge = await ScriptedBridge(settings.paths.bridge_socket).start()
    async with browser(app) as client:
        assert (await sign_in(client, "agent1")).status_code == 200
        app.state.desk.gate.learn(app.state.desk.gate.fetch(app.state.desk.now()))
        app.state.desk.tickets_engine.dispose()
        for path in settings.paths.databases.glob("tickets.sqlite*"):
            path.write_bytes(b"not a database" * 400)
        fine = [(await client.get(path)).status_code for path in ("/desk", "/api/me", "/api/phone", "/api/live", "/api/calls")]
        own_page = {"Origin": "http://127.0.0.1:8328", "X-Hotline": "1"}
        save = await client.put("/api/drafts/h1-1.1", json={"text": "x", "version": 0}, headers=own_page)
        again = await sign_in(client, "agent1")
    await app.state.desk.bridge.close()
    await bridge.stop()
    assert fine == [200] * 5
    assert (save.status_code, save.json()["code"]) == (503, "database_down")
    assert (again.status_code, again.json()["code"]) == (503, "database_down")
