"""Owns where a caller's number comes from: the longest beginning of it that has a name, as a numbering plan tells; pure."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

LONGEST = 9  # digits of a beginning; more do not fit into an array of 32 bits
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_BEHIND_AREA_CODE = re.compile(r"0[1-9][0-9]{8,10}")


@dataclass(frozen=True, slots=True)
class Places:
    """Beginnings of numbers as they are dialled from abroad without 86, by their length: sorted, and the name of each.

    130 000 of them are less than a megabyte, so that a desk has them at hand and asks nobody while a call rings.
    """

    names: tuple[str, ...] = ()
    by_length: Mapping[int, tuple[array[int], array[int]]] = field(default_factory=dict)

    def of(self, number: str) -> str:
        """The place of a number in national form (domain/numbers.py); empty where no place is known or it has none.

        Mobiles tell where they were bought, not where the caller stands. Services (95598, 400) and numbers from abroad have none.
        """
        if _MOBILE.fullmatch(number):
            significant = number
        elif _BEHIND_AREA_CODE.fullmatch(number):
            significant = number[1:]
        else:
            return ""
        for length in sorted(self.by_length, reverse=True):
            beginnings, names = self.by_length[length]
            wanted = int(significant[:length])
            at = bisect_left(beginnings, wanted)
            if at < len(beginnings) and beginnings[at] == wanted:
                return self.names[names[at]]
        return ""


def places_of(named: Mapping[str, str]) -> Places:
    """Of beginnings (digits after 86) and the name of each; one that is no number or too long is left out."""
    usable = {start: name for start, name in named.items() if start.isdigit() and len(start) <= LONGEST and name}
    names = {name: at for at, name in enumerate(sorted(set(usable.values())))}
    by_length: dict[int, tuple[array[int], array[int]]] = {}
    for start in sorted(usable, key=lambda each: (len(each), each)):
        beginnings, ids = by_length.setdefault(len(start), (array("I"), array("H")))
        beginnings.append(int(start))
        ids.append(names[usable[start]])
    return Places(tuple(names), by_length)
