"""Secrets of one installation: made once at random, kept in one 0600 file under HOTLINE_HOME."""

from __future__ import annotations

import hmac
import json
import os
import secrets as random
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Secrets:
    """All keys as hex text; none of them ever reaches a log or a page, except one's own SIP password."""

    ami: str
    session: str
    sip: str
    log: str
    csrf: str

    @property
    def doctor(self) -> str:
        """The AMI secret of the operator's self-check, made of the bridge's, so that older files need no new key."""
        return hmac.new(bytes.fromhex(self.ami), b"doctor", sha256).hexdigest()

    def sip_password(self, extension: str, sid: str) -> str:
        """The SIP password of a page: the same for each reload of one sign-in (`sid`), another one for the next; kept nowhere."""
        return hmac.new(bytes.fromhex(self.sip), f"sip:{extension}:{sid}".encode(), sha256).hexdigest()[:32]


def load_or_make(path: Path) -> Secrets:
    """Read the file, or make it with fresh random keys (0600, atomically); OSError if it cannot be written."""
    try:
        return Secrets(**json.loads(path.read_text(encoding="ascii")))
    except FileNotFoundError:
        made = Secrets(**{name: random.token_hex(32) for name in Secrets.__dataclass_fields__})
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
        json.dump(asdict(made), out)
    try:
        os.link(draft, path)  # the first of two starters wins; both then read the same file
    except FileExistsError:
        return load_or_make(path)
    finally:
        draft.unlink(missing_ok=True)
    return made
