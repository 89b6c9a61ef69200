"""A ticket's life as tables for docs/states.md, made by asking it: what an act leads to from each stage, and who may do it.

`python -m tickets.diagram agent_desktop/rights.yaml` prints both.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import hotline_core
from hotline_core.city import City
from hotline_core.errors import HotlineError
from hotline_core.yaml_lines import load_yaml
from tickets.acts import ACTS, RIGHT_OF, STAGES, Act, Stage
from tickets.life import Actor, step
from tickets.permission import check
from tickets.policy import Policy, load_policy
from tickets.table import AT_UNIT, OPEN, TABLE
from tickets.ticket import Content, Dispute, Doubt, Extension, Life, Pause, RefusedReturn, Ticket

NOW: Final = 1_778_464_800.0  # Monday 11 May 2026, 10:00 in Shanghai
UNIT, OFFICE, OTHER, GONE = "transport", "transport-passenger", "city-management", "no-such-unit"
HEAD_DECIDES, CENTRE_DECIDES = "mot-2014", "js-suqian-2020"  # who decides an extension in each
ALL_RIGHTS: Final = frozenset(RIGHT_OF.values()) | {"see_tickets", "see_unit_tickets"}
ANYBODY: Final = Actor("anybody", "anybody", ALL_RIGHTS, frozenset({UNIT, OFFICE}))
# One set of facts for each act that nothing is wrong with.
FACTS: Final[Mapping[Act, Mapping[str, object]]] = MappingProxyType({
    "answer": {"answer": "a"}, "refuse": {"code": "N1"}, "void": {"kind": "silent"}, "dispatch": {"unit": OTHER},
    "tell_by_phone": {"spoken_to": "a"}, "forward": {"unit": OFFICE}, "contact": {"reached": True},
    "ask_extension": {"ground": "evidence", "reason": "a", "amount": 5}, "refuse_extension": {"reason": "a"},
    "ask_return": {"reason": "a", "basis": "a", "suggestion": "a"}, "refuse_return": {"reason": "a"}, "suspend": {"reason": "a"},
    "override": {"days": 20, "law": "a"}, "reply": {"facts": "a", "process": "a", "basis": "a"}, "ask_supplement": {"reason": "a"},
    "follow_up": {"satisfied": True, "solved": True}, "rework": {"reason": "a"}, "reopen": {"reason": "a"},
    "merge": {"into": "another"}, "note": {"text": "a"}, "correct": {"changes": {"title": "b"}, "reason": "a"},
    "ask_superior": {"question": "a"}, "advise": {"answer": "a"},
    "contest_return": {"reason": "a"}, "call_review": {"reason": "a"},
    "settle_dispute": {"unit": OTHER, "reason": "a", "basis": "a"}, "chase": {"way": "phone", "whom": "a", "said": "a"},
})  # fmt: skip


def policy_of(profile: str = HEAD_DECIDES) -> Policy:
    """The rules as they come with the programme, with this profile for every line."""
    city = Path(hotline_core.__file__).with_name("city.default.yaml").read_text(encoding="utf-8")
    policy = load_policy(Path("no-such-home"), City.model_validate(load_yaml(city)))
    return replace(policy, chosen={"other": profile})


def sample(stage: Stage, act: Act, policy: Policy) -> Ticket:
    """A ticket at that stage as it has to be for the act: an extension is asked where one is to be decided, and the like."""
    content = Content(line="12328", klass="complaint", field="city_passenger", title="a", text="a")
    life = Life(stage, version=5, created_at=NOW - 7200, profile="" if stage == "draft" else policy.profile_of("12328", NOW).id)
    if stage != "draft":
        life = replace(life, accepted_at=NOW - 7200)
    if stage in OPEN or stage == "closed":
        life = replace(
            life, unit=UNIT, chain=(UNIT,), dispatched_at=NOW - 1800, clock_from=NOW - 1800, stands={"reply": NOW + 36000},
            return_from="signed" if stage == "return_asked" else None, closed_at=NOW if stage == "closed" else None,
        )  # fmt: skip
    if act in ("grant_extension", "refuse_extension"):
        life = replace(life, extension=Extension("evidence", "a", 5, NOW - 60))
    if act == "advise":
        life = replace(life, doubt=Doubt("a", "somebody", NOW - 60))
    if act == "contest_return":
        life = replace(life, refused_return=RefusedReturn(UNIT, "somebody", NOW - 60), return_asked_at=NOW - 120)
    if act == "call_review":
        life = replace(life, disowned=(OTHER, GONE))
    if act == "settle_dispute":
        life = replace(life, dispute=Dispute("disowned", (OTHER, GONE), "a", "somebody", NOW - 60))
    if act == "resume":
        life = replace(life, pauses=(Pause(NOW - 60),))
    if act == "tell_by_phone":
        life = replace(life, phone_duty=True)
    if act == "dispatch" and stage in ("signed", "in_hand"):
        life = replace(life, unit=GONE, chain=(GONE,))
    return Ticket("20260511000001", content, life)


def stage_table() -> str:
    """Acts by stages: the stage after the act, `stays`, or `–` where it is refused: no unit has it, or not at this stage."""
    policy = policy_of()
    lines = [f"| act | {' | '.join(STAGES)} |", "|---" * (len(STAGES) + 1) + "|"]
    for act in ACTS:
        lines.append(f"| {act} | {' | '.join(_cell(stage, act, policy) for stage in STAGES)} |")
    return "\n".join(lines)


def _cell(stage: Stage, act: Act, policy: Policy) -> str:
    ticket = sample(stage, act, policy)
    try:
        after = step(ticket, act, FACTS.get(act, {}), now=NOW, actor=ANYBODY, policy=policy).ticket.life.stage
    except HotlineError as error:
        return "–" if error.code in ("not_at_this_stage", "not_your_unit") else error.code
    return "stays" if after == stage else f"**{after}**"


def role_table(roles: Mapping[str, frozenset[str]]) -> str:
    """Acts by roles: `yes`, `own` for tickets of one's unit or one below, `–`; `head`, `centre`: where that one decides."""
    by_head, by_centre = policy_of(HEAD_DECIDES), policy_of(CENTRE_DECIDES)
    lines = [f"| act | right | {' | '.join(roles)} |", "|---" * (len(roles) + 2) + "|"]
    for act in ACTS:
        cells = [_who(act, role, rights, by_head, by_centre) for role, rights in roles.items()]
        lines.append(f"| {act} | `{RIGHT_OF[act]}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _who(act: Act, role: str, rights: frozenset[str], by_head: Policy, by_centre: Policy) -> str:
    own, other = (Actor(role, role, rights, units) for units in (frozenset({UNIT, OFFICE, GONE}), frozenset({OTHER})))
    stage = next((stage for stage in AT_UNIT if stage in TABLE[act]), next(iter(TABLE[act])))
    seen = tuple(_may(stage, act, who, policy) for policy in (by_head, by_centre) for who in (own, other))
    return _WORDS[seen]


# (own unit, other unit) where the head decides, the same where the centre does
_WORDS: Final[Mapping[tuple[bool, ...], str]] = MappingProxyType({
    (True, True, True, True): "yes",
    (True, False, True, False): "own",
    (True, False, False, False): "own, head",
    (False, False, True, True): "centre",
    (False, False, False, False): "–",
})


def _may(stage: Stage, act: Act, actor: Actor, policy: Policy) -> bool:
    try:
        check(sample(stage, act, policy), act, actor, policy)
    except HotlineError:
        return False
    return True


def main(rights: Path) -> int:
    """Print both tables; `rights` is the rights table's file."""
    data = load_yaml(rights.read_text(encoding="utf-8"))
    print(stage_table(), role_table({role: frozenset(acts) for role, acts in data["roles"].items()}), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
