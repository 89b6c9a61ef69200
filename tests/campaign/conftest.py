"""What campaigns share: how often, and the tables they fill, printed at the end of the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.campaign.tables import FOLDER, Table

TABLES = pytest.StashKey[dict[str, Table]]()
OpenTable = Callable[..., Table]


def pytest_configure(config: pytest.Config) -> None:
    """No table yet."""
    config.stash[TABLES] = {}


@pytest.fixture
def table(request: pytest.FixtureRequest) -> OpenTable:
    """`table(name, title, *columns)`: the table of that name, the same one for all tests of the run."""

    def opened(name: str, title: str, *columns: str) -> Table:
        return request.config.stash[TABLES].setdefault(name, Table(name, title, columns))

    return opened


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """`runs(otherwise)`: the rounds asked for by `--runs`, or this campaign's own number."""
    asked: int | None = request.config.getoption("--runs")
    return lambda otherwise: asked if asked is not None else otherwise


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print every table of this run."""
    for one in config.stash[TABLES].values():
        terminalreporter.write_line("")
        terminalreporter.write_line(one.text())
    if config.stash[TABLES]:
        terminalreporter.write_line(f"tables: {FOLDER}")
