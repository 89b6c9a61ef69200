"""What agents look up in a call: searched, read with its versions, written by who may."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.knowledge.article import Article, State, Version, Wording, snippet, state_of
from agent_desktop.ticket_reading import names_of
from tickets.grams import Word

router = APIRouter(prefix="/api/knowledge", tags=["knowledge"])
Reader = Annotated[Caller, Depends(Needs("see_knowledge"))]
Editor = Annotated[Caller, Depends(Needs("manage_knowledge"))]
ArticleId = Annotated[int, Path(ge=1, le=2**53)]
# What a list keeps: what may be read out, or for editors one state, or all that was not withdrawn.
KEPT: dict[str, tuple[State, ...]] = {
    "valid": ("valid", "soon"), "soon": ("soon",), "expired": ("expired",), "withdrawn": ("withdrawn",),
    "standing": ("valid", "soon", "expired"),
}  # fmt: skip


class WordingAsked(BaseModel):
    """An article as an editor writes it; `version` is the one that was read, 0 for a new article."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=400)
    text: str = Field(max_length=40_000)
    keywords: str = Field(default="", max_length=1000)
    line: str = Field(default="", max_length=20)
    valid_until: float | None = Field(default=None, gt=0, lt=1e11)
    is_withdrawn: bool = False
    note: str = Field(default="", max_length=1000)
    version: int = Field(default=0, ge=0)

    def wording(self) -> Wording:
        """What the article is to say."""
        return Wording(self.title, self.text, self.keywords, self.line, self.valid_until, self.is_withdrawn)


@router.get("")
async def find(
    request: Request,
    caller: Reader,
    q: Annotated[str, Query(max_length=200)] = "",
    line: Annotated[str, Query(max_length=20)] = "",
    kept: Literal["valid", "soon", "expired", "withdrawn", "standing"] = "valid",
) -> Told:
    """Articles that hold every word of `q`, the best first; `is_near`: none does, these hold something of it. Without words the
    newest changed."""
    desk, now = desk_of(request), desk_of(request).now()
    hits = await desk.tickets_threads.run(lambda: desk.knowledge.find(q, now=now, line=line, states=KEPT[kept]))
    return {"articles": [_row(desk, each, hits.words) for each in hits.articles], "is_near": hits.is_near}


@router.get("/{article_id}")
async def read(request: Request, article_id: ArticleId, caller: Reader) -> Told:
    """One article as it stands."""
    desk = desk_of(request)
    return _whole(desk, await desk.tickets_threads.run(lambda: desk.knowledge.read(article_id)))


@router.get("/{article_id}/versions")
async def versions(request: Request, article_id: ArticleId, caller: Reader) -> Told:
    """All it ever said, the newest first."""
    desk = desk_of(request)
    found = await desk.tickets_threads.run(lambda: desk.knowledge.versions(article_id))
    return {"versions": [_version(desk, each) for each in found]}


@router.post("", status_code=201)
async def make(request: Request, asked: WordingAsked, caller: Editor) -> Told:
    """A new article; agents find it from now on."""
    desk, now = desk_of(request), desk_of(request).now()
    made = await desk.tickets_threads.run(lambda: desk.knowledge.make(asked.wording(), asked.note, actor=caller.login, now=now))
    return _whole(desk, made)


@router.put("/{article_id}")
async def change(request: Request, article_id: ArticleId, asked: WordingAsked, caller: Editor) -> Told:
    """A new version; 409 `article_changed` when somebody else wrote one meanwhile, and nothing was changed."""
    desk, now = desk_of(request), desk_of(request).now()
    changed = await desk.tickets_threads.run(
        lambda: desk.knowledge.change(article_id, asked.version, asked.wording(), asked.note, actor=caller.login, now=now)
    )
    return _whole(desk, changed)


def _row(desk: Desk, article: Article, words: tuple[Word, ...]) -> Told:
    told = _whole(desk, article)
    del told["text"]
    return told | {"snippet": snippet(article.wording.text, words)}


def _whole(desk: Desk, article: Article) -> Told:
    told = _words(desk, article.wording, article.changed_at, article.changed_by)
    return {"id": article.id, "version": article.version, **told}


def _version(desk: Desk, each: Version) -> Told:
    return {"version": each.version, "note": each.note} | _words(desk, each.wording, each.at, each.by)


def _words(desk: Desk, wording: Wording, at: float, by: str) -> Told:
    return {
        "title": wording.title, "text": wording.text, "keywords": wording.keywords, "line": wording.line,
        "valid_until": wording.valid_until, "is_withdrawn": wording.is_withdrawn, "state": state_of(wording, desk.now()),
        "changed_at": at, "changed_by": by, "changed_by_name": names_of(desk).get(by, by),
    }  # fmt: skip
