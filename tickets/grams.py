"""Owns how words are found in Chinese text: overlapping pieces of it, made here alike for every database; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tickets.ticket import Content

PERSON = "@"  # before a piece that tells who the caller is: only who may know that searches by it
LONGEST_QUERY = 100  # characters; what comes after is not looked at
MOST_WORDS = 8
_WIDE = 0x2E80  # from here on a character is about a syllable, before it a letter
_LETTERS, _SYLLABLES = 3, 2  # how many make a piece


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query: `squeezed` must stand in the text, so must all pieces of `whole`, and one begun by each of `begun`."""

    squeezed: str
    whole: tuple[str, ...]
    begun: tuple[str, ...]


def folded(text: str) -> str:
    """One form for what looks or sounds alike: full and half width, upper and lower case."""
    return unicodedata.normalize("NFKC", text).casefold()


def squeezed(text: str) -> str:
    """Only letters, digits and syllables, in one form: what a reader takes for the same is the same."""
    return "".join(char for char in folded(text) if char.isalnum())


def grams(text: str) -> Iterator[str]:
    """Every piece of a text: two syllables or three letters; the last ones of a run are shorter, so that each begins one."""
    for run in _runs(folded(text)):
        size = _size(run)
        for start in range(len(run)):
            yield run[start : start + size]


def indexed(content: Content) -> str:
    """All pieces of a ticket with blanks between, each once; the caller's name, telephone and address are marked as a person's."""
    found = set(grams(matter(content)))
    found |= {PERSON + piece for piece in grams(person(content))}
    return " ".join(sorted(found))


def matter(content: Content) -> str:
    """What the ticket is about, as far as it is searched."""
    return "\n".join((content.title, content.text, content.place, content.object))


def person(content: Content) -> str:
    """Who the caller is, as far as it is searched."""
    return "\n".join((content.name, content.number, content.address))


def words_of(query: str) -> tuple[Word, ...]:
    """The words of a query, at most eight; empty where it holds neither letter nor digit nor syllable."""
    found: dict[str, Word] = {}
    for written in folded(query[:LONGEST_QUERY]).split():
        whole: dict[str, None] = {}
        begun: dict[str, None] = {}
        for run in _runs(written):
            size = _size(run)
            if len(run) < size:
                begun[run] = None
            for start in range(len(run) - size + 1):
                whole[run[start : start + size]] = None
        if whole or begun:
            found[squeezed(written)] = Word(squeezed(written), tuple(whole), tuple(begun))
    return tuple(found.values())[:MOST_WORDS]


def is_there(words: Iterable[Word], content: Content, *, people_too: bool) -> bool:
    """Whether every word stands in the ticket as it was written: pieces alone could lie apart."""
    texts = [squeezed(each) for each in (content.title, content.text, content.place, content.object)]
    if people_too:
        texts += [squeezed(each) for each in (content.name, content.number, content.address)]
    return all(any(word.squeezed in text for text in texts) for word in words)


def _runs(text: str) -> Iterator[str]:
    """Stretches of syllables, and stretches of letters and digits; all else only separates."""
    begin, kind = 0, ""
    for place, char in enumerate(text):
        found = "" if not char.isalnum() else "wide" if ord(char) >= _WIDE else "narrow"
        if found != kind:
            if kind:
                yield text[begin:place]
            begin, kind = place, found
    if kind:
        yield text[begin:]


def _size(run: str) -> int:
    return _SYLLABLES if ord(run[0]) >= _WIDE else _LETTERS
