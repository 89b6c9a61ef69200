"""Owns the tickets themselves: made, read and changed by acts, each act with its step and its audit row in one transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, text, update
from sqlalchemy.exc import IntegrityError

from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import drafts
from hotline_core.domain.day import SHANGHAI_S
from hotline_core.errors import BadInput, Conflict, NotFound
from tickets.acts import Act
from tickets.grams import indexed
from tickets.store import form
from tickets.store.laws import LAWS, Actor, Laws, Notify
from tickets.store.outbox import enqueue
from tickets.store.schema import (
    foreign_numbers,
    improper_returns,
    notices,
    ticket_bodies,
    ticket_marks,
    ticket_steps,
    ticket_units,
    ticket_words,
    tickets,
)
from tickets.store.seals import write_step
from tickets.ticket import Content, Life, Ticket

Facts = Mapping[str, object]
CREATED = "create"  # the act of version 0


@dataclass(frozen=True, slots=True)
class Foreign:
    """What another system calls a ticket; `digest` is of what it sent, to tell a repetition from another matter."""

    system: str
    number: str
    digest: str


@dataclass(frozen=True, slots=True)
class DraftRef:
    """The draft of a call that a ticket is made of, in the version that its writer saw."""

    call_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a ticket's history; `version` is the ticket's after it, 0 when it was made; `at` epoch seconds."""

    version: int
    at: float
    actor: str
    role: str
    act: str
    stage: str
    facts: Facts


class Orders:
    """Makes, reads and changes tickets; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine, laws: Laws = LAWS) -> None:
        self._engine = engine
        self._laws = laws

    def create(
        self, content: Content, *, by: str, role: str, now: float, policy: Any, foreign: Foreign | None = None,
        acts: Sequence[tuple[Act, Facts]] = (), actor: Actor | None = None, draft: DraftRef | None = None,
    ) -> Ticket:  # fmt: skip
        """A new ticket, with `acts` of `actor` done at once in the same transaction.

        The same foreign number with the same digest gives the ticket there is. Conflict `foreign_number_taken` with another digest,
        `draft_changed` (version); BadInput too_long; and what the life refuses: nothing is made then.
        """
        form.check(content)
        try:
            with writing(self._engine) as connection:
                if foreign is not None and (found := _filed(connection, foreign)) is not None:
                    return found
                _check_draft(connection, draft)
                ticket = Ticket(_next_number(connection, now), content, Life(created_at=now))
                self._insert(connection, ticket, foreign, by=by, role=role, policy=policy)
                for act, facts in acts:
                    ticket = self._apply(connection, ticket, act, facts, actor, now, policy)
                return ticket
        except IntegrityError:  # PostgreSQL: the same foreign number twice at once; the other one won
            if foreign is None:
                raise
            with reading(self._engine) as connection:
                found = _filed(connection, foreign)
            if found is None:
                raise
            return found

    def read(self, number: str) -> Ticket | None:
        """The ticket of that number."""
        with reading(self._engine) as connection:
            return read_ticket(connection, number)

    def contents(self, numbers: Collection[str]) -> dict[str, Content]:
        """What the citizens said in these tickets, as far as there are such."""
        query = select(ticket_bodies.c.number, ticket_bodies.c.content).where(ticket_bodies.c.number.in_(numbers))
        with reading(self._engine) as connection:
            return {row.number: form.content_of(row.content) for row in connection.execute(query)}

    def corrections(self, numbers: Collection[str]) -> dict[str, list[Facts]]:
        """What the corrections of several tickets changed, oldest first; only of those that were corrected."""
        query = select(ticket_steps.c.number, ticket_steps.c.facts).where(ticket_steps.c.number.in_(numbers))
        query = query.where(ticket_steps.c.act == "correct").order_by(ticket_steps.c.number, ticket_steps.c.version)
        found: dict[str, list[Facts]] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(query):
                found.setdefault(row.number, []).append(json.loads(row.facts))
        return found

    def steps(self, number: str, after: int = -1) -> tuple[Step, ...]:
        """The history, oldest first; none for an unknown number."""
        query = select(ticket_steps).where(ticket_steps.c.number == number, ticket_steps.c.version > after)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(ticket_steps.c.version)).all()
        return tuple(Step(row.version, row.at, row.actor, row.role, row.act, row.stage, json.loads(row.facts)) for row in rows)

    def of_foreign(self, system: str, foreign_number: str) -> Ticket | None:
        """The ticket that another system knows under its own number."""
        query = select(foreign_numbers.c.number)
        query = query.where(foreign_numbers.c.system == system, foreign_numbers.c.foreign_number == foreign_number)
        with reading(self._engine) as connection:
            number = connection.execute(query).scalar_one_or_none()
            return None if number is None else read_ticket(connection, number)

    def foreign_of(self, number: str) -> tuple[str, str] | None:
        """Whose ticket it is besides ours: the system and its own number."""
        query = select(foreign_numbers.c.system, foreign_numbers.c.foreign_number).where(foreign_numbers.c.number == number)
        with reading(self._engine) as connection:
            row = connection.execute(query.order_by(foreign_numbers.c.system).limit(1)).one_or_none()
        return None if row is None else (row.system, row.foreign_number)

    def act(self, number: str, version: int, act: Act, facts: Facts, actor: Actor, now: float, policy: Any) -> Ticket:
        """Do an act on the ticket as the actor saw it.

        NotFound `unknown_ticket`; BadInput `unknown_ticket` (into) of a merge; Conflict `ticket_changed` (version) when somebody
        was first; else what the life refuses.
        """
        into = str(facts.get("into", "")).strip() if act == "merge" else ""
        with self._locked(number, into) as (connection, ticket):
            if ticket.life.version != version:
                raise Conflict("ticket_changed", version=ticket.life.version)
            done = self._apply(connection, ticket, act, facts, actor, now, policy)
            if into:
                _check_merge(connection, into)
            return done

    def correct(
        self, number: str, version: int, changes: Facts, reason: str, actor: Actor, now: float, policy: Any
    ) -> Ticket:
        """Correct what was written; the step keeps what stood there before. Raises as `act` does, and BadInput too_long."""
        return self.act(number, version, "correct", {"changes": dict(changes), "reason": reason}, actor, now, policy)

    @contextmanager
    def _locked(self, number: str, other: str = "") -> Iterator[tuple[Connection, Ticket]]:
        """The ticket in a transaction of its own that nobody else changes it, or the other one, in.

        Both rows are locked in the order of their numbers, so that of two merges that cross, one waits and then sees the other.
        """
        with writing(self._engine) as connection:
            for each in sorted({number, other} - {""}):
                connection.execute(select(tickets.c.number).where(tickets.c.number == each).with_for_update())
            ticket = read_ticket(connection, number)
            if ticket is None:
                raise NotFound("unknown_ticket")
            yield connection, ticket

    def _insert(self, connection: Connection, ticket: Ticket, foreign: Foreign | None, *, by: str, role: str, policy: Any) -> None:
        content, life, at = form.dumped(ticket.content), form.dumped(ticket.life), ticket.life.created_at
        looks_at = self._laws.next_mark_at(ticket, frozenset(), policy)
        row = {**form.columns(ticket), "made_by": by, "changed_at": at, "next_mark_at": looks_at}
        connection.execute(tickets.insert().values(row))
        connection.execute(ticket_bodies.insert().values(number=ticket.number, content=content, life=life))
        connection.execute(ticket_words.insert().values(id=int(ticket.number), grams=indexed(ticket.content)))
        if foreign is not None:
            known = {"system": foreign.system, "foreign_number": foreign.number, "digest": foreign.digest}
            connection.execute(foreign_numbers.insert().values(number=ticket.number, **known))
        facts = {"source": ticket.content.source, "line": ticket.content.line} | ({"system": foreign.system} if foreign else {})
        enqueue(connection, ticket, CREATED, at)
        write_step(
            connection, ticket.number, 0, at=at, actor=by, role=role, act=CREATED, stage=ticket.life.stage,
            facts=form.dumped(facts), content=content, life=life,
        )  # fmt: skip

    def _apply(
        self, connection: Connection, ticket: Ticket, act: Act, facts: Facts, actor: Actor | None, now: float, policy: Any
    ) -> Ticket:
        if actor is None:
            raise ValueError("an act is somebody's")
        outcome = self._laws.step(ticket, act, facts, now=now, actor=actor, policy=policy)
        after = outcome.ticket
        if after.life.version != ticket.life.version + 1 or after.number != ticket.number:
            raise ValueError(f"{act}: a version more of the same ticket, not {after.life.version}")
        form.check(after.content)
        looks_at = self._laws.next_mark_at(after, fired_marks(connection, ticket.number), policy)
        keep(connection, ticket, after, now=now, looks_at=looks_at)
        notify(connection, after.number, outcome.commands, now)
        enqueue(connection, after, act, now)
        write_step(
            connection, after.number, after.life.version, at=now, actor=actor.name, role=actor.role, act=act,
            stage=after.life.stage, facts=form.dumped(outcome.facts), content=form.dumped(after.content),
            life=form.dumped(after.life),
        )  # fmt: skip
        return after


def keep(connection: Connection, before: Ticket, after: Ticket, *, now: float, looks_at: float | None) -> None:
    """Write a ticket over the one there was, with all that lists, searches and units see of it."""
    row = {**form.columns(after), "changed_at": now, "next_mark_at": looks_at}
    connection.execute(update(tickets).where(tickets.c.number == after.number).values(row))
    body = {"content": form.dumped(after.content), "life": form.dumped(after.life)}
    connection.execute(update(ticket_bodies).where(ticket_bodies.c.number == after.number).values(body))
    if (words := indexed(after.content)) != indexed(before.content):
        connection.execute(update(ticket_words).where(ticket_words.c.id == int(after.number)).values(grams=words))
    before_rows, rows = form.unit_rows(before, now), form.unit_rows(after, now)
    if before_rows or rows:
        connection.execute(delete(ticket_units).where(ticket_units.c.number == after.number))
    if rows:
        connection.execute(ticket_units.insert(), rows)
    if after.life.improper != before.life.improper:
        connection.execute(delete(improper_returns).where(improper_returns.c.number == after.number))
        connection.execute(improper_returns.insert(), form.improper_rows(after))


def notify(connection: Connection, number: str, commands: Sequence[Notify], now: float) -> None:
    """Write down whom to tell what."""
    rows = [
        {"number": number, "audience": each.audience, "kind": each.kind, "at": now, "facts": form.dumped(each.facts)}
        for each in commands
    ]
    if rows:
        connection.execute(notices.insert(), rows)


def read_ticket(connection: Connection, number: str) -> Ticket | None:
    """The ticket of that number, within a transaction."""
    row = connection.execute(select(ticket_bodies).where(ticket_bodies.c.number == number)).one_or_none()
    return None if row is None else Ticket(row.number, form.content_of(row.content), form.life_of(row.life))


def fired_marks(connection: Connection, number: str) -> frozenset[str]:
    """The keys of the marks that were fired for a ticket."""
    return frozenset(connection.scalars(select(ticket_marks.c.key).where(ticket_marks.c.number == number)))


def _filed(connection: Connection, foreign: Foreign) -> Ticket | None:
    query = select(foreign_numbers).where(foreign_numbers.c.system == foreign.system)
    row = connection.execute(query.where(foreign_numbers.c.foreign_number == foreign.number)).one_or_none()
    if row is None:
        return None
    if row.digest != foreign.digest:
        raise Conflict("foreign_number_taken", ticket=row.number)
    return read_ticket(connection, row.number)


def _check_merge(connection: Connection, into: str) -> None:
    """A ticket goes on only in one that exists and does not go on in another itself; both are locked."""
    target = read_ticket(connection, into)
    if target is None or target.life.merged_into:
        raise BadInput("unknown_ticket", field="into")


def _check_draft(connection: Connection, draft: DraftRef | None) -> None:
    if draft is None:
        return
    query = select(drafts.c.version).where(drafts.c.call_id == draft.call_id).with_for_update()
    found = connection.execute(query).scalar_one_or_none() or 0
    if found != draft.version:
        raise Conflict("draft_changed", version=found)


def _next_number(connection: Connection, now: float) -> str:
    """The day in Asia/Shanghai and the next number of it; the row's lock keeps two apart, none is given twice."""
    day = (datetime.fromtimestamp(now, UTC) + timedelta(seconds=SHANGHAI_S)).strftime("%Y%m%d")
    asked = text(
        "INSERT INTO ticket_days (day, last) VALUES (:day, 1) "
        "ON CONFLICT (day) DO UPDATE SET last = ticket_days.last + 1 RETURNING last"
    )
    return f"{day}{connection.execute(asked, {'day': day}).scalar_one():06d}"
