"""`make doctor`: examine, print the report, exit code 0 when nothing is bad, 1 when something is, 2 for wrong settings."""

from __future__ import annotations

import argparse
import os
import sys

from doctor.checks.settings import judge
from doctor.examine import examine
from doctor.finding import Finding, bad, is_healthy
from doctor.in_use import PREFIX, home_of, is_closed, settings_in_use
from doctor.report import for_people, for_programs
from doctor.subject import look_at
from hotline_core.adapters import clock
from hotline_core.settings import DEFAULT_CITY
from launcher.check_config import all_mistakes


def main(arguments: list[str]) -> int:
    """Look at the hotline of these settings."""
    parser = argparse.ArgumentParser(prog="python -m doctor")
    parser.add_argument("--json", action="store_true", help="the report as one JSON document")
    chosen = parser.parse_args(arguments)
    adopt(settings_in_use(os.environ))
    at, home = clock.now(), home_of(os.environ)
    if is_closed(home):
        _print([bad("doctor", "no_access", folder=home)], str(home), at, is_json=chosen.json)
        return 1
    settings, mistakes = all_mistakes(os.environ)
    if settings is None:  # nothing else can be examined without them
        _print(judge(mistakes, file=DEFAULT_CITY, is_demo=True, is_newer=False), "?", at, is_json=chosen.json)
        return 2
    findings = examine(look_at(settings, at))
    _print(findings, str(settings.home), at, is_json=chosen.json)
    sys.stdout.flush()
    return 0 if is_healthy(findings) else 1


def adopt(variables: dict[str, str]) -> None:
    """Make these the HOTLINE_* variables of this process: everything that reads settings reads them from there."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update(variables)


def _print(findings: list[Finding], home: str, at: float, *, is_json: bool) -> None:
    text = for_programs(findings, home=home, at=at) if is_json else for_people(findings, home=home, is_coloured=sys.stdout.isatty())
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
