"""A stand-in for systemctl, where no systemd can run: the same words, on the parts of one Service (tests/running/service.py)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

BOOK = "units.json"
STOP_S = 10.0


def main(arguments: list[str]) -> int:
    """`is-active --quiet TARGET`, `show --property=MainPID --value UNIT`, `restart UNIT`, `reload UNIT`; 5 for anything else."""
    folder = Path(os.environ["STANDIN_FOLDER"])
    book: dict[str, int] = json.loads((folder / BOOK).read_text())
    unit = arguments[-1]
    part = unit.removeprefix("hotline-").removesuffix(".service")
    match arguments[0]:
        case "is-active" if unit == "hotline.target":
            return 0
        case "show":
            print(book.get(part, 0))
            return 0
        case "restart" if part in book:
            _end(book[part])
            book[part] = _start(folder, "part", part, "--log").pid
            (folder / BOOK).write_text(json.dumps(book))
            return 0
        case "reload" if part == "prepare":
            return _start(folder, "prepare").wait(60)
    return 5


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    ends_at = time.monotonic() + STOP_S
    while Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        if time.monotonic() > ends_at:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = json.loads((folder / "environment.json").read_text())
    with (folder / "out").open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "launcher", *arguments], cwd=Path(__file__).resolve().parents[2], env=environment,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
