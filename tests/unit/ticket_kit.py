"""What tests of the rules of tickets share: moments in Shanghai, a city's own files, its policy."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from hotline_core.city import City
from hotline_core.settings import DEFAULT_CITY, load_city
from tickets.limits import SHANGHAI
from tickets.policy import Policy, load_policy


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


def told(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def put(home: Path, name: str, data: Any) -> Path:
    """A file of the city below HOTLINE_HOME/tickets."""
    path = home / "tickets" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data if isinstance(data, str) else yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def policy(home: Path, **profiles: str) -> Policy:
    """The policy of the default city, with other profiles chosen for some lines (other= for the rest)."""
    city = load_city(DEFAULT_CITY).model_dump(by_alias=True, exclude={"tickets"}, exclude_none=True)
    chosen = {line.removeprefix("line_"): key for line, key in profiles.items()}
    return load_policy(home, City.model_validate(city | {"tickets": {"profiles": chosen}}))
