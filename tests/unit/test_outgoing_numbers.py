"""The allow list of outgoing numbers: what the city's patterns let through, and what no wide pattern may."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_core.city import City
from hotline_core.domain.outgoing import DEFAULT_ALLOW, GUARDED, extension, is_allowed, is_pattern, refused_extensions
from hotline_core.settings import DEFAULT_CITY, load_city
from launcher.check_config import city_mistakes

pytestmark = pytest.mark.unit

CITIZENS = (
    "13855701234", "19912345678", "16612345678", "01088886666", "02165432100", "05573020001", "075586543210", "3020001", "65432100",
)  # fmt: skip
SERVICES = ("95598", "12306", "12326", "12305", "055112345", "02112328", "01012345")
GUARDED_NUMBERS = ("110", "119", "120", "122", "12395", "0085212345678", "96588", "9612345", "16012345", "16812345")


@pytest.mark.parametrize("number", [*CITIZENS, *SERVICES])
def test_citizens_and_the_services_a_hotline_needs_may_be_dialled_by_default(number: str) -> None:
    """Mobiles, numbers with and without area code, utilities, the railway, other cities' hotlines."""
    assert is_allowed(DEFAULT_ALLOW, number)


@pytest.mark.parametrize("number", [*GUARDED_NUMBERS, "1", "", "114", "10086", "1385570123", "138557012345", "9512345", "12345678"])
def test_emergency_numbers_abroad_and_paid_services_may_not_by_default(number: str) -> None:
    """Nor what is too short, too long or of nobody."""
    assert not is_allowed(DEFAULT_ALLOW, number)


@pytest.mark.parametrize("number", GUARDED_NUMBERS)
def test_a_pattern_that_matches_everything_opens_no_guarded_number(number: str) -> None:
    """A convenient `X.` must not make a telephone that dials abroad, or the police by a slip."""
    wide = ("X.", "ZXX", "ZXXXX", "0.", "1.", "9.", "XXXXX", "ZXXXXXXX", "NXXXX")
    assert not is_allowed(wide, number)
    assert is_allowed([number], number)
    assert is_allowed(wide, "13855701234")


def test_a_guarded_number_passes_where_its_digits_are_spelt_out() -> None:
    """`0085.` lists one country, `96XXX` this province's services, and each only that."""
    assert is_allowed(["0085."], "0085212345678")
    assert not is_allowed(["0085."], "0081312345678")
    assert not is_allowed(["0085."], "0085")
    assert is_allowed(["96XXX"], "96588")
    assert not is_allowed(["96XXX"], "965881")
    assert is_allowed(["11X", "110"], "110")
    assert not is_allowed(["11X", "110"], "119")


@pytest.mark.parametrize("number", ["+8613855701234", "1385570 1234", "138-5570-1234", "１３８５５７０", "1385570123X", "1\n"])
def test_only_digits_are_a_number(number: str) -> None:
    """What could be read twice by the dialplan or by a carrier is refused; the caller of this function normalises first."""
    assert not is_allowed([*DEFAULT_ALLOW, "X."], number)


def test_the_letters_mean_what_they_mean_to_asterisk() -> None:
    """X 0-9, Z 1-9, N 2-9, a final dot one digit or more; nothing else is special."""
    assert [digit for digit in "0123456789" if is_allowed(["4X"], "4" + digit)] == list("0123456789")
    assert [digit for digit in "0123456789" if is_allowed(["4Z"], "4" + digit)] == list("123456789")
    assert [digit for digit in "0123456789" if is_allowed(["4N"], "4" + digit)] == list("23456789")
    assert [is_allowed(["40."], "40" + rest) for rest in ("", "1", "1234567")] == [False, True, True]
    assert not is_allowed([], "3020001")


@pytest.mark.parametrize(
    "text", ["", ".", "X!", "[2-8]XX", "_X.", "X.X", "n", "+86X", "1 2", "1,2", "1)2", "X" * 21, "X" * 20 + ".", "1\n"]
)
def test_what_is_no_pattern_is_told_as_such(text: str) -> None:
    """Nothing gets into the dialplan that could mean more there than here."""
    assert not is_pattern(text)


def test_the_dialplan_refuses_each_guarded_number_that_the_list_does_not_name() -> None:
    """Exact numbers without the underscore of a pattern."""
    assert refused_extensions(DEFAULT_ALLOW) == ("110", "119", "120", "122", "12395", "_00.", "_96.", "_160.", "_168.")
    assert refused_extensions(["110", "00.", "96XXX"]) == ("119", "120", "122", "12395", "_96.", "_160.", "_168.")
    assert refused_extensions(GUARDED) == ()
    assert [extension(pattern) for pattern in ("12306", "95XXX", "0085.")] == ["12306", "_95XXX", "_0085."]


def test_the_file_a_city_copies_holds_the_same_list() -> None:
    """A city that leaves the key out and a city that copies the file may dial the same numbers."""
    assert load_city(DEFAULT_CITY).outgoing.allow == DEFAULT_ALLOW
    line = {"name": "x", "numbers": ["12345"], "notice": "n"}
    assert City.model_validate({"name": "x", "lines": {"12345": line}}).outgoing.allow == DEFAULT_ALLOW


def test_a_pattern_that_cannot_be_used_is_told_with_its_line_and_the_cure(tmp_path: Path) -> None:
    """What a city types wrong is found before anything starts."""
    path = tmp_path / "city.yaml"
    lines = "lines:\n  '12328':\n    name: a\n    numbers: ['12328']\n    notice: n\n"
    path.write_text(f"name: x\n{lines}outgoing:\n  allow:\n    - '95XXX'\n    - '[2-8]XXXXXX'\n    - 12306\n")
    found = city_mistakes(path)
    assert [(mistake.line, mistake.what) for mistake in found] == [
        (10, "outgoing.allow.1 号码样式 [2-8]XXXXXX 不能使用"), (11, "outgoing.allow.2 应为文字（数字请加引号）"),
    ]  # fmt: skip
    assert "X（0 到 9）" in found[0].cure
