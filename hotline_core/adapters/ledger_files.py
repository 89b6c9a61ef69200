"""The files of a ledger folder: segments and their names, repairing a torn tail, erasing personal lines in place."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from hotline_core.adapters.ledger_chain import BadLine, ChainLine, decode_chain, decode_personal, erased_line


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """One pair of files: the chain and what is personal."""

    number: int
    folder: Path

    @property
    def chain(self) -> Path:
        """Evidence, never changed."""
        return self.folder / f"{self.number:08d}.chain.jsonl"

    @property
    def personal(self) -> Path:
        """Numbers and names, erasable line by line."""
        return self.folder / f"{self.number:08d}.personal.jsonl"


def segments(folder: Path) -> list[Segment]:
    """All segments in order."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    numbers = (name.removesuffix(".chain.jsonl") for name in names if name.endswith(".chain.jsonl"))
    return sorted(Segment(int(number), folder) for number in numbers if number.isdigit())


def whole_lines(path: Path, offset: int = 0) -> Iterator[bytes]:
    """Each line that ends in a newline, without it; a half-written last line is not there yet."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(offset)
        for line in file:
            if line.endswith(b"\n"):
                yield line[:-1]


def first_line(segment: Segment) -> ChainLine | None:
    """The first chain line of a segment, None while there is none."""
    for line in whole_lines(segment.chain):
        return decode_chain(line)
    return None


@dataclass(frozen=True, slots=True)
class Tail:
    """Where a segment ends after repair: its last line and how many bytes were cut off each file."""

    last: ChainLine | None
    chain_cut: int
    personal_cut: int


def repair_tail(segment: Segment) -> Tail:
    """Cut what a crash left half written at the end: a half line, or whole ones that are no record (blocks of zeros).

    Only the very end is cut. A bad line with good ones after it was altered, not torn: it stays for `verify`.
    """
    last: ChainLine | None = None
    good = size = 0
    for raw in _raw_lines(segment.chain):
        size += len(raw)
        if raw.endswith(b"\n"):
            try:
                last = decode_chain(raw[:-1])
                good = size
            except BadLine:
                continue
    _cut(segment.chain, good, size)
    last_seq = last.record.seq if last else 0
    personal_good = personal_size = 0
    for raw in _raw_lines(segment.personal):
        personal_size += len(raw)
        try:
            if raw.endswith(b"\n") and decode_personal(raw)[0] <= last_seq:
                personal_good = personal_size
        except BadLine:
            continue
    _cut(segment.personal, personal_good, personal_size)
    return Tail(last, size - good, personal_size - personal_good)


def _raw_lines(path: Path) -> Iterator[bytes]:
    if path.exists():
        with path.open("rb") as file:
            yield from file


def _cut(path: Path, good: int, size: int) -> None:
    if good < size:
        with path.open("r+b") as file:
            file.truncate(good)
            os.fsync(file.fileno())


def erase_personal(folder: Path, seqs: Collection[int]) -> int:
    """Overwrite the personal lines of these records where they stand (also in the segment in use); tells how many."""
    wanted = set(seqs)
    erased = 0
    for segment in segments(folder):
        if not segment.personal.exists():
            continue
        with segment.personal.open("r+b") as file:
            offset = 0
            for line in file.read().splitlines(keepends=True):
                if line.endswith(b"\n"):
                    seq, _, data = decode_personal(line)
                    if seq in wanted and data is not None:
                        os.pwrite(file.fileno(), erased_line(seq, len(line) - 1), offset)
                        erased += 1
                offset += len(line)
            os.fsync(file.fileno())
    return erased


def sync_folder(folder: Path) -> None:
    """Make new names durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
