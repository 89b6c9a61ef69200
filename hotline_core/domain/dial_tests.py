"""What a dial-test (拨测) of one of our numbers can find, and the record of the last one; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final

OK: Final = "ok"
# finding -> whose fault: "line" is an alarm (citizens meet it too), "remark" is shown, "probe" means that nothing was learned.
FINDINGS: Final[Mapping[str, str]] = {
    OK: "none",
    "no_agent": "remark",  # the queue took the call and has nobody to ring: citizens get the duty telephones
    "no_bridge": "line",  # the notice instead of the menu: the dialplan goes on alone
    "not_answered": "line",
    "refused": "line",
    "silent": "line",
    "wrong_greeting": "line",
    "too_quiet": "line",
    "too_loud": "line",
    "no_queue": "line",  # the call never came to a queue
    "queue_dead": "line",  # app_queue did not take the call
    "no_account": "probe",  # our account outside could not register
    "not_run": "probe",
}
STALE_ROUNDS: Final = 2  # so many intervals without a result: the probe itself is gone
GRACE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class DialTest:
    """The last test of one number; times in epoch seconds, durations in seconds from the answer, level in dB to the recording."""

    number: str
    line: str
    finding: str
    at: float
    since: float  # since when without a break it is a failure, or is none
    failed: bool
    tries: int = 1
    answer_s: float | None = None  # from the INVITE to the answer
    greeting_s: float | None = None
    queue_s: float | None = None
    level_db: float | None = None
    likeness: float | None = None
    heard: str = ""  # the prompt heard instead of the greeting
    status: int = 0  # SIP status of a refusal


@dataclass(frozen=True, slots=True)
class DialTests:
    """The last round: when it ended, how often there is one, what it found."""

    at: float
    every_s: float
    tests: tuple[DialTest, ...]

    def is_stale(self, now: float) -> bool:
        """True when there should have been a newer round long ago."""
        return now - self.at > STALE_ROUNDS * self.every_s + GRACE_S

    def failed(self) -> tuple[DialTest, ...]:
        """Numbers whose callers are in trouble."""
        return tuple(test for test in self.tests if test.failed)


def is_failure(finding: str, agents_expected: bool) -> bool:
    """Whether a finding is an alarm; one of the probe's own is none, since it says nothing of the line."""
    return FINDINGS[finding] == "line" or (finding == "no_agent" and agents_expected)


def as_json(tests: DialTests) -> dict[str, object]:
    """What is stored and sent."""
    return {"at": tests.at, "every_s": tests.every_s, "tests": [asdict(test) for test in tests.tests]}


def from_json(told: Mapping[str, object]) -> DialTests:
    """What was stored; ValueError if it is not that."""
    known = {field.name for field in fields(DialTest)}
    at, every_s, listed = told.get("at"), told.get("every_s"), told.get("tests")
    if not isinstance(at, int | float) or not isinstance(every_s, int | float) or not isinstance(listed, list):
        raise ValueError("no dial tests")
    try:
        tests = tuple(DialTest(**{name: value for name, value in one.items() if name in known}) for one in listed)
    except (TypeError, AttributeError) as error:
        raise ValueError("no dial test") from error
    if any(test.finding not in FINDINGS for test in tests):
        raise ValueError("unknown finding")
    return DialTests(float(at), float(every_s), tests)
