"""Owns which act may be done in which stage, and which stages it leads to: the whole table of a ticket's life; pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tickets.acts import ACTS, STAGES, Act, Stage

AT_UNIT: Final[tuple[Stage, ...]] = ("dispatched", "signed", "in_hand")  # a unit has it
OPEN: Final[tuple[Stage, ...]] = (*AT_UNIT, "return_asked", "replied", "checked")  # between dispatch and close
DONE: Final[tuple[Stage, ...]] = ("answered", "refused", "void", "closed", "archived", "merged")  # nobody has to


def _row(from_: tuple[Stage, ...], *to: Stage) -> Mapping[Stage, tuple[Stage, ...]]:
    return MappingProxyType(dict.fromkeys(from_, to))


def _stays(*at: Stage) -> Mapping[Stage, tuple[Stage, ...]]:
    return MappingProxyType({stage: (stage,) for stage in at})


# act -> stage in which it may be done -> stages it may lead to. A pair that is not here is refused with `not_at_this_stage`.
TABLE: Final[Mapping[Act, Mapping[Stage, tuple[Stage, ...]]]] = MappingProxyType({
    "accept": _row(("draft",), "accepted"),
    "answer": _row(("draft", "accepted"), "answered"),
    "refuse": _row(("draft", "accepted"), "refused"),
    "void": _row(("draft",), "void"),
    # Anew while nobody has signed: the centre names another unit; later only from a unit that is no more (`unit_has_it`).
    "dispatch": _row(("accepted", *AT_UNIT), "dispatched"),
    "tell_by_phone": _stays(*AT_UNIT),
    "sign": _row(("dispatched",), "signed"),
    "forward": _row(AT_UNIT, "dispatched"),
    "contact": MappingProxyType({"signed": ("signed", "in_hand"), "in_hand": ("in_hand",)}),
    "ask_extension": _stays("signed", "in_hand"),
    "grant_extension": _stays(*AT_UNIT),
    "refuse_extension": _stays(*AT_UNIT),
    "ask_return": _row(AT_UNIT, "return_asked"),
    "grant_return": _row(("return_asked",), "accepted"),
    "refuse_return": _row(("return_asked",), *AT_UNIT),
    "suspend": _stays(*AT_UNIT),
    "resume": _stays(*AT_UNIT),
    "override": _stays("accepted", *AT_UNIT, "return_asked"),
    "reply": _row(("signed", "in_hand"), "replied"),
    "ask_supplement": _row(("replied",), "in_hand"),
    "check": _row(("replied",), "checked"),
    "follow_up": _stays("checked", "closed"),
    "rework": _row(("replied", "checked", "closed"), "in_hand"),
    "close": _row(("checked",), "closed"),
    "archive": _row(("answered", "refused", "void", "closed"), "archived"),
    "reopen": MappingProxyType(
        {"void": ("draft",), **dict.fromkeys(("answered", "refused", "closed", "archived", "merged"), ("accepted",))}
    ),
    "merge": _row(("draft", "accepted", *OPEN), "merged"),
    "note": _stays(*STAGES),
    "ask_superior": _stays("draft", "accepted", *OPEN),
    "advise": _stays("draft", "accepted", *OPEN),
    # A dispute over who is responsible (R52): the ticket stays with the lead that has it or is sent to the one that was fixed.
    "contest_return": _stays(*AT_UNIT),
    "call_review": _stays("accepted", "return_asked"),
    "settle_dispute": MappingProxyType({
        "accepted": ("dispatched",), **{stage: tuple(dict.fromkeys((stage, "dispatched"))) for stage in AT_UNIT},
        "return_asked": AT_UNIT,
    }),
    "chase": _stays(*AT_UNIT),
    "correct": _stays(*(stage for stage in STAGES if stage not in ("archived", "merged"))),
})


def may_follow(stage: Stage, act: Act) -> tuple[Stage, ...]:
    """The stages that the act may lead to from there; empty where it is refused."""
    return TABLE[act].get(stage, ())


def pairs() -> tuple[tuple[Stage, Act], ...]:
    """Every stage with every act, in the order of the words."""
    return tuple((stage, act) for stage in STAGES for act in ACTS)
