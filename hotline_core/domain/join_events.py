"""What the board hears of a call that has somebody else on the line; all else about such a call is decided in transfer/."""

from __future__ import annotations

from dataclasses import dataclass

# `over`: the citizen had gone, agent and third talked on, and now that is over too
STAGES = (
    "placing", "talk", "parked", "calling", "adding", "consult", "swapped", "three", "handed", "led", "alone", "sought",
    "rescue_on", "over",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StageEntered:
    """The call is in this stage (one of STAGES); `agent` is empty when no agent is in the talk any more."""

    call_id: str
    stage: str
    agent: str = ""
    agent_channel: str = ""
    third_agent: str = ""  # another agent who is rung for or talks in this call
    third_talks: bool = False
    lost_by: str = ""  # the agent whose leg was cut
    urgent: bool | None = None  # danger to life, and nobody outside has taken over; None: as before
    rescue: str = ""  # the emergency party that an agent asked for; empty: as before
