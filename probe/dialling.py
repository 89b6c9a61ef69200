"""Rings one number in a process of its own that cannot outlive its time, and judges what came of it."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from asterisk_conf.probe_account import Account
from hotline_core.domain.dial_tests import DialTest, is_failure
from hotline_core.log import Log
from probe.ear import timeline
from probe.expected import Expected
from probe.verdict import Heard, verdict

CHECKOUT = Path(__file__).resolve().parent.parent
ANSWER_S = 12.0  # a citizen is answered at once; a carrier's own way there may take seconds
LISTEN_S = 25.0  # 8 s to the queue, 3 s in it, the tone
SLACK_S = 15.0  # registration, and an interpreter that starts on a busy machine
LARGEST = 4 << 20
LOOK_S = 0.2


class NotRun(Exception):
    """The call could not even be tried; nothing is known of the line."""


def dial_test(
    account: Account, number: str, line: str, expected: Expected, *, agents_expected: bool, now: Callable[[], float],
    is_ending: Callable[[], bool], log: Log,
) -> DialTest:  # fmt: skip
    """One call and its record; never raises for what can go wrong on the way, that is what it finds."""
    at = now()
    try:
        heard = _ring(account, number, is_ending)
    except NotRun as error:
        log.warning("a dial-test could not be made", number=number, reason=str(error))
        return DialTest(number, line, "not_run", at, at, is_failure("not_run", agents_expected))
    return verdict(number, line, heard, expected, at, agents_expected=agents_expected)


def _ring(account: Account, number: str, is_ending: Callable[[], bool]) -> Heard:
    order = {
        "host": account.host, "port": account.port, "user": account.user, "password": account.password, "number": number,
        "answer_s": ANSWER_S, "listen_s": LISTEN_S,
    }  # fmt: skip
    inside, outside = os.pipe()
    try:
        with subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "probe.caller", str(outside)], cwd=CHECKOUT, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(outside,),
        ) as process:  # fmt: skip
            os.close(outside)
            outside = -1
            try:
                assert process.stdin is not None
                process.stdin.write(json.dumps(order).encode())
                process.stdin.close()
                told = _read(inside, time.monotonic() + ANSWER_S + LISTEN_S + SLACK_S, is_ending)
            except OSError as error:
                raise NotRun(type(error).__name__) from error
            finally:
                process.kill()
    finally:
        os.close(inside)
        if outside >= 0:
            os.close(outside)
    return _heard(told)


def _read(inside: int, ends_at: float, is_ending: Callable[[], bool]) -> bytes:
    """All that the caller tells; NotRun when it takes too long or we must end."""
    told = b""
    while len(told) < LARGEST:
        if is_ending():
            raise NotRun("ending")
        if time.monotonic() > ends_at:
            raise NotRun("late")
        if select.select([inside], [], [], LOOK_S)[0]:
            data = os.read(inside, 65536)
            if not data:
                return told
            told += data
    raise NotRun("much")


def _heard(told: bytes) -> Heard:
    try:
        facts = json.loads(told)
        packets = [(float(at), int(offset), base64.b64decode(data)) for at, offset, data in facts["packets"]]
        return Heard(bool(facts["registered"]), facts["answered_s"], facts["began_s"], int(facts["status"]), timeline(packets))
    except (ValueError, KeyError, TypeError) as error:
        raise NotRun("the caller died" if not told else "unreadable") from error
