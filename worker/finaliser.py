"""Making each recording from its spool files: encoded, encrypted, synced, committed, then the spool goes.

One recording of each ended call, and one segment of each third that was on its line, as soon as that leg is over.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from hotline_core.errors import NotFound, SettingsError, SetupError
from hotline_core.log import Log
from recordings.cabinet import Cabinet
from recordings.making import make_draft
from recordings.naming import Piece, is_call_id, piece_of_spool, recording_path, spool_names
from recordings.retention import Facts, Keeping
from recordings.sound import RATE, BadSound, Interrupted, Segment, Track, read_track
from worker.backoff import Backoff
from worker.keeping_rules import KeepingRules
from worker.pieces import BATCH, Pieces, Wanted

POLL_S = 0.25
QUIET_S = 0.5  # closed files that did not grow for so long are complete
QUIET_TORN_S = 6.0  # the PBX flushes open files every 5 s; a header without its length may mean "still open"
QUIET_UNTOLD_S = 60.0  # the same for a third whose end nobody told: its leg may still be there
UNTOLD_LOOK_S = 2.0  # how often to look for sound of thirds that nobody told of
UNTOLD_S = 10.0  # how long it must not grow
UNTOLD_MAIN_S = 600.0  # the same for a call that nobody told of: its records may still come
NO_SOUND_S = 5.0  # how long to wait for spool files to appear
FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 600.0
NO_SOUND_TRIES = 3
RETRY_NO_SOUND_AGE_S = 86_400.0
NICENESS = 19
REST = 1.0  # as long as a recording took of the processor nothing is made: half of one core at most
LONGEST_REST_S = 30.0
STUCK_S = 300.0  # an hour of sound takes under a minute, and it looks up at each second of it


Tracks = tuple[Track | None, Track | None, Track | None, Track | None]  # notice, rx, tx, mixed


@dataclass(slots=True)
class _Job:
    """What this process knows of one recording it has to make."""

    seen_at: float
    sizes: tuple[int, ...] = ()
    quiet_since: float = 0.0
    tries: int = 0
    retry_at: float = 0.0


@dataclass(slots=True)
class _Untold:
    """Sound of a third without a row."""

    sizes: tuple[int, ...]
    quiet_since: float


@dataclass(slots=True)
class Finaliser:
    """One thread's work; calls never wait for it. What happened is dated by `now`, what is waited for is counted by `steady`."""

    engine: Engine
    spool: Path
    cabinet: Cabinet
    rules: KeepingRules
    now: Callable[[], float]
    log: Log
    steady: Callable[[], float]
    _jobs: dict[Piece, _Job] = field(default_factory=dict)
    _untold: dict[Piece, _Untold] = field(default_factory=dict)
    _looked_at: float = 0.0
    _waits: bool = False
    ticked_at: float = field(init=False)  # of `steady`
    _is_stopped: Callable[[], bool] = bool
    _rest: Callable[[float], object] = float
    _pieces: Pieces = field(init=False)

    def __post_init__(self) -> None:
        self._pieces = Pieces(self.engine)
        self.ticked_at = self.steady()

    @property
    def is_stuck(self) -> bool:
        """Whether it has not moved for longer than anything takes that it does."""
        return self.steady() - self.ticked_at > STUCK_S

    def _goes_on(self) -> bool:
        """Whether it is to end; asked between any two steps, so that whoever asks how it is knows that it moves."""
        self.ticked_at = self.steady()
        return self._is_stopped()

    def run(self, stop: threading.Event) -> None:
        """Until stopped: look for ended calls whose recording is not ready."""
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # Linux: this thread only
        self._is_stopped, self._rest = stop.is_set, stop.wait
        database = Backoff(self.log, self.now, "calls database of the finaliser")
        is_resumed = False
        while not self._goes_on():
            try:
                if not is_resumed:
                    self.resume()
                    is_resumed = True
                self.step()
            except SQLAlchemyError as error:
                stop.wait(database.failed(error))
                continue
            database.worked()
            stop.wait(POLL_S)

    def resume(self) -> None:
        """After a start: try failed recordings again, and take away spool files whose recording is already there."""
        found = self._pieces.failed(self.now() - RETRY_NO_SOUND_AGE_S)
        self._jobs |= {piece: _Job(self.steady(), tries=1) for piece in found}
        for piece in self._in_spool():
            self.ticked_at = self.steady()
            if (made_at := self._made_at(piece)) is not None:
                self._clear_spool(piece, made_at)

    def step(self) -> int:
        """Look once at everything that is due; how many recordings became ready."""
        now = self.steady()
        ready = 0
        if now - self._looked_at >= UNTOLD_LOOK_S:
            self._looked_at = now
            self._note_untold(now)
        again = [piece for piece, job in self._jobs.items() if job.tries and job.retry_at <= now][:BATCH]
        due = self._pieces.due(again)
        if not due or not self._has_keys():
            return 0
        for wanted in due:
            if self._goes_on():
                break
            job = self._jobs.setdefault(wanted.piece, _Job(now))
            if job.retry_at > now:
                continue
            try:
                ready += self._try(wanted, job, now)
            except (Interrupted, SetupError):  # without keys nothing has failed: the next look tells it, and all waits as it is
                break
            except (BadSound, OSError, sqlite3.Error) as error:
                self._fail(wanted.piece, job, _why(error))
        return ready

    def _has_keys(self) -> bool:
        """Whether keys can be used now; told when it changes. Without them every recording waits, none fails."""
        try:
            self.cabinet.keyring.begin()
        except (SetupError, OSError, sqlite3.Error) as error:
            if not self._waits:
                self.log.error("recordings wait for their keys", reason=error.code if isinstance(error, SetupError) else str(error))
            self._waits = True
            return False
        if self._waits:
            self.log.info("the keys of recordings are there again")
        self._waits = False
        return True

    def _note_untold(self, now: float) -> None:
        """A third may answer and leave while no bridge lives: its sound alone tells of it, once it grows no more.

        So does a call's own sound when ledger and journal were lost in a crash.
        """
        found = {piece: self._sizes(piece) for piece in self._in_spool()}
        self._untold = {piece: one for piece, one in self._untold.items() if piece in found}
        thirds, mains = ([piece for piece in found if bool(piece.leg) is is_third] for is_third in (True, False))
        unknown = self._pieces.unknown(thirds) if thirds else []
        unknown += self._pieces.unknown_mains(mains) if mains else []
        for piece in unknown:
            seen = self._untold.setdefault(piece, _Untold(found[piece], now))
            if seen.sizes != found[piece]:
                seen.sizes, seen.quiet_since = found[piece], now
            elif now - seen.quiet_since >= (UNTOLD_S if piece.leg else UNTOLD_MAIN_S):
                note = self._pieces.note_segment if piece.leg else self._pieces.note_main
                note(piece, self.now() - (now - seen.quiet_since))
                self.log.warning("sound that nobody told of", call_id=piece.call_id, leg=piece.leg)

    def _try(self, wanted: Wanted, job: _Job, now: float) -> int:
        """1 if the recording became ready, 0 if it is too early."""
        piece = wanted.piece
        if not is_call_id(piece.call_id):
            self._fail(piece, job, "bad_call_id")
            return 0
        if not (wanted.is_over or wanted.is_ended):
            return 0  # the leg may still be there, and who it belongs to may still change
        tracks = self._tracks(piece)
        if not any(tracks):
            if now - job.seen_at >= (NO_SOUND_S if wanted.is_over else QUIET_UNTOLD_S):
                self._fail(piece, job, "no_sound")
            return 0
        sizes = self._sizes(piece)
        if sizes != job.sizes:
            job.sizes, job.quiet_since = sizes, now
            return 0
        is_closed = all(track.is_closed for track in tracks if track)
        torn_s = QUIET_TORN_S if wanted.is_over else QUIET_UNTOLD_S
        if now - job.quiet_since < (QUIET_S if is_closed else torn_s):
            return 0
        if wanted.cut_s is not None:
            tracks = _cut(tracks, wanted.cut_s)
        segments, detail = _arrange(*tracks)
        if not sum(segment.frames for segment in segments):
            if not piece.leg:
                self._fail(piece, job, "no_sound")
                return 0
            detail = "empty"  # a third that hung up at once: nothing is missing
        return self._make(wanted, job, segments, detail)

    def _make(self, wanted: Wanted, job: _Job, segments: list[Segment], detail: str | None) -> int:
        piece = wanted.piece
        began_s = time.thread_time()
        store = self.cabinet.stores.local
        path = str(recording_path(piece.call_id, wanted.arrived_at, piece.leg))
        keeping = self._keeping(wanted)
        made = make_draft(piece, path, segments, store, self.cabinet.keyring, self._goes_on)
        made_at = self.now()  # what is written to the spool from here on is not in it
        if self._sizes(piece) != job.sizes:  # it grew under our hands: again, from the beginning
            store.draft(path).unlink(missing_ok=True)
            return 0
        store.adopt(path)
        try:
            self._pieces.tell_ready(piece, made, keeping, detail, made_at)
        except NotFound:  # deleted by its class while it was tried once more
            del self._jobs[piece]
            self.cabinet.keyring.destroy(piece)
            store.remove(path)
            return 0
        del self._jobs[piece]
        self._clear_spool(piece, made_at)
        length_s = round(made.encoded.length_s, 1)
        self.log.info("recording ready", call_id=piece.call_id, leg=piece.leg, length_s=length_s, detail=detail)
        self._rest(min((time.thread_time() - began_s) * REST, LONGEST_REST_S))
        return 1

    def _keeping(self, wanted: Wanted) -> Keeping | None:
        """How long it is kept; None while the rules cannot be read: then a later night tells it, and nothing ends before."""
        try:
            return self.rules.judge(Facts(wanted.arrived_at, is_emergency=wanted.is_urgent), wanted.line, self.now())
        except (SettingsError, SetupError) as error:
            self.log.warning("rules of keeping cannot be read", call_id=wanted.piece.call_id, code=error.code)
            return None

    def _fail(self, piece: Piece, job: _Job, detail: str) -> None:
        """Say so in the row and try again later; a piece that left no sound at all is given up until the next start."""
        job.tries += 1
        job.retry_at = self.steady() + min(FIRST_RETRY_S * 2.0 ** (job.tries - 1), LONGEST_RETRY_S)
        self._pieces.tell_failed(piece, detail)
        if job.tries == 1:
            self.log.warning("recording failed", call_id=piece.call_id, leg=piece.leg, detail=detail)
        if detail in ("no_sound", "bad_call_id") and job.tries >= NO_SOUND_TRIES:
            del self._jobs[piece]

    def _made_at(self, piece: Piece) -> float | None:
        """When a recording was made that is committed and in its place, in whatever store; None if that is not so.

        As its row tells it: the file's own time is that of a copy, in the archive or after it was taken in. A row of before tells
        none: then nothing in the spool is known to be older than the recording, and all of it stays.
        """
        place = self._pieces.ready_place(piece)
        try:
            is_there = place is not None and self.cabinet.stores.of(place.store).has(place.path)
        except (NotFound, OSError):
            return None  # its store is away: at the next start
        return (place.ready_at or 0.0) if place is not None and is_there else None

    def _clear_spool(self, piece: Piece, made_at: float) -> None:
        """Remove the plain sound; a file written after the recording was made (epoch seconds) stays and is told."""
        for name in spool_names(piece.call_id, piece.leg).all:
            file = self.spool / name
            try:
                if file.stat().st_mtime > made_at:
                    self.log.error("sound came after the recording was made", call_id=piece.call_id, file=name)
                    continue
                file.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                self.log.error("spool file stays", call_id=piece.call_id, reason=error.strerror)

    def _in_spool(self) -> set[Piece]:
        try:
            names = os.listdir(self.spool)
        except FileNotFoundError:
            return set()
        return {piece for name in names if (piece := piece_of_spool(name)) is not None}

    def _tracks(self, piece: Piece) -> Tracks:
        names = spool_names(piece.call_id, piece.leg)
        notice, rx, tx, mixed = (read_track(self.spool / name) for name in names.all)
        return notice, rx, tx, mixed

    def _sizes(self, piece: Piece) -> tuple[int, ...]:
        return tuple(_size(self.spool / name) for name in spool_names(piece.call_id, piece.leg).all)


def _cut(tracks: Tracks, length_s: float) -> Tracks:
    """No longer than so many seconds, whole files as they are."""
    most = round(length_s * RATE)
    notice, rx, tx, mixed = (track and replace(track, frames=min(track.frames, most)) for track in tracks)
    return notice, rx, tx, mixed


def _arrange(notice: Track | None, rx: Track | None, tx: Track | None, mixed: Track | None) -> tuple[list[Segment], str | None]:
    """The stretches of the recording in order, and what is to be said about them."""
    segments = [Segment(None, notice)] if notice else []
    remarks = []
    if rx or tx:
        segments.append(Segment(rx, tx))
        remarks += [f"no {name}" for name, track in (("rx", rx), ("tx", tx)) if not track]
    elif mixed:
        segments.append(Segment(mixed, mixed))
        remarks.append("mixed only")
    used = (("notice", notice), ("rx", rx), ("tx", tx)) if rx or tx else (("notice", notice), ("mixed", mixed))
    remarks += [f"torn {name}" for name, track in used if track and not track.is_closed]
    return segments, ", ".join(remarks) or None


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return -1



def _why(error: Exception) -> str:
    """What the row says of it, and people see."""
    if isinstance(error, OSError):
        return f"os_error: {error.strerror}"
    if isinstance(error, BadSound):
        return "bad_sound"
    return "no_keys"
