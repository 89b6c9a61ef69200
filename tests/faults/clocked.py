"""`python -m tests.faults.clocked`: `make run` whose parts see a wall clock that a file sets; their monotonic one is true."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hotline_core.settings import Settings
from launcher import databases, parts
from launcher.__main__ import main
from launcher.programs import Programs
from tests.running.instance import Hotline

LIBRARY = "faketime/libfaketimeMT.so.1"
OFFSET_FILE = "FAULTS_CLOCK"  # names the file that holds the offset, as +3600 or -90
BEFORE_ALL_S = -7200  # when the accounts were made: a clock that is set back does not lead to a time before there was anybody
SEEN_S = 1.0  # the bridge looks twice a second, all other parts at once


class FalseClock:
    """Sets the wall clock of a hotline that is not started yet; to be removed after it."""

    def __init__(self, hotline: Hotline) -> None:
        self._file = Path(f"{hotline.home}.clock")
        hotline.launching = ("-m", "tests.faults.clocked")
        hotline.environment[OFFSET_FILE] = str(self._file)
        self.set(BEFORE_ALL_S)

    def set(self, seconds: int) -> None:
        """The wall clock of every part is so far off from now on."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n", encoding="ascii")
        fresh.replace(self._file)

    def begun(self) -> None:
        """The hotline has started long ago; now it is today."""
        self.set(0)
        time.sleep(SEEN_S)

    def remove(self) -> None:
        """The file goes."""
        self._file.unlink()


def library() -> Path:
    """Where Debian's libfaketime lies; AssertionError if it is not there."""
    found = sorted(Path("/usr/lib").glob(f"*/{LIBRARY}"))
    assert found, "no libfaketime: install Debian's libfaketime"
    return found[0]


def run() -> int:
    """Every part but Redis, and who makes the demo accounts, get the false clock; the launcher itself keeps the true one.

    Redis does not bear the library (its allocator reads the clock before the library is there); it keeps nothing by the clock but
    signs of life of some seconds.
    """
    ordinary, usual_parts = parts.environment_of_parts, parts.parts_of
    false_clock = {
        "LD_PRELOAD": str(library()), "FAKETIME_TIMESTAMP_FILE": os.environ[OFFSET_FILE], "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip

    def with_false_clock(environment: Mapping[str, str]) -> dict[str, str]:
        return {**ordinary(environment), **false_clock}

    def with_a_true_redis(settings: Settings, programs: Programs) -> list[parts.Part]:
        return [
            replace(part, argv=("/usr/bin/env", "-u", "LD_PRELOAD", *part.argv)) if part.name == "redis" else part
            for part in usual_parts(settings, programs)
        ]

    parts.parts_of = with_a_true_redis
    parts.environment_of_parts = databases.environment_of_parts = with_false_clock  # type: ignore[attr-defined]
    return main(["run"])


if __name__ == "__main__":
    sys.exit(run())
