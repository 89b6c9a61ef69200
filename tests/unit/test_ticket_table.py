"""The whole table of a ticket's life: every act at every stage by every role, done or refused as docs/states.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_desktop.rights import ROLES, load_rights
from hotline_core.errors import Forbidden, IntentRefused
from tests.unit.ticket_floor import policy_of
from tickets import diagram
from tickets.acts import ACTS, RIGHT_OF, STAGES, Act, Stage
from tickets.facts import KNOWN
from tickets.life import Actor, allowed, step
from tickets.table import TABLE, pairs

pytestmark = pytest.mark.unit

STATES = Path(__file__).resolve().parents[2] / "docs" / "states.md"
RIGHTS = load_rights()
DECIDES = {"head": diagram.HEAD_DECIDES, "centre": diagram.CENTRE_DECIDES}
# Stages at which a unit has the ticket; what it may do elsewhere is refused because it is nobody's.
AT_SOME_UNIT = {"dispatched", "signed", "in_hand", "return_asked", "replied", "checked", "closed"}


def told(name: str) -> str:
    text = STATES.read_text(encoding="utf-8")
    return text.partition(f"<!-- ticket {name}: begin -->\n")[2].partition(f"\n<!-- ticket {name}: end -->")[0]


def cells(name: str) -> dict[tuple[str, str], str]:
    """The cells of a table of docs/states.md by act and column."""
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in told(name).splitlines()]
    return {(row[0], column): cell for row in rows for column, cell in zip(head[1:], row[1:], strict=True)}


def test_the_tables_of_a_tickets_life_are_current() -> None:
    roles = {role: RIGHTS.acts_of(role) for role in ROLES}
    why = "run: python -m tickets.diagram agent_desktop/rights.yaml"
    assert told("stages") == diagram.stage_table(), why
    assert told("roles").splitlines()[1:] == diagram.role_table(roles).splitlines()[1:], why


def test_the_table_and_the_words_know_the_same_acts_and_stages() -> None:
    assert set(TABLE) == set(ACTS) == set(RIGHT_OF) == set(KNOWN)
    assert {stage for row in TABLE.values() for stage in row} <= set(STAGES)
    reached = {after for row in TABLE.values() for stages in row.values() for after in stages}
    assert reached | {"draft"} == set(STAGES)
    assert len(pairs()) == len(STAGES) * len(ACTS)


def test_from_every_stage_something_leads_on() -> None:
    """Nothing is stuck: every stage but those that are done by nature has a way to another."""
    ways = {stage: {after for row in TABLE.values() for after in row.get(stage, ()) if after != stage} for stage in STAGES}
    assert [stage for stage, others in ways.items() if not others] == []


@pytest.mark.parametrize("role", ROLES)
def test_every_act_at_every_stage_by_every_role_is_done_or_refused_as_the_tables_say(role: str) -> None:
    stages, roles = cells("stages"), cells("roles")
    for stage, act in pairs():
        for decides, is_own in (("head", True), ("head", False), ("centre", True), ("centre", False)):
            expected = _expected(stages[act, stage], roles[act, role], stage, act, decides, is_own=is_own)
            assert _tried(stage, act, role, decides, is_own=is_own) == expected, (stage, act, decides, is_own)


def _expected(cell: str, who: str, stage: Stage, act: Act, decides: str, *, is_own: bool) -> str:
    has_right = who in ("yes", "own") or decides in who
    if not has_right:
        return "forbidden"
    if who.startswith("own") and not (is_own and stage in AT_SOME_UNIT):
        return "not_your_unit"
    if cell == "–":
        return "not_at_this_stage"
    return stage if cell == "stays" else cell.strip("*")


def _tried(stage: Stage, act: Act, role: str, decides: str, *, is_own: bool) -> str:
    policy = policy_of(DECIDES[decides])
    own = {diagram.UNIT, diagram.OFFICE, diagram.GONE} if is_own else {diagram.OTHER}
    units = frozenset(own) if role in ("unit", "unit_head") else frozenset()
    actor = Actor(f"{role}1", role, RIGHTS.acts_of(role), units)
    ticket = diagram.sample(stage, act, policy)
    is_allowed = act in allowed(ticket, actor, policy)
    try:
        outcome = step(ticket, act, diagram.FACTS.get(act, {}), now=diagram.NOW, actor=actor, policy=policy)
    except (Forbidden, IntentRefused) as error:
        return "allowed, and refused" if is_allowed else error.code
    assert is_allowed
    assert outcome.ticket.life.version == ticket.life.version + 1
    assert outcome.ticket.life.stage in TABLE[act][stage]
    return outcome.ticket.life.stage
