"""Owns how a talk comes to each stage with a third party, and the failures that can meet it there."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from tests.running.third import Cast, Talk, running_leg
from tests.sip.agent import SipCaller
from tests.sip.policy import Answer, RingForever

OWN = "13955500001"
DISTRESS = ("13955500021", "13955500022")
STAGES = ("talk", "parked", "calling", "adding", "consult", "swapped", "three", "handed")


@dataclass(slots=True)
class Scene:
    """A talk at a stage; `third` is the telephone of the party, `rings` whether it only rings yet."""

    cast: Cast
    talk: Talk
    stage: str
    third: SipCaller

    @property
    def third_leg_up(self) -> bool:
        """Whether the third has answered."""
        return self.stage in ("consult", "swapped", "three", "handed")


async def reach(cast: Cast, talk: Talk, stage: str) -> Scene:
    """Bring a talk to a stage by clicks."""
    rings = stage in ("calling", "adding")
    third = await cast.party(OWN, RingForever() if rings else Answer(0.2))
    match stage:
        case "talk":
            pass
        case "parked":
            await talk.does("hold")
        case "calling" | "consult":
            await talk.does("consult", party="own")
        case "adding" | "three":
            await talk.does("add", party="own")
        case "swapped":
            await talk.does("consult", party="own")
            await talk.stage("consult")
            await talk.does("swap")
        case "handed":
            await talk.does("add", party="own")
            await talk.stage("three")
            await talk.does("leave")
        case _:
            raise ValueError(stage)
    await talk.stage(stage)
    if rings:
        await (await third.next_call(10)).ringing.within(5)
    else:
        await talk.hears(stage, third)
    return Scene(cast, talk, stage, third)


Harm = Callable[[Scene], Coroutine[Any, Any, None]]


async def third_hangs_up(scene: Scene) -> None:
    """Whoever was brought in hangs up, or refuses while it rings."""
    if scene.third_leg_up:
        await running_leg(scene.third).hang_up()
    else:
        scene.third.calls[-1].reject(486)


async def agent_hangs_up(scene: Scene) -> None:
    """The agent puts the telephone down."""
    await scene.talk.agent_leg.hang_up()


async def agent_vanishes(scene: Scene) -> None:
    """No sound and no word from the agent's telephone any more: Asterisk gives it up after 2 s (cause 44)."""
    await scene.cast.vanishes(scene.talk.agent)


async def citizen_hangs_up(scene: Scene) -> None:
    """The citizen puts the telephone down."""
    await scene.talk.citizen.hang_up()


async def bridge_killed(scene: Scene) -> None:
    """kill -9; the supervisor starts it again."""
    await asyncio.to_thread(scene.cast.hotline.signal, "bridge", signal.SIGKILL)


async def act_as_third_goes(scene: Scene) -> None:
    """A click that moves legs, in the same moment in which the third hangs up: a Redirect meets a leg that has just gone."""
    act = "swap" if scene.stage in ("consult", "swapped") else "hold"
    await asyncio.gather(third_hangs_up(scene), scene.talk.act(act))


async def act_as_agent_goes(scene: Scene) -> None:
    """The same as the agent hangs up."""
    act = {"three": "hold", "consult": "merge", "swapped": "merge", "calling": "drop", "parked": "merge"}.get(scene.stage, "hold")
    await asyncio.gather(agent_hangs_up(scene), scene.talk.act(act))


async def bridge_killed_in_a_click(scene: Scene) -> None:
    """kill -9 as the bridge has the click in its hands: done, half done or not done."""
    act, fields = CLICKS[scene.stage]
    click = asyncio.ensure_future(scene.talk.act(act, **fields))
    await asyncio.sleep(0.004)
    await bridge_killed(scene)
    await asyncio.wait({click})
    click.exception()  # its answer may have died with the bridge


CLICKS: dict[str, tuple[str, dict[str, str]]] = {
    "talk": ("consult", {"party": "own"}), "parked": ("merge", {}), "calling": ("drop", {}), "adding": ("hold", {}),
    "consult": ("swap", {}), "swapped": ("merge", {}), "three": ("swap", {}),
}  # fmt: skip

HARMS: dict[str, Harm] = {
    "third hangs up": third_hangs_up,
    "agent hangs up": agent_hangs_up,
    "agent's telephone vanishes": agent_vanishes,
    "citizen hangs up": citizen_hangs_up,
    "bridge killed": bridge_killed,
    "bridge killed in a click": bridge_killed_in_a_click,
    "click as the third goes": act_as_third_goes,
    "click as the agent goes": act_as_agent_goes,
}

AGENT, THIRD, SAME, ANY, OVER = "agent", "third", "same as before", "whoever is there", "over"
# the click or the hang-up may be the first: merged, then left, the third stays with the citizen; left, then merged, an agent comes
EITHER = f"{AGENT} {THIRD}"
# failure -> stage -> whom the citizen must have in the end; a stage that is not named cannot meet the failure
ENDS: dict[str, dict[str, str]] = {
    "third hangs up": {
        "calling": AGENT, "adding": AGENT, "consult": AGENT, "swapped": AGENT, "three": AGENT, "handed": AGENT,
    },
    "agent hangs up": {
        "talk": OVER, "parked": AGENT, "calling": AGENT, "adding": AGENT, "consult": AGENT, "swapped": AGENT, "three": THIRD,
    },
    "agent's telephone vanishes": {
        "talk": AGENT, "parked": AGENT, "calling": AGENT, "adding": AGENT, "consult": AGENT, "swapped": AGENT, "three": THIRD,
    },
    "citizen hangs up": dict.fromkeys(STAGES, OVER),
    "bridge killed": dict.fromkeys(STAGES, SAME),
    "bridge killed in a click": dict.fromkeys(CLICKS, ANY),
    "click as the third goes": {"consult": AGENT, "swapped": AGENT, "three": AGENT},
    "click as the agent goes": {"parked": AGENT, "calling": AGENT, "consult": EITHER, "swapped": EITHER, "three": EITHER},
}  # fmt: skip
CELLS = tuple((failure, stage) for failure, stages in ENDS.items() for stage in stages)
