"""Every key of a ticket's life has its word for people."""

from __future__ import annotations

from typing import get_args

import pytest

from agent_desktop.rights import ROLES
from tickets.acts import ACTS, STAGES
from tickets.names import load_names
from tickets.ticket import CallerKind

pytestmark = pytest.mark.unit


def test_no_stage_act_role_or_kind_is_without_a_word_and_no_two_stages_share_one() -> None:
    names = load_names()
    assert list(names.stages) == list(STAGES)
    assert set(names.acts) == {*ACTS, "create", "recount", "attach", "detach"}
    assert set(names.roles) == {*ROLES, "system"}
    assert set(names.caller_kinds) == set(get_args(CallerKind))
    assert list(names.limits) == ["dispatch", "sign", "contact", "reply", "return", "follow_up"]
    for words in (names.stages, names.limits, names.left, names.roles):
        assert len(set(words.values())) == len(words)
