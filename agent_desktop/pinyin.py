"""Pinyin initials of a Chinese name, to find it by a few letters."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin


def initials_of(name: str) -> str:
    """The first letter of each character's reading, letters and digits as they are, all in lower case; the rest is left out."""
    letters = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    return "".join(sign for sign in letters.casefold() if sign.isascii() and sign.isalnum())
