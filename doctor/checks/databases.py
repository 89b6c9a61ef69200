"""Does each database answer, is its schema that of this program, and is a SQLite file whole?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from agent_desktop.migrate import TICKETS_MIGRATIONS, TICKETS_VERSION_TABLE
from doctor.finding import Finding, bad, good, note, skipped
from doctor.subject import Subject
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.adapters.migrate import CALLS_MIGRATIONS, CALLS_VERSION_TABLE

NAME = "databases"
SLOW_S = 1.0
CHECK_S = 8.0  # the longest a SQLite file is read for damage; one of years is not read to its end


@dataclass(frozen=True, slots=True)
class Seen:
    """What a database said: its revision (None: no table of ours), the newest and all known ones, damage, seconds to answer."""

    revision: str | None
    head: str
    known: frozenset[str]
    damage: str
    took_s: float


def examine(subject: Subject) -> list[Finding]:
    """Both databases, one after the other."""
    settings = subject.settings
    found = []
    for name, url, migrations, table in (
        ("calls", settings.calls_url, CALLS_MIGRATIONS, CALLS_VERSION_TABLE),
        ("tickets", settings.tickets_url, TICKETS_MIGRATIONS, TICKETS_VERSION_TABLE),
    ):
        kind = make_url(url).get_backend_name()
        if not is_there(url):
            found.append(bad(NAME, "missing", database=name) if subject.is_running else skipped(NAME, "not_started", database=name))
            continue
        try:
            found.append(judge(name, kind, look(url, migrations, table)))
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error  # never its text: it may hold the address with its password
            is_damaged = "malformed" in str(cause) or "not a database" in str(cause)
            code = "damaged" if is_damaged else "away"
            found.append(bad(NAME, code, database=name, kind=kind, reason=type(cause).__name__))
    return found


def is_there(url: str) -> bool:
    """False for a SQLite file that is not there, which opening would make."""
    parsed = make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def look(url: str, migrations: Path, table: str) -> Seen:
    """Ask it; SQLAlchemyError if it does not answer or cannot be read."""
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    known = frozenset(revision.revision for revision in script.walk_revisions())
    engine = make_engine(url)
    begun = time.monotonic()
    try:
        with reading(engine) as connection:
            revision = MigrationContext.configure(connection, opts={"version_table": table}).get_current_revision()
            took_s = time.monotonic() - begun
            damage = _damage(connection) if engine.dialect.name == "sqlite" else ""
    finally:
        engine.dispose()
    return Seen(revision, script.get_current_head() or "", known, damage, took_s)


def judge(name: str, kind: str, seen: Seen) -> Finding:
    """The verdict on one database."""
    facts = {"database": name, "kind": kind, "revision": seen.revision, "head": seen.head}
    if seen.damage:
        return bad(NAME, "damaged", **facts)
    if seen.revision is None:
        return bad(NAME, "empty", **facts)
    if seen.revision not in seen.known:
        return bad(NAME, "newer", **facts)
    if seen.revision != seen.head:
        return bad(NAME, "behind", **facts)
    if seen.took_s > SLOW_S:
        return note(NAME, "slow", **facts, seconds=round(seen.took_s, 1))
    return good(NAME, **facts)


def _damage(connection: Connection) -> str:
    """The first complaint of SQLite's own quick check; empty when there is none, or none was found in time."""
    raw = connection.connection.dbapi_connection
    ends_at = time.monotonic() + CHECK_S
    raw.set_progress_handler(lambda: time.monotonic() > ends_at, 100_000)  # type: ignore[union-attr]  # it is connected
    try:
        said = connection.execute(text("PRAGMA quick_check(1)")).scalar()
    except SQLAlchemyError as error:
        if "interrupted" in str(getattr(error, "orig", "")):
            return ""
        raise
    return "" if said == "ok" else str(said)
