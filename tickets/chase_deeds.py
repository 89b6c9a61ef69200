"""What chasing a unit does: by telephone, on site or reported up; who, whom, when, and what was said; pure (R57)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args

from hotline_core.errors import BadInput
from tickets.acts import Act
from tickets.doing import LEADERSHIP, Doing, Done, Notify, head_audience, unit_audience

Way = Literal["phone", "on_site", "report_up"]
WAYS: Final[tuple[str, ...]] = get_args(Way)


def _chase(doing: Doing) -> Done:
    """The unit reads that it was chased; what is reported up its head and the leadership are told. `when`: if not just now."""
    way = doing.facts.text("way")
    if way not in WAYS:
        raise BadInput("unknown_reason", field="way")
    doing.facts.text("whom")
    doing.facts.text("said")
    doing.facts.text_or_none("when")
    unit = doing.life.unit
    tell = [Notify(unit_audience(unit), "chased")]
    if way == "report_up":
        tell += [Notify(to, "reported_up", {"unit": unit}) for to in (head_audience(unit), LEADERSHIP)]
    return doing.done(doing.life.stage, *tell, chases=doing.life.chases + 1, chased_at=doing.now)


DEEDS: Final[Mapping[Act, Callable[[Doing], Done]]] = MappingProxyType({"chase": _chase})
