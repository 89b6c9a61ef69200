"""Owns which text the databases keep: PostgreSQL has no place for a NUL, so it is refused by name and not as a broken database."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

HOLDS_NUL = "holds_nul"


def storable(value: str) -> str:
    """The text, unless it holds a NUL: then a validation error of type `holds_nul`."""
    if "\x00" in value:
        raise PydanticCustomError(HOLDS_NUL, "holds a NUL, which no database keeps")
    return value


Text = Annotated[str, AfterValidator(storable)]
