"""Is the newest part of the ledger as it was written, is it being written, and does the calls database keep up with it?"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from doctor.checks.databases import is_there
from doctor.finding import Finding, bad, good, note, skipped
from doctor.ledger_end import verify_end
from doctor.subject import Subject
from hotline_core.adapters.calls_schema import PROJECTOR
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.adapters.ledger import VerifyResult

NAME = "ledger"
BEHIND = 1_000  # records; some minutes of a busy hotline


def examine(subject: Subject) -> list[Finding]:
    """Proves the last segments, and asks the worker's own mark how far it is."""
    folder = subject.settings.paths.ledger
    if not folder.is_dir():
        return [skipped(NAME, "not_started")]
    applied = _applied(subject.settings.calls_url)  # before the proof: what is written meanwhile is not the worker's fault
    told = subject.health.parts if subject.health else {}
    is_bridge_well = bool(subject.up.get("bridge")) and told.get("bridge") == "up"  # else nobody can say
    return judge(verify_end(folder), applied, is_written=not is_bridge_well or told.get(NAME) == "up")


def judge(proof: VerifyResult, applied: int | None, *, is_written: bool) -> list[Finding]:
    """`applied`: the newest record the calls database has, None where it cannot be asked; `is_written`: the bridge's word."""
    found: list[Finding] = []
    if proof.problems:
        first = proof.problems[0]
        found.append(bad(NAME, "altered", count=len(proof.problems), segment=f"{first.segment:08d}", line=first.line))
    if not is_written:
        found.append(bad(NAME, "not_written"))
    if applied is not None and proof.last_seq - applied > BEHIND:
        found.append(note(NAME, "behind", count=proof.last_seq - applied))
    return found or [good(NAME, records=proof.records, last=proof.last_seq)]


def _applied(url: str) -> int | None:
    if not is_there(url):
        return None
    engine = make_engine(url)
    try:
        with reading(engine) as connection:
            seq = connection.execute(select(PROJECTOR.c.seq)).scalar()
    except SQLAlchemyError:
        return None  # told by the databases
    finally:
        engine.dispose()
    return int(seq) if seq is not None else None
