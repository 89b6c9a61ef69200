"""Owns what an article is, when it may be read out, and how well it fits what somebody looks for; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from hotline_core.errors import BadInput
from tickets.grams import Word, folded, grams, squeezed

State = Literal["valid", "soon", "expired", "withdrawn"]
SOON_S: Final = 14 * 24 * 3600.0  # from when on an editor is shown that an article ends
LONGEST: Final[Mapping[str, int]] = {"title": 80, "keywords": 200, "text": 20_000, "note": 200}
SNIPPET: Final = 70  # characters
_BEFORE: Final = 18
TITLE, KEYWORDS, TEXT = 9, 5, 1  # what a piece weighs where it stands


@dataclass(frozen=True, slots=True)
class Wording:
    """What an editor writes: `line` empty for every line, `valid_until` (epoch seconds, excluded) None for no end."""

    title: str
    text: str
    keywords: str = ""
    line: str = ""
    valid_until: float | None = None
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Article:
    """An article as it stands: `version` counts from 1, `changed_at` in epoch seconds."""

    id: int
    version: int
    wording: Wording
    changed_at: float
    changed_by: str


@dataclass(frozen=True, slots=True)
class Version:
    """What an article said from `at` (epoch seconds) on, who wrote it and why."""

    version: int
    wording: Wording
    at: float
    by: str
    note: str


def checked(wording: Wording, note: str, lines: Iterable[str]) -> Wording:
    """The wording without blanks at its ends; BadInput `missing`, `too_long` (field, most), `bad_character`, `unknown_line`."""
    kept = Wording(
        wording.title.strip(), wording.text.strip(), " ".join(wording.keywords.split()), wording.line, wording.valid_until,
        wording.is_withdrawn,
    )  # fmt: skip
    for field in ("title", "text"):
        if not getattr(kept, field):
            raise BadInput("missing", field=field)
    for field, value in (("title", kept.title), ("keywords", kept.keywords), ("text", kept.text), ("note", note)):
        if len(value) > LONGEST[field]:
            raise BadInput("too_long", field=field, most=LONGEST[field])
        if "\x00" in value or (field != "text" and not value.replace(" ", "").isprintable()):
            raise BadInput("bad_character", field=field)
    if kept.line and kept.line not in lines:
        raise BadInput("unknown_line", field="line")
    return kept


def state_of(wording: Wording, now: float) -> State:
    """Whether it may be read to a citizen at this moment, and whether that ends soon."""
    if wording.is_withdrawn:
        return "withdrawn"
    if wording.valid_until is None:
        return "valid"
    return "expired" if wording.valid_until <= now else "soon" if wording.valid_until - now < SOON_S else "valid"


def pieces_of(wording: Wording, initials: str) -> dict[str, int]:
    """Every piece that the article is found by, with the weight of the best place it stands in; `initials` of the title."""
    found: dict[str, int] = {}
    for text, weight in ((wording.text, TEXT), (wording.keywords, KEYWORDS), (initials, TITLE), (wording.title, TITLE)):
        found |= {piece: max(weight, found.get(piece, 0)) for piece in grams(text)}
    return found


def rank(wording: Wording, initials: str, words: Iterable[Word]) -> int:
    """How well it fits: 0 when a word stands nowhere in it, more the nearer to the title each stands."""
    texts = ((wording.title, TITLE), (initials, TITLE), (wording.keywords, KEYWORDS), (wording.text, TEXT))
    places = [(squeezed(text), weight) for text, weight in texts]
    total = 0
    for word in words:
        best = max((weight for text, weight in places if word.squeezed in text), default=0)
        if not best:
            return 0
        total += best
    return total


def snippet(text: str, words: Iterable[Word]) -> str:
    """A few words around the first place that fits, else the beginning; in one line."""
    flat = " ".join(text.split())
    low = folded(flat)
    at = min((place for word in words if len(low) == len(flat) and (place := low.find(word.squeezed)) >= 0), default=0)
    begin = max(0, at - _BEFORE)
    cut = flat[begin : begin + SNIPPET]
    return ("…" if begin else "") + cut + ("…" if begin + SNIPPET < len(flat) else "")
