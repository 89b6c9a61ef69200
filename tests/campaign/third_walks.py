"""Owns random walks of clicks and hang-ups through a call with a third party, drawn beforehand from a seed: each is replayable.

The map is what is expected, to draw walks that get somewhere; what really happens is Asterisk's and judged elsewhere. One step in
seven is drawn from everything, wherever the walk is. Pure.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

STEPS = 7
ANYTHING, HURRY = 1 / 7, 1 / 4
PAUSES_S = (0.0, 0.0, 0.1, 0.3, 0.8)
OVER = "over"


@dataclass(frozen=True, slots=True)
class Step:
    """A click (`act`, with what it is asked with) or something that happens (`what`), and the pause before it."""

    what: str
    fields: Mapping[str, str] = field(default_factory=dict)
    policy: str = ""  # what the party's telephone does with the next call: answers, rings, busy, declines, brief
    pause_s: float = 0.0
    waits_for: str = ""  # the stage the map expects of it; empty: the next step does not wait, and may meet legs on their way

    def __str__(self) -> str:
        told = "/".join(self.fields.values())
        return " ".join(word for word in (self.what, told, self.policy) if word)


def _ask(act: str, policy: str) -> Step:
    return Step(act, {"number": "own"}, policy)


MAP: Mapping[str, tuple[tuple[Step, str], ...]] = {
    "talk": (
        (_ask("consult", "answers"), "consult"), (_ask("consult", "rings"), "calling"), (_ask("consult", "busy"), "talk"),
        (_ask("consult", "answers"), "consult"), (Step("consult", {"to": "other"}), "consult"),
        (Step("add", {"to": "other"}), "three"),
        (_ask("add", "answers"), "three"), (_ask("add", "rings"), "adding"), (_ask("add", "declines"), "talk"),
        (_ask("add", "answers"), "three"), (Step("emergency", {"party": "ladder"}), "three"),
        (Step("emergency", {"party": "nobody"}), "talk"), (Step("consult", {"party": "brief"}), "consult"),
        (Step("hold"), "parked"), (Step("requeue", {"queue": "hotline"}), "talk"),
        (Step("blind", {"to": "other"}), "talk"), (Step("blind", {"party": "engaged"}), "talk"),
        (Step("agent vanishes"), "talk"),
    ),
    "parked": (
        (Step("merge"), "talk"), (_ask("consult", "answers"), "consult"), (_ask("consult", "rings"), "calling"),
        (Step("agent hangs up"), "talk"), (Step("agent vanishes"), "talk"), (Step("requeue", {"queue": "hotline"}), "talk"),
    ),
    "calling": (
        (Step("drop"), "talk"), (Step("third answers"), "consult"), (Step("third refuses"), "talk"), (Step("merge"), "adding"),
        (Step("agent hangs up"), "talk"), (Step("agent vanishes"), "talk"), (Step("requeue", {"queue": "hotline"}), "talk"),
    ),
    "adding": (
        (Step("drop"), "talk"), (Step("third answers"), "three"), (Step("third refuses"), "talk"), (Step("hold"), "calling"),
        (Step("agent vanishes"), "adding"),
    ),
    "consult": (
        (Step("swap"), "swapped"), (Step("merge"), "three"), (Step("merge"), "three"), (Step("swap"), "swapped"),
        (Step("drop"), "talk"), (Step("leave"), "handed"), (Step("third hangs up"), "talk"), (Step("agent hangs up"), "talk"),
        (Step("agent vanishes"), "talk"), (Step("requeue", {"queue": "hotline"}), "talk"),
        (Step("digits", {"digits": "1#"}), "consult"),
    ),
    "swapped": (
        (Step("swap"), "consult"), (Step("merge"), "three"), (Step("drop"), "talk"), (Step("leave"), "handed"),
        (Step("third hangs up"), "talk"), (Step("agent hangs up"), "talk"), (Step("agent vanishes"), "talk"),
    ),
    "three": (
        (Step("hold"), "consult"), (Step("swap"), "swapped"), (Step("drop"), "talk"), (Step("leave"), "handed"),
        (Step("third hangs up"), "talk"), (Step("agent hangs up"), "handed"), (Step("agent vanishes"), "three"),
        (Step("mute", {"role": "citizen"}), "three"), (Step("unmute", {"role": "citizen"}), "three"),
        (Step("digits", {"digits": "42"}), "three"), (Step("requeue", {"queue": "hotline"}), "talk"),
    ),
    "handed": ((Step("third hangs up"), "talk"), (Step("third hangs up"), "talk"), (Step("take_back"), "three")),
}  # fmt: skip
EVERYTHING = tuple({str(step): step for ways in MAP.values() for step, _ in ways}.values())


def walk(seed: int, number: int, steps: int = STEPS) -> list[Step]:
    """Walk `number` of a seed: that many steps, then the citizen hangs up; always the same one."""
    dice, stage, drawn = random.Random(f"{seed}/{number}"), "talk", list[Step]()
    for _ in range(steps):
        step, expected = dice.choice(MAP[stage])
        if dice.random() < ANYTHING:
            step, expected = dice.choice(EVERYTHING), stage
        hurries = dice.random() < HURRY
        drawn.append(Step(step.what, step.fields, step.policy, dice.choice(PAUSES_S), "" if hurries else expected))
        stage = expected
    return [*drawn, Step("citizen hangs up", pause_s=dice.choice(PAUSES_S))]
