"""What of a citizen each reader of a ticket sees: the centre, a unit, and the unit that the citizen complains of."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.masking import HIDDEN, Reader, Sight, sight_of, veil_for
from tickets.ticket import Content
from tickets.units import Unit

pytestmark = pytest.mark.unit
UNITS = {
    unit.key: unit
    for unit in (
        Unit(key="transport", name="市交通运输局"),
        Unit(key="transport-passenger", name="客运管理处", parent="transport"),
        Unit(key="water", name="供水集团"),
    )
}
NAME, NUMBER = "王小明", "13855700001"
CONTENT = Content(
    klass="complaint", title="出租车拒载", text=f"{NAME}反映，请回电{NUMBER}，家人电话13966600002", name=NAME, number=NUMBER,
    address="汴河路8号3单元", place="汴河路8号3单元门口", object="皖L12345", call_id="c1",
)  # fmt: skip
CENTRE = Reader(sees_numbers=True)
AGENT = Reader()
PASSENGER = Reader(is_officer=True, units=frozenset({"transport-passenger"}))
BUREAU = Reader(is_officer=True, units=frozenset({"transport", "transport-passenger"}))
WATER = Reader(is_officer=True, units=frozenset({"water"}))


def told(content: Content, reader: Reader) -> tuple[Content, tuple[str, ...]]:
    return veil_for(sight_of(content, reader, UNITS), content).content(content)


@pytest.mark.parametrize("reader", [CENTRE, PASSENGER, BUREAU])
def test_the_centre_and_the_unit_that_has_to_call_the_citizen_see_everything(reader: Reader) -> None:
    assert told(CONTENT, reader) == (CONTENT, ())


def test_an_agent_sees_the_number_of_somebody_elses_ticket_without_its_middle_in_the_text_too() -> None:
    seen, names = told(CONTENT, AGENT)
    assert (seen.number, seen.name) == ("138****0001", NAME)
    assert NUMBER not in seen.text
    assert names == ("number", "text")


def test_who_wants_to_stay_unknown_is_unknown_to_every_unit_wherever_the_name_stands() -> None:
    """Name, number, address; the words of the text that repeat them; numbers of the family; the call that would lead there."""
    seen, names = told(replace(CONTENT, is_secret=True), WATER)
    assert (seen.name, seen.number, seen.address, seen.call_id) == ("", "", "", "")
    assert seen.text == f"{HIDDEN}反映，请回电{HIDDEN}，家人电话{HIDDEN}"
    assert seen.place == f"{HIDDEN}门口"
    assert (seen.title, seen.object) == (CONTENT.title, CONTENT.object), "what the unit needs stays"
    assert set(names) == {"name", "number", "address", "call_id", "text", "place"}


@pytest.mark.parametrize(
    ("named", "reader", "is_hidden"),
    [
        ("客运管理处", PASSENGER, True), ("客运管理处", BUREAU, True), ("客运管理处", WATER, False),
        ("市交通运输局", PASSENGER, True), ("市交通运输局", WATER, False),
        ("供水集团", WATER, True), ("供水集团", BUREAU, False), ("供水集团", CENTRE, False),
    ],
)  # fmt: skip
def test_the_unit_complained_of_never_learns_who_complained(named: str, reader: Reader, is_hidden: bool) -> None:
    """Nor do those below it and above it; other units do."""
    for content in (replace(CONTENT, object=f"{named}窗口"), replace(CONTENT, title=f"投诉{named}不作为")):
        seen, _ = told(content, reader)
        assert (seen.number == "") is is_hidden
    praised, _ = told(replace(CONTENT, klass="praise", object=named), reader)
    assert praised.number == NUMBER, "who praises has nothing to fear"


def test_a_corrected_name_stays_hidden_under_its_former_spelling() -> None:
    """The steps keep what stood there before; no reader gets it from there or from a note."""
    history = [{"changes": {"name": {"before": "王晓明", "after": NAME}, "title": {"before": "王晓明投诉", "after": "投诉"}}}]
    veil = veil_for("nobody", CONTENT, history)
    assert veil.facts(history[0]) == {
        "changes": {"name": {"before": HIDDEN, "after": HIDDEN}, "title": {"before": f"{HIDDEN}投诉", "after": "投诉"}}
    }
    assert veil.facts({"note": "王晓明不接电话", "reached": False, "times": [1, 2]}) == {
        "note": f"{HIDDEN}不接电话", "reached": False, "times": [1, 2],
    }  # fmt: skip


def test_a_number_under_its_own_name_is_masked_for_an_agent_even_if_it_is_another_one() -> None:
    veil = veil_for("number", CONTENT)
    assert veil.facts({"changes": {"number": {"before": "05573021111"}}}) == {"changes": {"number": {"before": "055****1111"}}}


@given(
    name=st.text("王李张明丽", min_size=2, max_size=4), number=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    text=st.lists(st.sampled_from(["{name}", "{number}", "反映", "3号线", " "]), max_size=8),
)  # fmt: skip
def test_nothing_a_veiled_reader_is_told_holds_name_or_number(name: str, number: str, text: list[str]) -> None:
    said = "".join(text).format(name=name, number=number)
    content = Content(name=name, number=number, text=said, title=said, place=said, object=said, is_secret=True)
    seen, _ = told(content, WATER)
    assert not [value for value in asdict(seen).values() if isinstance(value, str) and (name in value or number in value)]



@pytest.mark.parametrize("kept", ["13855700001", "138 5570 0001", "138-5570-0001", "+86 138 5570 0001", "008613855700001"])
@pytest.mark.parametrize("written", ["13855700001", "138 5570 0001", "138-5570-0001", "（138）5570 0001"])
@pytest.mark.parametrize("sight", ["number", "nobody"])
def test_a_number_is_hidden_however_it_is_written_in_the_form_or_in_the_words(kept: str, written: str, sight: Sight) -> None:
    """The form has it in groups and the words in one, or the other way round."""
    told = veil_for(sight, Content(number=kept)).text(f"请回电{written}，谢谢 8 点后")
    assert "5570" not in told
    assert told.endswith("，谢谢 8 点后")


def test_a_landline_is_hidden_with_and_without_its_hyphen_and_other_numbers_are_not() -> None:
    """An amount or a plate of as many digits stays."""
    veil = veil_for("number", Content(number="0557-3020001"))
    assert "3020001" not in veil.text("电话05573020001，或0557 3020001")
    assert veil.text("金额 3020 元，车牌皖L12345") == "金额 3020 元，车牌皖L12345"
