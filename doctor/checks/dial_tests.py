"""What did the dial-test probe find when it last rang our numbers from outside, and does it ring at all?"""

from __future__ import annotations

from asterisk_conf.probe_account import probe_caller
from doctor.finding import Finding, bad, good, note, skipped
from doctor.subject import Subject
from hotline_core.adapters import dial_test_files
from hotline_core.domain.dial_tests import FINDINGS, DialTests

NAME = "dial_tests"
HOUR_S = 3600.0


def examine(subject: Subject) -> list[Finding]:
    """Reads the last round; rings nobody."""
    if subject.city is None:
        return [skipped(NAME, "no_city")]
    is_wanted = bool(probe_caller(subject.city, subject.is_demo))
    try:
        last = dial_test_files.read(subject.settings.paths.dial_tests) if is_wanted else None
    except ValueError:
        return [bad(NAME, "torn", folder=subject.settings.paths.dial_tests)]
    return judge(last, subject.now, is_wanted=is_wanted, is_running=subject.is_running, is_demo=subject.is_demo)


def judge(last: DialTests | None, now: float, *, is_wanted: bool, is_running: bool, is_demo: bool) -> list[Finding]:
    """One line for each number whose callers are in trouble; `now` in seconds since the epoch."""
    if not is_wanted:
        return [good(NAME, "off") if is_demo else note(NAME, "none")]
    if last is None:
        return [skipped(NAME, "not_yet")]
    hours = round((now - last.at) / HOUR_S, 1)
    if last.is_stale(now):
        return [bad(NAME, "stale", hours=hours) if is_running else skipped(NAME, "old", hours=hours)]
    found = [bad(NAME, "failed", number=test.number, finding=test.finding) for test in last.failed()]
    found += [note(NAME, "untold", number=test.number) for test in last.tests if FINDINGS[test.finding] == "probe"]
    return found or [good(NAME, count=len(last.tests), hours=hours)]
