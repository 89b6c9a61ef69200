"""What a city decides, as one typed tree read from its YAML file: lines, queue, trunks, parties, duty telephones."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from hotline_core.city_parts import Name, Number, Part, PartyKey, Word
from hotline_core.city_party import Party
from hotline_core.city_probe import Probe
from hotline_core.city_tickets import Tickets
from hotline_core.city_trunk import Trunk
from hotline_core.domain import outgoing
from hotline_core.domain.day import ServiceFormula
from hotline_core.domain.numbers import dialled_forms

RESERVED_PARTY = "number"  # in the dialplan: whoever is called by a typed number
RESERVED_QUEUES = ("general", "callback", "duty")  # a section of queues.conf that is no queue, and the other ways of overflow


def _pattern(text: str) -> str:
    if not outgoing.is_pattern(text):
        raise PydanticCustomError("outgoing_pattern", "{pattern} is no pattern of numbers", {"pattern": text})
    return text


def _mistake(code: str, where: tuple[str, ...], **facts: str) -> PydanticCustomError:
    """A mistake that only the whole file shows; `where` is the place of it, for whoever tells the line."""
    told = ", ".join(f"{name} {value}" for name, value in facts.items())
    return PydanticCustomError(code, f"{'.'.join(where)}: {code.replace('_', ' ')} ({told})", {**facts, "where": where})


class RetiredNumber(Part):
    """A number that gives way to the line's: until that day (Asia/Shanghai, included) it leads there with a notice (R4)."""

    number: Number
    until: date


class Line(Part):
    """One public number and the queue it feeds; without one the city's first, so that both lines share it (R2)."""

    name: Name
    numbers: tuple[Number, ...] = Field(min_length=1)
    notice: Word
    priority: int = Field(default=0, ge=0, le=90)
    queue: Word | None = None
    retired: tuple[RetiredNumber, ...] = ()
    shown: Number | None = None  # the number a citizen sees who is called back; None: the line's own key


class AgentQueue(Part):
    """One queue of agents; its key is its name in Asterisk."""

    name: Name
    overflow_to: Word | None = None


class Queue(Part):
    """How callers wait and agents are rung, in every queue; times in seconds, announce_s and overflow_s 0 for never."""

    ring_s: int = Field(default=20, ge=5, le=120)
    wrap_up_s: int = Field(default=5, ge=0, le=600)
    no_agent_s: int = Field(default=5, ge=1, le=60)
    all_paused_s: int = Field(default=30, ge=1, le=600)
    topic_s: int = Field(default=90, ge=5, le=900)
    announce_s: int = Field(default=60, ge=0, le=600)
    overflow_s: int = Field(default=0, ge=0, le=3600)
    overflow_to: Word = "callback"


class DutyTelephone(Part):
    """Rung in this order when no agent can be reached (R106)."""

    name: Name
    number: Number


class Phones(Part):
    """Extensions of agents' telephones; each is a PJSIP endpoint agent-NNNN."""

    first: int = Field(default=1001, ge=100, le=99999)
    last: int = Field(default=1020, ge=100, le=99999)

    @model_validator(mode="after")
    def _ordered(self) -> Phones:
        if not 0 <= self.last - self.first < 2000:
            raise ValueError("last must not be before first, and there may be 2000 at most")
        return self

    @property
    def extensions(self) -> tuple[str, ...]:
        """All extensions in order."""
        return tuple(str(number) for number in range(self.first, self.last + 1))


class Outgoing(Part):
    """Which numbers may be dialled from the desk; the language is that of hotline_core/domain/outgoing.py."""

    allow: tuple[Annotated[str, AfterValidator(_pattern)], ...] = outgoing.DEFAULT_ALLOW
    ring_s: int = Field(default=45, ge=10, le=120)


class Callbacks(Part):
    """Which callers are listed to be called back, and when one may be given up as unreachable."""

    days: int = Field(default=7, ge=1, le=60)
    tries: int = Field(default=3, ge=1, le=20)


class Recording(Part):
    """What a city decides of recordings; pause_s: a pause for privacy ends by itself after so many seconds (R95)."""

    pause_s: int = Field(default=60, ge=10, le=600)


class Indicators(Part):
    """How the day is judged (R7): T and the formula of the service level, and the limits that the supervisor's view marks."""

    answer_within_s: Literal[10, 15, 20] = 15
    service_formula: ServiceFormula = "strict"
    connect_target: float = Field(default=0.9, ge=0, le=1)
    service_target: float = Field(default=0.9, ge=0, le=1)
    longest_wait_s: int = Field(default=60, ge=5, le=3600)


class City(Part):
    """Everything a city decides, in one file."""

    name: Name
    system_name: Word = "h1"
    area_code: Annotated[str, Field(pattern=r"^(0[1-9][0-9]{1,2})?$")] = ""
    lines: dict[Number, Line] = Field(min_length=1)
    queues: dict[Word, AgentQueue] = Field(default={"hotline": AgentQueue(name="hotline")}, min_length=1)
    queue: Queue = Queue()
    trunks: dict[Word, Trunk] = Field(default={})
    outside_parties: dict[PartyKey, Party] = Field(default={})
    duty_telephones: tuple[DutyTelephone, ...] = ()
    phones: Phones = Phones()
    outgoing: Outgoing = Outgoing()
    callbacks: Callbacks = Callbacks()
    indicators: Indicators = Indicators()
    recording: Recording = Recording()
    tickets: Tickets = Tickets()
    probe: Probe | None = None

    @model_validator(mode="after")
    def _numbers_belong_to_one_line(self) -> City:
        seen: dict[str, str] = {}
        for key, line in self.lines.items():
            gone = [("retired", number.number) for number in line.retired]
            for part, number in [*(("numbers", number) for number in line.numbers), *gone]:
                owner = key if part == "numbers" else f"{key} retired"
                for form in dialled_forms(number, self.area_code):
                    if seen.setdefault(form, owner) != owner:
                        raise _mistake("number_twice", ("lines", key, part), number=number, other=seen[form].split()[0])
        return self

    @model_validator(mode="after")
    def _probe_calls_from_elsewhere(self) -> City:
        number = self.probe.number if self.probe else None
        for key, line in self.lines.items():
            ours = {form for each in line.numbers for form in dialled_forms(each, self.area_code)}
            if number in ours:
                raise _mistake("probe_number", ("probe", "number"), number=str(number), line=key)
        return self

    @model_validator(mode="after")
    def _queues_exist(self) -> City:
        for name in RESERVED_QUEUES:
            if name in self.queues:
                raise _mistake("reserved_queue", ("queues", name), queue=name)
        if RESERVED_PARTY in self.outside_parties:
            raise _mistake("reserved_party", ("outside_parties", RESERVED_PARTY), party=RESERVED_PARTY)
        for key, line in self.lines.items():
            if line.queue is not None and line.queue not in self.queues:
                raise _mistake("unknown_queue", ("lines", key, "queue"), queue=line.queue, known=", ".join(self.queues))
        known = ("callback", "duty", *self.queues)
        named: dict[tuple[str, ...], str] = {("queue", "overflow_to"): self.queue.overflow_to}
        named |= {("queues", key, "overflow_to"): queue.overflow_to or known[0] for key, queue in self.queues.items()}
        for where, target in named.items():
            if target not in known:
                raise _mistake("unknown_overflow", where, queue=target, known=", ".join(known))
        for key in self.queues:
            if len(set(way := self._overflow_way(key))) < len(way):
                raise _mistake("overflow_circle", ("queues", key), queue=", ".join(way))
        return self

    @property
    def first_queue(self) -> str:
        """The queue of a line, and of an agent, that names none."""
        return next(iter(self.queues))

    def queue_of(self, line: str) -> str:
        """The key of the queue that a line feeds; KeyError for a line the city does not have."""
        return self.lines[line].queue or self.first_queue

    def queues_of(self, line: str) -> tuple[str, ...]:
        """The key of the queue that a line feeds, or nothing for a line the city does not have."""
        return (self.queue_of(line),) if line in self.lines else ()

    def overflow_of(self, queue: str) -> str:
        """Where who waits in a queue goes after overflow_s: callback, duty, another queue, or empty for nowhere."""
        target = self.queues[queue].overflow_to or self.queue.overflow_to
        return target if self.queue.overflow_s and target != queue else ""

    def _overflow_way(self, queue: str) -> list[str]:
        way = [queue]
        while len(way) == len(set(way)) and way[-1] in self.queues and (target := self.overflow_of(way[-1])):
            way.append(target)
        return way
