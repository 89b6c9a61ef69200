"""Owns fresh databases: each form is made once in a test process, by the real migrations, and every test gets a copy of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg.sql import SQL, Composed, Identifier
from sqlalchemy import URL, make_url

from tests.integration.servers import OWNER, database_of

Make = Callable[[str], object]  # brings the database of a URL to a form, as `migrate_calls` does


def bring(url: str, make: Make) -> None:
    """What `make(url)` does, in a tenth of the time where nothing is there yet; a database with tables is left to `make` itself."""
    database = make_url(url)
    if database.get_backend_name() == "sqlite":
        path = Path(str(database.database))
        if path.exists():
            make(url)
        else:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(_image(make))
    elif _has_tables(database):
        make(url)
    else:
        name, form = Identifier(str(database.database)), Identifier(_template(str(database.query["host"]), make))
        _on_server(str(database.query["host"]), SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        _on_server(str(database.query["host"]), SQL("CREATE DATABASE {} TEMPLATE {}").format(name, form))


@cache
def _image(make: Make) -> bytes:
    """An SQLite file of this form; closed by its last connection, so that no journal lies beside it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.sqlite"
        make(f"sqlite:///{path}")
        assert [each.name for each in path.parent.iterdir()] == [path.name]
        return path.read_bytes()


@cache
def _template(host: str, make: Make) -> str:
    """The name of a PostgreSQL database of this form on the server with its socket in `host`."""
    name = f"form_{make.__name__}"
    _on_server(host, SQL("CREATE DATABASE {}").format(Identifier(name)))
    make(database_of(host, name))
    return name


def _has_tables(database: URL) -> bool:
    with psycopg.connect(host=str(database.query["host"]), user=OWNER, dbname=database.database) as connection:
        return connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").fetchone() is not None


def _on_server(host: str, statement: Composed) -> None:
    """Done beside the database itself, which nobody may be in."""
    with psycopg.connect(host=host, user=OWNER, dbname="postgres", autocommit=True) as connection:
        connection.execute(statement)
