"""The directory of outside parties: who is found, who is there, who may call whom, and that a party survives every store."""

from __future__ import annotations

import json
from datetime import datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_core.city import City
from hotline_core.city_party import PartyKind
from hotline_core.domain.outgoing import DEFAULT_ALLOW
from hotline_core.errors import BadInput
from transfer.directory import (
    KINDS,
    Hours,
    Party,
    calling_data,
    data_of,
    found,
    in_order,
    is_open,
    may_have,
    may_use,
    overlaid,
    parties_of,
    party_of,
)

pytestmark = pytest.mark.unit

RESCUE = Party("water_rescue", "水上搜救", ("12395", "05573020009"), "emergency", initials="sssj")
POLICE = Party("police", "公安报警", ("110",), "emergency", initials="gabj")
RAILWAY = Party("railway", "铁路客服", ("12306",), "hotline", initials="tlkf")
BUREAU = Party("bureau", "市交通运输局值班室", ("05573020001",), "unit", initials="sjtysjzbs")
WATER = Party("water", "自来水公司", ("96116",), "utility", initials="zlsgs")
EVERYONE = (BUREAU, RAILWAY, RESCUE, WATER, POLICE)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()


def open_in(*hours: dict[str, str]) -> Party:
    return party_of("unit", {"name": "单位", "numbers": ["12306"], "kind": "unit", "hours": list(hours)})


def test_an_agent_finds_a_party_by_name_by_pinyin_initials_and_by_number() -> None:
    """Who begins with what was typed stands before who only holds it."""
    assert found(EVERYONE, "铁路") == [RAILWAY]
    assert found(EVERYONE, "TLKF") == [RAILWAY]
    assert found(EVERYONE, "zbs") == [BUREAU]
    assert found(EVERYONE, "s") == [RESCUE, BUREAU, WATER]
    assert found(EVERYONE, "3020001") == [BUREAU]
    assert found(EVERYONE, "+86 557 3020001") == [BUREAU]
    assert found(EVERYONE, "1") == [RESCUE, POLICE, RAILWAY]
    assert found(EVERYONE, "没有") == []


def test_without_a_word_emergency_parties_stand_first_in_the_order_they_were_given() -> None:
    """Then hotlines, utilities and units."""
    assert found(EVERYONE, " ") == in_order(EVERYONE) == [RESCUE, POLICE, RAILWAY, WATER, BUREAU]


@pytest.mark.parametrize(
    ("moment", "is_there"),
    [
        ("2026-11-20 08:29", False),  # a Friday
        ("2026-11-20 08:30", True),
        ("2026-11-20 17:29", True),
        ("2026-11-20 17:30", False),
        ("2026-11-21 10:00", False),
        ("2026-11-22 23:00", True),  # Sunday's night hours
        ("2026-11-23 01:59", True),  # still Sunday's
        ("2026-11-23 02:00", False),
        ("2026-11-24 01:00", False),
    ],
)
def test_a_party_is_there_in_its_hours_of_shanghai_also_beyond_midnight(moment: str, is_there: bool) -> None:
    unit = open_in({"days": "1-5", "from": "08:30", "to": "17:30"}, {"days": "7", "from": "22:00", "to": "02:00"})
    assert is_open(unit, at(moment)) is is_there


def test_a_party_without_hours_or_with_whole_days_is_always_there() -> None:
    for minute in range(0, 7 * 24 * 60, 37):
        moment = at("2026-11-20 00:00") + minute * 60
        assert is_open(BUREAU, moment)
        assert is_open(open_in({"days": "1-7", "from": "00:00", "to": "24:00"}), moment)
        assert is_open(open_in({"days": "6-5", "from": "07:00", "to": "07:00"}), moment)


def test_an_emergency_party_is_for_everybody_and_another_one_for_its_roles() -> None:
    expert = party_of("expert", {"name": "专家", "numbers": ["12306"], "kind": "expert", "roles": ["supervisor"]})
    assert may_use(expert, "supervisor")
    assert not may_use(expert, "agent")
    assert may_use(BUREAU, "agent")
    with pytest.raises(BadInput) as refused:
        party_of("police", {"name": "公安报警", "numbers": ["110"], "kind": "emergency", "roles": ["supervisor"]})
    assert refused.value.facts == {"field": "roles"}


def test_nobody_writes_a_number_into_the_directory_that_might_cost_or_mislead() -> None:
    """The allow list, the city's own file, and the rescuers' short numbers for an emergency party only (R10)."""
    assert may_have(("05573020001", "12306"), "unit", DEFAULT_ALLOW, ())
    assert may_have(("110", "12395"), "emergency", DEFAULT_ALLOW, ())
    assert not may_have(("110",), "unit", DEFAULT_ALLOW, ())
    assert not may_have(("0085212345678",), "emergency", DEFAULT_ALLOW, ())
    assert not may_have(("13800000000", "16812345"), "unit", DEFAULT_ALLOW, ())
    assert may_have(("16812345",), "unit", DEFAULT_ALLOW, ("16812345",))


def test_the_directory_is_the_citys_file_and_over_it_what_was_changed() -> None:
    """Changed, removed and added; the file's order stays."""
    file = {each.key: each for each in (RESCUE, POLICE, RAILWAY)}
    moved = Party("police", "公安报警", ("110", "05573020003"), "emergency")
    changed = overlaid(file, {"railway": None, "police": moved, "bureau": BUREAU, "gone": None})
    assert list(changed.values()) == [RESCUE, moved, BUREAU]


def test_a_citys_file_gives_its_parties_with_hours_words_and_roles() -> None:
    city = City.model_validate(
        {
            "name": "市",
            "lines": {"12328": {"name": "热线", "numbers": ["12328"], "notice": "notice-12328"}},
            "outside_parties": {
                "unit": {
                    "name": "值班室", "numbers": ["05573020001", "13800000000"], "kind": "unit", "tell": "工作日", "menu": False,
                    "hours": [{"days": "1-3,5", "from": "08:30", "to": "24:00"}], "roles": ["agent"],
                }
            },
        }
    )  # fmt: skip
    hours = (Hours(frozenset({1, 2, 3, 5}), 510, 1440),)
    unit = Party("unit", "值班室", ("05573020001", "13800000000"), "unit", hours, False, "工作日", ("agent",))
    assert parties_of(city) == {"unit": unit}
    assert calling_data(unit) == {"name": "值班室", "numbers": ["05573020001", "13800000000"], "kind": "unit"}


times = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda pair: pair[0] * 60 + pair[1])
some_hours = st.builds(Hours, st.frozensets(st.integers(1, 7), min_size=1), times, times | st.just(1440))
some_party = st.builds(
    Party,
    st.just("unit"),
    st.text("水上搜救局 AB", min_size=1, max_size=60),
    st.lists(st.from_regex(r"[0-9]{2,20}", fullmatch=True), min_size=1, max_size=8).map(tuple),
    st.sampled_from(("hotline", "unit")),
    st.lists(some_hours, max_size=3).map(tuple),
    st.booleans(),
    st.text("先按一再说话。", max_size=200),
    st.lists(st.sampled_from(("agent", "supervisor")), unique=True).map(tuple),
)


@given(some_party)
def test_a_party_is_the_same_after_every_store(party: Party) -> None:
    """Written as JSON and read back."""
    assert party_of("unit", json.loads(json.dumps(data_of(party)))) == party


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"numbers": []}, "numbers"),
        ({"numbers": ["12306&SIP/evil"]}, "numbers"),
        ({"numbers": ["1"] * 9}, "numbers"),
        ({"kind": "friend"}, "kind"),
        ({"hours": [{"days": "0-8", "from": "08:00", "to": "12:00"}]}, "hours"),
        ({"hours": [{"days": "1", "from": "8:00", "to": "12:00"}]}, "hours"),
        ({"tell": "a\nb"}, "tell"),
        ({"tell": "长" * 201}, "tell"),
        ({"roles": ["citizen"]}, "roles"),
        ({"shell": "rm"}, "shell"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_name_of_its_field(change: dict[str, object], field: str) -> None:
    data: dict[str, object] = {"name": "单位", "numbers": ["12306"], "kind": "unit"}
    with pytest.raises(BadInput) as refused:
        party_of("unit", data | change)
    assert (refused.value.code, refused.value.facts) == ("bad_party", {"field": field})


@pytest.mark.parametrize("data", [None, [], 12, "x"])
def test_what_is_no_party_at_all_is_refused(data: object) -> None:
    with pytest.raises(BadInput):
        party_of("unit", data)


def test_every_kind_of_the_citys_file_has_its_place_in_the_order() -> None:
    assert set(KINDS) == set(get_args(PartyKind))
