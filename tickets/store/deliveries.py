"""Owns what is still to be told to other systems: the oldest step of each ticket first, taken on by one worker at a time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, delete, exists, func, or_, select, update

from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import reading, writing
from tickets.store.schema import outbox, webhooks


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message for one webhook; `body` is the JSON that is posted; `id` names it at every try; times are epoch seconds."""

    id: int
    webhook: str
    url: str
    secret: str
    number: str
    version: int
    body: str
    tries: int
    next_at: float


class Deliveries:
    """Reads and writes the outbox; synchronous."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def webhooks(self) -> list[str]:
        """The keys of those who have something to be told, whether it is due or not."""
        waits = exists().where(outbox.c.webhook == webhooks.c.key)
        with reading(self._engine) as connection:
            return list(connection.scalars(select(webhooks.c.key).where(waits).order_by(webhooks.c.key)))

    def due(self, webhook: str, now: float, limit: int, longest_s: float) -> list[Delivery]:
        """What may be told there now: of each ticket its oldest step only, so that none overtakes another.

        What seems to wait for more than `longest_s` seconds is due too: nothing ever does, so the clock was set back.
        """
        older = outbox.alias()
        is_behind = exists().where(older.c.webhook == outbox.c.webhook, older.c.number == outbox.c.number, older.c.id < outbox.c.id)
        query = (
            select(
                outbox.c.id, outbox.c.webhook, webhooks.c.url, webhooks.c.secret, outbox.c.number, outbox.c.version, outbox.c.body,
                outbox.c.tries, outbox.c.next_at,
            )
            .join(webhooks, webhooks.c.key == outbox.c.webhook)
            .where(outbox.c.webhook == webhook, or_(outbox.c.next_at <= now, outbox.c.next_at > now + longest_s), ~is_behind)
            .order_by(outbox.c.next_at, outbox.c.id)
            .limit(limit)
        )  # fmt: skip
        with reading(self._engine) as connection:
            return [Delivery(**row._mapping) for row in connection.execute(query)]

    def claim(self, delivery: Delivery, until: float) -> bool:
        """Take it on until that moment; False when another worker was first, or it is told already."""
        mine = update(outbox).where(outbox.c.id == delivery.id, outbox.c.next_at == delivery.next_at).values(next_at=until)
        with writing(self._engine) as connection:
            return connection.execute(mine).rowcount == 1

    def taken(self, delivery: Delivery) -> None:
        """The other side has it."""
        with writing(self._engine) as connection:
            connection.execute(delete(outbox).where(outbox.c.id == delivery.id))

    def failed(self, delivery: Delivery, error: str, next_at: float) -> None:
        """It will be tried again at `next_at`; `error` is at most 60 characters and nobody's data."""
        values = {"tries": delivery.tries + 1, "next_at": next_at, "last_error": error[:60]}
        with writing(self._engine) as connection:
            connection.execute(update(outbox).where(outbox.c.id == delivery.id).values(values))

    def give_up(self, before: float, *, now: float) -> dict[str, int]:
        """Forget what was to be told since before that moment, with one row of the trail a webhook; how many of each."""
        is_old = outbox.c.made_at < before
        with writing(self._engine) as connection:
            counted = connection.execute(select(outbox.c.webhook, func.count()).where(is_old).group_by(outbox.c.webhook)).all()
            connection.execute(delete(outbox).where(is_old))
            given_up = {str(webhook): int(count) for webhook, count in counted}
            for webhook, count in given_up.items():
                write_audit(
                    connection, at=now, actor="worker", act="webhook_given_up", subject=webhook, facts={"messages": count}
                )  # fmt: skip
        return given_up
