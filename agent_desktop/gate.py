"""Who is let in: the session of a cookie or the role of a bearer token, against who was signed out, changed or disabled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, delete, select

from agent_desktop.people import People, Person
from agent_desktop.phone_holders import Holder
from agent_desktop.session import LIFETIME_S, Session, read
from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import ended_sessions


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a person with a session, or a service token (sid empty); `unit` is the key of the unit whose officer this is,
    `system` the other system that a token speaks for."""

    login: str
    name: str
    role: str
    extension: str = ""
    sid: str = ""
    expires: float = 0.0
    issued: float = 0.0
    unit: str = ""
    system: str = ""

    def told(self) -> dict[str, str | None]:
        """What a page may know about its person."""
        facts = {"login": self.login, "name": self.name, "role": self.role}
        return {**facts, "extension": self.extension or None, "unit": self.unit or None}


@dataclass(frozen=True, slots=True)
class Known:
    """People and ended sessions as last read from the database."""

    people: Mapping[str, Person]
    ended: frozenset[str]


class Gate:
    """Checks sessions without touching the database; `refresh` is called by the background and `admit` after a sign-in."""

    def __init__(self, engine: Engine, key_hex: str) -> None:
        self._engine = engine
        self._key = key_hex
        self._people: dict[str, Person] | None = None
        self.learning = asyncio.Lock()  # held from fetch to learn, so that an older reading never overtakes a newer one
        self._ended: set[str] = set()

    def session(self, token: str, now: float) -> Session | None:
        """The session of a cookie's token while it may still be used."""
        session = read(token, self._key, now)
        return session if session is not None and self.is_open(session) else None

    def caller(self, session: Session) -> Caller:
        """The person of a session."""
        person = (self._people or {}).get(session.sub)
        name = person.name if person else session.sub
        return Caller(
            login=session.sub,
            name=name,
            role=session.role,
            extension=session.ext,
            sid=session.sid,
            expires=session.expires,
            issued=session.issued,
            unit=person.unit if person else "",
        )

    def is_open(self, session: Session) -> bool:
        """False when it was signed out, or its person was disabled, removed, changed or given another password since."""
        return self._is_open(session.sid, session.sub, session.role, session.ext, session.issued)

    def may_stay(self, caller: Caller) -> bool:
        """The same question about a page that is connected already."""
        return self._is_open(caller.sid, caller.login, caller.role, caller.extension, caller.issued)

    def is_holding(self, holder: Holder, now: float) -> bool:
        """The same question about the sign-in that holds a telephone."""
        is_young = now < holder.issued + LIFETIME_S
        return is_young and self._is_open(holder.sid, holder.login, holder.role, holder.extension, holder.issued)

    def _is_open(self, sid: str, login: str, role: str, extension: str, issued: float) -> bool:
        if sid in self._ended:
            return False
        if self._people is None:  # the database has not answered yet; the signature is what we have
            return True
        person = self._people.get(login)
        if person is None or person.is_disabled or (person.role, person.extension) != (role, extension):
            return False
        return issued >= person.sessions_from or sid == person.kept_sid

    @property
    def people(self) -> Mapping[str, Person] | None:
        """People by login as last read; None before the database has answered."""
        return self._people

    def person(self, caller: Caller) -> Person:
        """The person of a caller; while the database has not answered, what the session tells."""
        known = (self._people or {}).get(caller.login)
        return known or Person(caller.login, caller.name, caller.role, caller.extension, password_hash="")

    def names(self) -> dict[str, str]:
        """Who has which extension, as last read."""
        people = (self._people or {}).values()
        return {person.extension: person.name for person in people if person.extension and not person.is_disabled}

    def admit(self, person: Person) -> None:
        """Know `person` at once after a sign-in, before the next refresh."""
        if self._people is not None:
            self._people[person.login] = person

    def forget(self, sid: str) -> None:
        """Refuse this session from now on."""
        self._ended.add(sid)

    def fetch(self, now: float) -> Known:
        """Read people and ended sessions; synchronous, call it off the event loop."""
        with reading(self._engine) as connection:
            rows = connection.scalars(select(ended_sessions.c.sid).where(ended_sessions.c.ended_at > now - LIFETIME_S))
            ended = frozenset(str(sid) for sid in rows)
        return Known(people={person.login: person for person in People(self._engine).everybody()}, ended=ended)

    def learn(self, known: Known) -> None:
        """Take over what `fetch` read; sessions forgotten in the meantime stay forgotten."""
        self._people = dict(known.people)
        self._ended |= known.ended

    def end(self, caller: Caller, now: float) -> None:
        """Write down that a session was signed out; synchronous, call it off the event loop."""
        with writing(self._engine) as connection:
            connection.execute(delete(ended_sessions).where(ended_sessions.c.ended_at < now - LIFETIME_S))
            connection.execute(delete(ended_sessions).where(ended_sessions.c.sid == caller.sid))
            connection.execute(ended_sessions.insert().values(sid=caller.sid, ended_at=now))
            write_audit(connection, at=now, actor=caller.login, act="signed_out", subject=caller.login, facts={})
