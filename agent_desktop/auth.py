"""Signing in: argon2 off the event loop, lock-out, and the same work and words for unknown names as for wrong passwords."""

from __future__ import annotations

import hmac
import secrets
from functools import cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Engine, delete, select

from agent_desktop.blocking import Blocking
from agent_desktop.lockout import KNOWN_S, WINDOW_S, Failures, locked_until
from agent_desktop.people import People, Person
from agent_desktop.person_rules import LOGIN
from agent_desktop.refusals import Locked
from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import writing
from hotline_core.adapters.tickets_schema import known_addresses, sign_in_failures
from hotline_core.errors import SignInRefused


@cache
def _of_nobody() -> str:
    """The hash that an unknown name is checked against; made once in a process, since making it is slow on purpose too."""
    return PasswordHasher().hash(secrets.token_hex(16))


class Passwords:
    """Hashes and checks passwords; synchronous and slow on purpose."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._nobody = _of_nobody()

    def hashed(self, password: str) -> str:
        """The argon2id text of `password`."""
        return self._hasher.hash(password)

    def is_right(self, person: Person | None, password: str) -> bool:
        """True for the person's own password; nobody costs as much work as somebody."""
        try:
            self._hasher.verify(person.password_hash if person else self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return person is not None and not person.is_disabled


def normal_login(typed: str) -> str:
    """A login as it is stored: no blanks around it, lower case."""
    return typed.strip().lower()


class SignIn:
    """Checks one try; counts it as failed before the check, so that a hundred at once gain nothing."""

    def __init__(self, engine: Engine, passwords: Passwords, log_key: str) -> None:
        self._engine = engine
        self._people = People(engine)
        self._passwords = passwords
        # One thread counts, so that of many tries at once each sees the one before; two hash (64 MiB and a core each).
        self._counting = Blocking(1, code="database_down")
        self._database = Blocking(2, code="database_down")
        self._hashing = Blocking(2, code="busy")
        self._log_key = bytes.fromhex(log_key)

    async def hashed(self, password: str) -> str:
        """The argon2id text of a new password, made off the event loop."""
        return await self._hashing.run(lambda: self._passwords.hashed(password))

    async def sign_in(self, typed_login: str, password: str, address: str, now: float, *, device: str | None = None) -> Person:
        """The person, or SignInRefused, or Locked with `until`; `device` is a browser where this person has signed in before."""
        login = normal_login(typed_login)
        place = address if device is None else f"device {device}"
        person, until = await self._counting.run(lambda: self._reserve(login, place, now, is_device=device is not None))
        if until is not None:
            raise Locked(until=until)
        is_right = await self._hashing.run(lambda: self._passwords.is_right(person, password))
        if not is_right or person is None:
            raise SignInRefused()
        await self._database.run(lambda: self._succeed(person, address, place, now))
        return person

    def forgive(self, login: str) -> None:
        """Forget what was mistyped or guessed at this name; synchronous, call it off the event loop."""
        with writing(self._engine) as connection:
            connection.execute(delete(sign_in_failures).where(sign_in_failures.c.login == self.veiled(login)))

    def _reserve(self, login: str, place: str, now: float, *, is_device: bool) -> tuple[Person | None, float | None]:
        """Count this try as failed unless it is locked out; the person if there is one, and when the lock ends."""
        name = self.veiled(login)
        with writing(self._engine) as connection:
            connection.execute(delete(sign_in_failures).where(sign_in_failures.c.at < now - WINDOW_S))
            failures, is_known = self._failures(connection, name, place, now)
            until = locked_until(failures, is_known_here=is_known or is_device, now=now)
            if until is None:
                connection.execute(sign_in_failures.insert().values(login=name, address=place, at=now))
        return (self._people.find(login) if LOGIN.fullmatch(login) else None), until

    def _failures(self, connection: Connection, name: str, address: str, now: float) -> tuple[Failures, bool]:
        known = set(
            connection.scalars(
                select(known_addresses.c.address).where(known_addresses.c.login == name, known_addresses.c.last_at > now - KNOWN_S)
            )
        )
        of_name = connection.execute(
            select(sign_in_failures.c.address, sign_in_failures.c.at)
            .where(sign_in_failures.c.login == name)
            .order_by(sign_in_failures.c.at)
        ).all()
        of_address = connection.scalars(
            select(sign_in_failures.c.at).where(sign_in_failures.c.address == address).order_by(sign_in_failures.c.at)
        ).all()
        return (
            Failures(
                pair=[row.at for row in of_name if row.address == address],
                name_elsewhere=[row.at for row in of_name if row.address not in known],
                address=list(of_address),
            ),
            address in known,
        )

    def _succeed(self, person: Person, address: str, place: str, now: float) -> None:
        name = self.veiled(person.login)
        with writing(self._engine) as connection:
            of_pair = (sign_in_failures.c.login == name, sign_in_failures.c.address == place)
            connection.execute(delete(sign_in_failures).where(*of_pair))
            connection.execute(delete(known_addresses).where(known_addresses.c.login == name, known_addresses.c.address == address))
            connection.execute(known_addresses.insert().values(login=name, address=address, last_at=now))
            write_audit(connection, at=now, actor=person.login, act="signed_in", subject=person.login, facts={"role": person.role})

    def veiled(self, login: str) -> str:
        """People type passwords into the name field: what was typed is kept only as a keyed hash."""
        return hmac.new(self._log_key, b"login:" + login.encode(), sha256).hexdigest()
