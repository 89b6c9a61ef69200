"""Owns what a policy profile is: a place's dated set of limits and rules, and which of its rules holds for a matter; pure (R50)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tickets.limits import DAYS, Limit, Measure, Rule, What
from tickets.ticket import CallerKind, Content

AlertKind = Literal["remind", "due", "overdue", "escalate"]
Rung = Literal["unit", "head", "centre", "leadership"]  # the ladder of R57
Share = Literal["all", "sample"]


@dataclass(frozen=True, slots=True)
class When:
    """Which matters a row is for: every condition that is given must hold; none given: all matters."""

    klass: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    caller_kind: CallerKind | None = None
    is_complex: bool | None = None
    is_urgent: bool | None = None
    is_safety: bool | None = None
    has_topic: bool | None = None

    def fits(self, content: Content) -> bool:
        """Whether the matter is one of them."""
        if self.klass and content.klass not in self.klass:
            return False
        if self.topic and content.topic not in self.topic:
            return False
        if self.caller_kind is not None and content.caller_kind != self.caller_kind:
            return False
        asked = (
            (self.is_complex, content.is_complex),
            (self.is_urgent, content.is_urgent),
            (self.is_safety, content.is_safety),
            (self.has_topic, bool(content.topic)),
        )
        return all(wanted is None or wanted == given for wanted, given in asked)


@dataclass(frozen=True, slots=True)
class Row:
    """A rule and the matters it is for; `rule` None: expressly no limit there."""

    when: When
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class ExtensionRule:
    """Whether and how a reply limit may be extended (R51): up to `amount` of `measure`, `times` times, on one of `grounds`."""

    amount: int
    measure: Measure
    grounds: tuple[str, ...]
    approver: Literal["unit_head", "centre"]
    before_expiry: bool = True
    times: int = 1
    tells: tuple[str, ...] = ("centre", "caller")  # who is told with the reason
    source: str = ""


@dataclass(frozen=True, slots=True)
class Returning:
    """What a unit that gives a ticket back must say (R52); its limit is `Profile.rule("return", ...)`."""

    needs: tuple[str, ...] = ("reason",)  # of reason, basis, suggestion
    is_improper_counted: bool = False  # whether a return was improper must be told with every refusal
    has_dispute_review: bool = True  # whether a unit may contest a refusal
    source: str = ""


@dataclass(frozen=True, slots=True)
class FollowingUp:
    """Whom the centre asks afterwards, by class (R65), and by which ladder (R66); its limit is `Profile.rule("follow_up", ...)`."""

    share: Share
    by_class: Mapping[str, Share]
    ladder: tuple[str, ...] = ()
    is_bad_reworked: bool = False  # unsolved or unsatisfied goes back to the unit
    source: str = ""

    def share_of(self, klass: str) -> Share:
        """Whether all or some callers of that class are asked."""
        return self.by_class.get(klass, self.share)


@dataclass(frozen=True, slots=True)
class Copying:
    """Which matters are copied to a unit that only reads, by its key (R45)."""

    when: When
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long at least what is kept, in years (R33); None: the profile does not say."""

    audio_years: int | None = None
    text_years: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """What the clockwork does about a limit (R46, R57): `offset` before it (remind) or after it (others), in hours or days.

    `limits`: which ones it watches, `of`: only those counted in days, or in hours. One that would come before the limit began is
    left out.
    """

    key: str
    kind: AlertKind
    limits: tuple[What, ...]
    offset: Limit
    audience: tuple[Rung, ...]
    of: Literal["days", "hours"] | None = None

    def watches(self, what: What, limit: Limit) -> bool:
        """Whether this limit is one of those."""
        return what in self.limits and (self.of is None or (limit.measure in DAYS) == (self.of == "days"))


@dataclass(frozen=True, slots=True)
class Profile:
    """One edition of one place's rules. `lanes` go before its own rows: safety, urgent and named topics, everywhere alike."""

    key: str
    edition: date  # it holds for tickets made from this day on
    name: str
    source: str
    rows: Mapping[What, tuple[Row, ...]]
    extension: ExtensionRule | None
    returning: Returning
    following_up: FollowingUp
    keeping: Keeping
    reminders: tuple[Alert, ...]
    escalation: tuple[Alert, ...]
    copies: tuple[Copying, ...] = ()
    note: str = ""  # what the source leaves to the place, in Chinese

    @property
    def id(self) -> str:
        """KEY@YYYY-MM-DD, as a ticket keeps it (`Life.profile`)."""
        return f"{self.key}@{self.edition.isoformat()}"

    def rule(self, what: What, content: Content) -> Rule | None:
        """The rule for that matter: the first row that fits; None where the profile sets no limit."""
        return next((row.rule for row in self.rows.get(what, ()) if row.when.fits(content)), None)
