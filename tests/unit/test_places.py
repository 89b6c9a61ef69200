"""Where a number comes from: the longest beginning that has a name; what is no subscriber's number has no place."""

from __future__ import annotations

import pytest

from hotline_core.domain.places import Places, places_of

pytestmark = pytest.mark.unit

PLAN = {
    "1": "不用", "138": "某省", "1385570": "安徽省宿州市", "557": "安徽省宿州市", "10": "北京市", "21": "上海市",
    "5570": "", "1380000000": "太长", "x": "不是号码",
}  # fmt: skip


@pytest.mark.parametrize(
    ("number", "place"),
    [
        ("13855701234", "安徽省宿州市"), ("13899901234", "某省"), ("05573020001", "安徽省宿州市"), ("01062345678", "北京市"),
        ("02188888888", "上海市"), ("12345", ""), ("95598", ""), ("4008123123", ""), ("008613855701234", ""), ("", ""),
        ("138****1234", ""), ("anonymous", ""), ("3020001", ""),
    ],
)  # fmt: skip
def test_a_number_has_the_place_of_the_longest_beginning_that_has_a_name(number: str, place: str) -> None:
    """National form, as numbers are kept; a masked number has none."""
    assert places_of(PLAN).of(number) == place


def test_without_a_plan_no_number_has_a_place() -> None:
    """A desk whose file could not be made goes on."""
    assert Places().of("13855701234") == ""


def test_each_name_is_kept_once() -> None:
    """And names that nothing needs are not kept."""
    assert places_of(PLAN).names == ("上海市", "不用", "北京市", "安徽省宿州市", "某省")
