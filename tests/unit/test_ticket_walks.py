"""Random acts by anybody at any time: whatever is done, a ticket is whole afterwards, and what is refused changes nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_core.errors import BadInput, Forbidden, IntentRefused
from tests.unit.ticket_floor import COMPLAINT, EVERYBODY, MONDAY, Story, at, policy_of
from tickets.acts import ACTS, Act
from tickets.clockwork import LONGEST_KEY, WAITS, marks, next_mark_at, to_fire
from tickets.diagram import FACTS
from tickets.life import Actor, Outcome, allowed, foreseen, open_limits, standing, step
from tickets.table import AT_UNIT, DONE, TABLE
from tickets.ticket import Content, Ticket
from tickets.units import path_to

pytestmark = pytest.mark.unit

NAMES = frozenset(who.name for who in EVERYBODY)
PROFILES = ("mot-2014", "sd-dezhou-2021", "ah-suzhou-2023", "js-suqian-2020", "sd-2020", "ar-unnamed", "gs-lanzhou-2021")
KLASSES = ("consult", "complaint", "suggestion")
PERSONAL = ("市民甲", "13800000001", "在火车站拒载")
UNITS = tuple(policy_of().units)
# Beside the facts of the tables: others that may be right, and some that are wrong.
MORE: dict[Act, list[dict[str, Any]]] = {
    "dispatch": [{"unit": unit, "co_units": co} for unit in UNITS for co in ([], ["water"], ["police", "power"])],
    "forward": [{"unit": unit} for unit in UNITS if unit.startswith(("transport", "police"))],
    "contact": [{"reached": False, "note": "无人接听"}, {}],
    "ask_extension": [{"ground": "parties", "reason": "多方", "amount": amount} for amount in (1, 6, 30, 99)],
    "override": [{"days": days, "law": "某法"} for days in (1, 200)],
    "follow_up": [{"reached": False, "note": "未接通"}, {"satisfied": False, "solved": False}],
    "correct": [{"changes": change, "reason": "更正"} for change in ({"klass": "consult"}, {"is_safety": True}, {"name": "乙"})],
    "reply": [{"facts": "查明", "process": "约谈"}],
    "merge": [{"into": "20260511000009"}],
    "void": [{"kind": "harassing", "note": "市民甲"}],
    "ask_superior": [{"question": "能否受理？"}],
    "refuse_return": [{"reason": "属于本单位", "improper": improper} for improper in (True, False)],
    "settle_dispute": [
        {"unit": unit, "co_units": co, "reason": "裁定", "basis": "三定方案", "members": "市司法局", "improper": improper}
        for unit in UNITS for co in ([], ["water"]) for improper in (True, False)
    ],
    "chase": [{"way": way, "whom": "负责人", "said": "请答复"} for way in ("on_site", "report_up", "letter")],
}
# Acts that lead nowhere, or to an end: done now and then, else most walks would end before a unit has the ticket.
RARE = frozenset({"note", "correct", "override", "merge", "void", "refuse", "answer", "archive", "reopen"})
HOW = ("common", "common", "common", "common", "common", "allowed", "anything")
PASSES = (0, 0, 1, 3600, 86_400, 5 * 86_400, 40 * 86_400, -7200)  # seconds between two acts; clocks are set back too
STEPS = 50



def facts_of(act: Act, choice: Random) -> dict[str, Any]:
    """Facts that are right for the act, or others that are known for it."""
    right = dict(FACTS.get(act, {}))
    return right if act not in MORE or choice.random() < 0.5 else choice.choice(MORE[act])


def chosen(story: Story, choice: Random) -> tuple[Actor, Act]:
    """Who does what next: anything, or what may be done, or of that what moves the ticket."""
    kind = choice.choice(HOW)
    every = [(who, act) for who in EVERYBODY for act in (ACTS if kind == "anything" else story.allowed(who))]
    common = [(who, act) for who, act in every if act not in RARE]
    among = common if kind == "common" and common else every
    act = choice.choice(sorted({act for _, act in among}))  # each act as often as another, however many people may do it
    return choice.choice([who for who, its in among if its == act]), act


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), profile=st.sampled_from(PROFILES), is_safety=st.booleans())
def test_whatever_is_done_to_a_ticket_it_is_whole_afterwards(seed: int, profile: str, is_safety: bool) -> None:
    """One walk, replayable by its seed."""
    choice = Random(seed)
    story = Story(replace(COMPLAINT, is_safety=is_safety), profile)
    replied = False  # since it was last sent to a unit
    for _ in range(STEPS):
        story.now += choice.choice(PASSES)
        who, act = chosen(story, choice)
        before = story.ticket
        outcome = tried(story, act, facts_of(act, choice), who)
        if outcome is None:
            continue
        replied = (replied or act == "reply") and act not in ("dispatch", "rework", "reopen", "grant_return", "ask_supplement")
        check_step(before, act, outcome, story)
        check_whole(outcome.ticket, story)
        assert replied or outcome.ticket.life.stage not in ("replied", "checked", "closed")


def tried(story: Story, act: Act, facts: dict[str, Any], who: Actor) -> Outcome | None:
    """The outcome, or None where it was refused: with a code, and without any change."""
    before = story.ticket
    outcome: Outcome | None
    try:
        outcome = step(before, act, facts, now=story.now, actor=who, policy=story.policy)
    except (BadInput, IntentRefused):
        return None
    except Forbidden:
        outcome = None
    assert (act in allowed(before, who, story.policy)) == (outcome is not None)
    if outcome is None:
        return None
    assert step(before, act, facts, now=story.now, actor=who, policy=story.policy) == outcome
    story.ticket = outcome.ticket
    return outcome


def check_step(before: Ticket, act: Act, outcome: Outcome, story: Story) -> None:
    """One version on, a stage of the table, told nobody who is none, and nothing personal in what is told."""
    after = outcome.ticket.life
    assert after.version == before.life.version + 1
    assert after.stage in TABLE[act][before.life.stage]
    assert (before.number, before.content.call_id) == (outcome.ticket.number, outcome.ticket.content.call_id)
    json.dumps(dict(outcome.facts), allow_nan=False)
    told = json.dumps([dict(command.facts) for command in outcome.commands], ensure_ascii=False, allow_nan=False)
    assert not any(each in told for each in PERSONAL)
    for command in outcome.commands:
        kind, _, key = command.audience.partition(":")
        assert command.audience in ("centre", "leadership") or (
            (kind in ("unit", "head") and key in story.policy.units) or (kind == "person" and key in NAMES)
        )


def check_whole(ticket: Ticket, story: Story) -> None:
    """What is true of every ticket at every moment."""
    life, policy = ticket.life, story.policy
    json.dumps(asdict(life), allow_nan=False)
    assert standing(ticket, policy) == ticket  # the limits are those of the arithmetic
    if life.stage in AT_UNIT:
        assert life.chain[-1] == life.unit
        assert path_to(life.unit, policy.units)[-len(life.chain) :] == life.chain
        assert life.unit not in life.co_units
        assert not {life.unit, *life.co_units, *life.chain} & set(life.copies)
        assert policy.profile(life.profile).copies or not life.copies
    if life.stage in ("draft", "accepted"):
        assert (life.unit, life.chain, life.extension, life.pauses, life.met) == ("", (), None, (), {})
    if life.stage not in AT_UNIT:
        assert not life.pauses or life.pauses[-1].until is not None
        assert life.extension is None or life.extension.granted is not None
    if life.stage in DONE or life.stage == "draft":
        assert set(open_limits(life)) <= ({"follow_up"} if life.stage == "closed" else set())
    assert (life.stage == "draft") == (not life.profile)
    extension = policy.profile(life.profile).extension if life.profile else None
    most = extension.amount * extension.times if extension else 0
    assert life.extended <= most
    assert (life.closed_at is not None) == (life.stage in DONE)
    if life.dispute is not None and life.dispute.decided_at is None:
        assert life.stage in TABLE["settle_dispute"]  # somebody can decide it
        assert life.dispute.kind == "contested" or len(life.dispute.units) > 1
    assert life.refused_return is None or life.stage not in ("draft", "accepted")
    assert len({(each.unit, each.asked_at) for each in life.improper if each.withdrawn_at is None}) <= life.returns
    check_marks(ticket, story)


def check_marks(ticket: Ticket, story: Story) -> None:
    """Every mark can be stored, is told once, and is asked for at its time."""
    found = marks(ticket, story.policy)
    keys = [mark.key for mark in found]
    assert len(set(keys)) == len(keys)
    assert all(len(key) <= LONGEST_KEY for key in keys)
    assert {mark.limit for mark in found} - {"phone", *WAITS} == set(open_limits(ticket.life))
    assert found or ticket.life.stage not in ("accepted", "return_asked", "replied", "checked")  # nothing lies forgotten
    due = to_fire(ticket, (), story.policy, story.now)
    fired = {mark.key for mark in due}
    assert to_fire(ticket, fired, story.policy, story.now) == ()
    next_at = next_mark_at(ticket, fired, story.policy)
    assert next_at is None or next_at > story.now
    assert (next_at is None) == (len(fired) == len(found))


@settings(max_examples=40, deadline=None)
@given(hours=st.integers(0, 24 * 400), klass=st.sampled_from(KLASSES), profile=st.sampled_from(PROFILES))
def test_what_the_desk_foresees_is_what_stands_after_the_dispatch(hours: int, klass: str, profile: str) -> None:
    story = Story(Content(line="12328", klass=klass, title="某事"), profile)
    story.now = at(MONDAY) + hours * 3600
    story.ticket = replace(story.ticket, life=replace(story.life, created_at=story.now))
    seen = {what: due.at for what, due in foreseen(story.ticket.content, story.policy, now=story.now).items()}
    assert story.dispatched().life.stands == seen
