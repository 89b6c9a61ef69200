"""The people, the rules and one ticket to tell stories with: acts are done by whoever may do them, at a time that is given."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache

import pytest

from agent_desktop.rights import ROLES, load_rights
from hotline_core.errors import HotlineError
from tickets import diagram
from tickets.acts import Act
from tickets.clockwork import Mark, marks
from tickets.life import Actor, Outcome, allowed, step
from tickets.limits import SHANGHAI
from tickets.policy import Policy
from tickets.ticket import Content, Life, Ticket
from tickets.units import below

MONDAY = "2026-05-11T10:00:00"
COMPLAINT = Content(
    line="12328", klass="complaint", field="city_passenger", title="出租车拒载", text="在火车站拒载", name="市民甲",
    number="13800000001",
)  # fmt: skip


@cache
def policy_of(profile: str = "mot-2014") -> Policy:
    """The rules as they come with the programme, with that profile for every line."""
    return diagram.policy_of(profile)


@cache
def actor(role: str, unit: str = "") -> Actor:
    """A person of that role, with the rights of the table; an officer of that unit sees to those below it too."""
    return Actor(f"{role}1", role, load_rights().acts_of(role), below(unit, policy_of().units) if unit else frozenset())


AGENT, CLERK, SUPERVISOR = actor("agent"), actor("clerk"), actor("supervisor")
BUREAU, HEAD = actor("unit", "transport"), actor("unit_head", "transport")
OFFICE, OTHER = actor("unit", "transport-passenger"), actor("unit", "city-management")
EVERYBODY = [
    *(actor(role) for role in ROLES if role not in ("unit", "unit_head")), BUREAU, HEAD, OFFICE, OTHER,
    actor("unit_head", "city-management"),
]  # fmt: skip


def at(text: str) -> float:
    """Epoch seconds of a time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


def clock(moment: float | None) -> str:
    """The time in Shanghai as 05-11 10:00."""
    return "" if moment is None else datetime.fromtimestamp(moment, SHANGHAI).strftime("%m-%d %H:%M")


class Story:
    """One ticket on its way; `now` is a time in Shanghai that the teller moves."""

    def __init__(self, content: Content = COMPLAINT, profile: str = "mot-2014", now: str = MONDAY) -> None:
        self.policy = policy_of(profile)
        self.now = at(now)
        self.ticket = Ticket("20260511000001", content, Life(created_at=self.now))
        self.last: Outcome | None = None

    @property
    def life(self) -> Life:
        return self.ticket.life

    def at(self, now: str) -> Story:
        self.now = at(now)
        return self

    def does(self, act: Act, by: Actor, **facts: object) -> Story:
        """The act is done; the ticket is what came out."""
        self.last = step(self.ticket, act, facts, now=self.now, actor=by, policy=self.policy)
        self.ticket = self.last.ticket
        return self

    def refused(self, act: Act, by: Actor, **facts: object) -> tuple[str, dict[str, object]]:
        """The code and the facts with which the act is refused."""
        with pytest.raises(HotlineError) as refusal:
            step(self.ticket, act, facts, now=self.now, actor=by, policy=self.policy)
        return refusal.value.code, refusal.value.facts

    def refusal(self, act: Act, by: Actor, **facts: object) -> str:
        """The code with which the act is refused."""
        return self.refused(act, by, **facts)[0]

    def allowed(self, by: Actor) -> tuple[Act, ...]:
        return allowed(self.ticket, by, self.policy)

    def due(self, what: str) -> str:
        return clock(self.life.stands.get(what))

    @property
    def told(self) -> set[tuple[str, str]]:
        """Whom the last act told what."""
        assert self.last is not None
        return {(command.audience, command.kind) for command in self.last.commands}

    def marks(self) -> tuple[Mark, ...]:
        return marks(self.ticket, self.policy)

    # -- stages on the way ------------------------------------------------------------------------------------------

    def dispatched(self, unit: str = "transport", **facts: object) -> Story:
        return self.does("accept", AGENT).does("dispatch", CLERK, unit=unit, **facts)

    def signed(self) -> Story:
        return self.dispatched().does("sign", BUREAU)

    def replied(self) -> Story:
        return self.signed().does("reply", BUREAU, facts="查明属实", process="约谈司机", basis="《出租汽车经营服务管理规定》")

    def closed(self) -> Story:
        return self.replied().does("check", CLERK).does("close", CLERK)

    def with_content(self, **content: object) -> Story:
        self.ticket = replace(self.ticket, content=replace(self.ticket.content, **content))  # type: ignore[arg-type]
        return self
