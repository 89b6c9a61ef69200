"""The people of the desk in the database: find, add, list, change a password; each change with its audit row."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, RowMapping, select, update

from agent_desktop.audit import write_audit
from agent_desktop.tickets_schema import people
from hotline_core.adapters.engine import reading, writing


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in."""

    login: str
    name: str
    role: str
    extension: str
    password_hash: str
    is_disabled: bool = False


class People:
    """Reads and writes the people table; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, login: str) -> Person | None:
        """The person of `login`."""
        with reading(self._engine) as connection:
            row = connection.execute(select(people).where(people.c.login == login)).one_or_none()
        return None if row is None else _person(row._mapping)

    def everybody(self) -> list[Person]:
        """All people, by login."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(people).order_by(people.c.login)).all()
        return [_person(row._mapping) for row in rows]

    def add(self, person: Person, *, actor: str, now: float) -> None:
        """Add `person`; IntegrityError when the login or the extension is taken."""
        with writing(self._engine) as connection:
            connection.execute(
                people.insert().values(
                    login=person.login,
                    name=person.name,
                    role=person.role,
                    extension=person.extension or None,
                    password_hash=person.password_hash,
                    made_at=now,
                )
            )
            facts = {"role": person.role, "extension": person.extension}
            write_audit(connection, at=now, actor=actor, act="person_added", subject=person.login, facts=facts)

    def set_password(self, login: str, password_hash: str, *, actor: str, now: float) -> None:
        """Give `login` a new password."""
        with writing(self._engine) as connection:
            connection.execute(update(people).where(people.c.login == login).values(password_hash=password_hash))
            write_audit(connection, at=now, actor=actor, act="password_set", subject=login, facts={})


def _person(row: RowMapping) -> Person:
    return Person(
        login=row["login"],
        name=row["name"],
        role=row["role"],
        extension=row["extension"] or "",
        password_hash=row["password_hash"],
        is_disabled=row["disabled_at"] is not None,
    )
