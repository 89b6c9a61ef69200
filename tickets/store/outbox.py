"""Owns whom other systems' webhooks are: kept with the audit trail, and one row for each and each step, written with the step."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from secrets import token_urlsafe
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, delete, func, select, update

from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import BadInput, Conflict, NotFound
from tickets.acts import ACTS
from tickets.store import form
from tickets.store.schema import foreign_numbers, outbox, webhooks
from tickets.ticket import Ticket

MOST_WEBHOOKS = 20
LONGEST_URL = 400
OWN_SYSTEM = "desk"  # under this name the desk's own pages file tickets, to make none twice: no other system's number
_KEY = re.compile(r"[a-z][a-z0-9-]{1,39}")
_KNOWN = frozenset({"create", *ACTS})


@dataclass(frozen=True, slots=True)
class Webhook:
    """A system that wants to be told of steps; empty `acts`: of all. `waiting`: rows not taken yet, `last_error` of one of them."""

    key: str
    url: str
    acts: tuple[str, ...]
    made_at: float
    waiting: int = 0
    last_error: str = ""


class Webhooks:
    """Reads and changes the webhooks; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def everyone(self) -> tuple[Webhook, ...]:
        """All of them by key, with what waits for each; never their secrets."""
        waiting = select(outbox.c.webhook, func.count().label("n"), func.max(outbox.c.last_error).label("error"))
        with reading(self._engine) as connection:
            held = {row.webhook: row for row in connection.execute(waiting.group_by(outbox.c.webhook))}
            rows = connection.execute(select(webhooks).order_by(webhooks.c.key)).all()
        return tuple(
            Webhook(row.key, row.url, _acts(row.acts), row.made_at, held[row.key].n, held[row.key].error)
            if row.key in held else Webhook(row.key, row.url, _acts(row.acts), row.made_at)
            for row in rows
        )  # fmt: skip

    def put(self, key: str, url: str, acts: Collection[str], *, actor: str, now: float) -> str:
        """Add or change one; its secret, a new one each time, which is told only here.

        BadInput `bad_webhook` names the field; Conflict `too_many_webhooks` (most).
        """
        _check(key, url, acts)
        secret = token_urlsafe(32)
        row = {"url": url, "secret": secret, "acts": ",".join(sorted(set(acts)))}
        with writing(self._engine) as connection:
            facts = {"host": urlsplit(url).hostname or "", "acts": row["acts"]}
            write_audit(connection, at=now, actor=actor, act="webhook_put", subject=key, facts=facts)
            if connection.execute(update(webhooks).where(webhooks.c.key == key).values(row)).rowcount:
                return secret
            if connection.execute(select(func.count()).select_from(webhooks)).scalar_one() >= MOST_WEBHOOKS:
                raise Conflict("too_many_webhooks", most=MOST_WEBHOOKS)
            connection.execute(webhooks.insert().values(key=key, made_at=now, **row))
        return secret

    def remove(self, key: str, *, actor: str, now: float) -> None:
        """Tell this one no more, not even what waits; NotFound `unknown_webhook`."""
        with writing(self._engine) as connection:
            write_audit(connection, at=now, actor=actor, act="webhook_removed", subject=key[:80], facts={})
            if not connection.execute(delete(webhooks).where(webhooks.c.key == key)).rowcount:
                raise NotFound("unknown_webhook")
            connection.execute(delete(outbox).where(outbox.c.webhook == key))


def enqueue(connection: Connection, ticket: Ticket, act: str, now: float) -> None:
    """A row for each webhook that wants to be told of this step, in the step's own transaction; nothing of the citizen is in it."""
    every = connection.execute(select(webhooks.c.key, webhooks.c.acts).order_by(webhooks.c.key))
    wanted = [row.key for row in every if not row.acts or act in _acts(row.acts)]
    if not wanted:
        return
    life = ticket.life
    query = select(foreign_numbers.c.system, foreign_numbers.c.foreign_number).where(
        foreign_numbers.c.number == ticket.number, foreign_numbers.c.system != OWN_SYSTEM
    )
    known = [{"system": row.system, "number": row.foreign_number} for row in connection.execute(query)]
    told = {
        "ticket": ticket.number, "version": life.version, "act": act, "stage": life.stage, "at": now, "unit": life.unit,
        "foreign": known[0] if known else None,
    }  # fmt: skip
    row = {"number": ticket.number, "version": life.version, "body": form.dumped(told), "tries": 0, "next_at": now, "made_at": now}
    connection.execute(outbox.insert(), [{"webhook": key, **row} for key in wanted])


def _acts(written: str) -> tuple[str, ...]:
    return tuple(written.split(",")) if written else ()


def _check(key: str, url: str, acts: Collection[str]) -> None:
    if not _KEY.fullmatch(key):
        raise BadInput("bad_webhook", field="key")
    if set(acts) - _KNOWN:
        raise BadInput("bad_webhook", field="acts")
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:
        is_good = False
    if not is_good or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise BadInput("bad_webhook", field="url")
