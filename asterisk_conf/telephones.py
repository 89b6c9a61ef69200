"""Agents' telephones as the PJSIP objects that Asterisk reads live from astdb; pure but for reading the data file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import md5, sha256
from pathlib import Path
from typing import Literal, get_args

from hotline_core.yaml_lines import load_yaml

Kind = Literal["page", "hardware"]
KINDS: tuple[Kind, ...] = get_args(Kind)
REALM = "hotline"
TABLE = Path(__file__).with_name("telephones.yaml")

_json = partial(json.dumps, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Telephone:
    """One telephone: `objects` are Asterisk's, by sorcery type; `mark` names this very state without telling the secret."""

    user: str
    objects: Mapping[str, str]
    mark: str


@dataclass(frozen=True, slots=True)
class Telephones:
    """The options of each kind; with `loopback` the sound of a hardware telephone stays on 127.0.0.1."""

    table: Mapping[str, Mapping[str, Mapping[str, str]]]
    loopback: bool

    def telephone(self, extension: str, kind: Kind, digest: str) -> Telephone:
        """The telephone of `extension`, opened by the password whose H(A1) is `digest`."""
        user = user_of(extension)
        endpoint = {**self.table[kind]["endpoint"], "auth": user, "aors": user, "callerid": f'"{extension}" <{extension}>'}
        if self.loopback and kind == "hardware":
            endpoint |= {"media_address": "127.0.0.1", "bind_rtp_to_media_address": "yes"}
        auth = {"auth_type": "digest", "username": user, "realm": REALM, "password_digest": f"MD5:{digest}"}
        # in this order: an endpoint is there only once its password and its place for contacts are
        objects = {"auth": _json(auth), "aor": _json(dict(self.table[kind]["aor"])), "endpoint": _json(endpoint)}
        return Telephone(user, objects, sha256("\n".join(objects.values()).encode()).hexdigest()[:16])


def load_telephones(loopback: bool, path: Path = TABLE) -> Telephones:
    """Read the data file."""
    return Telephones(load_yaml(path.read_text(encoding="utf-8")), loopback)


def user_of(extension: str) -> str:
    """Endpoint, AOR and SIP user of an extension."""
    return f"agent-{extension}"


def digest_of(extension: str, password: str) -> str:
    """H(A1) of RFC 8760 with MD5, the one algorithm every telephone knows: what Asterisk keeps instead of the password."""
    return md5(f"{user_of(extension)}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()
