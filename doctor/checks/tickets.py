"""Are the rules of tickets usable, the holidays known, the units the city's own, reminders and webhooks on time?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from doctor.checks.databases import is_there
from doctor.finding import Finding, bad, good, note, skipped
from doctor.subject import Subject
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.errors import SettingsError
from tickets.calendar import Calendar
from tickets.policy import FOLDER, Policy, load_policy
from tickets.reckoning import day_of
from tickets.store.schema import outbox, tickets, units
from tickets.units_data import NAME as UNITS_FILE

NAME = "tickets"
LATE_S = 300.0  # the worker fires every second; a restart takes seconds
BEHIND_S = 3600.0
DECEMBER = 12  # the State Council tells the next year's holidays in autumn


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database tells: when the next ticket is to be looked at, since when each webhook waits, which units were
    changed.

    All times are epoch seconds.
    """

    next_mark_at: float | None = None
    waiting_since: Mapping[str, float] = field(default_factory=dict)
    has_own_units: bool = False
    changed_units: Mapping[str, bool] = field(default_factory=dict)  # key to whether it is there and active


def examine(subject: Subject) -> list[Finding]:
    """Reads the files and the tickets database."""
    if subject.city is None:
        return [skipped(NAME, "no_city")]
    try:
        policy = load_policy(subject.settings.home, subject.city)
    except SettingsError:
        return [skipped(NAME, "no_rules")]  # the check of the settings tells file and mistake
    stored = _stored(subject.settings.tickets_url)
    has_own_units = (subject.settings.home / FOLDER / UNITS_FILE).is_file() or (stored is not None and stored.has_own_units)
    found = judge(policy.calendar, stored, subject.now, is_running=subject.is_running, is_own=has_own_units or subject.is_demo)
    found += uncopied(policy, stored)
    return found or [good(NAME, profiles=len(policy.profiles), units=len(policy.units), year=max(policy.calendar.years))]


def judge(calendar: Calendar, stored: Stored | None, now: float, *, is_running: bool, is_own: bool) -> list[Finding]:
    """What is not as it should be; `now` in epoch seconds, `stored` None: the database does not answer (told elsewhere)."""
    today = day_of(now)
    found = []
    if today.year not in calendar.years:
        found.append(bad(NAME, "no_holidays", year=today.year))
    if today.month == DECEMBER and today.year + 1 not in calendar.years:
        found.append(note(NAME, "next_holidays", year=today.year + 1))
    if not is_own:
        found.append(note(NAME, "example_units"))
    if stored is None or not is_running:
        return found
    if stored.next_mark_at is not None and now - stored.next_mark_at > LATE_S:
        found.append(bad(NAME, "late", minutes=round((now - stored.next_mark_at) / 60)))
    for webhook, since in sorted(stored.waiting_since.items()):
        if now - since > BEHIND_S:
            found.append(note(NAME, "webhook", webhook=webhook, hours=round((now - since) / 3600, 1)))
    return found


def uncopied(policy: Policy, stored: Stored | None) -> list[Finding]:
    """Units that a chosen profile copies complaints to (R45) and the city does not have: the copy would go to nobody."""
    there = {key: unit.is_active for key, unit in policy.units.items()} | dict({} if stored is None else stored.changed_units)
    chosen = [each for each in policy.profiles.values() if each.key in policy.chosen.values()]
    wanted = {(copy.unit, profile.name) for profile in chosen for copy in profile.copies}
    return [note(NAME, "no_copy_unit", unit=unit, profile=name) for unit, name in sorted(wanted) if not there.get(unit, False)]


def _stored(url: str) -> Stored | None:
    if not is_there(url):
        return None
    engine = make_engine(url)
    try:
        return look(engine)
    except SQLAlchemyError:
        return None  # the check of the databases tells
    finally:
        engine.dispose()


def look(engine: Engine) -> Stored:
    """Ask the database; SQLAlchemyError if it does not answer."""
    with reading(engine) as connection:
        next_at = connection.scalar(select(func.min(tickets.c.next_mark_at)))
        waiting = connection.execute(select(outbox.c.webhook, func.min(outbox.c.made_at)).group_by(outbox.c.webhook)).all()
        changed = {str(row.key): _is_active(row.data) for row in connection.execute(select(units))}
    return Stored(next_at, {str(webhook): float(since) for webhook, since in waiting}, bool(changed), changed)


def _is_active(data: str | None) -> bool:
    return data is not None and bool(json.loads(data).get("is_active", True))
