"""Owns how a number, a telephone number and a time of day are said in Chinese: as keys of recordings, in order.

The recordings are the catalogue's digits/... entries, whose names are those that Asterisk's own Chinese number speaking
looks for, so `SayNumber` and app_queue find them too. Play the keys one after the other.
"""

from __future__ import annotations

from typing import Final

LARGEST: Final = 9999

_PARTS_OF_DAY: Final = (  # from this hour on
    (0, "digits/dawn"),
    (6, "digits/a-m"),
    (12, "digits/noon"),
    (13, "digits/p-m"),
    (18, "digits/evening"),
)


def spoken_number(number: int) -> tuple[str, ...]:
    """A count from 0 to 9999: 12 is 十二, 105 一百零五, 1010 一千零一十."""
    if not 0 <= number <= LARGEST:
        raise ValueError(f"no words for {number}: 0 to {LARGEST} can be said")
    thousands, hundreds, rest = number // 1000, number // 100 % 10, number % 100
    words: list[str] = []
    if thousands:
        words += [f"digits/{thousands}", "digits/thousand"]
    if hundreds:
        words += [f"digits/{hundreds}", "digits/hundred"]
    if words and rest and (rest < 10 or not hundreds):
        words.append("digits/0")
    if rest or not words:
        words += _below_hundred(rest, after_hundreds=bool(words))
    return tuple(words)


def spoken_digits(digits: str) -> tuple[str, ...]:
    """A telephone number, digit by digit as it is read out: 幺 for one."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"not digits only: {digits!r}")
    return tuple("digits/1-yao" if digit == "1" else f"digits/{digit}" for digit in digits)


def spoken_time(hour: int, minute: int) -> tuple[str, ...]:
    """A time of day by the clock of 24 hours: (15, 20) is 下午三点二十分, (9, 5) 上午九点零五分, (14, 0) 下午两点."""
    if not (0 <= hour <= 23 and 0 <= minute <= 59):
        raise ValueError(f"no such time of day: {hour}:{minute}")
    part = [name for first, name in _PARTS_OF_DAY if hour >= first][-1]
    told = hour if hour <= 12 else hour - 12
    words = [part, *(("digits/2-liang",) if told == 2 else spoken_number(told)), "digits/oclock"]
    if minute:
        zero = ("digits/0",) if minute < 10 else ()
        words += [*zero, *spoken_number(minute), "digits/minute"]
    return tuple(words)


def _below_hundred(number: int, *, after_hundreds: bool) -> tuple[str, ...]:
    """0 to 99; the ten of 11 to 19 is 十 alone, but 一十 behind a larger part."""
    tens, ones = number // 10 * 10, number % 10
    if not tens:
        return (f"digits/{ones}",)
    one = ("digits/1",) if tens == 10 and after_hundreds else ()
    return (*one, f"digits/{tens}", *((f"digits/{ones}",) if ones else ()))
