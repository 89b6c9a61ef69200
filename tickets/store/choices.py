"""Owns the profiles that administrators chose for lines from a day on; each choice and each withdrawal with its audit row."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import Connection, Engine, delete, select

from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import writing
from hotline_core.errors import NotFound
from tickets.choices import Choice, check, check_withdrawal
from tickets.reckoning import day_of
from tickets.store.schema import profile_choices


class ProfileChoices:
    """Synchronous: call it off the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def choose(self, choice: Choice, lines: Collection[str], profiles: Collection[str], *, actor: str, now: float) -> None:
        """From that day on; another choice for the same line and day is replaced. Errors of `tickets.choices.check`."""
        check(choice, lines=lines, profiles=profiles, today=day_of(now))
        day = choice.begins.isoformat()
        with writing(self._engine) as connection:
            before = _of(connection, choice.line, choice.begins)
            facts = {"profile": choice.profile, "begins": day, "instead": before.profile if before else ""}
            write_audit(connection, at=now, actor=actor, act="profile_chosen", subject=choice.line, facts=facts)
            _forget(connection, choice.line, day)
            row = {"line": choice.line, "begins": day, "profile": choice.profile, "by": actor, "made_at": now}
            connection.execute(profile_choices.insert().values(row))

    def withdraw(self, line: str, begins: date, *, actor: str, now: float) -> None:
        """Before it has begun; NotFound `no_such_choice`, Conflict `choice_in_force`."""
        with writing(self._engine) as connection:
            found = _of(connection, line, begins)
            if found is None:
                raise NotFound("no_such_choice")
            check_withdrawal(begins, today=day_of(now))
            facts = {"profile": found.profile, "begins": begins.isoformat()}
            write_audit(connection, at=now, actor=actor, act="profile_withdrawn", subject=line, facts=facts)
            _forget(connection, line, begins.isoformat())


def chosen(connection: Connection) -> tuple[Choice, ...]:
    """All choices, by line and day, those of the past too."""
    rows = connection.execute(select(profile_choices).order_by(profile_choices.c.line, profile_choices.c.begins))
    return tuple(Choice(row.line, date.fromisoformat(row.begins), row.profile) for row in rows)


def _of(connection: Connection, line: str, begins: date) -> Choice | None:
    return next((each for each in chosen(connection) if (each.line, each.begins) == (line, begins)), None)


def _forget(connection: Connection, line: str, day: str) -> None:
    connection.execute(delete(profile_choices).where(profile_choices.c.line == line, profile_choices.c.begins == day))
