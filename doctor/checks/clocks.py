"""Is the clock kept right, does it agree with the databases' and did it never run back behind the ledger?"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from doctor.finding import Finding, bad, good, note
from doctor.ledger_end import last_record_at
from doctor.subject import Subject
from hotline_core.adapters import clock
from hotline_core.adapters.engine import make_engine, reading

NAME = "clock"
APART_S = 2.0  # an order of events over two machines can be told no finer
AHEAD_S = 5.0
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


class _Timex(ctypes.Structure):
    """struct timex; with `modes` 0 the call only reads. What follows the fields named here is left alone."""

    _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 512))


def examine(subject: Subject) -> list[Finding]:
    """Asks the kernel, the databases of other machines and the ledger."""
    urls = {"calls": subject.settings.calls_url, "tickets": subject.settings.tickets_url}
    apart = {name: seconds for name, url in urls.items() if (seconds := _apart(url)) is not None}
    last = last_record_at(subject.settings.paths.ledger)
    ahead_s = last - clock.now() if last is not None else 0.0
    return judge(is_synchronised(), apart, ahead_s, is_demo=subject.is_demo)


def judge(is_kept: bool, apart: Mapping[str, float], ahead_s: float, *, is_demo: bool) -> list[Finding]:
    """`apart`: by database, seconds its clock is ahead of ours; `ahead_s`: of the newest record in the ledger."""
    found = [
        bad(NAME, "apart", database=name, seconds=round(seconds, 1)) for name, seconds in apart.items() if abs(seconds) > APART_S
    ]
    if ahead_s > AHEAD_S:
        found.append(bad(NAME, "ran_back", seconds=round(ahead_s)))
    if not is_kept and not is_demo:
        found.append(note(NAME, "not_kept"))
    return found or [good(NAME, "fine" if is_kept else "demo")]


def is_synchronised() -> bool:
    """The kernel's word whether something (chrony, timesyncd, the host) keeps the clock right."""
    state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(_Timex()))
    return 0 <= state != TIME_ERROR


def _apart(url: str) -> float | None:
    """How many seconds this database's clock is ahead of ours; None for SQLite, which has none, and for one that is away."""
    if url.startswith("sqlite"):
        return None
    engine = make_engine(url)
    try:
        with reading(engine) as connection:
            asked = clock.now()
            there = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
            return float(there) - (asked + clock.now()) / 2
    except SQLAlchemyError:
        return None  # told by the databases
    finally:
        engine.dispose()
