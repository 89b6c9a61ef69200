"""`python -m probe` rings our numbers from outside until SIGTERM; `python -m probe now` asks it for a round and tells it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from asterisk_conf.probe_account import Account, every_minutes, probe_account, probe_caller
from hotline_core.adapters import dial_test_files as files
from hotline_core.adapters import ports
from hotline_core.adapters.clock import now
from hotline_core.adapters.secrets import load_or_make
from hotline_core.city import City
from hotline_core.domain.dial_tests import DialTest, DialTests
from hotline_core.errors import HotlineError, SetupError
from hotline_core.log import Log, open_log, take_over
from hotline_core.settings import Settings, load_city, load_settings
from hotline_core.yaml_lines import load_yaml
from probe.dialling import dial_test
from probe.expected import expected
from probe.rounds import APART_S, continued, next_round, numbers, summary, wants_another

LOOK_S = 1.0
ROUND_S = 600.0
SHANGHAI = timezone(timedelta(hours=8))


def serve(settings: Settings, city: City, log: Log, stop: threading.Event) -> None:
    """Rounds until stopped; OSError if the results cannot be kept (the supervisor starts us again)."""
    folder, every_s = settings.paths.dial_tests, 60.0 * every_minutes(city)
    before = _earlier(folder, log)
    rings_at = next_round(None, every_s, now())
    log.info("probe started", every_s=every_s)
    while not stop.is_set():
        if files.take_wish(folder) or now() >= rings_at:
            found = _round(settings, city, log, stop)
            if found is None:
                break
            before = DialTests(now(), every_s, continued(found, before))
            files.write(folder, before)
            (log.error if before.failed() else log.info)("dial-tests", **summary(before.tests))
            rings_at = next_round(before, every_s, now())
        stop.wait(LOOK_S)
    log.info("probe stopped")


def _account(settings: Settings, city: City) -> Account:
    """Read anew for each round, so that a secret that was put right needs no restart; SetupError if it cannot be had."""
    carrier = ports.read(settings.paths).carrier_sip if settings.demo else None
    return probe_account(city, load_or_make(settings.paths.secrets), settings.paths.home, carrier)


def _round(settings: Settings, city: City, log: Log, stop: threading.Event) -> list[DialTest] | None:
    """One test of each number, the failed ones tried again; None when we are stopped meanwhile."""
    try:
        account = _account(settings, city)
    except SetupError as error:
        log.error("the probe has no account", code=error.code, **error.facts)
        return [DialTest(number, line, "no_account", now(), now(), failed=False) for number, line in numbers(city)]
    wanted = expected(city, settings.paths.own_prompts)
    needs_agents = city.probe is not None and city.probe.agents_expected
    found = []
    for number, line in numbers(city):
        tries = 1
        while True:
            test = dial_test(
                account, number, line, wanted, agents_expected=needs_agents, now=now, is_ending=stop.is_set, log=log
            )  # fmt: skip
            if stop.wait(APART_S):
                return None
            if not wants_another(test, tries):
                break
            tries += 1
        found.append(replace(test, tries=tries))
    return found


def _earlier(folder: Path, log: Log) -> DialTests | None:
    try:
        return files.read(folder)
    except (OSError, ValueError) as error:
        log.warning("the last dial-tests cannot be read", kind=type(error).__name__)
        return None


def tell_now(settings: Settings) -> int:
    """Ask the running probe for a round, wait, print it; 1 if a number is in trouble, 2 if no probe answers."""
    texts = load_yaml(Path(__file__).with_name("texts.yaml").read_text(encoding="utf-8"))
    folder = settings.paths.dial_tests
    if not files.is_held(folder):
        print(texts["nobody"], file=sys.stderr)
        return 2
    asked = now()
    files.ask(folder)
    print(texts["asked"], flush=True)
    ends_at = time.monotonic() + ROUND_S
    while time.monotonic() < ends_at:
        tests = files.read(folder)
        if tests is not None and tests.at >= asked and not (folder / files.ASKED).exists():
            for test in tests.tests:
                print(_row(test, texts), flush=True)
            return 1 if tests.failed() else 0
        time.sleep(LOOK_S)
    files.take_wish(folder)
    print(texts["late"], file=sys.stderr)
    return 2


def _row(test: DialTest, texts: dict[str, Any]) -> str:
    def figure(key: str, value: float | None) -> str:
        return "" if value is None else texts["figures"][key].format(value=value)

    figures = [
        figure("answer", test.answer_s), figure("queue", test.queue_s), figure("level", test.level_db),
        texts["figures"]["tries"].format(value=test.tries) if test.tries > 1 else "",
    ]  # fmt: skip
    at = datetime.fromtimestamp(test.at, SHANGHAI).strftime("%H:%M:%S")
    mark = texts["marks"]["failed" if test.failed else "well"]
    words = texts["findings"][test.finding].format(heard=test.heard, status=test.status or "")
    return str(texts["row"].format(mark=mark, number=test.number, words=words, figures="".join(figures), at=at))


def main(arguments: list[str]) -> int:
    """Entry point; 2 for settings that cannot be used."""
    try:
        settings = load_settings()
        if arguments == ["now"]:
            return tell_now(settings)
        city = load_city(settings.city_file)
        log = open_log("probe", settings.log_level)
        take_over(log)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())
        if not probe_caller(city, settings.demo):
            log.info("no probe is wanted")
            stop.wait()
            return 0
        with files.held(settings.paths.dial_tests):
            serve(settings, city, log, stop)
    except HotlineError as error:
        sys.stderr.write(f"probe: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
