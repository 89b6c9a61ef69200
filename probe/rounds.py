"""When the probe rings, what it rings, and how a round becomes the record that people see; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hotline_core.city import City
from hotline_core.domain.dial_tests import FINDINGS, OK, DialTest, DialTests

FIRST_S = 120.0  # after the start: everything else comes up first
AGAIN_S = 300.0  # after a round with a failure, at most
TRIES = 3  # the library loses a call now and then; a citizen's number that is dead is dead three times
APART_S = 2.0


def numbers(city: City) -> list[tuple[str, str]]:
    """Every number of every line, with its line; those that are being retired are not rung."""
    return [(number, line) for line, each in city.lines.items() for number in each.numbers]


def wants_another(test: DialTest, tries: int) -> bool:
    """Whether to ring the number once more before anybody is alarmed."""
    return tries < TRIES and FINDINGS[test.finding] in ("line", "probe")


def next_round(last: DialTests | None, every_s: float, now: float) -> float:
    """When to ring again; `last` is the round just ended, None at the start."""
    if last is None:
        return now + min(FIRST_S, every_s)
    return now + (min(every_s, AGAIN_S) if last.failed() else every_s)


def continued(tests: Sequence[DialTest], before: DialTests | None) -> tuple[DialTest, ...]:
    """Each test with since when its number is as it is: in trouble, or not."""
    earlier: Mapping[str, DialTest] = {test.number: test for test in before.tests} if before else {}
    return tuple(_continued(test, earlier.get(test.number)) for test in tests)


def _continued(test: DialTest, before: DialTest | None) -> DialTest:
    if before is None or before.failed is not test.failed:
        return test
    return replace(test, since=before.since)


def summary(tests: Sequence[DialTest]) -> dict[str, object]:
    """For the log: how many are well, and what was found; the hotline's own public numbers are no secret."""
    found = {test.number: test.finding for test in tests if test.finding != OK}
    return {"numbers": len(tests), "failed": sum(test.failed for test in tests), "findings": found}
