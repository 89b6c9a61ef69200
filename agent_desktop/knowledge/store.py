"""Owns the articles in the tickets and people database: every version kept, each change audited, found by their pieces."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, insert, or_, select, update

from agent_desktop.knowledge.article import Article, State, Version, Wording, checked, pieces_of, rank, state_of
from agent_desktop.pinyin import initials_of
from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import knowledge_articles, knowledge_pieces, knowledge_versions
from hotline_core.errors import Conflict, NotFound
from tickets.grams import Word, words_of

MOST_FOUND = 50
CANDIDATES = 200  # with most of the pieces, proven one by one
_A = knowledge_articles.c


@dataclass(frozen=True, slots=True)
class Hits:
    """Articles, the best first; `is_near`: none holds every word, these hold something of them. `words` is what was looked for."""

    articles: tuple[Article, ...]
    is_near: bool
    words: tuple[Word, ...]


class Knowledge:
    """Reads and changes articles; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine, lines: Collection[str]) -> None:
        self._engine = engine
        self._lines = lines

    def find(self, query: str, *, now: float, line: str = "", states: Collection[State] = ("valid", "soon")) -> Hits:
        """What fits, at most fifty; without words the newest changed. `line` leaves out what is of another line alone."""
        words = words_of(query)

        def fits(article: Article) -> bool:
            of = article.wording.line
            return state_of(article.wording, now) in states and not (line and of and of != line)

        with reading(self._engine) as connection:
            if not words:
                newest = select(knowledge_articles).order_by(_A.changed_at.desc(), _A.id.desc())
                return Hits(_kept(connection, newest, fits), False, ())
            near = [article for article in _near(connection, words) if fits(article)]
        ranked = [(rank(each.wording, initials_of(each.wording.title), words), each) for each in near]
        whole = [each for points, each in sorted(ranked, key=lambda pair: (-pair[0], -pair[1].changed_at)) if points]
        return Hits(tuple((whole or near)[:MOST_FOUND]), not whole, words)

    def read(self, article_id: int) -> Article:
        """One article as it stands; NotFound `unknown_article`."""
        with reading(self._engine) as connection:
            return _read(connection, article_id)

    def versions(self, article_id: int) -> tuple[Version, ...]:
        """All it ever said, the newest first; NotFound `unknown_article`."""
        of = knowledge_versions.c
        query = select(knowledge_versions).where(of.article == article_id).order_by(of.version.desc())
        with reading(self._engine) as connection:
            found = tuple(Version(row.version, _wording(row), row.at, row.by, row.note) for row in connection.execute(query))
        if not found:
            raise NotFound("unknown_article")
        return found

    def make(self, wording: Wording, note: str, *, actor: str, now: float) -> Article:
        """A new article; BadInput names the field."""
        wording = checked(wording, note, self._lines)
        with writing(self._engine) as connection:
            row = _row(wording) | {"version": 1, "changed_at": now, "changed_by": actor}
            made = connection.execute(insert(knowledge_articles).values(**row)).inserted_primary_key
            assert made is not None
            article = Article(int(made[0]), 1, wording, now, actor)
            _keep(connection, article, note, "knowledge_added")
        return article

    def change(self, article_id: int, version: int, wording: Wording, note: str, *, actor: str, now: float) -> Article:
        """The article says something else from now on; BadInput names the field, NotFound, Conflict `article_changed` {version}."""
        wording = checked(wording, note, self._lines)
        with writing(self._engine) as connection:
            row = _row(wording) | {"version": version + 1, "changed_at": now, "changed_by": actor}
            mine = update(knowledge_articles).where(_A.id == article_id, _A.version == version).values(**row)
            if connection.execute(mine).rowcount != 1:
                raise Conflict("article_changed", version=_read(connection, article_id).version)
            article = Article(article_id, version + 1, wording, now, actor)
            _keep(connection, article, note, "knowledge_changed")
        return article


def _keep(connection: Connection, article: Article, note: str, act: str) -> None:
    """The version that nothing changes any more, the pieces it is found by, and the row of the audit trail."""
    kept = {"article": article.id, "version": article.version, "at": article.changed_at, "by": article.changed_by}
    connection.execute(insert(knowledge_versions).values(**_row(article.wording), **kept, note=note.strip()))
    connection.execute(delete(knowledge_pieces).where(knowledge_pieces.c.article == article.id))
    pieces = pieces_of(article.wording, initials_of(article.wording.title))
    connection.execute(
        insert(knowledge_pieces),
        [{"piece": piece, "article": article.id, "weight": weight} for piece, weight in sorted(pieces.items())],
    )
    facts: Facts = {
        "version": article.version, "title": article.wording.title, "length": len(article.wording.text),
        "line": article.wording.line, "valid_until": article.wording.valid_until, "withdrawn": article.wording.is_withdrawn,
    }  # fmt: skip
    write_audit(connection, at=article.changed_at, actor=article.changed_by, act=act, subject=str(article.id), facts=facts)


def _near(connection: Connection, words: Collection[Word]) -> tuple[Article, ...]:
    """Those that hold most of the words' pieces, where they weigh most."""
    of = knowledge_pieces.c
    whole = sorted({piece for word in words for piece in word.whole})
    begun = sorted({piece for word in words for piece in word.begun})
    asked: list[ColumnElement[bool]] = [of.piece.in_(whole)] if whole else []
    asked += [of.piece.startswith(piece, autoescape=True) for piece in begun]
    best = (
        select(of.article, func.count().label("n"), func.sum(of.weight).label("points"))
        .where(or_(*asked)).group_by(of.article).order_by(func.count().desc(), func.sum(of.weight).desc()).limit(CANDIDATES)
        .subquery()
    )  # fmt: skip
    query = select(knowledge_articles).join(best, best.c.article == _A.id)
    return tuple(_article(row) for row in connection.execute(query.order_by(best.c.n.desc(), best.c.points.desc(), _A.id)))


def _kept(connection: Connection, query: Any, fits: Callable[[Article], bool]) -> tuple[Article, ...]:
    found = []
    for row in connection.execute(query):
        if fits(article := _article(row)):
            found.append(article)
        if len(found) == MOST_FOUND:
            break
    return tuple(found)


def _read(connection: Connection, article_id: int) -> Article:
    row = connection.execute(select(knowledge_articles).where(_A.id == article_id)).one_or_none()
    if row is None:
        raise NotFound("unknown_article")
    return _article(row)


def _article(row: Any) -> Article:
    return Article(row.id, row.version, _wording(row), row.changed_at, row.changed_by)


def _row(wording: Wording) -> dict[str, Any]:
    return asdict(wording) | {"is_withdrawn": int(wording.is_withdrawn)}


def _wording(row: Any) -> Wording:
    return Wording(row.title, row.text, row.keywords, row.line, row.valid_until, bool(row.is_withdrawn))
