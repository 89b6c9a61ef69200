"""`python -m tests.faults.clocked`: `make run` whose parts see a wall clock that a file sets; their monotonic one is true."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hotline_core.settings import Settings
from launcher import parts
from launcher.__main__ import main
from launcher.programs import Programs

LIBRARY = "faketime/libfaketimeMT.so.1"
OFFSET_FILE = "FAULTS_CLOCK"  # names the file that holds the offset, as +3600 or -90


def library() -> Path:
    """Where Debian's libfaketime lies; AssertionError if it is not there."""
    found = sorted(Path("/usr/lib").glob(f"*/{LIBRARY}"))
    assert found, "no libfaketime: install Debian's libfaketime"
    return found[0]


def run() -> int:
    """Every part but Redis gets the false clock; the launcher itself, and what it asks, keeps the true one.

    Redis does not bear the library (its allocator reads the clock before the library is there); it keeps nothing by the clock but
    signs of life of some seconds.
    """
    ordinary, usual_parts = parts.environment_of_parts, parts.parts_of
    false_clock = {
        "LD_PRELOAD": str(library()), "FAKETIME_TIMESTAMP_FILE": os.environ[OFFSET_FILE], "FAKETIME_CACHE_DURATION": "1",
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
    parts.environment_of_parts = with_false_clock
    return main(["run"])


if __name__ == "__main__":
    sys.exit(run())
