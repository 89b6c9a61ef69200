"""What all parts of the city's file share: a frozen model that knows no other keys, and the kinds of words in it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[str, Field(pattern=r"^\+?[0-9]{2,20}$")]
Name = Annotated[str, Field(pattern=r"^[^\r\n]{1,60}$")]
PartyKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{1,30}$")]  # `h` is the dialplan's own
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]


class Part(BaseModel):
    """A part of the city's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
