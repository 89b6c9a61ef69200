"""Every key of a ticket's life has its word for people."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from agent_desktop.rights import ROLES
from hotline_core.settings import DEFAULT_CITY, load_city
from tickets.acts import ACTS, STAGES
from tickets.clockwork import WAITS
from tickets.names import load_names
from tickets.notice_words import sentence_of
from tickets.policy import load_policy
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


def test_every_notice_is_a_whole_sentence_with_its_facts_in_words() -> None:
    """No brace and no machine's word is left, whatever facts are there or missing."""
    names, policy = load_names(), load_policy(Path("/nonexistent"), load_city(DEFAULT_CITY))
    for kind in names.notices:
        limit = next((each for each in ("phone", *WAITS) if kind.endswith(f"_{each}")), "reply")
        plain = kind.removesuffix(f"_{limit}")
        whole = {
            "unit": "transport", "limit": limit, "amount": 5, "measure": "working_days",
            "into": "20261122000001", "fields": ["title", "place"], "lane": "urgent",
        }  # fmt: skip
        told = sentence_of(plain, whole, names, policy)
        assert told.endswith("。")
        assert not re.search(r"[a-z{}]", told), told
        assert sentence_of(plain, {}, names, policy).endswith("。")
    assert sentence_of("extension_asked", {"unit": "transport", "amount": 5, "measure": "working_days"}, names, policy) == (
        "市交通运输局申请延期 5 个工作日，请决定。"
    )
    assert sentence_of("corrected", {"fields": ["title", "place"]}, names, policy) == "内容已更正：标题、地点。"
    assert sentence_of("of tomorrow's version", {}, names, policy) == ""
