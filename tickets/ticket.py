"""One ticket as a value: what the citizen said (`Content`) and how far it is (`Life`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tickets.acts import Stage

CallerKind = Literal["citizen", "enterprise"]
DisputeKind = Literal["contested", "disowned"]
RealName = Literal["", "given", "declined"]  # not asked yet; told with the name; asked, and rather not


@dataclass(frozen=True, slots=True)
class Content:
    """What the citizen said (R16). Keys are those of the catalogue (tickets/catalogue/*.yaml); empty: not said, not chosen yet.

    `line` is "12328", "12345" or empty for other channels; `source` a key of the sources (R38); `klass` one of the classes that
    the line has (R35, R36); `field` a 12328 field or a 12345 subject; `area` a key of the areas; `object` plate, line or company
    complained of; `topic` a named topic of the lane of R104.
    """

    line: str = ""
    source: str = "phone"
    call_id: str = ""
    klass: str = ""
    field: str = ""
    caller_kind: CallerKind = "citizen"
    is_complex: bool = False  # 复杂事项: some profiles give it more time
    is_urgent: bool = False  # R37
    is_safety: bool = False  # R41
    is_secret: bool = False  # the caller wants to stay unknown to the unit
    topic: str = ""
    title: str = ""
    text: str = ""
    happened_at: str = ""  # as the caller told it, or ISO 8601
    place: str = ""
    area: str = ""
    object: str = ""
    name: str = ""
    number: str = ""  # telephone to reach the caller
    address: str = ""
    real_name: RealName = ""  # named topics ask for it (R104)


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension that was asked (R51); `granted` is None until decided; times are epoch seconds."""

    ground: str
    reason: str
    amount: int  # in the unit of the profile's extension
    asked_at: float
    granted: bool | None = None
    decided_at: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch that does not count towards the limit; `until` is None while it lasts."""

    since: float
    until: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What somebody who writes a ticket asked a superior (R18); `decided_at` is None until then; logins, epoch seconds."""

    question: str
    by: str
    asked_at: float
    answer: str = ""
    decided_by: str = ""
    decided_at: float | None = None


@dataclass(frozen=True, slots=True)
class RefusedReturn:
    """The return that the centre refused last, while its unit may contest it: unit, who refused (login), epoch seconds."""

    unit: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Improper:
    """A return that was judged improper (R52): `unit` asked it at `asked_at`, `by` judged it at `at` for `reason`.

    A review that finds otherwise withdraws the judgement; the entry stays.
    """

    unit: str
    asked_at: float
    reason: str
    by: str
    at: float
    withdrawn_at: float | None = None
    withdrawn_by: str = ""


@dataclass(frozen=True, slots=True)
class Dispute:
    """Who is responsible is disputed (R52); `decided_at` is None until a supervisor or a joint review has fixed the `lead`.

    `units` are those at odds with it: the one that contests a refusal (`contested`), or those that all say it is not theirs
    (`disowned`). `members` took part in a joint review.
    """

    kind: DisputeKind
    units: tuple[str, ...]
    reason: str
    by: str
    asked_at: float
    lead: str = ""
    why: str = ""
    basis: str = ""
    members: str = ""
    decided_by: str = ""
    decided_at: float | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """How far a ticket is. All times are epoch seconds.

    `unit` leads, `co_units` help (首接负责, R43), `copies` only read (R45); `chain` is the way down from the unit the centre sent
    it to, to the sub-unit that has it now (R44): its last one is `unit`. `clock_from` is when the present reply limit began;
    `contacts` counts trials to reach the caller, `contacted_at` is the first that succeeded. `stands` maps a limit's key (dispatch,
    sign, contact, reply, return, follow_up) to when it is due, `met` to when it was kept. `version` grows by one with every act.
    """

    stage: Stage = "draft"
    version: int = 0
    created_at: float = 0.0
    profile: str = ""  # "KEY@DATE": the profile of its day
    unit: str = ""
    co_units: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    accepted_at: float | None = None
    dispatched_at: float | None = None
    signed_at: float | None = None
    contacted_at: float | None = None
    contacts: int = 0
    replied_at: float | None = None
    checked_at: float | None = None
    closed_at: float | None = None
    archived_at: float | None = None
    clock_from: float | None = None
    stands: Mapping[str, float] = None  # type: ignore[assignment] # see __post_init__
    met: Mapping[str, float] = None  # type: ignore[assignment]
    is_provisional: bool = False  # a limit runs into a year whose holidays are not published
    phone_duty: bool = False  # the unit must also be told by telephone (R42) and was not yet
    extension: Extension | None = None
    extensions: int = 0  # how many were granted
    extended: int = 0  # by how much in all, in the unit of the profile
    pauses: tuple[Pause, ...] = ()
    override: int | None = None  # days of another law (R50), in working days
    law: str = ""  # which one
    returns: int = 0  # how often a unit asked to return it
    return_from: Stage | None = None
    return_asked_at: float | None = None
    refused_return: RefusedReturn | None = None
    disowned: tuple[str, ...] = ()  # units whose return was granted, since a lead was last fixed
    improper: tuple[Improper, ...] = ()
    dispute: Dispute | None = None
    chases: int = 0  # how often the centre chased the units (R57)
    chased_at: float | None = None
    is_supplement: bool = False
    caller_duty: bool = False  # the caller must be told of the extension (R51) and was not yet
    doubt: Doubt | None = None
    reworks: int = 0
    is_satisfied: bool | None = None
    is_solved: bool | None = None
    refusal: str = ""  # N1-N9
    merged_into: str = ""

    def __post_init__(self) -> None:
        """Empty maps where none were given: a frozen value has no place for a mutable default."""
        for name in ("stands", "met"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, {})


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as stored: `number` is what people call it."""

    number: str
    content: Content
    life: Life
