"""The free ports of this start, chosen by the launcher and read by every part from run/ports.json."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

from hotline_core.errors import SetupError
from hotline_core.settings import Paths


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports that the operator need not know; an explicit HOTLINE_*_PORT is already in them."""

    asterisk_http: int
    carrier_sip: int


def read(paths: Paths) -> Ports:
    """The ports of the running start; SetupError where nothing was started under this HOTLINE_HOME."""
    try:
        return Ports(**json.loads(paths.ports.read_text(encoding="ascii")))
    except (OSError, ValueError, TypeError) as error:
        raise SetupError("not_started", file=str(paths.ports)) from error


def write(paths: Paths, ports: Ports) -> None:
    """Keep the ports for the other parts and for the next start."""
    draft = paths.ports.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
        json.dump(asdict(ports), out)
    draft.replace(paths.ports)
