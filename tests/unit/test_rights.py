"""The rights table as data: complete, and what it must never give."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from agent_desktop.rights import ACTS, ROLES, TABLE, load_rights
from hotline_core.errors import SettingsError

pytestmark = pytest.mark.unit


def test_every_role_stands_in_the_table_once() -> None:
    """A role that is missing would silently lose all rights."""
    assert set(load_rights().table) == set(ROLES)


def test_every_act_is_explained_and_given_to_somebody() -> None:
    """An act nobody has is a spelling mistake."""
    data = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    assert set(data["acts"]) == ACTS
    assert set().union(*load_rights().table.values()) == ACTS


def test_an_agent_sees_no_full_numbers_and_hears_only_own_calls() -> None:
    """Numbers of other people's calls stay masked for an agent."""
    rights = load_rights()
    assert not rights.may("agent", "see_full_numbers")
    assert not rights.may("agent", "listen_all")
    assert rights.may("agent", "listen_own")


def test_supervisors_and_up_see_full_numbers() -> None:
    """The issue's rule, role by role."""
    rights = load_rights()
    assert {role for role in ROLES if rights.may(role, "see_full_numbers")} == {"supervisor", "administrator", "auditor", "clerk"}


def test_who_manages_people_may_not_listen_and_who_audits_may_change_nothing() -> None:
    """Three powers apart: managing, auditing, working."""
    rights = load_rights()
    assert not rights.may("administrator", "listen_all")
    assert not any(rights.may("auditor", act) for act in ("write_draft", "manage_people", "make_tokens", "use_phone"))


def test_an_unknown_role_may_nothing() -> None:
    """A forged or outdated role opens nothing."""
    assert not any(load_rights().may("root", act) for act in load_rights().table["supervisor"])  # type: ignore[arg-type]


def test_a_table_with_an_unknown_act_is_refused(tmp_path: Path) -> None:
    """A mistyped act is told at the start, not at the first click."""
    path = tmp_path / "rights.yaml"
    data = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    data["roles"]["unit"] = ["see_everything"]
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(SettingsError, match="see_everything"):
        load_rights(path)
