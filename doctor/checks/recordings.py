"""Are the newest finished recordings there, and byte for byte what was written?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from doctor.checks.databases import is_there
from doctor.finding import Finding, bad, good, note, skipped
from doctor.subject import Subject
from hotline_core.adapters.calls_schema import RECORDINGS
from hotline_core.adapters.engine import make_engine, reading

NAME = "recordings"
NEWEST = 5
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """One recording: whether its file is there, and is what its row says."""

    call_id: str
    is_there: bool
    is_same: bool


def examine(subject: Subject) -> list[Finding]:
    """Reads the newest files that the calls database names, and counts those that could not be made today."""
    if not is_there(subject.settings.calls_url):
        return [skipped(NAME, "not_started")]
    engine = make_engine(subject.settings.calls_url)
    newest = select(RECORDINGS.c.call_id, RECORDINGS.c.path, RECORDINGS.c.sha256).where(RECORDINGS.c.state == "ready")
    failed = select(func.count()).where(RECORDINGS.c.state == "failed", RECORDINGS.c.started_at > subject.now - DAY_S)
    try:
        with reading(engine) as connection:
            rows = connection.execute(newest.order_by(RECORDINGS.c.started_at.desc()).limit(NEWEST)).all()
            failures = int(connection.execute(failed).scalar_one())
    except SQLAlchemyError:
        return [skipped(NAME, "no_database")]
    finally:
        engine.dispose()
    folder = subject.settings.paths.recordings
    return judge([_kept(row.call_id, folder / row.path, row.sha256) for row in rows], failures)


def judge(kept: Sequence[Kept], failures: int) -> list[Finding]:
    """One line for each recording that is gone or changed; `failures` of the last 24 hours."""
    found = [bad(NAME, "gone", call_id=one.call_id) for one in kept if not one.is_there]
    found += [bad(NAME, "changed", call_id=one.call_id) for one in kept if one.is_there and not one.is_same]
    if failures:
        found.append(note(NAME, "failed", count=failures))
    return found or [good(NAME, "fine" if kept else "none", count=len(kept))]


def _kept(call_id: str, path: Path, digest: str) -> Kept:
    try:
        with path.open("rb") as file:
            return Kept(call_id, True, hashlib.file_digest(file, "sha256").hexdigest() == digest)
    except OSError:
        return Kept(call_id, False, False)
