"""Which numbers may be dialled from here: the city's allow list, read as Asterisk reads it, and the dialplan's share of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Asterisk's pattern language, cut to what a person can check: digits, X (0-9), Z (1-9), N (2-9), a final dot (one digit or more).
PATTERN = r"^[0-9XZN]{1,20}$|^[0-9XZN]{1,19}\.$"
NUMBER = re.compile(r"[0-9]{2,20}")

_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": "[0-9]+"}

# Open only to a pattern that spells their digits out: emergency numbers, abroad, information services at a price (R10).
# A wide pattern such as `1XX` or `X.` lets none of them through.
GUARDED = ("110", "119", "120", "122", "12395", "00.", "96.", "160.", "168.")

DEFAULT_ALLOW = (
    # mobiles of the mainland
    "13XXXXXXXXX", "14XXXXXXXXX", "15XXXXXXXXX", "16XXXXXXXXX", "17XXXXXXXXX", "18XXXXXXXXX", "19XXXXXXXXX",
    # behind an area code: 010, 02x, 03xx to 09xx, and the hotlines of other cities
    "010NXXXXXXX", "02XNXXXXXXX", "0NXXNXXXXXX", "0NXXNXXXXXXX",
    "01012345", "02X12345", "0NXX12345", "01012328", "02X12328", "0NXX12328",
    # numbers of this city, with seven digits or eight; 9 begins none of them
    "2XXXXXX", "3XXXXXX", "4XXXXXX", "5XXXXXX", "6XXXXXX", "7XXXXXX", "8XXXXXX",
    "2XXXXXXX", "3XXXXXXX", "4XXXXXXX", "5XXXXXXX", "6XXXXXXX", "7XXXXXXX", "8XXXXXXX",
    # services: utilities and enterprises, railway, civil aviation, post
    "95XXX", "12306", "12326", "12305",
)  # fmt: skip


def is_pattern(text: str) -> bool:
    """Whether a text is a pattern of this language."""
    return re.fullmatch(PATTERN, text) is not None


def is_allowed(patterns: Iterable[str], number: str) -> bool:
    """Whether a number, written in digits alone, may be dialled; what is no number may not."""
    if NUMBER.fullmatch(number) is None:
        return False
    guards = [guard for guard in GUARDED if _matches(guard, number)]
    return any(_matches(pattern, number) and all(_spells(pattern, guard) for guard in guards) for pattern in patterns)


def refused_extensions(patterns: Iterable[str]) -> tuple[str, ...]:
    """What the dialplan must refuse beside the patterns it lets through, so that Asterisk decides as `is_allowed` does.

    Asterisk takes the most specific extension: a guard that spells its digits out wins over any wider pattern, and loses
    to a longer spelling. A guard that is itself on the list is left out.
    """
    listed = set(patterns)
    return tuple(extension(guard) for guard in GUARDED if guard not in listed)


def extension(pattern: str) -> str:
    """The pattern as the dialplan writes it: with an underscore unless it is one number."""
    return pattern if pattern.isdigit() else f"_{pattern}"


def _matches(pattern: str, number: str) -> bool:
    return re.fullmatch("".join(_CLASSES.get(sign, sign) for sign in pattern), number) is not None


def _spells(pattern: str, guard: str) -> bool:
    """True when the pattern begins with the guard's own digits."""
    return pattern.startswith(guard.rstrip("."))
