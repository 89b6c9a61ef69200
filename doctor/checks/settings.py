"""Are the settings, the city's file, the menus and the city's own recordings without a mistake, and are they those in force?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from doctor.finding import Finding, bad, good, note
from doctor.subject import Subject
from hotline_core.settings import DEFAULT_CITY
from launcher.check_config import Mistake, all_mistakes

NAME = "settings"


def examine(subject: Subject) -> list[Finding]:
    """All mistakes that `make check-config` knows, and whether the city's file was changed after the last start."""
    _, mistakes = all_mistakes(os.environ)
    file = subject.settings.city_file
    rendered = subject.settings.paths.asterisk / "etc/extensions.conf"
    return judge(mistakes, file=file, is_demo=subject.is_demo, is_newer=subject.is_running and _is_newer(file, rendered))


def judge(mistakes: Sequence[Mistake], *, file: Path, is_demo: bool, is_newer: bool) -> list[Finding]:
    """One line for each mistake, else one for the file."""
    found = [bad(NAME, "mistake", where=_place(mistake), what=mistake.what, cure=mistake.cure) for mistake in mistakes]
    if is_newer:
        found.append(note(NAME, "not_in_force", file=file))
    if file == DEFAULT_CITY and not is_demo:
        found.append(note(NAME, "example_city"))
    return found or [good(NAME, file=file)]


def _place(mistake: Mistake) -> str:
    return f"{mistake.file}:{mistake.line}" if mistake.line else mistake.file


def _is_newer(file: Path, rendered: Path) -> bool:
    """True if the file was changed after the PBX's configuration was made from it."""
    try:
        return file.stat().st_mtime > rendered.stat().st_mtime
    except OSError:
        return False  # one of them is not there: told by the mistakes, or nothing was started yet
