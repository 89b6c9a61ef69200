"""When an act of the night is due: once after a start, once each night, and again after a failure, later and later; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recordings.naming import SHANGHAI

NIGHT_HOUR: Final = 3  # of Shanghai
FIRST_S: Final = 60.0
LONGEST_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Nightly:
    """`day`: of the last time it was done whole; `again_s`: not before so many counted seconds, after a failure."""

    day: str = ""
    again_s: float | None = None
    wait_s: float = FIRST_S

    def is_due(self, now: float, counted_s: float) -> bool:
        """`now` in epoch seconds."""
        if self.again_s is not None and counted_s < self.again_s:
            return False
        moment = datetime.fromtimestamp(now, SHANGHAI)
        return not self.day or (moment.hour >= NIGHT_HOUR and f"{moment:%Y-%m-%d}" != self.day)

    def worked(self, now: float) -> Nightly:
        """It is done for the night of this moment."""
        return Nightly(f"{datetime.fromtimestamp(now, SHANGHAI):%Y-%m-%d}")

    def failed(self, counted_s: float) -> Nightly:
        """It is to be done again, after twice as long a wait as before."""
        return Nightly(self.day, counted_s + self.wait_s, min(2 * self.wait_s, LONGEST_S))
