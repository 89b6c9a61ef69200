"""What every test shares: each module declares one kind, a missing part fails instead of skipping, counts per kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from hotline_core.settings import DEFAULT_CITY
from tests.running.instance import Hotline, running
from tests.speech import Recogniser

KINDS = ("unit", "transcripts", "integration", "asterisk", "desktop", "campaign")


@pytest.fixture(scope="session")
def hotline() -> Iterator[Hotline]:
    """One hotline as `make run` starts it, shared by all calls of the run; its agents are free again after 1 s."""
    city = DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")
    with running(city) as one:
        yield one


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    """One ear for all tests that listen to words."""
    return Recogniser()


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much a campaign does, and with which dice; an ordinary run has its own small numbers."""
    parser.addoption("--runs", type=int, default=None, help="rounds of a campaign, instead of each campaign's own number")
    parser.addoption("--seed", type=int, default=20260101, help="seed of everything a test throws dice for")


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of this run; the same one gives the same test."""
    return int(request.config.getoption("--seed"))


def pytest_configure(config: pytest.Config) -> None:
    """Count what this run does; no example of a property is judged by the clock on the wall.

    Hypothesis gives an example 200 ms by default. On a machine that is busy elsewhere any example may take longer once, and not
    when it is tried again: the run failed then ("unreliable results"), with nothing wrong. A test's own time is bounded as a whole.
    """
    unhurried = [*settings().suppress_health_check, HealthCheck.too_slow]
    settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=unhurried)
    settings.load_profile("unhurried")
    config.pluginmanager.register(Counting(), "counting")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse a test without a kind or with two; run the kinds in order, quickest first; campaigns only by `-m campaign`."""
    for item in items:
        kinds = [kind for kind in KINDS if item.get_closest_marker(kind)]
        if len(kinds) != 1:
            raise pytest.UsageError(f"{item.nodeid} declares {kinds or 'no kind'}; exactly one of {KINDS} is needed")
    if "campaign" not in config.getoption("markexpr"):
        campaigns = [item for item in items if item.get_closest_marker("campaign")]
        config.hook.pytest_deselected(items=campaigns)
        items[:] = [item for item in items if item not in campaigns]
    items.sort(key=lambda item: next(place for place, kind in enumerate(KINDS) if item.get_closest_marker(kind)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skip is a missing part and fails the run."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which no test here may be: {report.longrepr}"
    return report


class Counting:
    """Counts by kind and outcome, where the reports of all workers come together."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One report; a set-up or an end counts only if it failed."""
        if report.when == "call" or report.outcome != "passed":
            kind = next(kind for kind in KINDS if kind in report.keywords)
            self.counts[f"{kind} {report.outcome}"] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the counts per kind."""
        told = [
            f"{name}: {self.counts[name]}" for kind in KINDS for name in (f"{kind} passed", f"{kind} failed") if self.counts[name]
        ]
        terminalreporter.write_line("tests by kind: " + (", ".join(told) or "none"))
