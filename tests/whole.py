"""`python -m tests.whole SECONDS`: every test there is, in two halves at once, none of which may take longer than so many seconds.

Calls at a real Asterisk and pages in Chromium wait for the clock half of their time: two workers leave half of two cores. What only
reckons, or asks a database, takes what is left, at so little weight that no call notices.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

CALLS = "asterisk or desktop"
REST = "unit or transcripts or integration"
WORKERS = 2  # of each half
LIGHT = 10  # nice, and that of the session where the kernel weighs whole sessions (sched_autogroup_enabled)
OTHER_PORTS = {"TESTS_FIRST_PART": str(WORKERS)}  # see tests/sip/ports.py


def pytest_of(kinds: str, timeout_s: str) -> list[str]:
    """The command of one half."""
    spread = ["-n", str(WORKERS), "--dist", "loadfile", "--no-loadscope-reorder"]
    return [sys.executable, "-m", "pytest", "--timeout", timeout_s, *spread, "-m", kinds]


def be_light() -> None:
    """In the child: give way to everybody else."""
    os.nice(LIGHT)
    with suppress(OSError):  # a kernel without autogroups
        Path("/proc/self/autogroup").write_text(str(LIGHT), encoding="ascii")


def main(arguments: Sequence[str]) -> int:
    """Run both; the exit code of the first that failed. What the light half said is printed after the other has ended."""
    (timeout_s,) = arguments
    with tempfile.TemporaryFile() as said:
        rest = subprocess.Popen(
            pytest_of(REST, timeout_s), stdout=said, stderr=said, start_new_session=True, preexec_fn=be_light,
            env={**os.environ, **OTHER_PORTS},
        )  # fmt: skip
        try:
            calls = subprocess.run(pytest_of(CALLS, timeout_s), check=False).returncode
            code = rest.wait()
        finally:
            if rest.poll() is None:
                rest.terminate()
                rest.wait()
        said.seek(0)
        sys.stdout.buffer.write(said.read())
        sys.stdout.flush()
    return calls or code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
