"""What a city decides, as one typed tree read from its YAML file: lines, queue, trunks, parties, duty telephones."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from hotline_core.domain import outgoing
from hotline_core.domain.day import ServiceFormula

Number = Annotated[str, Field(pattern=r"^\+?[0-9]{2,20}$")]
Name = Annotated[str, Field(pattern=r"^[^\r\n]{1,60}$")]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]


def _pattern(text: str) -> str:
    if not outgoing.is_pattern(text):
        raise PydanticCustomError("outgoing_pattern", "{pattern} is no pattern of numbers", {"pattern": text})
    return text


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _mistake(code: str, where: tuple[str, ...], **facts: str) -> PydanticCustomError:
    """A mistake that only the whole file shows; `where` is the place of it, for whoever tells the line."""
    told = ", ".join(f"{name} {value}" for name, value in facts.items())
    return PydanticCustomError(code, f"{'.'.join(where)}: {code.replace('_', ' ')} ({told})", {**facts, "where": where})


class Line(_Part):
    """One public number and the queue it feeds; without one the city's first, so that both lines share it (R2)."""

    name: Name
    numbers: tuple[Number, ...] = Field(min_length=1)
    notice: Word
    priority: int = Field(default=0, ge=0, le=90)
    queue: Word | None = None


class AgentQueue(_Part):
    """One queue of agents; its key is its name in Asterisk."""

    name: Name


class Queue(_Part):
    """How callers wait and agents are rung, in every queue; times in seconds."""

    ring_s: int = Field(default=20, ge=5, le=120)
    wrap_up_s: int = Field(default=5, ge=0, le=600)
    no_agent_s: int = Field(default=5, ge=1, le=60)
    all_paused_s: int = Field(default=30, ge=1, le=600)


class Trunk(_Part):
    """One carrier's SIP trunk, reached by address (registration comes with more carriers)."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]+$")]
    port: int = Field(default=5060, ge=1, le=65535)
    from_addresses: tuple[Annotated[str, Field(pattern=r"^[0-9a-fA-F.:/]+$")], ...] = ()


class Party(_Part):
    """An outside party that can be brought onto the line (R24 to R31)."""

    name: Name
    numbers: tuple[Number, ...] = Field(min_length=1)
    kind: Literal["emergency", "hotline", "unit", "expert", "utility", "higher_hotline"]


class DutyTelephone(_Part):
    """Rung in this order when no agent can be reached (R106)."""

    name: Name
    number: Number


class Phones(_Part):
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


class Outgoing(_Part):
    """Which numbers may be dialled from the desk; the language is that of hotline_core/domain/outgoing.py."""

    allow: tuple[Annotated[str, AfterValidator(_pattern)], ...] = outgoing.DEFAULT_ALLOW


class Indicators(_Part):
    """How the day is judged (R7): T and the formula of the service level, and the limits that the supervisor's view marks."""

    answer_within_s: Literal[10, 15, 20] = 15
    service_formula: ServiceFormula = "strict"
    connect_target: float = Field(default=0.9, ge=0, le=1)
    service_target: float = Field(default=0.9, ge=0, le=1)
    longest_wait_s: int = Field(default=60, ge=5, le=3600)


class City(_Part):
    """Everything a city decides, in one file."""

    name: Name
    system_name: Word = "h1"
    lines: dict[Number, Line] = Field(min_length=1)
    queues: dict[Word, AgentQueue] = Field(default={"hotline": AgentQueue(name="hotline")}, min_length=1)
    queue: Queue = Queue()
    trunks: dict[Word, Trunk] = {}
    outside_parties: dict[Word, Party] = {}
    duty_telephones: tuple[DutyTelephone, ...] = ()
    phones: Phones = Phones()
    outgoing: Outgoing = Outgoing()
    indicators: Indicators = Indicators()

    @model_validator(mode="after")
    def _numbers_belong_to_one_line(self) -> City:
        seen: dict[str, str] = {}
        for key, line in self.lines.items():
            for number in line.numbers:
                if number in seen:
                    raise ValueError(f"number {number} stands in line {seen[number]} and in line {key}")
                seen[number] = key
        return self

    @model_validator(mode="after")
    def _queues_exist(self) -> City:
        if "general" in self.queues:  # the section of queues.conf that is no queue
            raise _mistake("reserved_queue", ("queues", "general"), queue="general")
        for key, line in self.lines.items():
            if line.queue is not None and line.queue not in self.queues:
                raise _mistake("unknown_queue", ("lines", key, "queue"), queue=line.queue, known=", ".join(self.queues))
        return self

    @property
    def first_queue(self) -> str:
        """The queue of a line, and of an agent, that names none."""
        return next(iter(self.queues))

    def queue_of(self, line: str) -> str:
        """The key of the queue that a line feeds; KeyError for a line the city does not have."""
        return self.lines[line].queue or self.first_queue
