"""Every way of bringing somebody onto the line: who hears whom at each stage, the same in the recordings, the gap of each act."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.campaign.conftest import OpenTable
from tests.campaign.third_ways import WAYS, third_of
from tests.running.ears import Levels
from tests.running.evidence import heard_in_recordings, whole
from tests.running.facts import live_equals_asterisk
from tests.running.instance import Hotline, running
from tests.running.rescue import nothing_left
from tests.running.script import Script
from tests.running.third import cast_of, city_with_parties, talk_of

pytestmark = pytest.mark.campaign

TONES = ("way", "stage", "ear", "must hear", "citizen 500 Hz", "agent 900 Hz", "third 1300 Hz", "rest", "as it must be")
GAPS = ("way", "act", "from", "to", "ear", "no packet ms", "tone kept, gap ms", "new tone after ms")
HOLE_MS = 200.0  # a safety limit; measured on a quiet machine: tens


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """A hotline whose parties are telephones of ours."""
    with running(city_with_parties()) as one:
        yield one


@pytest.mark.parametrize("name", WAYS)
async def test_everybody_hears_whom_they_must_and_nobody_else(hotline: Hotline, table: OpenTable, name: str) -> None:
    """Levels of each tone at each ear in each stage, live and recorded."""
    way = WAYS[name]
    rows = table("third-tones", "Who hears whom", *TONES)
    async with cast_of(hotline) as cast:
        if way.key == "9":
            await cast.party("13955500021")
        async with talk_of(cast, key=way.key) as talk:
            script = Script(talk, await third_of(cast, talk, way))
            try:
                if way.key == "0":
                    await script.comes_to("talk")
                await way.play(script)
            finally:
                for one in script.heard:
                    for ear, levels in one.levels.items():
                        rows.add(name, f"{one.stage} {one.note}".strip(), ear, *_cells(one.must[ear], levels))
                gaps = table("third-gaps", "The gap at each act", *GAPS)
                for gap in script.gaps:
                    gaps.add(
                        name, gap.act, gap.before, gap.after, gap.ear, f"{gap.hole_ms:.0f}",
                        *("" if ms is None else f"{ms:.0f}" for ms in (gap.tone_ms, gap.new_ms)),
                    )  # fmt: skip
            await (talk.citizen if way.ends == "citizen" else talk.agent_leg).hang_up()
            await talk.citizen.wait_ended(15)
        await nothing_left(cast, talk.call_id)
        evidence = await whole(cast, talk.call_id)
        for stage, place, must, levels in await heard_in_recordings(cast, evidence, script.heard):
            rows.add(name, stage, place, *_cells(must, levels))
            assert levels.faults(must) == [], (stage, place)
        await live_equals_asterisk(hotline, cast.api)
    assert [gap for gap in script.gaps if gap.hole_ms > HOLE_MS] == []


def _cells(must: tuple[str, ...], levels: Levels) -> tuple[str, ...]:
    faults = levels.faults(must)
    return (", ".join(must) or "nobody", *levels.cells(), "; ".join(faults) or "yes")
