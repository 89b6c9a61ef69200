"""What asking a superior and deciding the doubt do: who asked what, who decided what, and when; pure (R18)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from hotline_core.errors import IntentRefused
from tickets.acts import Act
from tickets.doing import LEADERSHIP, Doing, Done, Notify, person_audience
from tickets.ticket import Doubt


def _ask_superior(doing: Doing) -> Done:
    """The ticket stays where it is and its limits run on: whoever waits for the answer is told it as soon as it is there."""
    question = doing.facts.text("question")
    asked = Doubt(question, doing.actor.name, doing.now)
    return doing.done(doing.life.stage, Notify(LEADERSHIP, "doubt_asked"), doubt=asked)


def _advise(doing: Doing) -> Done:
    """The superior decides; the one who asked does what follows."""
    answer, doubt = doing.facts.text("answer"), doing.life.doubt
    if doubt is None:
        raise IntentRefused("no_doubt", act="advise")
    decided = replace(doubt, answer=answer, decided_by=doing.actor.name, decided_at=doing.now)
    return doing.done(doing.life.stage, Notify(person_audience(doubt.by), "doubt_decided"), doubt=decided)


DEEDS: Final[Mapping[Act, Callable[[Doing], Done]]] = MappingProxyType({"ask_superior": _ask_superior, "advise": _advise})
