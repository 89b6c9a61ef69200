"""One citizen, one number: the forms carriers and people write, and the forms a line answers to."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from asterisk_conf.line_numbers import LineNumber, line_numbers
from hotline_core.city import City
from hotline_core.domain.numbers import dialled_forms, national, of_caller
from hotline_core.settings import DEFAULT_CITY
from launcher.check_config import city_mistakes
from tests.numbers import CALLERS, DIALLED

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("written", "kept"), [*CALLERS.items(), *DIALLED.items()])
def test_a_number_has_one_national_form_however_it_is_written(written: str, kept: str) -> None:
    """The same table is dialled against the real dialplan."""
    assert of_caller(written, "0557") == kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("0557 302 0001", "05573020001"), ("(0557)3020001", "05573020001"), ("3020001", "3020001"), ("8612345", "8612345"),
        ("86543210", "86543210"), ("+864001234567", "4001234567"), ("+8612345", "12345"), ("", ""), ("anonymous", ""),
        ("１２３", ""), ("+", "00"), ("008613855701234", "13855701234"), ("+861012345", "01012345"),
    ],
)  # fmt: skip
def test_what_could_be_two_things_is_left_alone(written: str, kept: str) -> None:
    """86 in front of a short number may be somebody's telephone; without an area code of the city none is added."""
    assert national(written) == kept
    assert of_caller(written, "") == kept


def test_a_short_number_is_a_lines_behind_any_area_code_and_a_long_one_with_and_without_the_citys() -> None:
    """Patterns of the dialplan; two lines may not answer to the same form."""
    assert dialled_forms("+8612345", "0557") == ("12345", "01012345", "02X12345", "0[3-9]XX12345", "8612345")
    assert dialled_forms("05573020001", "0557") == ("05573020001", "3020001")
    assert dialled_forms("302-0001", "0557") == ("3020001", "05573020001")
    assert dialled_forms("05513020001", "0557") == ("05513020001",)
    assert dialled_forms("055712345", "0557") == ("055712345",)


def _city(**more: object) -> City:
    line = {"name": "x", "numbers": ["12345"], "notice": "n", "retired": [{"number": "96588", "until": date(2027, 6, 30)}]}
    return City.model_validate({"name": "x", "area_code": "0557", "lines": {"12345": line}, **more})


def test_a_retired_number_ends_with_its_last_day_in_shanghai() -> None:
    """2027-07-01 00:00 +08:00; the machine's own time zone is of no account."""
    found = {number.extension: number for number in line_numbers(_city())}
    assert found["d96588"] == LineNumber("d96588", "12345", date(2027, 6, 30))
    assert found["d96588"].ends_at == 1814371200
    assert found["d12345"].ends_at == 0
    assert found["_d0[3-9]XX96588"].line == "12345"


def test_a_number_of_two_lines_and_a_day_that_is_none_are_told_with_their_lines(tmp_path: Path) -> None:
    """In whatever dress the number stands there the second time."""
    path = tmp_path / "city.yaml"
    text = DEFAULT_CITY.read_text(encoding="utf-8")
    path.write_text(text.replace('["12345", "055712345"]', '["12345", "+8655712328"]'), encoding="utf-8")
    [twice] = city_mistakes(path)
    assert twice.what == "lines.12345.numbers 号码 +8655712328 已属于线路 12328（可能写法不同）"
    assert text.splitlines()[twice.line - 1].startswith("    numbers:")
    path.write_text(text.replace("retired: []", 'retired: [{number: "96588", until: soon}]'), encoding="utf-8")
    assert [mistake.what for mistake in city_mistakes(path)] == ["lines.12345.retired.0.until 应为日期，如 2027-06-30"]
    path.write_text(text.replace("retired: []", 'retired: [{number: "055712328", until: 2027-06-30}]'), encoding="utf-8")
    assert [mistake.what[:21] for mistake in city_mistakes(path)] == ["lines.12345.retired 号"]
