"""Which rules of tickets are in force: changed files and units count within seconds, broken ones change nothing."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.errors import SetupError
from hotline_core.log import open_log
from hotline_core.settings import DEFAULT_CITY, load_city
from tickets.choices import Choice
from tickets.store.choices import ProfileChoices
from tickets.store.policy_keeper import PolicyKeeper
from tickets.store.schema import units

pytestmark = pytest.mark.integration

OWN = """
name: 本市规定
editions:
  - from: 2020-01-01
    source: 本市规定
    limits: {reply: [{working_days: 3, source: 第一条}]}
"""
NOTICE = "source: 国务院办公厅通知\nholidays: {{元旦: {year}-01-01/{year}-01-03}}\nworkdays: {{元旦: {year}-01-04}}\n"


@pytest.fixture
def engine(database_url: str) -> Engine:
    migrate_tickets(database_url)
    return make_engine(database_url)


@pytest.fixture
def keeper(engine: Engine, tmp_path: Path) -> PolicyKeeper:
    return PolicyKeeper(engine, tmp_path, lambda: load_city(DEFAULT_CITY), open_log("test", "critical"))


def write(home: Path, name: str, text: str) -> None:
    path = home / "tickets" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_notice_of_holidays_counts_at_the_next_look(keeper: PolicyKeeper, tmp_path: Path) -> None:
    """A year nobody has published yet, until its file arrives."""
    day = date(2031, 1, 2)
    assert keeper.refresh() is True
    assert not keeper.policy.calendar.is_published(day)
    assert keeper.refresh() is False
    write(tmp_path, "holidays/2031.yaml", NOTICE.format(year=2031))
    assert keeper.refresh() is True
    assert keeper.policy.calendar.is_published(day)
    assert not keeper.policy.calendar.is_working(day)


def test_a_file_that_cannot_be_used_changes_nothing_until_it_is_mended(keeper: PolicyKeeper, tmp_path: Path) -> None:
    """What was in force stays in force; the mended file counts."""
    keeper.refresh()
    before = keeper.policy
    write(tmp_path, "holidays/2031.yaml", "off: [not, a, map")
    assert keeper.refresh() is False
    assert keeper.policy is before
    write(tmp_path, "holidays/2031.yaml", NOTICE.format(year=2031))
    assert keeper.refresh() is True


def test_who_starts_with_broken_files_has_no_rules_until_they_are_mended(keeper: PolicyKeeper, tmp_path: Path) -> None:
    """Not those of another city: a wrong limit would be worse than a ticket that waits."""
    write(tmp_path, "units.yaml", "transport: {name: [}")
    with pytest.raises(SetupError, match="policy_broken"):
        _ = keeper.policy
    write(tmp_path, "units.yaml", "harbour: {name: 港口管理处}\n")
    keeper.refresh()
    assert list(keeper.policy.units) == ["harbour"]


def test_units_that_the_desk_changed_lie_over_those_of_the_file(keeper: PolicyKeeper, engine: Engine) -> None:
    """One changed, one removed, one new; a row that no unit can be made of and a tree that does not hold change nothing."""
    keeper.refresh()
    given = keeper.policy.units
    changes = {"water": {"name": "供水总公司"}, "power": None, "gas": {"name": "燃气公司"}, "odd": {"name": 7}}
    with writing(engine) as connection:
        for key, data in changes.items():
            connection.execute(units.insert().values(key=key, data=None if data is None else json.dumps(data)))
    assert keeper.refresh() is True
    assert keeper.refresh() is False
    found = keeper.policy.units
    assert set(found) == (set(given) - {"power"}) | {"gas"}
    assert found["water"].name == "供水总公司"
    with writing(engine) as connection:
        connection.execute(units.insert().values(key="lost", data=json.dumps({"name": "无上级", "parent": "nobody"})))
    assert keeper.refresh() is False
    assert keeper.policy.units == found


def test_a_chosen_profile_counts_at_the_next_look_and_one_whose_file_went_away_gives_way(
    keeper: PolicyKeeper, engine: Engine, tmp_path: Path
) -> None:
    """The one before it holds again until the file is back; nothing else is touched."""
    moment = 1_795_399_200.0  # 23 November 2026
    write(tmp_path, "profiles/own.yaml", OWN)
    keeper.refresh()
    choices = ProfileChoices(engine)
    known = {profile.key for profile in keeper.policy.profiles.values()}
    for begins, profile in ((date(2026, 11, 23), "sd-jinan"), (date(2026, 11, 24), "own")):
        choices.choose(Choice("12328", begins, profile), ("12328",), known, actor="admin1", now=moment)
    assert keeper.refresh() is True
    assert keeper.refresh() is False
    days = [moment + 86400 * day for day in range(-1, 2)]
    assert [keeper.policy.profile_of("12328", day).key for day in days] == ["ah-suzhou-2023", "sd-jinan", "own"]
    (tmp_path / "tickets/profiles/own.yaml").unlink()
    assert keeper.refresh() is True
    assert [keeper.policy.profile_of("12328", day).key for day in days] == ["ah-suzhou-2023", "sd-jinan", "sd-jinan"]
    write(tmp_path, "profiles/own.yaml", OWN)
    assert keeper.refresh() is True
    assert keeper.policy.profile_of("12328", days[2]).key == "own"
