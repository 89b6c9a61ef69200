"""The one tree of errors: each has a stable machine code and facts; sentences for people live in data.

    HotlineError
    ├── SettingsError      a setting is wrong: file, line, what, cure
    ├── SetupError         the machine cannot run it: what, cure
    ├── AmiError           Asterisk refused or the link is down
    ├── IntentRefused      an agent's click came late, twice or out of place
    ├── SignInRefused      wrong password, locked, unknown (never says which to the outside)
    ├── Forbidden          the rights table says no
    ├── NotFound           no such thing
    ├── Conflict           somebody else changed it first
    └── BadInput           a person typed something that cannot be used
"""

from __future__ import annotations


class HotlineError(Exception):
    """Base of all errors the hotline raises on purpose; `code` is stable, `facts` carry no personal data."""

    code = "error"

    def __init__(self, code: str | None = None, **facts: object) -> None:
        if code is not None:
            self.code = code
        self.facts = facts
        super().__init__(self.code, facts)

    def __str__(self) -> str:
        told = ", ".join(f"{key}={value}" for key, value in self.facts.items())
        return f"{self.code}: {told}" if told else self.code


class SettingsError(HotlineError):
    """A setting cannot be used; facts: file, line, what, cure."""

    code = "settings"


class SetupError(HotlineError):
    """The machine cannot run the hotline as it is; facts: what, cure."""

    code = "setup"


class AmiError(HotlineError):
    """Asterisk refused an action, or the link to it is down; facts: action, reason."""

    code = "ami"


class IntentRefused(HotlineError):
    """An agent's click came late, twice, or does not fit the state."""

    code = "intent_refused"


class SignInRefused(HotlineError):
    """Sign-in failed; the outside is never told whether the name or the password was wrong."""

    code = "sign_in_refused"


class Forbidden(HotlineError):
    """The rights table does not give this act to this role."""

    code = "forbidden"


class NotFound(HotlineError):
    """No such call, draft, recording or person."""

    code = "not_found"


class Conflict(HotlineError):
    """Somebody else changed it first; facts: version."""

    code = "conflict"


class BadInput(HotlineError):
    """What was sent cannot be used; facts: field."""

    code = "bad_input"
