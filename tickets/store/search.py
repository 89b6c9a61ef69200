"""Owns the search for tickets by words: candidates from the database's full-text index, newest first, each proven by its text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Select,
    Text,
    cast,
    literal,
    literal_column,
    select,
    table,
    union,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from hotline_core.adapters.engine import reading
from hotline_core.errors import BadInput
from tickets.grams import PERSON, Word, is_there, words_of
from tickets.store.form import content_of
from tickets.store.listing import LARGEST_PAGE, MOST_BRANCHES, Filter, Page, Row, conditions, of_row, stages_of, units_first
from tickets.store.schema import ticket_bodies, ticket_units, ticket_words, tickets

NUMBER_DIGITS = 14
NEWEST = 2000  # tickets that PostgreSQL looks through one by one before it asks the index: what is frequent is found among them
LARGEST_BATCH = 4000  # row numbers that SQLite's index is asked for at once
MOST_ROUNDS = 20  # of candidates that turned out not to hold the words
_END = 99_999_999_999_999  # above every number, and as long as one
_FTS = table("ticket_search")


class Search:
    """Finds tickets; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(
        self, query: str, wanted: Filter, *, now: float, people_too: bool, after: str | None = None, limit: int = 50
    ) -> Page:
        """Tickets that hold every word of the query, newest first; a whole ticket number finds that ticket alone.

        `people_too`: also look for the caller's name, telephone and address. BadInput `no_words` (field q), `bad_cursor`.
        """
        words = words_of(query)
        if not words:
            raise BadInput("no_words", field="q")
        limit, below = max(1, min(limit, LARGEST_PAGE)), _below(after)
        kept = conditions(wanted, now)
        stages = stages_of(wanted)
        if stages is not None:
            kept.append(tickets.c.stage.in_(stages))
        with reading(self._engine) as connection:
            number = words[0].squeezed
            if len(words) == 1 and len(number) == NUMBER_DIGITS and number.isascii() and number.isdigit():
                row = connection.execute(_rows().where(tickets.c.number == number, *kept)).one_or_none()
                return Page((of_row(row),) if row is not None else (), None)
            return _proven(connection, words, people_too, units_first(wanted), kept, below, limit)


def _proven(
    connection: Connection, words: Sequence[Word], people_too: bool, units: Sequence[str] | None,
    kept: Sequence[ColumnElement[bool]], below: int, limit: int,
) -> Page:  # fmt: skip
    found: list[Row] = []
    for _ in range(MOST_ROUNDS):
        rows = _candidates(connection, words, people_too, units, kept, below, limit + 1)
        for row in rows:
            if is_there(words, content_of(row.content), people_too=people_too):
                found.append(of_row(row))
        if len(found) > limit:
            return Page(tuple(found[:limit]), found[limit - 1].number)
        if len(rows) <= limit:
            return Page(tuple(found), None)
        below = int(rows[-1].number)
    return Page(tuple(found), str(below))


def _candidates(
    connection: Connection, words: Sequence[Word], people_too: bool, units: Sequence[str] | None,
    kept: Sequence[ColumnElement[bool]], below: int, limit: int,
) -> list[Any]:  # fmt: skip
    """The newest tickets below a number whose pieces fit; they may still lie apart in the text."""
    if connection.dialect.name == "sqlite":
        return _from_fts(connection, _match(words, people_too), kept, below, limit)
    fits = cast(literal(_tsquery(words, people_too)), TSQUERY)
    some = _newest(units, below)
    near = select(some.c.id).where(some.c.grams.op("@@")(fits)).cte("near").prefix_with("MATERIALIZED")
    rows = list(connection.execute(_among(near).where(*kept).limit(limit)))
    if len(rows) == limit:
        return rows
    whole = select(ticket_words.c.id).where(ticket_words.c.grams.op("@@")(fits), ticket_words.c.id < below)
    return list(connection.execute(_among(whole.cte("whole").prefix_with("MATERIALIZED")).where(*kept).limit(limit)))


_row_id: ColumnElement[int] = literal_column("ticket_search.rowid")


def _newest(units: Sequence[str] | None, below: int) -> Any:
    """The newest tickets below a number, of these units where some are named, with their pieces."""
    pieces, of = select(ticket_words.c.id, ticket_words.c.grams), ticket_units.c
    if units is None or not 0 < len(units) <= MOST_BRANCHES:
        return pieces.where(ticket_words.c.id < below).order_by(ticket_words.c.id.desc()).limit(NEWEST).subquery()
    theirs = select(of.number).where(of.number < f"{below:0{NUMBER_DIGITS}d}").order_by(of.number.desc()).limit(NEWEST)
    numbers = union(*(select(theirs.where(of.unit == unit).subquery()) for unit in units)).subquery()
    chosen = select(numbers.c.number).order_by(numbers.c.number.desc()).limit(NEWEST).cte("chosen").prefix_with("MATERIALIZED")
    found = pieces.join(chosen, ticket_words.c.id == cast(chosen.c.number, BigInteger))
    return found.cte("some").prefix_with("MATERIALIZED")  # or the planner asks the word's index first, for all units' tickets


def _rows() -> Select[Any]:
    return select(*(tickets.c[name] for name in Row.__dataclass_fields__))


def _from_fts(connection: Connection, match: str, kept: Sequence[ColumnElement[bool]], below: int, limit: int) -> list[Any]:
    """The index gives row numbers in falling order, a batch at a time, so that no other index ever leads."""
    fits = literal_column("ticket_search").op("MATCH")(match)
    query = _rows().add_columns(ticket_bodies.c.content).join(ticket_bodies, ticket_bodies.c.number == tickets.c.number)
    found: list[Any] = []
    size = 4 * limit
    while True:
        batch = select(_row_id).select_from(_FTS).where(fits, _row_id < below).order_by(_row_id.desc()).limit(size)
        ids = list(connection.scalars(batch))
        if ids:
            numbers = tickets.c.number.in_([str(each) for each in ids])
            found += connection.execute(query.where(numbers, *kept).order_by(tickets.c.number.desc()).limit(limit - len(found)))
        if len(found) == limit or len(ids) < size:
            return found
        below, size = ids[-1], min(2 * size, LARGEST_BATCH)


def _among(found: Any) -> Select[Any]:
    query = _rows().add_columns(ticket_bodies.c.content)
    query = query.select_from(found).join(tickets, tickets.c.number == cast(found.c.id, Text))
    return query.join(ticket_bodies, ticket_bodies.c.number == tickets.c.number).order_by(found.c.id.desc())


def _match(words: Sequence[Word], people_too: bool) -> str:
    """FTS5's language; the pieces hold letters, digits and syllables alone, so that none ends a string or is a command."""
    return " AND ".join(_either(_fts(word, ""), _fts(word, PERSON) if people_too else "", " OR ") for word in words)


def _tsquery(words: Sequence[Word], people_too: bool) -> str:
    return " & ".join(_either(_ts(word, ""), _ts(word, PERSON) if people_too else "", " | ") for word in words)


def _either(matter: str, person: str, joint: str) -> str:
    """A word stands whole in the matter, or whole in what tells of the person."""
    return f"(({matter}){joint}({person}))" if person else f"({matter})"


def _fts(word: Word, mark: str) -> str:
    return " AND ".join([f'"{mark}{piece}"' for piece in word.whole] + [f'"{mark}{piece}" *' for piece in word.begun])


def _ts(word: Word, mark: str) -> str:
    return " & ".join([f"'{mark}{piece}'" for piece in word.whole] + [f"'{mark}{piece}':*" for piece in word.begun])


def _below(after: str | None) -> int:
    if after is None:
        return _END
    if not after.isascii() or not after.isdigit() or len(after) > NUMBER_DIGITS:
        raise BadInput("bad_cursor", field="after")
    return int(after)
