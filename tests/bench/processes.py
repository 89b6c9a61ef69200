"""Owns what Linux says a process has used: seconds of processor time, megabytes of memory of its own."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def cpu_seconds(pid: int) -> float:
    """Seconds of one core that all threads of a process have used, ended threads too; FileNotFoundError when it is gone."""
    fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def own_megabytes(pid: int) -> float:
    """Memory that is the process' own: resident, not of a file, not shared (RssAnon); FileNotFoundError when it is gone."""
    for line in (PROC / str(pid) / "status").read_text(encoding="utf-8").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {pid} tells no RssAnon")


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    found, at = [pid], 0
    while at < len(found):
        tasks = PROC / str(found[at]) / "task"
        found += _numbers(path.read_text(encoding="ascii") for path in tasks.glob("*/children"))
        at += 1
    return found


def family_megabytes(pid: int) -> float:
    """What a process and all its descendants hold of their own."""
    return sum(own_megabytes(one) for one in family(pid))


def _numbers(texts: Iterable[str]) -> list[int]:
    return [int(word) for text in texts for word in text.split()]
