"""Owns that the file of places by number is there before the desk starts: made once for each version of the library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hotline_core.adapters import places_file
from launcher.lifeline import dying_with_us
from launcher.parts import CHECKOUT
from launcher.texts import say

MAKING_S = 120.0  # it takes three on an ordinary machine


def ensure(cache: Path) -> None:
    """Make the file unless it is there; where it cannot be made that is said, and callers come without a place."""
    path = places_file.path_of(cache)
    if path.exists():
        return
    argv = [sys.executable, "-m", places_file.__name__, str(path)]
    try:
        subprocess.run(argv, cwd=CHECKOUT, check=True, capture_output=True, timeout=MAKING_S, preexec_fn=dying_with_us())
    except (OSError, subprocess.SubprocessError) as error:
        say("places_missing", file=path, reason=type(error).__name__)
        return
    for old in path.parent.glob("places-*.json"):
        if old != path:
            old.unlink(missing_ok=True)
