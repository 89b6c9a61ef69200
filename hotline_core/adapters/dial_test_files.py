"""The probe's files under HOTLINE_HOME/probe: the last results, written by the probe alone, and the wish for a round now."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotline_core.domain.dial_tests import DialTests, as_json, from_json

RESULTS = "results.json"
ASKED = "asked"
LOCK = "lock"


def read(folder: Path) -> DialTests | None:
    """The last results; None while there are none, OSError or ValueError where the file cannot be read or is torn."""
    try:
        told = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if not isinstance(told, dict):
        raise ValueError("no dial tests")
    return from_json(told)


def write(folder: Path, tests: DialTests) -> None:
    """Put new results in place at once; OSError if the disk refuses."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f".{RESULTS}.new"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(as_json(tests), out, ensure_ascii=False)
    draft.replace(folder / RESULTS)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Be the one probe of this folder; BlockingIOError if there is one already. Ends with the process, however that ends."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def is_held(folder: Path) -> bool:
    """Whether a probe runs."""
    try:
        with (folder / LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def ask(folder: Path) -> None:
    """Wish for a round now; OSError if the disk refuses."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / ASKED).touch(mode=0o600)


def take_wish(folder: Path) -> bool:
    """True once for a wish."""
    try:
        (folder / ASKED).unlink()
    except FileNotFoundError:
        return False
    return True
