"""The ledger on a real disk: order, crashes, full disks, alterations, lawful erasure."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hotline_core.adapters import ledger_writer
from hotline_core.adapters.ledger import LedgerReader, LedgerTrouble, LedgerWriter, erase_personal, verify
from hotline_core.adapters.ledger_chain import decode_chain, encode_chain
from hotline_core.errors import SetupError
from tests.integration.servers import wait_until

pytestmark = pytest.mark.integration

CALLER = {"caller": "13800001111", "dialled": "12328"}


class _Told(list[LedgerTrouble]):
    """What the writer said."""

    @property
    def words(self) -> list[str]:
        return [trouble.what for trouble in self]


def _open(folder: Path, told: _Told, **limits: int) -> LedgerWriter:
    return LedgerWriter(folder, now=time.time, on_trouble=told.append, **limits)


def _fill(folder: Path, count: int, **limits: int) -> None:
    writer = _open(folder, _Told(), **limits)
    for number in range(count):
        writer.append("call_arrived", f"h1-1.{number}", 100.0 + number, {"line": "12328"}, CALLER)
    writer.close()


def _all(folder: Path) -> list[int]:
    return [record.seq for record in LedgerReader(folder).after(0, 1_000_000)]


def _chain(folder: Path, number: int = 1) -> Path:
    return folder / f"{number:08d}.chain.jsonl"


@pytest.fixture
def file_limit() -> Iterator[None]:
    """Lets a test set RLIMIT_FSIZE and takes it back; Python ignores SIGXFSZ, so that write() says EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_call_s_records_are_read_in_order_over_segments_and_starts(tmp_path: Path) -> None:
    """Two starts and five segments are one chain; numbers come along with their records."""
    _fill(tmp_path, 25, segment_records=10)
    _fill(tmp_path, 15, segment_records=10)
    assert _all(tmp_path) == list(range(1, 41))
    assert [record.personal for record in LedgerReader(tmp_path).after(38, 10)] == [CALLER, CALLER]
    result = verify(tmp_path)
    assert (result.ok, result.records, result.last_seq) == (True, 40, 40)


def test_a_record_is_there_for_another_reader_at_once_and_durable_soon_after(tmp_path: Path) -> None:
    """write() before the act; fsync within some tens of milliseconds."""
    writer = _open(tmp_path, _Told())
    reader = LedgerReader(tmp_path)
    assert reader.after(0, 10) == []
    seq = writer.append("queue_entered", "h1-1.1", 1.0, {"queue": "main"})
    assert [record.seq for record in reader.after(0, 10)] == [seq]
    wait_until(lambda: writer.durable_seq == seq, 1.0, "the record is synced")
    writer.close()


def test_a_half_written_record_is_not_there_yet(tmp_path: Path) -> None:
    """The reader waits for the newline and then reads the record once."""
    _fill(tmp_path, 2)
    whole = _chain(tmp_path).read_bytes()
    _chain(tmp_path).write_bytes(whole[:-30])
    reader = LedgerReader(tmp_path)
    assert [record.seq for record in reader.after(0, 10)] == [1]
    _chain(tmp_path).write_bytes(whole)
    assert [record.seq for record in reader.after(1, 10)] == [2]
    assert reader.after(2, 10) == []


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_torn_tail_is_cut_off_and_told_and_the_numbers_go_on(tmp_path: Path, cut: int) -> None:
    """A power cut in the middle of a line costs that line only."""
    _fill(tmp_path, 3)
    size = _chain(tmp_path).stat().st_size
    os.truncate(_chain(tmp_path), size - cut)
    told = _Told()
    writer = _open(tmp_path, told)
    assert writer.append("adopted", "h1-1.1", 1.0) == 3
    writer.close()
    assert told.words == ["torn_tail"]
    assert _chain(tmp_path).read_bytes().endswith(b"}\n")
    assert _all(tmp_path) == [1, 2, 3]
    assert verify(tmp_path).ok


def test_zeros_at_the_end_left_by_a_power_cut_are_cut_off(tmp_path: Path) -> None:
    """Some file systems leave blocks of zeros."""
    _fill(tmp_path, 3)
    with _chain(tmp_path).open("ab") as file:
        file.write(bytes(4096))
    _fill(tmp_path, 1)
    assert _all(tmp_path) == [1, 2, 3, 4]
    assert _chain(tmp_path).read_bytes().endswith(b"}\n")
    assert verify(tmp_path).ok


def test_after_a_crash_of_the_machine_no_number_is_used_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker may have applied records that the disk then lost; their numbers must not come again."""
    _fill(tmp_path, 3)
    (tmp_path / "writer.lock").write_text("a boot of yesterday")
    told = _Told()
    writer = _open(tmp_path, told)
    assert writer.append("adopted", "h1-1.1", 1.0) == 3 + ledger_writer.SKIP_AFTER_CRASH + 1
    writer.close()
    assert told.words == ["machine_crashed"]
    assert [record.kind for record in LedgerReader(tmp_path).after(3, 10)] == ["gap", "adopted"]
    assert verify(tmp_path).ok


def test_kill_9_of_the_writer_loses_no_record_it_had_written(tmp_path: Path) -> None:
    """Every number the process told is in the ledger, in a chain that holds, and the next writer goes on."""
    argv = [sys.executable, "-m", "tests.integration.ledger_child", str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(1700)]
        child.kill()
        told += child.stdout.read().splitlines(keepends=True)
    last = int(next(line for line in reversed(told) if line.endswith(b"\n")))
    seen = _all(tmp_path)
    assert seen == list(range(1, len(seen) + 1))
    assert last <= len(seen) <= last + 1
    writer = _open(tmp_path, _Told())
    assert writer.append("adopted", "h1-1.1", 1.0) == len(seen) + 1
    writer.close()
    assert verify(tmp_path).ok


def test_a_second_bridge_cannot_write_the_same_ledger(tmp_path: Path) -> None:
    """It is told so, with the cure."""
    writer = _open(tmp_path, _Told())
    with pytest.raises(SetupError):
        _open(tmp_path, _Told())
    writer.close()
    _open(tmp_path, _Told()).close()


def test_with_a_full_disk_calls_go_on_and_what_memory_kept_is_written_later(tmp_path: Path, file_limit: None) -> None:
    """Trouble is told once; the chain is whole afterwards and no half record is in it."""
    told = _Told()
    writer = _open(tmp_path, told)
    for _ in range(5):
        writer.append("agent_rung", "h1-1.1", 1.0, {"agent": "1001"}, CALLER)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_chain(tmp_path).stat().st_size + 100, resource.RLIM_INFINITY))
    assert [writer.append("agent_rung", "h1-1.1", 1.0, {"agent": "1001"}, CALLER) for _ in range(50)] == [*range(6, 56)]
    assert writer.state[0] == "trouble"
    assert _all(tmp_path) == [1, 2, 3, 4, 5]
    assert verify(tmp_path).ok
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_until(lambda: writer.state[0] == "up", 5.0, "the writer recovers by itself, without a new call")
    writer.close()
    assert told.words == ["cannot_write", "written_again"]
    assert _all(tmp_path) == [*range(1, 56)]
    assert verify(tmp_path).ok


def test_a_disk_that_stays_full_leaves_a_marked_gap(tmp_path: Path, file_limit: None) -> None:
    """Memory is bounded; the gap says how many records were shed, ends of calls are not among them."""
    writer = _open(tmp_path, _Told(), backlog_limit=10)
    writer.append("agent_rung", "h1-1.1", 1.0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_chain(tmp_path).stat().st_size, resource.RLIM_INFINITY))
    writer.append("call_ended", "h1-1.1", 2.0, {"by": "caller", "cause": 16})
    for _ in range(29):
        writer.append("agent_rung", "h1-1.2", 3.0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    writer.close()
    records = LedgerReader(tmp_path).after(0, 100)
    assert [(record.seq, record.kind) for record in records[:3]] == [(1, "agent_rung"), (2, "call_ended"), (21, "gap")]
    assert records[2].facts == {"lost": 19}
    assert [record.seq for record in records[3:]] == [*range(22, 32)]
    assert verify(tmp_path).ok


def test_an_altered_a_removed_and_an_inserted_line_are_found(tmp_path: Path) -> None:
    """Whoever changes evidence is found, with segment and line."""
    _fill(tmp_path, 30, segment_records=10)
    whole = _chain(tmp_path, 2).read_bytes().splitlines(keepends=True)
    altered = [whole[0], whole[1].replace(b'"12328"', b'"12345"'), *whole[2:]]
    _chain(tmp_path, 2).write_bytes(b"".join(altered))
    assert (verify(tmp_path).problems[0].segment, verify(tmp_path).problems[0].line) == (2, 2)
    _chain(tmp_path, 2).write_bytes(b"".join([*whole[:4], *whole[5:]]))
    assert (verify(tmp_path).problems[0].segment, verify(tmp_path).problems[0].line) == (2, 5)
    _chain(tmp_path, 2).write_bytes(b"".join([*whole[:4], whole[2], *whole[4:]]))
    assert (verify(tmp_path).problems[0].segment, verify(tmp_path).problems[0].line) == (2, 5)
    _chain(tmp_path, 2).write_bytes(b"".join(whole))
    assert verify(tmp_path).ok


def test_a_line_forged_with_a_fitting_hash_of_its_own_breaks_the_chain_after_it(tmp_path: Path) -> None:
    """Whoever knows the format must forge everything that follows, and then the head kept elsewhere tells."""
    _fill(tmp_path, 10)
    whole = _chain(tmp_path).read_bytes().splitlines(keepends=True)
    true = decode_chain(whole[4][:-1])
    whole[4], _ = encode_chain(replace(true.record, facts={"line": "12345"}), true.salted, true.prev)
    _chain(tmp_path).write_bytes(b"".join(whole))
    assert [(problem.line, problem.what) for problem in verify(tmp_path).problems] == [(6, "does not follow the line before it")]


def test_a_removed_segment_and_a_cut_tail_are_found(tmp_path: Path) -> None:
    """The cut tail by the head that is kept in a second place."""
    _fill(tmp_path, 30, segment_records=10)
    result = verify(tmp_path)
    head = (result.last_seq, result.head)
    assert verify(tmp_path, head).ok
    kept = _chain(tmp_path, 3).read_bytes()
    _chain(tmp_path, 3).unlink()
    assert not verify(tmp_path, head).ok
    _chain(tmp_path, 3).write_bytes(kept)
    _chain(tmp_path, 2).unlink()
    assert not verify(tmp_path).ok


def test_an_altered_number_is_found_but_a_lawfully_erased_one_keeps_the_chain_valid(tmp_path: Path) -> None:
    """Erasing overwrites the number on the disk, also in the file in use, and is counted."""
    writer = _open(tmp_path, _Told())
    for number in range(5):
        writer.append("call_arrived", f"h1-1.{number}", 1.0, {"line": "12328"}, {"caller": f"1380000111{number}"})
    assert erase_personal(tmp_path, [2, 4]) == 2
    assert erase_personal(tmp_path, [2]) == 0
    writer.append("call_arrived", "h1-1.9", 1.0, {"line": "12328"}, {"caller": "13900002222"})
    writer.close()
    personal = tmp_path / "00000001.personal.jsonl"
    assert b"13800001111" not in personal.read_bytes()
    result = verify(tmp_path)
    assert (result.ok, result.erased) == (True, 2)
    numbers = [record.personal.get("caller") for record in LedgerReader(tmp_path).after(0, 10)]
    assert numbers == ["13800001110", None, "13800001112", None, "13800001114", "13900002222"]
    personal.write_bytes(personal.read_bytes().replace(b"13800001112", b"13800001119"))
    assert [problem.what for problem in verify(tmp_path).problems] == ["personal part was altered"]


def test_the_ledger_is_for_its_owner_only(tmp_path: Path) -> None:
    """Numbers of citizens: 0700 and 0600."""
    _fill(tmp_path / "ledger", 1)
    assert (tmp_path / "ledger").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "ledger").iterdir()} == {0o600}
