"""Reading the ledger while it is written, and proving that nobody changed it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from hotline_core.adapters import ledger_chain as chain
from hotline_core.adapters.ledger_chain import BadLine, ChainLine, LedgerRecord, decode_chain, decode_personal
from hotline_core.adapters.ledger_files import Segment, first_line, segments, whole_lines

HEAD_MISSING = "the head kept elsewhere is not in the chain"


class LedgerReader:
    """Read records after a sequence number; remembers where it stopped, so that tailing reads each byte once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segment: Segment | None = None
        self._seq = 0
        self._chain_offset = self._personal_offset = 0
        self._bad: tuple[int, int] | None = None

    @property
    def bad_line(self) -> tuple[int, int] | None:
        """(segment, byte) of the last altered line that was passed over; `verify` tells more."""
        return self._bad

    def after(self, seq: int, limit: int) -> list[LedgerRecord]:
        """Up to `limit` records with a higher sequence number, in order; a half-written last line is not there yet."""
        if self._segment is None or seq != self._seq:
            self._seek(seq)
        got: list[LedgerRecord] = []
        while self._segment is not None and len(got) < limit:
            following = [one for one in segments(self._folder) if one > self._segment]  # before reading to the end
            got += self._read(self._segment, limit - len(got))
            if len(got) >= limit or not following:
                break
            self._segment, self._chain_offset, self._personal_offset = following[0], 0, 0
        return got

    def holds(self, seq: int) -> bool:
        """True if the ledger has a record `seq` or a later one."""
        return bool(LedgerReader(self._folder).after(seq - 1, 1))

    def _seek(self, seq: int) -> None:
        """Start at the last segment that begins at or before the record after `seq`."""
        self._segment, self._seq, self._chain_offset, self._personal_offset = None, seq, 0, 0
        for segment in segments(self._folder):
            try:
                first = first_line(segment)
            except BadLine:
                first = None
            if self._segment is None or (first is not None and first.record.seq <= seq + 1):
                self._segment = segment

    def _read(self, segment: Segment, limit: int) -> list[LedgerRecord]:
        lines: list[ChainLine] = []
        for raw in whole_lines(segment.chain, self._chain_offset):
            try:
                line = decode_chain(raw)
            except BadLine:
                self._bad = (segment.number, self._chain_offset)
                self._chain_offset += len(raw) + 1
                continue
            self._chain_offset += len(raw) + 1
            if line.record.seq > self._seq:
                self._seq = line.record.seq
                lines.append(line)
                if len(lines) >= limit:
                    break
        if not any(line.salted for line in lines):
            return [line.record for line in lines]
        personal = self._read_personal(segment, lines[-1].record.seq)
        return [replace(line.record, personal=personal.get(line.record.seq, {})) for line in lines]

    def _read_personal(self, segment: Segment, last: int) -> dict[int, dict[str, str]]:
        found: dict[int, dict[str, str]] = {}
        for raw in whole_lines(segment.personal, self._personal_offset):
            try:
                seq, _, data = decode_personal(raw)
            except BadLine:
                self._personal_offset += len(raw) + 1
                continue
            if seq > last:
                break
            self._personal_offset += len(raw) + 1
            if data is not None:
                found[seq] = data
        return found


@dataclass(frozen=True, slots=True)
class Problem:
    """One place where the ledger is not what was written; line counts from 1."""

    segment: int
    line: int
    what: str


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What a check of the whole chain found; `head` belongs in a second place, so that a cut tail is found too."""

    records: int
    last_seq: int
    head: str
    erased: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """True if nothing was altered, removed or inserted."""
        return not self.problems


def verify(folder: Path, head: tuple[int, str] | None = None) -> VerifyResult:
    """Walk the whole chain; `head` is a (seq, hash) kept elsewhere that must stand in it."""
    found = segments(folder)
    problems: list[Problem] = []
    records = erased = seq = 0
    prev = chain.GENESIS
    head_seen = head is None
    known_start = not found or found[0].number == 1  # older segments may have been removed after their time
    for place, segment in enumerate(found):
        if place and segment.number != found[place - 1].number + 1:
            problems.append(Problem(segment.number, 0, "a segment is missing before this one"))
        personal = _personal_of(segment, problems)
        for number, raw in enumerate(whole_lines(segment.chain), start=1):
            try:
                line = decode_chain(raw)
            except BadLine as error:
                problems.append(Problem(segment.number, number, str(error)))
                continue
            if not known_start:
                known_start, prev, seq = True, line.prev, line.record.seq - 1
            if line.prev != prev:
                problems.append(Problem(segment.number, number, "does not follow the line before it"))
            elif not chain.follows(seq, line.record):
                problems.append(Problem(segment.number, number, "sequence number does not follow"))
            erased += _check_personal(line, personal, segment, number, problems)
            head_seen = head_seen or (line.record.seq, line.hash) == head
            records, seq, prev = records + 1, line.record.seq, line.hash
    if not head_seen:
        problems.append(Problem(found[-1].number if found else 0, 0, HEAD_MISSING))
    return VerifyResult(records, seq, prev, erased, tuple(problems))


def _personal_of(segment: Segment, problems: list[Problem]) -> dict[int, tuple[str, dict[str, str] | None]]:
    found: dict[int, tuple[str, dict[str, str] | None]] = {}
    for number, raw in enumerate(whole_lines(segment.personal), start=1):
        try:
            seq, salt, data = decode_personal(raw)
            found[seq] = (salt, data)
        except BadLine as error:
            problems.append(Problem(segment.number, number, str(error)))
    return found


def _check_personal(
    line: ChainLine,
    personal: dict[int, tuple[str, dict[str, str] | None]],
    segment: Segment,
    number: int,
    problems: list[Problem],
) -> int:
    """1 if the personal part of this line is erased."""
    if not line.salted:
        return 0
    salt, data = personal.get(line.record.seq, ("", None))
    if data is None:
        return 1
    if chain.salted_hash(salt, data) != line.salted:
        problems.append(Problem(segment.number, number, "personal part was altered"))
    return 0
