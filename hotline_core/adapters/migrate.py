"""Bringing a database to its newest form; `python -m hotline_core.adapters.migrate` does the calls database.

A folder of migrations holds `versions/` and an `env.py` of two lines:

    from hotline_core.adapters.migrate import run_env
    run_env()

and its owner calls `migrate(url, folder, version_table="alembic_version_<name>")`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.errors import SettingsError
from hotline_core.settings import load_settings

CALLS_MIGRATIONS = Path(__file__).with_name("migrations") / "calls"
CALLS_VERSION_TABLE = "alembic_version_calls"
_LOCK = 0x686F746C  # any number, the same in every starter


def migrate(url: str, script_location: Path, version_table: str, revision: str = "head") -> str:
    """Run what is missing up to `revision` in one transaction, return the one reached; two starters wait for each other."""
    config = _config(script_location)
    engine = make_engine(url)
    try:
        with writing(engine) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL statement_timeout = 0"))  # rebuilding an index of years may take long
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config.attributes["connection"] = connection
            config.attributes["version_table"] = version_table
            command.upgrade(config, revision)
        return (ScriptDirectory.from_config(config).get_current_head() or "") if revision == "head" else revision
    finally:
        engine.dispose()


def is_migrated(url: str, script_location: Path, version_table: str) -> bool:
    """True if the database has the newest form."""
    engine = make_engine(url)
    try:
        with reading(engine) as connection:
            found = revision_of(connection, version_table)
        return found == ScriptDirectory.from_config(_config(script_location)).get_current_head()
    finally:
        engine.dispose()


def revision_of(connection: Connection, version_table: str) -> str | None:
    """The form this database has; None if it was never made."""
    return MigrationContext.configure(connection, opts={"version_table": version_table}).get_current_revision()


def revisions(script_location: Path) -> list[str]:
    """All forms this version knows, oldest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config(script_location)).walk_revisions()][::-1]


def is_known(script_location: Path, revision: str) -> bool:
    """False for a form that a newer version made."""
    return revision in revisions(script_location)


def migrate_calls(url: str) -> str:
    """The calls database."""
    return migrate(url, CALLS_MIGRATIONS, CALLS_VERSION_TABLE)


def run_env() -> None:
    """What every env.py does: run the migrations on the connection handed over by `migrate`."""
    given = context.config.attributes
    context.configure(connection=given["connection"], version_table=given["version_table"], transactional_ddl=False)
    context.run_migrations()


def _config(script_location: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(script_location).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def main() -> int:
    """Migrate the calls database of the settings."""
    try:
        revision = migrate_calls(load_settings().calls_url)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"calls database at {revision}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
