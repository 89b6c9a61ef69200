"""The checks that only read the source: ruff, mypy and import-linter, side by side; the first failure is the exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TIMEOUT_S = 300


def main() -> int:
    """Run all three, print each one's output whole; 0 when all are content."""
    tools = {
        "ruff": [sys.executable, "-m", "ruff", "check", "--quiet", "."],
        "mypy": [sys.executable, "-m", "mypy", "--no-error-summary"],
        "import-linter": [str(Path(sys.executable).with_name("lint-imports"))],
    }
    started = {
        name: subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for name, argv in tools.items()
    }
    worst = 0
    for name, tool in started.items():
        output, _ = tool.communicate(timeout=TIMEOUT_S)
        verdict = "ok" if tool.returncode == 0 else f"failed ({tool.returncode})"
        print(f"{name}: {verdict}", flush=True)
        if tool.returncode != 0:
            print(output.rstrip(), flush=True)
            worst = worst or 1
    return worst


if __name__ == "__main__":
    sys.exit(main())
