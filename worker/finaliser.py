"""Making the one recording of each ended call from its spool files: written, synced, hashed, committed, then the spool goes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import SQLAlchemyError

from hotline_core.adapters.calls_schema import CALLS, RECORDINGS
from hotline_core.adapters.engine import reading, writing
from hotline_core.log import Log
from recordings.naming import call_of_spool, is_call_id, recording_path, spool_names
from recordings.sound import BadSound, Interrupted, Segment, Track, Written, read_track, write_stereo
from worker.backoff import Backoff

POLL_S = 0.25
QUIET_S = 0.5  # closed files that did not grow for so long are complete
QUIET_TORN_S = 6.0  # the PBX flushes open files every 5 s; a header without its length may mean "still open"
NO_SOUND_S = 5.0  # how long to wait for spool files to appear
FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 600.0
NO_SOUND_TRIES = 3
RETRY_NO_SOUND_AGE_S = 86_400.0
BATCH = 200
NICENESS = 10


@dataclass(slots=True)
class _Job:
    """What this process knows of one recording it has to make."""

    seen_at: float
    sizes: tuple[int, ...] = ()
    quiet_since: float = 0.0
    tries: int = 0
    retry_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _Wanted:
    call_id: str
    arrived_at: float


@dataclass(slots=True)
class Finaliser:
    """One thread's work; calls never wait for it."""

    engine: Engine
    spool: Path
    recordings: Path
    now: Callable[[], float]
    log: Log
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _is_stopped: Callable[[], bool] = bool

    def run(self, stop: threading.Event) -> None:
        """Until stopped: look for ended calls whose recording is not ready."""
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # Linux: this thread only
        self._is_stopped = stop.is_set
        database = Backoff(self.log, self.now, "calls database of the finaliser")
        is_resumed = False
        while not stop.is_set():
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
        young = self.now() - RETRY_NO_SOUND_AGE_S
        failed = select(RECORDINGS.c.call_id).where(
            RECORDINGS.c.state == "failed", (RECORDINGS.c.detail != "no_sound") | (RECORDINGS.c.started_at > young)
        )
        with reading(self.engine) as connection:
            found = connection.execute(failed.order_by(RECORDINGS.c.started_at.desc()).limit(BATCH)).scalars()
            self._jobs |= {call_id: _Job(self.now(), tries=1) for call_id in found}
        try:
            names = os.listdir(self.spool)
        except FileNotFoundError:
            return
        for call_id in {call_of_spool(name) for name in names} - {None}:
            if call_id is not None and (target := self._ready(call_id)) is not None:
                self._clear_spool(call_id, not_after=target)

    def step(self) -> int:
        """Look once at everything that is due; how many recordings became ready."""
        now = self.now()
        ready = 0
        for wanted in self._wanted(now):
            if self._is_stopped():
                break
            job = self._jobs.setdefault(wanted.call_id, _Job(now))
            if job.retry_at > now:
                continue
            try:
                ready += self._try(wanted, job, now)
            except Interrupted:
                break
            except (BadSound, OSError) as error:
                detail = "bad_sound" if isinstance(error, BadSound) else f"os_error: {error.strerror}"
                self._fail(wanted, job, detail)
        return ready

    def _wanted(self, now: float) -> list[_Wanted]:
        """Ended calls with a pending recording, and failed ones whose time has come."""
        due = [call_id for call_id, job in self._jobs.items() if job.tries and job.retry_at <= now][:BATCH]
        query = (
            select(CALLS.c.call_id, CALLS.c.arrived_at)
            .join(RECORDINGS, RECORDINGS.c.call_id == CALLS.c.call_id)
            .where(CALLS.c.state == "ended")
        )
        with reading(self.engine) as connection:
            pending = query.where(RECORDINGS.c.state == "pending").order_by(RECORDINGS.c.started_at).limit(BATCH)
            rows = list(connection.execute(pending))
            if due:
                again = query.where(RECORDINGS.c.state == "failed", RECORDINGS.c.call_id.in_(due))
                rows += connection.execute(again)
        return [_Wanted(row.call_id, row.arrived_at) for row in rows]

    def _try(self, wanted: _Wanted, job: _Job, now: float) -> int:
        """1 if the recording became ready, 0 if it is too early."""
        if not is_call_id(wanted.call_id):
            self._fail(wanted, job, "bad_call_id")
            return 0
        tracks = self._tracks(wanted.call_id)
        if not any(tracks):
            if now - job.seen_at >= NO_SOUND_S:
                self._fail(wanted, job, "no_sound")
            return 0
        sizes = self._sizes(wanted.call_id)
        if sizes != job.sizes:
            job.sizes, job.quiet_since = sizes, now
            return 0
        is_closed = all(track.is_closed for track in tracks if track)
        if now - job.quiet_since < (QUIET_S if is_closed else QUIET_TORN_S):
            return 0
        segments, detail = _arrange(*tracks)
        if not sum(segment.frames for segment in segments):
            self._fail(wanted, job, "no_sound")
            return 0
        return self._make(wanted, job, segments, detail)

    def _make(self, wanted: _Wanted, job: _Job, segments: list[Segment], detail: str | None) -> int:
        path = recording_path(wanted.call_id, wanted.arrived_at)
        target = self.recordings / path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = target.with_suffix(".part")
        written = write_stereo(draft, segments, self._is_stopped)
        if self._sizes(wanted.call_id) != job.sizes:  # it grew under our hands: again, from the beginning
            draft.unlink(missing_ok=True)
            return 0
        draft.rename(target)
        _sync_folders(target.parent, self.recordings)
        self._commit(wanted.call_id, str(path), written, detail)
        del self._jobs[wanted.call_id]
        self._clear_spool(wanted.call_id, not_after=target)
        self.log.info("recording ready", call_id=wanted.call_id, length_s=round(written.length_s, 1), detail=detail)
        return 1

    def _commit(self, call_id: str, path: str, written: Written, detail: str | None) -> None:
        values = {
            "path": path,
            "length_s": written.length_s,
            "sha256": written.sha256,
            "size": written.size,
            "state": "ready",
            "detail": detail,
        }
        with writing(self.engine) as connection:
            connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == call_id).values(values))

    def _fail(self, wanted: _Wanted, job: _Job, detail: str) -> None:
        """Say so in the row and try again later; a call that left no sound at all is given up until the next start."""
        job.tries += 1
        job.retry_at = self.now() + min(FIRST_RETRY_S * 2.0 ** (job.tries - 1), LONGEST_RETRY_S)
        with writing(self.engine) as connection:
            row = update(RECORDINGS).where(RECORDINGS.c.call_id == wanted.call_id)
            connection.execute(row.values(state="failed", detail=detail))
        if job.tries == 1:
            self.log.warning("recording failed", call_id=wanted.call_id, detail=detail)
        if detail in ("no_sound", "bad_call_id") and job.tries >= NO_SOUND_TRIES:
            del self._jobs[wanted.call_id]

    def _ready(self, call_id: str) -> Path | None:
        """The finished file of a call whose recording is committed and in its place."""
        query = select(RECORDINGS.c.path).where(RECORDINGS.c.call_id == call_id, RECORDINGS.c.state == "ready")
        with reading(self.engine) as connection:
            path = connection.execute(query).scalar()
        return self.recordings / path if path and (self.recordings / path).is_file() else None

    def _clear_spool(self, call_id: str, not_after: Path) -> None:
        """Remove the plain sound; a file written after the recording was made stays and is told."""
        made_at = not_after.stat().st_mtime
        for name in spool_names(call_id).all:
            file = self.spool / name
            try:
                if file.stat().st_mtime > made_at:
                    self.log.error("sound came after the recording was made", call_id=call_id, file=name)
                    continue
                file.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                self.log.error("spool file stays", call_id=call_id, reason=error.strerror)

    def _tracks(self, call_id: str) -> tuple[Track | None, Track | None, Track | None, Track | None]:
        names = spool_names(call_id)
        notice, rx, tx, mixed = (read_track(self.spool / name) for name in names.all)
        return notice, rx, tx, mixed

    def _sizes(self, call_id: str) -> tuple[int, ...]:
        return tuple(_size(self.spool / name) for name in spool_names(call_id).all)


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


def _sync_folders(lowest: Path, highest: Path) -> None:
    """Make the new names durable, from the day's folder up."""
    folder = lowest
    while True:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if folder == highest:
            return
        folder = folder.parent
