"""May nobody but the hotline's own user read secrets, running calls' sound and citizens' data?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from doctor.finding import Finding, bad, good, skipped
from doctor.subject import Subject

NAME = "files"
NOBODY_ELSE = 0o077
NO_OTHERS = 0o007  # a group may be let in, as Debian's ssl-cert is to keys


@dataclass(frozen=True, slots=True)
class Guarded:
    """A file or folder, its permission bits, and those that it must not have."""

    path: Path
    mode: int
    forbidden: int


def examine(subject: Subject) -> list[Finding]:
    """Looks at the permissions of what is there."""
    paths, settings = subject.settings.paths, subject.settings
    wanted = [
        (paths.home, NO_OTHERS), (paths.secrets, NOBODY_ELSE), (paths.spool, NOBODY_ELSE), (paths.recordings, NO_OTHERS),
        (paths.ledger, NO_OTHERS), (paths.databases, NO_OTHERS), (paths.accounts, NOBODY_ELSE),
        (settings.masters_file, NOBODY_ELSE), (paths.recording_keys, NOBODY_ELSE),
    ]  # fmt: skip
    if settings.certificate is not None:
        wanted.append((settings.certificate[1], NO_OTHERS))
    there = [(path, forbidden) for path, forbidden in wanted if path.exists()]
    return judge([Guarded(path, path.stat().st_mode & 0o777, forbidden) for path, forbidden in there])


def judge(guarded: Sequence[Guarded]) -> list[Finding]:
    """One line for each that is open to others; nothing there is nothing to say."""
    if not guarded:
        return [skipped(NAME, "not_started")]
    found = [
        bad(NAME, "open", path=one.path, mode=f"{one.mode:o}", wanted=f"{one.mode & ~one.forbidden:o}")
        for one in guarded
        if one.mode & one.forbidden
    ]
    return found or [good(NAME, count=len(guarded))]
