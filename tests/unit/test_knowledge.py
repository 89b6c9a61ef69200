"""An article of what is known: what may be read out, and how well it fits what an agent types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_desktop.knowledge.article import SNIPPET, Wording, checked, pieces_of, rank, snippet, state_of
from hotline_core.errors import BadInput
from tickets.grams import words_of

pytestmark = pytest.mark.unit
NOW, DAY = 1_795_300_000.0, 86_400.0
BUS = Wording("公交车票价与优惠", "65 周岁以上老年人持敬老卡免费乘坐，\n学生卡五折。", "敬老卡 学生卡", "12328")


@pytest.mark.parametrize(
    ("until", "withdrawn", "state"),
    [
        (None, False, "valid"),
        (NOW + 15 * DAY, False, "valid"),
        (NOW + 13 * DAY, False, "soon"),
        (NOW, False, "expired"),
        (NOW + 15 * DAY, True, "withdrawn"),
    ],
)
def test_an_article_may_be_read_out_until_its_day_and_never_once_it_was_withdrawn(
    until: float | None, withdrawn: bool, state: str
) -> None:
    """Two weeks before its end an editor is shown it."""
    assert state_of(Wording("a", "b", valid_until=until, is_withdrawn=withdrawn), NOW) == state


def test_a_word_in_the_title_weighs_more_than_one_in_the_text_and_one_that_is_missing_everywhere_is_no_hit() -> None:
    """By pinyin initials too."""
    ranks = [rank(BUS, "gjcpjyyh", words_of(typed)) for typed in ("票价", "敬老卡", "免费", "gjcpj", "票价 免费", "票价 地铁")]
    assert ranks == [9, 5, 1, 9, 10, 0]


def test_the_snippet_is_cut_around_the_first_word_that_fits_and_is_one_line() -> None:
    """From the beginning where none does."""
    long = Wording("t", "无关的话" * 40 + "敬老卡免费" + "后面" * 40)
    assert "敬老卡" in snippet(long.text, words_of("敬老卡"))
    assert snippet(BUS.text, words_of("地铁")).startswith("65 周岁")
    assert "\n" not in snippet(BUS.text, ())


@given(text=st.text(max_size=300), query=st.text(max_size=20))
def test_any_text_and_any_query_give_a_short_snippet_and_pieces_that_fit_their_column(text: str, query: str) -> None:
    """Emoji, marks of direction, letters that grow when they are folded."""
    assert len(snippet(text, words_of(query))) <= SNIPPET + 2
    assert all(0 < len(piece) <= 8 for piece in pieces_of(Wording("标题", text), "bt"))


@pytest.mark.parametrize(
    ("wording", "note", "code"),
    [
        (Wording("", "x"), "", "missing"),
        (Wording("x", "  "), "", "missing"),
        (Wording("x" * 81, "x"), "", "too_long"),
        (Wording("x", "x"), "n" * 201, "too_long"),
        (Wording("x\u202e", "x"), "", "bad_character"),
        (Wording("x", "a\x00b"), "", "bad_character"),
        (Wording("x", "x", line="12399"), "", "unknown_line"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_field(wording: Wording, note: str, code: str) -> None:
    """And nothing is cut silently."""
    with pytest.raises(BadInput) as refused:
        checked(wording, note, ("12328", "12345"))
    assert refused.value.code == code
    assert refused.value.facts["field"]


def test_blanks_at_the_ends_are_left_out_and_lines_of_the_text_stay() -> None:
    """As it was written else."""
    kept = checked(Wording("  票价 ", " 一\n二 ", " a   b "), "", ())
    assert (kept.title, kept.text, kept.keywords) == ("票价", "一\n二", "a b")
