"""Numbers, telephone numbers and times are said the way a Chinese speaker says them, with recordings that exist."""

from __future__ import annotations

import pytest

from ivr.catalogue import CATALOGUE_PATH, load_catalogue
from ivr.numbers import LARGEST, spoken_digits, spoken_number, spoken_time

pytestmark = pytest.mark.unit

TEXTS = {prompt.key: prompt.text.rstrip("。") for prompt in load_catalogue(CATALOGUE_PATH).prompts}


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "零"),
        (2, "二"),
        (10, "十"),
        (11, "十一"),
        (20, "二十"),
        (45, "四十五"),
        (100, "一百"),
        (105, "一百零五"),
        (110, "一百一十"),
        (115, "一百一十五"),
        (230, "二百三十"),
        (1000, "一千"),
        (1005, "一千零五"),
        (1010, "一千零一十"),
        (1050, "一千零五十"),
        (1100, "一千一百"),
        (1208, "一千二百零八"),
        (9999, "九千九百九十九"),
    ],
)
def test_caller_hears_a_count_as_it_is_said_in_chinese(number: int, said: str) -> None:
    assert words(spoken_number(number)) == said


def test_caller_hears_every_count_differently_and_never_two_zeros_together() -> None:
    """Ten thousand counts, ten thousand ways to say them, each without a zero that nobody says."""
    every = [words(spoken_number(number)) for number in range(LARGEST + 1)]
    assert len(set(every)) == len(every)
    assert not [said for said in every if "零零" in said or (len(said) > 1 and (said.endswith("零") or said.startswith("零")))]


@pytest.mark.parametrize("number", [-1, LARGEST + 1])
def test_caller_never_hears_a_wrong_count_for_one_that_cannot_be_said(number: int) -> None:
    with pytest.raises(ValueError, match="no words"):
        spoken_number(number)


def test_caller_hears_a_telephone_number_digit_by_digit() -> None:
    """One is 幺, as on every telephone."""
    assert words(spoken_digits("12395")) == "幺二三九五"
    assert words(spoken_digits("13800670041")) == "幺三八零零六七零零四幺"


@pytest.mark.parametrize("digits", ["", "12a", "+86", "１２", "²"])
def test_caller_never_hears_half_of_a_number_that_is_not_one(digits: str) -> None:
    with pytest.raises(ValueError, match="not digits"):
        spoken_digits(digits)


@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [
        (0, 0, "凌晨零点"),
        (2, 30, "凌晨两点三十分"),
        (6, 0, "上午六点"),
        (9, 5, "上午九点零五分"),
        (12, 10, "中午十二点十分"),
        (14, 0, "下午两点"),
        (15, 20, "下午三点二十分"),
        (18, 0, "晚上六点"),
        (22, 15, "晚上十点十五分"),
        (23, 59, "晚上十一点五十九分"),
    ],
)
def test_caller_hears_a_time_of_day(hour: int, minute: int, said: str) -> None:
    assert words(spoken_time(hour, minute)) == said


@pytest.mark.parametrize(("hour", "minute"), [(24, 0), (-1, 0), (12, 60), (12, -1)])
def test_caller_never_hears_a_time_that_no_clock_shows(hour: int, minute: int) -> None:
    with pytest.raises(ValueError, match="no such time"):
        spoken_time(hour, minute)


def test_caller_hears_every_minute_of_the_day_from_recordings_that_exist() -> None:
    assert len({words(spoken_time(minute // 60, minute % 60)) for minute in range(24 * 60)}) == 24 * 60


def test_asterisk_finds_the_files_it_asks_for_when_it_says_a_number_in_chinese() -> None:
    """The names of say.c for `zh` below ten thousand."""
    numbers = {f"digits/{number}" for number in (*range(10), *range(10, 100, 10))}
    assert numbers | {"digits/hundred", "digits/thousand"} <= set(TEXTS)


def words(keys: tuple[str, ...]) -> str:
    return "".join(TEXTS[key] for key in keys)
