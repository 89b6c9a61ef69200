"""Owns that after a restore no ticket gets the number of one that was lost: a citizen may have been told it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import inspect, text

from backup.databases import Kept
from hotline_core.adapters.engine import make_engine, writing
from tickets.limits import SHANGHAI
from tickets.store.schema import ticket_days

STEP = 100_000  # more tickets than a day has; a number from there on tells that it was given after a restore


def skip_numbers(kept: Kept, now: float) -> None:
    """Today's tickets (Asia/Shanghai) go on with the next 100 000; nothing in a database from before there were tickets."""
    day = datetime.fromtimestamp(now, SHANGHAI).strftime("%Y%m%d")
    engine = make_engine(kept.url, durable=True)
    try:
        with writing(engine) as connection:
            if not inspect(connection).has_table(ticket_days.name):
                return
            skip = text(
                "INSERT INTO ticket_days (day, last) VALUES (:day, :step) "
                "ON CONFLICT (day) DO UPDATE SET last = (ticket_days.last / :step + 1) * :step"
            )
            connection.execute(skip, {"day": day, "step": STEP})
    finally:
        engine.dispose()
