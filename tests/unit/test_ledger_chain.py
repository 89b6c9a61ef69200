"""The pure part of the ledger: lines, hashes, and what is shed when nothing can be written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_core.adapters.ledger_chain import (
    GENESIS,
    Backlog,
    BadLine,
    LedgerRecord,
    decode_chain,
    decode_personal,
    encode_chain,
    encode_personal,
    erased_line,
    follows,
    salted_hash,
)

pytestmark = pytest.mark.unit


def _record(seq: int, kind: str = "agent_rung") -> LedgerRecord:
    return LedgerRecord(seq, 1795301234.5 + seq, "h1-1795301234.12", kind, {"agent": "1001"})


@given(
    facts=st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()),
    personal=st.dictionaries(st.text(), st.text()),
)
def test_what_is_written_about_a_call_is_read_back_the_same(
    facts: dict[str, bool | int | float | str | None], personal: dict[str, str]
) -> None:
    """Any facts and any text, half characters included, survive the two lines."""
    record = LedgerRecord(7, 1.25, "h1-1.1", "call_arrived", facts, personal)
    line, digest = encode_chain(record, salted_hash("00", personal), GENESIS)
    got = decode_chain(line[:-1])
    assert (dict(got.record.facts), got.hash, got.prev) == (facts, digest, GENESIS)
    seq, salt, data = decode_personal(encode_personal(record, "00")[:-1])
    assert (seq, data) == (7, personal)
    assert salted_hash(salt, data or {}) == got.salted


@given(place=st.integers(0, 200), bit=st.integers(0, 7))
def test_one_flipped_bit_in_a_call_s_record_is_found(place: int, bit: int) -> None:
    """The hash covers every byte of the line."""
    line = bytearray(encode_chain(_record(1), "", GENESIS)[0][:-1])
    line[place % len(line)] ^= 1 << bit
    with pytest.raises(BadLine):
        decode_chain(bytes(line))


def test_a_caller_s_number_is_not_in_the_chain() -> None:
    """Only the salted hash of what is personal is evidence; without the salt nobody can try all numbers."""
    record = LedgerRecord(1, 1.0, "h1-1.1", "call_arrived", {"line": "12328"}, {"caller": "13800001111"})
    line, _ = encode_chain(record, salted_hash("ab" * 16, record.personal), GENESIS)
    assert b"13800001111" not in line


def test_an_erased_line_is_as_long_as_the_one_it_replaces() -> None:
    """So that a file in use can be erased in place."""
    line = encode_personal(LedgerRecord(5, 1.0, "h1-1.1", "call_arrived", {}, {"caller": "1"}), "ab" * 16)[:-1]
    erased = erased_line(5, len(line))
    assert len(erased) == len(line)
    assert decode_personal(erased) == (5, "", None)


def test_a_gap_tells_exactly_how_many_records_of_calls_are_missing() -> None:
    """A hole without a gap record, or one that tells a wrong number, does not follow."""
    gap = LedgerRecord(9, 1.0, "", "gap", {"lost": 4})
    assert follows(5, gap)
    assert not follows(4, gap)
    assert follows(9, _record(10))
    assert not follows(9, _record(11))


def test_when_memory_is_full_the_oldest_records_go_and_a_gap_says_how_many() -> None:
    """The newest records stay, and what remains still forms a chain."""
    backlog = Backlog(limit=3)
    for seq in range(11, 18):
        backlog.push(_record(seq))
    kept = []
    while backlog:
        kept.append(backlog.first())
        backlog.drop_first()
    assert [(one.seq, one.kind) for one in kept] == [(14, "gap"), *((seq, "agent_rung") for seq in (15, 16, 17))]
    assert kept[0].facts == {"lost": 4}
    assert follows(10, kept[0])


def test_the_end_of_a_call_outlives_everything_else_in_memory() -> None:
    """A call whose end was shed would be shown as talking for ever."""
    backlog = Backlog(limit=2)
    for seq, kind in enumerate(["agent_rung", "call_ended", "agent_rung", "agent_rung", "agent_rung"], start=1):
        backlog.push(_record(seq, kind))
    kept = []
    while backlog:
        kept.append((backlog.first().seq, backlog.first().kind))
        backlog.drop_first()
    assert kept == [(1, "gap"), (2, "call_ended"), (3, "gap"), (4, "agent_rung"), (5, "agent_rung")]


@given(kinds=st.lists(st.sampled_from(["call_ended", "agent_rung", "requeued"]), max_size=60), limit=st.integers(1, 5))
def test_memory_stays_bounded_and_the_numbers_always_follow(kinds: list[str], limit: int) -> None:
    """Whatever happens while the disk is full, what is written later is a valid chain."""
    backlog = Backlog(limit)
    for seq, kind in enumerate(kinds, start=1):
        backlog.push(_record(seq, kind))
        assert len(backlog) <= 2 * limit + 1
    before = 0
    while backlog:
        assert follows(before, backlog.first())
        before = backlog.first().seq
        backlog.drop_first()
    assert before == len(kinds)
