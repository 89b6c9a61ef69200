"""The dial-test probe in the city's file: from which account outside our numbers are rung, how often, and as whom it calls."""

from __future__ import annotations

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from hotline_core.city_parts import Number, Part
from hotline_core.city_trunk import Host, Port, SipUser


class ProbeAccount(Part):
    """A telephone account outside the hotline: its registrar challenges with 401 and takes PCMU."""

    host: Host
    port: Port = 5060
    user: SipUser
    secret_file: str = Field(pattern=r"^[^\r\n]{1,200}$")  # below HOTLINE_HOME, unless it begins with /


class Probe(Part):
    """Without an account nothing is rung, but in demo mode, where the demo carrier has one; every_minutes 0: never."""

    every_minutes: int = Field(default=30, ge=0, le=1440)
    account: ProbeAccount | None = None
    number: Number | None = None  # as our trunk sees it call: who calls from it reaches no agent and stands in no figure
    agents_expected: bool = False  # nobody reachable in the queue is a failure, not only a remark

    @model_validator(mode="after")
    def _account_and_number(self) -> Probe:
        if (self.account is None) is not (self.number is None):
            raise PydanticCustomError("probe_half", "account and number belong together")
        return self
