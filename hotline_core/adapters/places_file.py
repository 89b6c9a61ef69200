"""Owns the file of places by number: made once from the numbering plan of the library `phonenumbers`, read by the desk.

The library holds the plans of the whole world and takes 200 MB and seconds to load, so that a process of its own makes the file:
`python -m hotline_core.adapters.places_file FILE`.
"""

from __future__ import annotations

import json
import os
import sys
from array import array
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from hotline_core.domain.places import Places, places_of

LIBRARY = "phonenumbers"
COUNTRY = "86"
LANGUAGE = "zh"


def path_of(cache: Path) -> Path:
    """Where the file of the installed library lies; another version of it has another file."""
    return cache / f"places-{version(LIBRARY)}.json"


def read(path: Path) -> Places:
    """The places; none where there is no file yet, or none that can be read: a call is never kept from its agent by that."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Places(
            tuple(map(str, told["names"])),
            {int(length): (array("I", starts), array("H", names)) for length, (starts, names) in told["by_length"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return Places()


def write(path: Path, places: Places) -> None:
    """Write the file; whoever reads sees the whole of it or none."""
    by_length = {length: [list(starts), list(names)] for length, (starts, names) in places.by_length.items()}
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(json.dumps({"names": places.names, "by_length": by_length}, ensure_ascii=False, separators=(",", ":")), "utf-8")
    part.replace(path)


def of_library() -> Places:
    """What the library knows of this country, in Chinese."""
    from phonenumbers.geodata import GEOCODE_DATA

    plan: Mapping[str, Mapping[str, str]] = GEOCODE_DATA
    ours = {start.removeprefix(COUNTRY): told for start, told in plan.items() if start.startswith(COUNTRY)}
    return places_of({start: told.get(LANGUAGE, "") for start, told in ours.items()})


if __name__ == "__main__":
    write(Path(sys.argv[1]), of_library())
