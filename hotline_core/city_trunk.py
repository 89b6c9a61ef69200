"""How one carrier is reached: by address or by registration, with which codecs, and what is agreed about signalling."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from hotline_core.city_parts import Number, Part

Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,253}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
# What may stand in a line of pjsip.conf and in a URI without meaning more there.
SipUser = Annotated[str, Field(pattern=r"^[A-Za-z0-9+._-]{1,64}$")]
Agreement = Literal["refused", "offered", "required"]


class Login(Part):
    """Answers the carrier's challenge to a registration and to calls; the user may be another one than the number."""

    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9+._@-]{1,128}$")]
    secret_file: Annotated[str, Field(pattern=r"^[^\r\n]{1,200}$")]  # below HOTLINE_HOME, unless it begins with /
    realm: Annotated[str, Field(pattern=r"^[A-Za-z0-9 .:@_-]{0,100}$")] = ""  # empty: whatever the carrier asks for


class Registration(Part):
    """We tell the carrier where we are; times in seconds."""

    user: SipUser
    every_s: int = Field(default=600, ge=60, le=86400)
    retry_s: int = Field(default=30, ge=1, le=3600)


class OutboundProxy(Part):
    """Where all requests of the trunk are sent, whatever domain they name."""

    host: Host
    port: Port = 5060


class Trunk(Part):
    """One carrier's SIP trunk."""

    host: Host
    port: Port = 5060
    from_addresses: tuple[Annotated[str, Field(pattern=r"^[0-9a-fA-F.:/]+$")], ...] = ()
    outbound_proxy: OutboundProxy | None = None
    login: Login | None = None
    registration: Registration | None = None
    shown_number: Number | None = None
    forwarded_caller: Literal["citizen", "line"] = "citizen"
    trust_identity: bool = True
    codecs: tuple[Literal["alaw", "ulaw"], ...] = Field(default=("alaw", "ulaw"), min_length=1, max_length=2)
    qualify_s: int = Field(default=0, ge=0, le=3600)
    early_media: bool = True
    reliable_provisional: Agreement = "offered"
    session_timer: Agreement = "offered"
    session_expires_s: int = Field(default=1800, ge=90, le=86400)
    silence_s: int = Field(default=120, ge=10, le=3600)

    @model_validator(mode="after")
    def _codecs_differ(self) -> Trunk:
        if len(set(self.codecs)) != len(self.codecs):
            raise PydanticCustomError("codec_twice", "a codec stands there twice")
        return self
