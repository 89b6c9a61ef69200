"""Units: the tree, which one a matter is for, who is there at night and on holidays, and what a city writes wrong."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from hotline_core.errors import BadInput, NotFound, SettingsError
from hotline_core.settings import DEFAULT_CITY, load_city
from tickets import units
from tickets.catalogue import load_catalogue
from tickets.policy import load_policy
from tickets.ticket import Content
from tickets.units import SHANGHAI, Contact, Reason, Shift, Unit, data_of, on_duty, suggest, telephones, unit_of
from tickets.units_data import load_units

pytestmark = pytest.mark.unit

DEMO = load_units()
HOLIDAYS = {date(2026, 10, 1): "国庆节"}


class Weekdays:
    """A calendar of weekdays with one public holiday."""

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5 and day not in HOLIDAYS

    def is_published(self, day: date) -> bool:
        return True

    def name_of(self, day: date) -> str:
        return HOLIDAYS.get(day, "")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


def first_of(**content: object) -> str:
    return suggest(Content(**content), DEMO)[0].unit  # type: ignore[arg-type]


def test_a_taxi_that_refuses_a_passenger_is_suggested_to_the_passenger_office_with_the_reasons() -> None:
    taxi = Content(line="12328", klass="complaint", field="city_passenger", title="出租车拒载", text="在火车站拒载并绕路")
    best = suggest(taxi, DEMO)[0]
    assert best.unit == "transport-passenger"
    assert Reason("field", "city_passenger") in best.reasons
    assert Reason("word", "拒载") in best.reasons


@pytest.mark.parametrize(("title", "unit"), [
    ("小区停水两天", "water"), ("路灯不亮", "city-management"), ("信号灯坏了", "police-traffic"),
    ("国道路面坑洼", "transport-road"), ("超市卖过期食品", "market"), ("物业不修漏水", "housing"),
    ("渡口渡船超载", "maritime"), ("整条街停电", "power"),
])  # fmt: skip
def test_what_the_citizen_names_leads_to_its_unit(title: str, unit: str) -> None:
    assert first_of(line="12345", klass="complaint", title=title) == unit


def test_a_matter_that_fits_no_duty_is_suggested_to_nobody() -> None:
    assert suggest(Content(line="12345", klass="praise", title="感谢"), DEMO) == ()


def test_a_unit_of_another_district_is_left_out_and_the_districts_own_goes_first() -> None:
    word = {"duties": [{"words": ["井盖"]}], "name": "城管"}
    given = {key: unit_of(key, {**word, "areas": areas}) for key, areas in (("city", []), ("east", ["east"]), ("west", ["west"]))}
    assert [each.unit for each in suggest(Content(title="井盖丢了", area="east"), given)] == ["east", "city"]


def test_of_two_that_fit_alike_the_office_goes_before_its_bureau() -> None:
    word = {"name": "某单位", "duties": [{"words": ["桥梁"]}]}
    given = {"bureau": unit_of("bureau", word), "office": unit_of("office", {**word, "parent": "bureau"})}
    assert [each.unit for each in suggest(Content(title="桥梁护栏"), given)] == ["office", "bureau"]


def test_a_duty_for_one_class_does_not_take_another() -> None:
    given = {"shop": unit_of("shop", {"name": "某局", "duties": [{"classes": ["complaint"], "words": ["退款"]}]})}
    reasons = suggest(Content(klass="complaint", text="不给退款"), given)[0].reasons
    assert reasons == (Reason("word", "退款"), Reason("class", "complaint"))
    assert suggest(Content(klass="consult", text="怎么退款"), given) == ()


def test_a_unit_that_is_switched_off_is_suggested_no_more() -> None:
    given = DEMO | {"water": DEMO["water"].model_copy(update={"is_active": False})}
    assert "water" not in [each.unit for each in suggest(Content(title="停水"), given)]


def test_the_people_of_a_bureau_see_its_offices_and_not_the_other_way_round() -> None:
    assert units.below("transport", DEMO) == {"transport", "transport-passenger", "transport-road"}
    assert units.below("transport-road", DEMO) == {"transport-road"}
    assert units.below("nowhere", DEMO) == frozenset()
    assert units.is_below("police-traffic", "police", DEMO)
    assert not units.is_below("police", "police", DEMO)
    assert units.path_to("transport-road", DEMO) == ("transport", "transport-road")


def test_a_unit_that_does_not_exist_is_told_by_its_code() -> None:
    with pytest.raises(NotFound, match="unknown_unit"):
        units.get("nowhere", DEMO)


@pytest.mark.parametrize(("moment", "phone"), [
    ("2026-09-29T10:00:00", "05573020101"),  # a working day: the named contact
    ("2026-09-29T18:00:00", "05573020001"),  # its evening: the duty room
    ("2026-09-30T03:00:00", "05573020001"),  # the night before a working day
    ("2026-10-01T10:00:00", "05573020001"),  # a public holiday
    ("2026-10-04T23:00:00", "05573020001"),  # a Sunday night
])  # fmt: skip
def test_who_is_on_duty_follows_the_roster_and_the_public_holidays(moment: str, phone: str) -> None:
    assert on_duty(DEMO["transport"], at(moment), Weekdays())[0].phone == phone


def test_a_shift_with_days_of_its_own_goes_before_the_usual_one() -> None:
    usual = Shift(name="值班室", phone="05573020001")
    holiday = Shift(name="李局", phone="05573020002", first=date(2026, 10, 1), last=date(2026, 10, 7))
    bureau = Unit(key="bureau", name="某局", roster=(usual, holiday), phones=("05573020009", "05573020002"))
    assert on_duty(bureau, at("2026-10-07T23:59:00"), Weekdays()) == (Contact(name="李局", phone="05573020002"),)
    assert on_duty(bureau, at("2026-10-08T00:00:00"), Weekdays()) == (Contact(name="值班室", phone="05573020001"),)
    assert telephones(bureau, at("2026-10-01T12:00:00"), Weekdays()) == ("05573020002", "05573020009")


def test_a_unit_written_as_data_is_read_back_the_same() -> None:
    assert {key: unit_of(key, data_of(unit)) for key, unit in DEMO.items()} == DEMO


@pytest.mark.parametrize(("data", "field"), [
    ({}, "name"), ({"name": "x", "phones": ["12a"]}, "phones.0"), ({"name": "x", "colour": "red"}, "colour"),
    ("text", "data"), ({"name": "x", "roster": [{"name": "y", "phone": "110", "from": "25:00"}]}, "roster.0.from"),
    ({"name": "x", "key": "y"}, "data"),
])  # fmt: skip
def test_a_unit_with_a_mistake_is_refused_by_the_name_of_the_field(data: object, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        unit_of("bureau", data)
    assert (refused.value.code, refused.value.facts["field"]) == ("bad_unit", field)


def test_no_unit_may_be_called_like_the_centre() -> None:
    with pytest.raises(BadInput):
        unit_of("centre", {"name": "x"})


@pytest.mark.parametrize("parents", [
    {"a1": "b1", "b1": "a1"}, {"a1": "a1"}, {"a1": "nowhere"}, {f"u{n}": f"u{n + 1}" for n in range(9)} | {"u9": ""},
])  # fmt: skip
def test_a_tree_that_is_none_is_refused(parents: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        units.check({key: Unit(key=key, name="x", parent=parent) for key, parent in parents.items()})


def test_the_demos_units_name_only_what_the_catalogue_has() -> None:
    catalogue = load_catalogue()
    classes, fields = ({key for names in each.values() for key in names} for each in (catalogue.classes, catalogue.fields))
    assert [units.unknown_word(unit, classes, fields, catalogue.areas) for unit in DEMO.values()] == [""] * len(DEMO)


@pytest.mark.parametrize(("part", "word"), [("duties: [{fields: [roads], words: [路]}]", "roads"), ("areas: [mars]", "mars")])
def test_a_city_is_told_of_a_duty_that_no_matter_could_have(tmp_path: Path, part: str, word: str) -> None:
    (tmp_path / "tickets").mkdir()
    (tmp_path / "tickets" / "units.yaml").write_text(f"harbour: {{name: 港口局, {part}}}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=f"unit harbour: {word} is not in the catalogue"):
        load_policy(tmp_path, load_city(DEFAULT_CITY))


def test_a_subject_of_12345_leads_to_its_unit_and_the_words_tell_two_apart() -> None:
    assert first_of(line="12345", klass="help", field="market", title="店家不退钱") == "market"
    assert first_of(line="12345", klass="help", field="utilities", title="家里没水") == "water"
    assert first_of(line="12345", klass="help", field="utilities", title="家里没电") == "power"


def test_what_was_changed_in_the_desk_lies_over_the_file() -> None:
    changed = Unit(key="water", name="水务局")
    both = units.overlaid(DEMO, {"water": changed, "power": None, "gas": Unit(key="gas", name="燃气公司")})
    assert (both["water"].name, "power" in both, both["gas"].name) == ("水务局", False, "燃气公司")


def test_a_citys_own_units_take_the_place_of_the_demos(tmp_path: Path) -> None:
    (tmp_path / "units.yaml").write_text("harbour: {name: 港口局}\n", encoding="utf-8")
    assert list(load_units(tmp_path)) == ["harbour"]
    assert load_units(tmp_path / "nothing") == DEMO


@pytest.mark.parametrize(("text", "told"), [
    ("harbour: {name: 港口局, parent: sea}", "unit harbour: parent"), ("harbour: {}", "unit harbour: name"),
    ("[", "no YAML"), ("", "no units"),
])  # fmt: skip
def test_a_citys_mistake_names_file_unit_and_field(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "units.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=told):
        load_units(tmp_path)
