"""What ledger records make of a call's transfers and attempts (R31); pure, complete, tolerant of records that are missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from hotline_core.adapters.ledger_chain import LedgerRecord
from hotline_core.domain.records import AttemptRow, TransferRow

MENU = 0  # the number of the transfer that a menu's key makes; those of agents count from 1
BLIND = "blind"  # from there the dialplan dials, as for a menu's key
UNSEEN = "unseen"  # how whatever was open when nobody watched a call's end is told to have ended


@dataclass(frozen=True, slots=True)
class CallTransfers:
    """All transfers of one call by their number, and all attempts by transfer and number."""

    call_id: str
    transfers: Mapping[int, TransferRow] = field(default_factory=dict)
    attempts: Mapping[tuple[int, int], AttemptRow] = field(default_factory=dict)

    def with_transfer(self, row: TransferRow) -> CallTransfers:
        """One row new or changed."""
        return replace(self, transfers={**self.transfers, row.n: row})

    def with_attempt(self, row: AttemptRow) -> CallTransfers:
        """One row new or changed."""
        return replace(self, attempts={**self.attempts, (row.n, row.attempt): row})

    @property
    def newest(self) -> TransferRow | None:
        """The transfer asked for last."""
        return self.transfers[max(self.transfers)] if self.transfers else None


def project_transfers(before: CallTransfers, record: LedgerRecord) -> CallTransfers:
    """The call's transfers after this record; a record seen twice changes nothing more."""
    change = TRANSFER_PROJECTIONS.get(record.kind)
    return before if change is None else change(before, record)


def _transfer(of: CallTransfers, n: int, at: float) -> TransferRow:
    return of.transfers.get(n) or TransferRow(of.call_id, n, way="menu" if n == MENU else "", asked_at=at)


def _asked(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    n = _number(record, "n") or 0
    way, party, kind, to, queue, by = (_text(record, name) for name in ("way", "party", "kind", "to", "queue", "by"))
    row = _transfer(of, n, record.at)
    row = replace(row, asked_at=min(row.asked_at, record.at), name=record.personal.get("name", row.name))
    return of.with_transfer(replace(row, way=way, party=party, kind=kind, to=to, queue=queue, by=by))


def _attempt(of: CallTransfers, n: int, number: int, at: float) -> AttemptRow:
    known = of.attempts.get((n, number))
    if known is not None:
        return known
    leg = None if n == MENU else 1 + max((one.leg or 0 for one in of.attempts.values()), default=0)
    return AttemptRow(of.call_id, n, number, dialled_at=at, leg=leg)


def _dialled(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    n, number = _number(record, "n") or 0, _number(record, "attempt") or 1
    of = of if n in of.transfers else of.with_transfer(_transfer(of, n, record.at))
    row = _attempt(of, n, number, record.at)
    row = replace(row, leg=_number(record, "leg") or row.leg, number=record.personal.get("number", row.number))
    return of.with_attempt(replace(row, dialled_at=min(row.dialled_at, record.at), trunk=_text(record, "trunk")))


def _answered(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    n, number = _number(record, "n") or 0, _number(record, "attempt") or _last_attempt(of, _number(record, "n") or 0)
    of = _transfer_answered(of, _transfer(of, n, record.at), record)
    row = _attempt(of, n, number, record.at)
    if row.answered_at is not None:
        return of
    leg, waited_s = _number(record, "leg") or row.leg, max(0.0, record.at - row.dialled_at)
    return of.with_attempt(replace(row, leg=leg, answered_at=record.at, waited_s=waited_s, result="answered"))


def _transfer_answered(of: CallTransfers, row: TransferRow, record: LedgerRecord) -> CallTransfers:
    """Waited is counted from the wish to the answer, over all attempts: the bridge's own figure is of the last one."""
    if row.answered_at is not None:
        return of
    waited_s = max(0.0, record.at - row.asked_at)
    return of.with_transfer(replace(row, answered_at=record.at, waited_s=waited_s, result=None))


def _failed(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    n, number = _number(record, "n") or 0, _number(record, "attempt") or _last_attempt(of, _number(record, "n") or 0)
    row = _attempt(of, n, number, record.at)
    result = _text(record, "result") or "unavailable"
    return of.with_attempt(replace(row, cause=_number(record, "cause"), result=result, ended_at=record.at))


def _missed(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    row = _transfer(of, _number(record, "n") or 0, record.at)
    return of.with_transfer(replace(row, result=_text(record, "result") or "no_answer"))


def _left(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    """The third whose attempt was answered is gone.

    There is one at a time; a record that names another transfer than its own means the newest.
    """
    n = _number(record, "n") or 0
    came = [one for one in of.attempts.values() if one.leg is not None and one.answered_at is not None]
    row = max(came, key=lambda one: (one.n == n, one.leg), default=None)
    if row is None or not _is_open(row):
        return of
    return of.with_attempt(replace(row, ended_at=record.at, ended_by=_text(record, "by"), cause=_number(record, "cause")))


def _is_open(one: AttemptRow) -> bool:
    return one.ended_at is None or one.ended_by == UNSEEN


def _taken_over(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    """The consulted agent has the call: from here the main recording has every word of that leg."""
    agent = _text(record, "agent")
    for n in sorted(of.transfers, reverse=True):
        if of.transfers[n].to == agent:
            row = next((one for one in of.attempts.values() if one.n == n and one.answered_at is not None), None)
            return of if row is None or row.took_over_at else of.with_attempt(replace(row, took_over_at=record.at))
    return of


def _ended(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    """The last word on a transfer; what still rings is given up with it."""
    row = _transfer(of, _number(record, "n") or 0, record.at)
    for one in list(of.attempts.values()):
        if one.n == row.n and one.result is None:
            of = of.with_attempt(replace(one, result="cancelled", ended_at=record.at))
    return of.with_transfer(replace(row, ended_at=record.at, outcome=_text(record, "outcome"), last=_text(record, "last") or None))


# -- what the dialplan dials from the citizen's own channel: a menu's key, a blind transfer ---------------------------


def _led(of: CallTransfers, record: LedgerRecord) -> TransferRow:
    """The transfer that a party's record belongs to: the agent's blind one, else the menu's."""
    newest = of.newest
    if newest is not None and newest.way == BLIND:
        return newest
    row = _transfer(of, MENU, record.at)
    return replace(row, party=_text(record, "party") or row.party)


def _party_rung(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    return of.with_transfer(_led(of, record))


def _party_dialled(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    row = _led(of, record)
    number = _number(record, "attempt") or 1
    known = of.attempts.get((row.n, number)) or AttemptRow(of.call_id, row.n, number, dialled_at=record.at)
    known = replace(known, dialled_at=min(known.dialled_at, record.at), trunk=_text(record, "trunk"))
    return of.with_transfer(row).with_attempt(replace(known, number=record.personal.get("number", known.number)))


def _party_missed(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    row = _led(of, record)
    number = _number(record, "attempt") or 1
    known = of.attempts.get((row.n, number)) or AttemptRow(of.call_id, row.n, number, dialled_at=record.at)
    result = _text(record, "result") or "unavailable"
    of = of.with_transfer(row)
    return of.with_attempt(replace(known, cause=_number(record, "cause"), result=result, ended_at=record.at))


def _party_answered(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    row = _led(of, record)
    of = _transfer_answered(of, row, record)
    if row.n == MENU:
        of = of.with_transfer(replace(of.transfers[MENU], outcome="led"))
    tried = [one for one in of.attempts.values() if one.n == row.n]
    rings = [one for one in tried if one.result is None]
    if not rings or any(one.answered_at is not None for one in tried):  # one answer; told again by a bridge that came back
        return of
    one = max(rings, key=lambda each: each.attempt)
    waited_s = max(0.0, record.at - one.dialled_at)
    return of.with_attempt(replace(one, result="answered", answered_at=record.at, waited_s=waited_s))


def _party_failed(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    """Nobody answered, or whoever had answered has left the citizen."""
    row = _led(of, record)
    if row.answered_at is not None:
        row = replace(row, ended_at=row.ended_at or record.at, last=row.last or "citizen")
    else:
        row = replace(row, result=_text(record, "result") or "no_answer")
        if row.n == MENU:
            row = replace(row, ended_at=record.at, outcome="failed")
    for one in of.attempts.values():
        if one.n == row.n and one.ended_at is None:
            result = one.result or row.result or "no_answer"
            by = "third" if one.answered_at is not None else None
            of = of.with_attempt(replace(one, result=result, ended_at=record.at, ended_by=by))
    return of.with_transfer(row)


def _alone(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    """Whom a menu's key had led to has hung up."""
    row = of.transfers.get(MENU)
    if row is None or row.ended_at is not None or row.answered_at is None:
        return of
    return of.with_transfer(replace(row, ended_at=record.at, last="citizen"))


def _resumed(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    """A blind transfer to an agent was answered."""
    newest = of.newest
    if newest is None or newest.way != BLIND or newest.to != _text(record, "agent"):
        return of
    return _transfer_answered(of, newest, record)


def _call_ended(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    """Whatever is open when the end of a call was not watched has no other end; a menu's transfer ends with its call."""
    is_unseen = bool(record.facts.get("recovered")) or record.facts.get("by") == "system"
    for one in of.attempts.values():
        if one.leg is None and one.ended_at is None:  # dialled from the citizen's own channel
            was, by = ("answered", "citizen") if one.answered_at is not None else ("cancelled", None)
            of = of.with_attempt(replace(one, result=was, ended_at=record.at, ended_by=by))
    for row in list(of.transfers.values()):
        if row.ended_at is None and row.n == MENU:
            last = "third" if row.answered_at is not None else None
            of = of.with_transfer(replace(row, ended_at=record.at, outcome=row.outcome or "citizen_left", last=last))
        elif row.ended_at is None and is_unseen:
            of = of.with_transfer(replace(row, ended_at=record.at, outcome=row.outcome or UNSEEN))
    if is_unseen:
        for one in list(of.attempts.values()):
            if one.ended_at is None:
                of = of.with_attempt(replace(one, ended_at=record.at, ended_by=UNSEEN))
    return of


def _last_attempt(of: CallTransfers, n: int) -> int:
    return max((one.attempt for one in of.attempts.values() if one.n == n), default=1)


def _text(record: LedgerRecord, name: str) -> str:
    value = record.facts.get(name)
    return "" if value is None else str(value)


def _number(record: LedgerRecord, name: str) -> int | None:
    value = record.facts.get(name)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _same(of: CallTransfers, record: LedgerRecord) -> CallTransfers:
    return of


TRANSFER_PROJECTIONS: Mapping[str, Callable[[CallTransfers, LedgerRecord], CallTransfers]] = MappingProxyType(
    {
        "third_asked": _asked,
        "third_dialled": _dialled,
        "third_answered": _answered,
        "third_failed": _failed,
        "third_missed": _missed,
        "third_left": _left,
        "stage_entered": _same,
        "citizen_alone": _alone,
        "agent_took_over": _taken_over,
        "taken_back": _same,
        "transfer_ended": _ended,
        "party_rung": _party_rung,
        "party_dialled": _party_dialled,
        "party_missed": _party_missed,
        "party_answered": _party_answered,
        "party_failed": _party_failed,
        "agent_resumed": _resumed,
        "call_ended": _call_ended,
    }
)
