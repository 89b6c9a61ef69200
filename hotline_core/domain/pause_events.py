"""What can happen to a pause of a call's recording, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PauseRecordingAsked:
    """The agent in the call wants nothing kept of what is said from here: an identity or card number comes."""

    call_id: str
    agent: str
    intent_id: str


@dataclass(frozen=True, slots=True)
class ResumeRecordingAsked:
    """The agent in the call wants the sound kept again."""

    call_id: str
    agent: str
    intent_id: str


@dataclass(frozen=True, slots=True)
class RecordingSilenced:
    """Asterisk's word: what this channel's recording gets from here is silence, or sound again; its length goes on."""

    call_id: str
    channel: str
    is_silent: bool


@dataclass(frozen=True, slots=True)
class LegRecorded:
    """Somebody brought onto the line has a recording of its own on this channel."""

    call_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class PauseRemembered:
    """A pause of which Asterisk's own database tells a bridge that has just come (back); `since` None: nobody had confirmed it."""

    call_id: str
    agent: str
    until: float
    since: float | None


@dataclass(frozen=True, slots=True)
class PauseDue:
    """The end of a pause may have come, or Asterisk's word is late; the pause decides."""

    call_id: str


PauseEvent = PauseRecordingAsked | ResumeRecordingAsked | RecordingSilenced | LegRecorded | PauseRemembered | PauseDue
