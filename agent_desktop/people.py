"""The people of the desk in the database: find, add, change, disable, remove; each change with its audit row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, RowMapping, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from agent_desktop.person_rules import settled_unit
from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import favourite_parties, people
from hotline_core.errors import Conflict, NotFound
from tickets.store.schema import saved_filters

ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in.

    `queues` are keys of city.queues, none stands for the city's first queue; `phone_digest` is H(A1) of a hardware telephone's
    password; sessions issued before `sessions_from` (epoch seconds) are over, but for `kept_sid`; calls that the extension had
    before `extension_since` were somebody else's; `unit` is the key of the unit whose officer this is, empty in every other role.
    """

    login: str
    name: str
    role: str
    extension: str
    password_hash: str
    is_disabled: bool = False
    queues: tuple[str, ...] = ()
    phone_kind: str = "page"
    phone_digest: str = ""
    sessions_from: float = 0.0
    kept_sid: str = ""
    extension_since: float = 0.0
    unit: str = ""


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
        """Add `person`, nobody signed in; Conflict (`login_taken`, `extension_taken`), BadInput (the unit)."""
        settled_unit(person.role, person.unit, {"unit": person.unit})
        facts = {"name": person.name, "role": person.role, "extension": person.extension, "queues": ",".join(person.queues)}
        if person.unit:
            facts["unit"] = person.unit
        # A login that was used before: the cookies of who had it open nothing.
        values = {"login": person.login, "made_at": now, "sessions_from": now, "extension_since": now, **_columns(person)}
        try:
            with writing(self._engine) as connection:
                if connection.scalar(select(people.c.login).where(people.c.login == person.login)) is not None:
                    raise Conflict("login_taken")
                _claim_extension(connection, person)
                connection.execute(people.insert().values(**values))
                write_audit(connection, at=now, actor=actor, act="person_added", subject=person.login, facts=facts)
        except IntegrityError:  # PostgreSQL: somebody else was first between our look and our insert
            raise Conflict("login_taken") from None

    def change(self, login: str, changes: Mapping[str, object], *, actor: str, now: float) -> Person:
        """Change the named fields of `login`; NotFound, Conflict (`extension_taken`, `last_administrator`), BadInput (the unit).

        A telephone's password belongs to one extension: another extension or kind leaves it behind. Another role or extension
        ends all sessions for good, also when the change is taken back; so does another unit, whose tickets are other people's.
        Whoever is an officer no more leaves the unit behind.
        """
        try:
            with writing(self._engine) as connection:
                before = _known(connection, login)
                after = replace(before, **changes)  # type: ignore[arg-type] # person_rules has checked names and types
                after = replace(after, unit=settled_unit(after.role, after.unit, changes))
                if (after.extension, after.phone_kind) != (before.extension, before.phone_kind):
                    after = replace(after, phone_digest="")
                _claim_extension(connection, after)
                values = _columns(after)
                if after.extension != before.extension:
                    after = replace(after, extension_since=now)
                    values["extension_since"] = now
                if (after.role, after.extension, after.unit) != (before.role, before.extension, before.unit):
                    values |= {"sessions_from": now, "kept_sid": None}
                connection.execute(update(people).where(people.c.login == login).values(**values))
                facts = _differences(before, after)
                if facts:
                    write_audit(connection, at=now, actor=actor, act="person_changed", subject=login, facts=facts)
                _keep_an_administrator(connection, before)
        except IntegrityError:
            raise Conflict("extension_taken") from None
        return after

    def set_disabled(self, login: str, is_disabled: bool, *, actor: str, now: float) -> Person:
        """Nobody of this name comes in, or may again; sessions from before stay over. NotFound, Conflict."""
        with writing(self._engine) as connection:
            before = _known(connection, login)
            values: dict[str, object] = {"disabled_at": now if is_disabled else None}
            if is_disabled:
                values |= {"sessions_from": now, "kept_sid": None}
            connection.execute(update(people).where(people.c.login == login).values(**values))
            act = "person_disabled" if is_disabled else "person_enabled"
            write_audit(connection, at=now, actor=actor, act=act, subject=login, facts={"extension": before.extension})
            _keep_an_administrator(connection, before)
            return _known(connection, login)

    def remove(self, login: str, *, actor: str, now: float) -> None:
        """Forget the person; what they did stays in the audit under the login. NotFound, Conflict."""
        with writing(self._engine) as connection:
            before = _known(connection, login)
            connection.execute(delete(people).where(people.c.login == login))
            connection.execute(delete(favourite_parties).where(favourite_parties.c.login == login))
            connection.execute(delete(saved_filters).where(saved_filters.c.login == login))
            facts: Facts = {"role": before.role, "extension": before.extension}
            write_audit(connection, at=now, actor=actor, act="person_removed", subject=login, facts=facts)
            _keep_an_administrator(connection, before)

    def set_password(self, login: str, password_hash: str, *, actor: str, now: float, kept_sid: str = "") -> None:
        """Give `login` a new password and end all sessions but `kept_sid`; NotFound."""
        with writing(self._engine) as connection:
            _known(connection, login)
            values = {"password_hash": password_hash, "sessions_from": now, "kept_sid": kept_sid or None}
            connection.execute(update(people).where(people.c.login == login).values(**values))
            write_audit(connection, at=now, actor=actor, act="password_set", subject=login, facts={})

    def set_telephone(self, login: str, digest: str, *, actor: str, now: float) -> Person:
        """Give the hardware telephone of `login` a password by its digest, or take it away (empty); NotFound."""
        with writing(self._engine) as connection:
            before = _known(connection, login)
            connection.execute(update(people).where(people.c.login == login).values(phone_digest=digest or None))
            act = "telephone_password_made" if digest else "telephone_removed"
            write_audit(connection, at=now, actor=actor, act=act, subject=login, facts={"extension": before.extension})
            return replace(before, phone_digest=digest)


def _claim_extension(connection: Connection, person: Person) -> None:
    """Conflict when somebody else has the extension."""
    if not person.extension:
        return
    holder = connection.scalar(select(people.c.login).where(people.c.extension == person.extension))
    if holder is not None and holder != person.login:
        raise Conflict("extension_taken", extension=person.extension)


def _keep_an_administrator(connection: Connection, before: Person) -> None:
    """Conflict when `before` was the last who could manage people; after the audit row, whose lock lets writers pass one by one."""
    if before.role != ADMINISTRATOR or before.is_disabled:
        return
    left = select(func.count()).where(people.c.role == ADMINISTRATOR, people.c.disabled_at.is_(None))
    if not connection.scalar(left):
        raise Conflict("last_administrator")


def _known(connection: Connection, login: str) -> Person:
    """The person to be changed; whoever changes them at the same moment waits, so that nobody writes back what was (PostgreSQL)."""
    row = connection.execute(select(people).where(people.c.login == login).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("unknown_person", login=login)
    return _person(row._mapping)


def _columns(person: Person) -> dict[str, object]:
    return {
        "name": person.name,
        "role": person.role,
        "extension": person.extension or None,
        "password_hash": person.password_hash,
        "queues": ",".join(person.queues),
        "phone_kind": person.phone_kind,
        "phone_digest": person.phone_digest or None,
        "unit": person.unit,
    }


def _differences(before: Person, after: Person) -> dict[str, str]:
    """Each changed field with its new and its former value."""
    told = {}
    for name in ("name", "role", "extension", "queues", "phone_kind", "unit"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            told[name] = ",".join(new) if name == "queues" else str(new)
            told[f"{name}_before"] = ",".join(old) if name == "queues" else str(old)
    return told


def _person(row: RowMapping) -> Person:
    return Person(
        login=row["login"],
        name=row["name"],
        role=row["role"],
        extension=row["extension"] or "",
        password_hash=row["password_hash"],
        is_disabled=row["disabled_at"] is not None,
        queues=tuple(key for key in row["queues"].split(",") if key),
        phone_kind=row["phone_kind"],
        phone_digest=row["phone_digest"] or "",
        sessions_from=row["sessions_from"],
        kept_sid=row["kept_sid"] or "",
        extension_since=row["extension_since"],
        unit=row["unit"],
    )
