"""Is there a young backup that was proven whole, and does it lie on another disk than what it is a backup of?"""

from __future__ import annotations

from pathlib import Path

from backup.shelf import Backup, newest
from doctor.finding import Finding, bad, good, note
from doctor.subject import Subject

NAME = "backups"
HOUR_S = 3600.0
OLD_H = 26.0  # a daily backup, and two hours for it to be made


def examine(subject: Subject) -> list[Finding]:
    """Looks at the shelf; says nothing of a backup's inside, which `make verify-backup` proves."""
    folder = subject.settings.backup
    if folder is None:
        return [good(NAME, "demo") if subject.is_demo else bad(NAME, "not_set")]
    try:
        youngest = newest(folder)
        is_beside = folder.exists() and folder.stat().st_dev == subject.settings.home.stat().st_dev
    except OSError as error:
        return [bad(NAME, "unreadable", folder=folder, reason=error.strerror)]
    return [judge(youngest, subject.now, folder=folder, is_beside=is_beside, is_demo=subject.is_demo)]


def judge(youngest: Backup | None, now: float, *, folder: Path, is_beside: bool, is_demo: bool) -> Finding:
    """`is_beside`: on the file system of HOTLINE_HOME itself, and lost with it."""
    if youngest is None:
        return bad(NAME, "none", folder=folder)
    hours = (now - youngest.made_at) / HOUR_S
    facts = {"hours": round(hours, 1), "folder": youngest.folder}
    if hours > OLD_H:
        return bad(NAME, "old", **facts)
    if not youngest.verified:
        return note(NAME, "unproven", **facts)
    if is_beside and not is_demo:
        return note(NAME, "same_disk", **facts)
    return good(NAME, **facts)
