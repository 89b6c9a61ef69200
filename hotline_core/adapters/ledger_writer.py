"""The one writer of the ledger: ordered write(), fsync in its own thread, bounded memory when the disk is full."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hotline_core.adapters import ledger_chain as chain
from hotline_core.adapters.ledger_chain import Backlog, Fact, LedgerRecord
from hotline_core.adapters.ledger_files import Segment, repair_tail, segments, sync_folder
from hotline_core.errors import SetupError

SEGMENT_RECORDS = 50_000
BACKLOG_LIMIT = 10_000
SYNC_EVERY_S = 0.05
RETRY_EVERY_S = 1.0
RETRY_BATCH = 200
SKIP_AFTER_CRASH = 10_000  # more than can be written between two fsyncs, so that no sequence number is ever used twice
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LEDGER_TAKEN = "ledger_taken"  # the code of the SetupError while another process writes


@dataclass(frozen=True, slots=True)
class LedgerTrouble:
    """What went wrong or came right.

    `what` is torn_tail, machine_crashed, cannot_write, cannot_sync, written_again or lost.
    """

    what: str
    detail: str


class LedgerWriter:
    """Append records in order. `on_trouble` may be called from the caller's thread or the syncing thread."""

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], float],
        on_trouble: Callable[[LedgerTrouble], None],
        segment_records: int = SEGMENT_RECORDS,
        backlog_limit: int = BACKLOG_LIMIT,
    ) -> None:
        self._folder = folder
        self._now = now
        self._on_trouble = on_trouble
        self._segment_records = segment_records
        self._backlog = Backlog(backlog_limit)
        self._lock = threading.Lock()
        self._seq = self._written_seq = self._durable_seq = 0
        self._prev = chain.GENESIS
        self._state = "up"
        self._since = now()
        self._retry_at = 0.0
        self._synced_at = now()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._owner = self._take_folder()
        self._files: _OpenSegment | None = None
        self._left: list[_OpenSegment] = []  # full segments the syncing thread still has to sync and close
        self._number = 0
        self._continue_chain()
        self._stop = threading.Event()
        self._dirty = threading.Event()
        self._syncer = threading.Thread(target=self._keep_syncing, name="ledger-sync", daemon=True)
        self._syncer.start()

    @property
    def state(self) -> tuple[str, float]:
        """("up" or "trouble", since when)."""
        return self._state, self._since

    @property
    def last_seq(self) -> int:
        """The last sequence number given out."""
        return self._seq

    @property
    def durable_seq(self) -> int:
        """Everything up to here survives a power cut."""
        return self._durable_seq

    def append(
        self,
        kind: str,
        call_id: str,
        at: float,
        facts: Mapping[str, Fact] | None = None,
        personal: Mapping[str, str] | None = None,
    ) -> int:
        """Write one record and return its sequence number; never waits for the platter, never raises OSError."""
        with self._lock:
            self._seq += 1
            record = LedgerRecord(self._seq, at, call_id, kind, dict(facts or {}), dict(personal or {}))
            if self._backlog:
                self._backlog.push(record)
                if self._may_retry():
                    self._write_backlog()
            else:
                try:
                    self._write(record)
                except OSError as error:
                    self._backlog.push(record)
                    self._in_trouble("cannot_write", error)
        self._dirty.set()
        return record.seq

    @property
    def figures(self) -> dict[str, float]:
        """For monitoring: last record, how many of them wait in memory for the disk, seconds that records are unsynced."""
        is_durable = self._durable_seq >= self._seq
        unsynced_s = 0.0 if is_durable else max(0.0, self._now() - self._synced_at)
        return {"ledger_record": self._seq, "ledger_backlog": len(self._backlog), "ledger_unsynced_s": unsynced_s}

    def close(self) -> None:
        """Write what is left, sync, and give the folder free."""
        self._stop.set()
        self._dirty.set()
        self._syncer.join(timeout=2.0)
        with self._lock:
            while self._backlog and self._write_backlog():
                pass
            if self._backlog:
                self._on_trouble(LedgerTrouble("lost", f"{len(self._backlog)} records never written"))
        if self._sync():
            os.ftruncate(self._owner, 0)  # an empty mark: closed cleanly
        if self._files:
            self._files.close()
        os.close(self._owner)

    def _take_folder(self) -> int:
        """Lock the folder and mark it as in use under this boot of the machine."""
        owner = os.open(self._folder / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(owner)
            raise SetupError(LEDGER_TAKEN, what="another bridge writes this ledger", cure="stop the other one first") from None
        return owner

    def _continue_chain(self) -> None:
        for segment in reversed(segments(self._folder)):
            tail = repair_tail(segment)
            if tail.chain_cut or tail.personal_cut:
                cut = f"segment {segment.number}: {tail.chain_cut} and {tail.personal_cut} bytes cut off"
                self._on_trouble(LedgerTrouble("torn_tail", cut))
            self._number = max(self._number, segment.number)
            if tail.last:
                self._seq = self._written_seq = self._durable_seq = tail.last.record.seq
                self._prev = tail.last.hash
                break
        boot = BOOT_ID.read_bytes().strip() if BOOT_ID.exists() else b"unknown"
        last_boot = os.pread(self._owner, 100, 0)
        try:
            os.pwrite(self._owner, boot, 0)
        except OSError as error:
            self._in_trouble("cannot_write", error)
        if last_boot and last_boot != boot and self._seq:
            # The machine went down under a running writer: records that were read but not yet synced may be gone.
            self._seq += SKIP_AFTER_CRASH
            facts = {"lost": 0, "skipped": SKIP_AFTER_CRASH}
            self._backlog.push(LedgerRecord(self._seq, self._now(), "", "gap", facts))
            self._on_trouble(LedgerTrouble("machine_crashed", f"sequence goes on at {self._seq}"))

    def _write(self, record: LedgerRecord) -> None:
        """Both lines or none; OSError leaves the files as they were."""
        files = self._files
        if files is None or files.records >= self._segment_records:
            fresh = _OpenSegment(Segment(self._number + 1, self._folder))
            self._number += 1
            if files:
                self._left.append(files)
            self._files = files = fresh
        salt = salted = ""
        if record.personal:
            salt = os.urandom(16).hex()
            salted = chain.salted_hash(salt, record.personal)
        line, digest = chain.encode_chain(record, salted, self._prev)
        files.write(chain.encode_personal(record, salt) if record.personal else b"", line)
        self._prev = digest
        self._written_seq = record.seq

    def _write_backlog(self) -> bool:
        """Write some of what is kept; False if the disk still refuses. The lock is held."""
        for _ in range(min(RETRY_BATCH, len(self._backlog))):
            try:
                self._write(self._backlog.first())
            except OSError as error:
                self._in_trouble("cannot_write", error)
                return False
            self._backlog.drop_first()
        if not self._backlog:
            self._out_of_trouble()
        return True

    def _may_retry(self) -> bool:
        """True after a pause; a wall clock set back does not make the pause longer."""
        return not self._retry_at - RETRY_EVERY_S <= self._now() < self._retry_at

    def _in_trouble(self, what: str, error: OSError) -> None:
        self._retry_at = self._now() + RETRY_EVERY_S
        if self._state == "up":
            self._state, self._since = "trouble", self._now()
            self._on_trouble(LedgerTrouble(what, error.strerror or type(error).__name__))

    def _out_of_trouble(self) -> None:
        if self._state != "up":
            self._state, self._since = "up", self._now()
            self._on_trouble(LedgerTrouble("written_again", f"up to record {self._written_seq}"))

    def _keep_syncing(self) -> None:
        while not self._stop.is_set():
            self._dirty.wait(RETRY_EVERY_S)
            self._dirty.clear()
            self._sync()
            while self._backlog and not self._stop.is_set() and self._may_retry():
                with self._lock:
                    if self._backlog and not self._write_backlog():
                        break
                self._dirty.set()
            self._stop.wait(SYNC_EVERY_S)

    def _sync(self) -> bool:
        """Make durable what is written; the lock is held only to look."""
        with self._lock:
            written, files, left, began = self._written_seq, self._files, self._left, self._now()
            self._left = []
        if files is None:
            self._synced_at = began
            return True
        try:
            for one in [*left, files]:
                one.sync()
        except OSError as error:
            with self._lock:
                self._left = [*left, *self._left]
                self._in_trouble("cannot_sync", error)
            return False
        for one in left:
            one.close()
        self._durable_seq, self._synced_at = max(self._durable_seq, written), began
        with self._lock:
            if not self._backlog:
                self._out_of_trouble()
        return True


class _OpenSegment:
    """The two open files of the segment in use; a failed write is taken back."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._personal = self._open(segment.personal)
        try:
            self._chain = self._open(segment.chain)
        except OSError:
            os.close(self._personal)
            raise
        self._personal_size = self._chain_size = self._synced_size = 0
        self._named = False
        self.records = 0

    @staticmethod
    def _open(path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_TRUNC, 0o600)

    def write(self, personal: bytes, chain: bytes) -> None:
        """Personal line first: whoever sees the chain line finds it."""
        try:
            _write_whole(self._personal, personal)
            _write_whole(self._chain, chain)
        except OSError:
            os.ftruncate(self._chain, self._chain_size)
            os.ftruncate(self._personal, self._personal_size)
            raise
        self._personal_size += len(personal)
        self._chain_size += len(chain)
        self.records += 1

    def sync(self) -> None:
        """fsync both if anything is new, personal first."""
        size = self._chain_size
        if size == self._synced_size:
            return
        os.fdatasync(self._personal)
        os.fdatasync(self._chain)
        if not self._named:
            sync_folder(self._segment.folder)
            self._named = True
        self._synced_size = size

    def close(self) -> None:
        """Close both."""
        os.close(self._personal)
        os.close(self._chain)


def _write_whole(descriptor: int, line: bytes) -> None:
    """A short write is a full disk about to say so."""
    if line and os.write(descriptor, line) != len(line):
        raise OSError(28, "No space left on device")
