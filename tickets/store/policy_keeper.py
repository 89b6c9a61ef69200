"""Owns which rules of tickets are in force: the city's files, and over them what was changed at the desk; looks again and again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, select

from hotline_core.adapters.engine import reading
from hotline_core.city import City
from hotline_core.errors import BadInput, SettingsError, SetupError
from hotline_core.log import Log
from tickets.choices import Choice
from tickets.policy import FOLDER, Policy, load_policy
from tickets.store.choices import chosen
from tickets.store.schema import units as units_table
from tickets.units import Unit, check, overlaid, unit_of

Seen = tuple[tuple[str, int, int], ...]


class PolicyKeeper:
    """One process' policy; `refresh` is called every few seconds, off the event loop.

    Files that cannot be used change nothing: what was in force stays, and the log says so once. Only a process that starts with
    such files has no policy; tickets then wait, calls do not.
    """

    def __init__(self, engine: Engine, home: Path, city: Callable[[], City], log: Log) -> None:
        """`city` may raise SettingsError: then there are no rules either until it is mended."""
        self._engine = engine
        self._home = home
        self._city = city
        self._log = log
        self._lock = threading.Lock()
        self._seen: Seen | None = None
        self._given: Policy | None = None  # as the files say
        self._changes: Mapping[str, Unit | None] = {}  # as the desk says
        self._choices: tuple[Choice, ...] = ()  # as the desk says
        self._policy: Policy | None = None
        self._made_of: Policy | None = None
        self._told: Mapping[str, object] | None = None  # the mistake that the log has told
        self._bad: set[str] = set()  # told already
        self._bad_choices: tuple[Choice, ...] = ()  # told already

    @property
    def policy(self) -> Policy:
        """What is in force; SetupError `policy_broken` when the files could not be read even once."""
        if self._policy is None:
            with self._lock:
                self._read_files()
                self._put_together()
        if self._policy is None:
            raise SetupError("policy_broken")
        return self._policy

    @property
    def trouble(self) -> Mapping[str, object] | None:
        """The mistake in the files that keeps newer rules from being in force (file, line, what); None when there is none."""
        return self._told

    def refresh(self) -> bool:
        """Look at the files and at the desk's tables; True when other rules are in force now. SQLAlchemyError: a table is away."""
        with self._lock:
            before = self._policy
            self._read_files()
            self._put_together()
            if (read := (self._read_changes(), self._read_choices())) != (self._changes, self._choices):
                self._changes, self._choices = read
                self._put_together()
            return self._policy is not before

    def _read_files(self) -> None:
        told: Mapping[str, object] | None = None
        try:
            seen = _seen(self._home / FOLDER)
            if seen == self._seen and self._given is not None:
                return
            self._seen = seen
            self._given = load_policy(self._home, self._city())
        except SettingsError as error:
            told = {name: error.facts.get(name) for name in ("file", "line", "what")}
        except OSError as error:  # a file that went away between the look and the reading: the next look finds out
            self._seen, told = None, {"what": type(error).__name__}
        if told is not None and told != self._told:
            self._log.error("the rules of tickets cannot be used", kept=self._policy is not None, **told)
        self._told = told

    def _read_changes(self) -> dict[str, Unit | None]:
        """What the desk changed of the units, by key; None: removed. A row that can be no unit counts as unchanged, and is told."""
        found: dict[str, Unit | None] = {}
        with reading(self._engine) as connection:
            rows = connection.execute(select(units_table)).all()
        bad = set()
        for row in rows:
            try:
                found[row.key] = None if row.data is None else unit_of(row.key, json.loads(row.data))
            except (BadInput, ValueError):
                bad.add(str(row.key))
        if bad - self._bad:
            self._log.error("stored units cannot be used", units=sorted(bad))
        self._bad = bad
        return found

    def _read_choices(self) -> tuple[Choice, ...]:
        """The profiles chosen at the desk, by line and day."""
        with reading(self._engine) as connection:
            return chosen(connection)

    def _usable_choices(self, given: Policy) -> tuple[Choice, ...]:
        """Those whose profile is there; instead of the others what was chosen before them holds, and the log tells it once."""
        known = {profile.key for profile in given.profiles.values()}
        bad = tuple(each for each in self._choices if each.profile not in known)
        if bad and bad != self._bad_choices:
            told = [f"{each.line} {each.begins} {each.profile}" for each in bad]
            self._log.error("chosen profiles cannot be used", choices=told)
        self._bad_choices = bad
        return tuple(each for each in self._choices if each not in bad)

    def _put_together(self) -> None:
        if self._given is None:
            return
        units = overlaid(self._given.units, self._changes)
        try:
            check(units)
        except BadInput as error:
            self._log.error("the units do not fit together", unit=error.facts.get("unit"), kept=self._policy is not None)
            return
        choices = self._usable_choices(self._given)
        is_other = self._policy is None or units != self._policy.units or choices != self._policy.choices
        if is_other or self._made_of is not self._given:
            self._made_of = self._given
            self._policy = replace(self._given, units=units, choices=choices)


def _seen(folder: Path) -> Seen:
    """Every file of the folder with its time and size."""
    found = []
    for path in sorted(folder.rglob("*.yaml")):
        stat = path.stat()
        found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(found)
