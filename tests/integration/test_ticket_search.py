"""Search in Chinese on SQLite and PostgreSQL: both find the same tickets, just those that hold the words, newest first."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import Engine, text

from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import BadInput
from tests.integration.ticket_kit import NOW, Person, PlainLaws, complaint
from tickets.grams import squeezed
from tickets.store import search as searching
from tickets.store.listing import Filter
from tickets.store.orders import Orders
from tickets.store.search import Search
from tickets.ticket import Content

pytestmark = pytest.mark.integration
WORDS = ("公交车", "拒载", "路灯", "不亮", "水管", "爆裂", "噪音", "扰民", "皖L12345", "207路", "人民广场", "ABC", "出租车")
NOTHING = dict.fromkeys(("place", "object", "name", "number", "address"), "")
CLERK = Person()


def _make(engine: Engine, *contents: Content) -> list[str]:
    orders = Orders(engine, PlainLaws())
    return [orders.create(each, by="agent1", role="agent", now=NOW, policy=None).number for each in contents]


def _found(engine: Engine, query: str, wanted: Filter | None = None, *, people_too: bool = True, limit: int = 50) -> list[str]:
    numbers: list[str] = []
    cursor: str | None = None
    while True:
        page = Search(engine).page(query, wanted or Filter(), now=NOW, people_too=people_too, after=cursor, limit=limit)
        numbers += [row.number for row in page.rows]
        cursor = page.next
        if cursor is None:
            return numbers


def _runs(content: Content) -> list[str]:
    """What no punctuation divides: a word is looked for within one of these."""
    return [content.title, *content.text.split("，")]


def test_every_query_finds_just_what_a_look_at_all_tickets_finds(engine: Engine) -> None:
    """Words, single signs, several words, page by page; the same on either database."""
    chance = random.Random(3)
    contents = [
        complaint(title="".join(chance.sample(WORDS, 2)), text="，".join(chance.choices(WORDS, k=4)), **NOTHING)
        for _ in range(150)
    ]
    numbers = _make(engine, *contents)
    queries = [*WORDS, "车", "路", "l", "1234", "交车拒", "路灯 噪音", "ＡＢＣ", "207", "皖l", "亮水", "火箭", "公交车 火箭"]
    for query in queries:
        expected = [
            number for number, content in zip(numbers, contents, strict=True)
            if all(any(squeezed(word) in squeezed(run) for run in _runs(content)) for word in query.split())
        ]  # fmt: skip
        assert _found(engine, query, limit=7) == expected[::-1], query


def test_the_caller_is_found_by_name_and_telephone_where_one_may_know_them(engine: Engine) -> None:
    """A unit's search does not go through who the caller is."""
    number, _ = _make(engine, complaint(), complaint(name="李强", number="13900002222", address="海棠路1号"))
    for query in ("王小明", "13855700001", "5570", "幸福路"):
        assert _found(engine, query) == [number]
        assert _found(engine, query, people_too=False) == []
    assert _found(engine, "公交车 13855700001") == [number]
    assert len(_found(engine, "拒载", people_too=False)) == 2


def test_a_whole_number_finds_that_ticket_alone(engine: Engine) -> None:
    """Also one that is written in full width; within the filter."""
    first, second = _make(engine, complaint(), complaint(text="参见工单20261122000001"))
    assert _found(engine, first) == [first]
    assert _found(engine, "２０２６１１２２０００００２") == [second]
    assert _found(engine, first, Filter(stages=("closed",))) == []


def test_search_keeps_to_the_filter_and_to_what_the_reader_may_see(engine: Engine) -> None:
    """Stage, time, units."""
    orders = Orders(engine, PlainLaws())
    numbers = _make(engine, complaint(), complaint(), complaint(klass="praise"))
    orders.act(numbers[0], 0, "dispatch", {"unit": "transport"}, CLERK, NOW, None)
    assert _found(engine, "公交", Filter(visible=frozenset({"transport"}))) == [numbers[0]]
    assert _found(engine, "公交", Filter(visible=frozenset())) == []
    assert _found(engine, "公交", Filter(stages=("draft",))) == numbers[:0:-1]
    assert _found(engine, "公交", Filter(classes=("praise",), is_open=True)) == [numbers[2]]


def test_a_corrected_ticket_is_found_by_its_new_words_and_not_by_the_old(engine: Engine) -> None:
    orders = Orders(engine, PlainLaws())
    (number,) = _make(engine, complaint())
    orders.correct(number, 0, {"title": "校车超载", "text": "校车坐不下"}, "听错", CLERK, NOW, None)
    assert _found(engine, "校车超载") == [number]
    assert _found(engine, "拒载") == []


def test_pieces_apart_are_passed_over_and_what_comes_after_them_is_found(engine: Engine) -> None:
    """However many candidates do not hold the word."""
    apart = complaint(title="", text="中山大道，山路难行，路口拥堵")
    (first, *_) = _make(engine, complaint(text="中山路口"), *[apart] * 30)
    assert _found(engine, "中山路口", limit=3) == [first]


def test_frequent_and_rare_words_are_found_behind_the_newest_tickets_too(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL looks through the newest first, SQLite asks in batches: neither loses what lies behind."""
    monkeypatch.setattr(searching, "NEWEST", 5)
    monkeypatch.setattr(searching, "LARGEST_BATCH", 5)
    numbers = _make(engine, *[complaint(text="路灯不亮" if count % 7 == 0 else "水管爆裂", place="") for count in range(40)])
    assert _found(engine, "路灯", limit=2) == numbers[::7][::-1]
    orders = Orders(engine, PlainLaws())
    for number in numbers[:20]:
        orders.act(number, 0, "dispatch", {"unit": "transport", "co_units": ["water"]}, CLERK, NOW, None)
    theirs = Filter(visible=frozenset({"transport", "water"}))
    assert _found(engine, "路灯", theirs, limit=2) == numbers[:20:7][::-1]
    assert _found(engine, "水管", limit=2) == [number for count, number in enumerate(numbers) if count % 7][::-1]


def test_odd_queries_are_refused_or_find_nothing(engine: Engine) -> None:
    """No sign of a query is a command of a database."""
    _make(engine, complaint())
    for query in ('" OR 1', "a' | 'b", "NEAR(公交)", "公交 OR 地铁", "{grams}:公交"):
        assert _found(engine, query) == []
    for query in ("公交*", "公交:*", "^公交", "公交'", "-公交"):
        assert len(_found(engine, query)) == 1
    for query in ("\\", "%", "*", ""):
        with pytest.raises(BadInput) as refused:
            _found(engine, query)
        assert refused.value.code == "no_words"
    with pytest.raises(BadInput):
        Search(engine).page("公交", Filter(), now=NOW, people_too=False, after="x")


def test_the_index_of_sqlite_is_whole_after_changes(engine: Engine) -> None:
    """Its own check compares every piece with what was written."""
    orders = Orders(engine, PlainLaws())
    numbers = _make(engine, *[complaint(title=f"第{count}件") for count in range(20)])
    for number in numbers[::3]:
        orders.correct(number, 0, {"text": "水管爆裂"}, "听错", CLERK, NOW, None)
    if engine.name == "sqlite":
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO ticket_search (ticket_search, rank) VALUES ('integrity-check', 1)"))
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM ticket_words")).scalar_one() == 20
    assert _found(engine, "水管") == numbers[::3][::-1]
