"""What tickets are found by: pieces of Chinese text, of plates and telephone numbers, the same for every database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.grams import LONGEST_QUERY, MOST_WORDS, grams, indexed, is_there, squeezed, words_of
from tickets.ticket import Content

pytestmark = pytest.mark.unit
TEXTS = st.text("公交车拒载路灯不亮水管爆裂ABCabc0123789，。 -·Ａ１", max_size=60)


def test_two_syllables_or_three_letters_make_a_piece_and_each_begins_one() -> None:
    """The last of a run are shorter, so that whoever types one sign finds it too."""
    assert list(grams("公交车")) == ["公交", "交车", "车"]
    assert list(grams("皖L1234")) == ["皖", "l12", "123", "234", "34", "4"]
    assert list(grams("噪音，扰民")) == ["噪音", "音", "扰民", "民"]
    assert list(grams(" ，。\n")) == []


def test_full_and_half_width_upper_and_lower_case_are_the_same() -> None:
    """A clerk types what the keyboard gives."""
    assert list(grams("ＡＢＣ１２３")) == list(grams("abc123"))
    assert squeezed("皖Ｌ·12345") == "皖l12345"


def test_a_query_is_its_words() -> None:
    """A blank divides them, each has all its pieces; punctuation alone is none."""
    (first, second) = words_of("路灯不亮 L12")
    assert (first.squeezed, first.whole, first.begun) == ("路灯不亮", ("路灯", "灯不", "不亮"), ())
    assert (second.whole, second.begun) == (("l12",), ())
    assert words_of("水")[0].begun == ("水",)
    assert words_of("，。 - !") == ()
    assert len(words_of(" ".join(f"词{chr(0x4E00 + n)}" for n in range(30)))) == MOST_WORDS
    assert words_of("水" * 500)[0].squeezed == "水" * LONGEST_QUERY


def test_what_tells_who_the_caller_is_is_marked() -> None:
    """So that a search by a unit does not go through it."""
    found = indexed(Content(title="路灯", name="王明", number="13855700001")).split()
    assert "路灯" in found
    assert "@王明" in found
    assert "@138" in found
    assert "王明" not in found
    assert "138" not in found


def test_pieces_that_lie_apart_are_not_the_word() -> None:
    """All pieces of 中山路口 are in the text, the word is not."""
    content = Content(text="中山大道，山路难行，路口拥堵")
    words = words_of("中山路口")
    pieces = set(indexed(content).split())
    assert set(words[0].whole) <= pieces
    assert not is_there(words, content, people_too=True)


@given(TEXTS, st.data())
def test_whoever_types_a_stretch_of_the_text_finds_it(text: str, data: st.DataObject) -> None:
    """Every stretch between two marks of punctuation, however short."""
    content = Content(text=text)
    start = data.draw(st.integers(0, len(text)))
    typed = text[start : data.draw(st.integers(start, len(text)))]
    if any(not char.isalnum() and not char.isspace() for char in typed):
        return
    pieces = set(indexed(content).split())
    for word in words_of(typed):
        assert set(word.whole) <= pieces
        assert all(any(piece.startswith(begun) for piece in pieces) for begun in word.begun)
        assert is_there([word], content, people_too=False)


@given(TEXTS)
def test_the_pieces_hold_nothing_that_a_database_takes_for_a_command(text: str) -> None:
    """Letters, digits, syllables and the mark."""
    assert all(piece.removeprefix("@").isalnum() for piece in indexed(Content(text=text, name=text)).split(" ") if piece)
