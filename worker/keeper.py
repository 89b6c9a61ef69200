"""The thread that keeps recordings: announces and certifies deletions, moves to the archive, tells the days' heads, repairs.

Everything small every 15 s; the look over all rows and all files after a start and every night. What fails is told in `Troubles`,
which the heartbeat sends until that very act is done, and tried again at the next look, the night's work later and later. After
a jump of the clock nothing is deleted for a week.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from hotline_core.adapters.calls_schema import RECORDINGS, SEGMENTS
from hotline_core.errors import HotlineError, SetupError
from hotline_core.log import Log
from hotline_core.settings import Settings
from recordings.alarms import ALTERED, FAILED, MISSING, UNKNOWN, UNRECORDED
from recordings.cabinet import Cabinet
from recordings.key_copies import destroy_deleted
from recordings.keyring import Keyring
from recordings.naming import Piece
from recordings.sound import Interrupted
from worker.alarms import Alarms
from worker.backoff import Backoff
from worker.binding import Binding
from worker.clock_trust import ClockTrust
from worker.deleting import Deleted, Deleting
from worker.heads import Heads
from worker.keeping_rules import KeepingRules
from worker.moving import Moving
from worker.nightly import Nightly
from worker.repair import MOST_TOLD, Repair
from worker.sweep import Sweep, Swept
from worker.taking_in import TakingIn
from worker.ticket_facts import TicketFacts

LOOK_S: Final = 15.0
BETWEEN_S: Final = 0.05  # batches of a pass leave the database to others
NICENESS: Final = 19
BUDGET_S: Final = 20.0  # of one look, for what has no end of its own


@dataclass(slots=True)
class Troubles:
    """What people must hear of; zero and False is well. The counted ones are alarms that nobody has settled (worker/alarms.py)."""

    failed: int = 0  # recordings that could not be made
    missing: int = 0  # rows without a file
    unknown: int = 0  # files without a row
    altered: int = 0  # rows whose file was found to be another than was written
    unrecorded: int = 0  # answered calls without any sound
    overdue: int = 0  # kept too long without a hold
    away: int = 0  # stores that do not answer, an archive without its mark among them
    low_disk: bool = False
    clock: bool = False  # set by hours: no deletions
    keys: bool = False  # the file of keys or that of master keys is gone or spoilt: nothing is made
    stuck: set[str] = field(default_factory=set)  # acts that failed last time and were not done since

    def told(self) -> list[str]:
        """The names of those that are not well."""
        return [name for name in self.__dataclass_fields__ if getattr(self, name)]


@dataclass(frozen=True, slots=True)
class Acts:
    """All it does."""

    tickets: TicketFacts
    sweep: Sweep
    deleting: Deleting
    moving: Moving
    taking_in: TakingIn
    repair: Repair
    heads: Heads
    keyring: Keyring
    trust: ClockTrust
    binding: Binding
    alarms: Alarms


def keeping_acts(
    settings: Settings, calls: Engine, tickets: Engine, cabinet: Cabinet, rules: KeepingRules, stop: threading.Event
) -> Acts:
    """All of them as the settings say."""
    facts = TicketFacts(tickets)
    sweep = Sweep(calls, facts, rules, settings.paths.spool)
    return Acts(
        facts, sweep, Deleting(calls, sweep, cabinet, settings.paths.spool),
        Moving(calls, cabinet, settings.archive_days, stop.is_set),
        TakingIn(calls, cabinet, stop.is_set), Repair(calls, cabinet, stop.is_set), Heads(calls, settings.recording_heads),
        cabinet.keyring, ClockTrust(calls), Binding(calls), Alarms(calls, cabinet),
    )  # fmt: skip


@dataclass(slots=True)
class Keeper:
    """One thread's work. What is dated is dated by `now`, what is waited for is counted by `steady`."""

    calls: Engine
    acts: Acts
    now: Callable[[], float]
    steady: Callable[[], float]
    log: Log
    troubles: Troubles = field(default_factory=Troubles)
    ticked_at: float = 0.0
    database: Backoff = field(init=False)
    _stop: threading.Event = field(default_factory=threading.Event)
    _nights: dict[str, Nightly] = field(default_factory=dict)
    _away: SQLAlchemyError | None = None
    _changed_after: tuple[float, str] = (0.0, "")
    _has_plain: bool = True  # recordings of before may be there: every ready row is read to find them, so not at every look
    _has_unbound: bool = True  # recordings of before people stood in the chain may be there
    _is_counted: bool = False  # the altered ones, for the same reason

    def __post_init__(self) -> None:
        self.database = Backoff(self.log, self.now, "databases of the keeper")
        self.ticked_at = self.now()
        self._changed_after = (self.now(), "")

    def run(self, stop: threading.Event) -> None:
        """Until stopped."""
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # Linux: this thread only
        self._stop = stop
        while not stop.is_set():
            try:
                self.step()
            except SQLAlchemyError as error:
                stop.wait(self.database.failed(error))
                continue
            except Interrupted:
                return
            self.database.worked()
            stop.wait(LOOK_S)

    def step(self) -> None:
        """Look once."""
        now = self.now()
        self.ticked_at = now
        self._attempt("clock", self._look_at_clock)
        self._attempt("keys", self._keys)
        self.troubles.away = self.acts.repair.away()
        self._attempt("heads", lambda: self._heads(now))
        self._attempt("changed", lambda: self._changed(now))
        self._at_night("repair", now, lambda: self._repair(now))
        self._at_night("sweep", now, lambda: self.sweep_all(now))
        self._at_night("old keys", now, self._old_keys)
        self._attempt("delete", lambda: self._delete(now))
        self._attempt("move", lambda: self._move(now))
        if self._has_plain:
            self._attempt("take_in", lambda: self._take_in(now))
        if self._has_unbound:
            self._attempt("bind", lambda: self._bind(now))
        self._attempt("count", lambda: self._count(now))
        if self._away is not None:
            away, self._away = self._away, None
            raise away

    def sweep_all(self, now: float) -> Swept:
        """Every recording and segment once."""
        swept = Swept()
        for table in (RECORDINGS, SEGMENTS):
            after: tuple[str, int] | None = ("", -1)
            while after is not None:
                if self._stop.is_set():
                    raise Interrupted
                after = self.acts.sweep.batch(table, after, now, swept)
                self.ticked_at = self.now()
                if after is not None:
                    self._stop.wait(BETWEEN_S)
        self.troubles.overdue = len(swept.overdue)
        if swept.announced or swept.withdrawn or swept.overdue:
            counts = {"announced": swept.announced, "withdrawn": swept.withdrawn, "overdue": len(swept.overdue)}
            self.log.info("recordings looked over", looked=swept.looked, **counts)
        return swept

    def _attempt(self, what: str, act: Callable[[], Swept | None]) -> bool:
        """Whether it worked. One act that fails stops no other; what a database failed with is raised when all had their turn."""
        try:
            act()
        except SQLAlchemyError as error:
            self._away = error
        except (OSError, sqlite3.Error, HotlineError) as error:
            reason = error.code if isinstance(error, HotlineError) else getattr(error, "strerror", None) or type(error).__name__
            self.log.error("keeping recordings", act=what, reason=reason)
        else:
            self.troubles.stuck.discard(what)
            return True
        self.troubles.stuck.add(what)
        return False

    def _at_night(self, what: str, now: float, act: Callable[[], Swept | None]) -> None:
        night = self._nights.get(what, Nightly())
        if night.is_due(now, self.steady()):
            self._nights[what] = night.worked(now) if self._attempt(what, act) else night.failed(self.steady())

    def _keys(self) -> None:
        """Told when it begins; what is put back in its place is used from the next look on."""
        try:
            self.acts.keyring.begin()
        except (SetupError, OSError, sqlite3.Error) as error:
            if not self.troubles.keys:
                reason = error.code if isinstance(error, SetupError) else str(error)
                self.log.error("recordings wait: their keys cannot be used", reason=reason)
            self.troubles.keys = True
        else:
            self.troubles.keys = False

    def _old_keys(self) -> None:
        if done := destroy_deleted(self.acts.keyring, self.calls):
            self.log.warning("keys of deleted recordings had come back and are destroyed", count=done)

    def _heads(self, now: float) -> None:
        self.acts.heads.step(now)

    def _changed(self, now: float) -> None:
        calls, after = self.acts.tickets.changed(self._changed_after)
        if calls:
            self.acts.sweep.calls(calls, now, Swept())
        self._changed_after = after

    def _delete(self, now: float) -> None:
        self._look_at_clock()
        if self.troubles.clock:
            return
        done, failed = Deleted(), 0
        for piece in self.acts.deleting.due(now):
            if self._stop.is_set():
                return
            failed += not self._attempt("deletion", partial(self._delete_one, piece, now, done))
        if failed:  # of another one than the last
            self.troubles.stuck.add("deletion")
        else:
            self.troubles.stuck.discard("deletion")
        if done.certified or done.left:
            self.log.info("recordings deleted", certified=done.certified, left=done.left)

    def _look_at_clock(self) -> None:
        """In doubt from a jump on, until the clock is set back or a week has gone by. Both clocks are read here, at one moment.

        At the head of a step and before each deletion: a night's look over everything may take hours.
        """
        is_trusted = self.acts.trust.look(self.now(), self.steady())
        if not is_trusted and not self.troubles.clock:
            self.log.error("the clock was set by hours, or nothing ran for as long: nothing is deleted for a week")
        self.troubles.clock = not is_trusted

    def _delete_one(self, piece: Piece, now: float, done: Deleted) -> None:
        before = done.left
        self.acts.deleting.delete(piece, now, done)
        if done.left > before:
            self.acts.sweep.calls([piece.call_id], now, Swept())

    def _move(self, now: float) -> None:
        began_s, moved, refused = self.steady(), 0, 0
        while True:
            done = self.acts.moving.step(now)
            moved, refused, self.troubles.low_disk = moved + done.moved, refused + done.refused, done.is_low
            self._is_counted &= not done.altered
            if not done.moved or self.steady() - began_s > BUDGET_S or self._stop.is_set():
                break
        if moved or refused:
            self.log.info("recordings moved", moved=moved, refused=refused)
        if refused:
            raise OSError(errno.EIO, "the archive gives back other bytes than it was given")

    def _take_in(self, now: float) -> None:
        """Until none is left; what a restore or a repair brings later is looked for after each night's repair."""
        began_s, taken = self.steady(), 0
        while True:
            done = self.acts.taking_in.step(now)
            taken += done.taken
            self._is_counted &= not done.changed
            self._has_plain = bool(done.taken or done.changed) or self._stop.is_set()
            if not done.taken or self.steady() - began_s > BUDGET_S or self._stop.is_set():
                break
        if taken:
            self.log.info("recordings of before taken in", taken=taken)

    def _bind(self, now: float) -> None:
        """As of those of before: until none is left, and again after a night's repair."""
        began_s, bound = self.steady(), 0
        while some := self.acts.binding.step(now):
            bound += some
            if self.steady() - began_s > BUDGET_S or self._stop.is_set():
                break
        self._has_unbound = some > 0
        if bound:
            self.log.info("recordings of before bound", bound=bound)

    def _repair(self, now: float) -> None:
        found = self.acts.repair.run(now)
        self._is_counted, self._has_plain, self._has_unbound = False, True, True
        self.acts.alarms.files(found.unknown, now, is_whole=not found.away and len(found.unknown) < MOST_TOLD)
        if found.cleared or found.missing or found.unknown or found.back:
            counts = {"cleared": found.cleared, "missing": found.missing, "unknown": len(found.unknown), "back": found.back}
            self.log.info("recordings compared with their files", **counts)
        if found.away:  # not the whole night's work: again, until they answer
            raise OSError(errno.EIO, f"stores that did not answer: {', '.join(found.away)}")

    def _count(self, now: float) -> None:
        """What was altered is looked for after a night's repair, and after what marked one: every row is read for that."""
        found = self.acts.alarms.look(now, is_whole=not self._is_counted)
        for kind in (FAILED, MISSING, UNKNOWN, ALTERED, UNRECORDED):
            setattr(self.troubles, kind, found.get(kind, 0))
        self._is_counted = True
