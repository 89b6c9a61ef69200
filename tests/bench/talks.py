"""The series about talks: citizens and agents who are recorded by the hotline, beside the same talks on a plain Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from itertools import chain
from statistics import median

from hotline_core.settings import DEFAULT_CITY
from tests.bench.plain import PlainAsterisk, bare, plain_asterisk
from tests.bench.plain_dialplan import RECORDED, UNRECORDED
from tests.bench.report import Options, Picture, Result, Row, Series, distribution, rank
from tests.bench.talk_pairs import AGENT_HZ, CITIZEN_HZ, SETTLE_S, Connect, Talked, ring, talk
from tests.running.hardware import accounts, hardware_agent
from tests.running.instance import Hotline, running
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.policy import Answer
from tests.sip.rtp import Tone

TALKS, SECONDS, ROUNDS = 8, 8.0, 4
SMALL_TALKS, SMALL_SECONDS = 2, 2.0
DEMO_AGENTS = 3  # the first extension is agent1's
WITH, WITHOUT = "plain Asterisk, recorded", "plain Asterisk, not recorded"

Rounds = Sequence[tuple[Talked, Talked, Talked]]  # of ours, of the plain one with and without recording


def run(options: Options) -> Result:
    """Start a hotline and measure it; its agents are free again after 1 s."""
    with running(DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")) as hotline:
        return measure(hotline, options)


def measure(hotline: Hotline, options: Options) -> Result:
    """Rounds of the three, one after the other."""
    with plain_asterisk(hotline, bare) as plain:
        return result(asyncio.run(_measured(hotline, plain, is_small=options.is_small)))


async def _measured(hotline: Hotline, plain: PlainAsterisk, *, is_small: bool) -> list[tuple[Talked, Talked, Talked]]:
    talks, seconds, rounds = (SMALL_TALKS, SMALL_SECONDS, 1) if is_small else (TALKS, SECONDS, ROUNDS)
    found: list[tuple[Talked, Talked, Talked]] = []
    async with AsyncExitStack() as stack:
        for place in range(DEMO_AGENTS, talks):
            await asyncio.to_thread(_one_agent_more, hotline, f"agent{place + 1}", str(1001 + place))
        agents = [
            await stack.enter_async_context(hardware_agent(hotline, f"agent{place + 1}", str(1001 + place), policy=Answer()))
            for place in range(talks)
        ]
        phones = [await stack.enter_async_context(SipCaller(hotline.sip, f"138556{place:05d}")) for place in range(talks)]
        others = [await stack.enter_async_context(SipCaller(plain.sip, f"138556{place:05d}")) for place in range(talks)]
        far = [await stack.enter_async_context(SipCaller(plain.sip, "agent", on_invite=Answer())) for _ in range(talks)]
        for agent in agents:
            agent.voice = Tone(AGENT_HZ)
        hall = Hall(agents)
        for _ in range(rounds):
            found.append((
                await talk(hotline.pid("asterisk"), [hall.way_of(phone) for phone in phones], seconds),
                await talk(plain.pid, [_straight(*pair, RECORDED) for pair in zip(others, far, strict=True)], seconds),
                await talk(plain.pid, [_straight(*pair, UNRECORDED) for pair in zip(others, far, strict=True)], seconds),
            ))  # fmt: skip
    return found


def _one_agent_more(hotline: Hotline, login: str, extension: str) -> None:
    """A person, and the password where `sign_in` looks for it."""
    password = accounts(hotline, "add", "--login", login, "--name", login, "--role", "agent", "--extension", extension).split()[-1]
    with hotline.settings.paths.accounts.open("a", encoding="utf-8") as file:
        file.write(f"{login}  {password}\n")


class Hall:
    """Agents of one queue: who gets which citizen is the queue's choice, so a leg is found by the number it shows."""

    def __init__(self, agents: Sequence[SipCaller]) -> None:
        self._agents = agents

    def way_of(self, phone: SipCaller) -> Connect:
        """A citizen's way through the menu and the queue."""

        async def connect() -> tuple[Call, Call]:
            citizen = await phone.call("12328", timeout_s=SETTLE_S, source=Tone(CITIZEN_HZ))
            await citizen.answered.within(SETTLE_S)
            await citizen.listen(0.2)
            await citizen.press("0")
            async with asyncio.timeout(SETTLE_S):
                leg = await self._leg_of(phone.user)
            await leg.answered.within(SETTLE_S)
            return citizen, leg

        return connect

    async def _leg_of(self, number: str) -> Call:
        while True:
            for leg in chain.from_iterable(agent.calls for agent in self._agents):
                if leg.caller_number == number and not leg.ended.is_set():
                    return leg
            await asyncio.sleep(0.05)


def _straight(phone: SipCaller, agent: SipCaller, kind: str) -> Connect:
    return lambda: ring(phone, f"{kind}{agent.address[1]}", agent)


def result(rounds: Rounds) -> Result:
    """Rows and picture of the rounds; pure."""
    ears = [chain.from_iterable(of_round[side].ears_ms for of_round in rounds) for side in range(3)]
    names = ("the hotline, recorded", WITH, WITHOUT)
    return Result(
        (
            _row("Asterisk's processor time for one talk", "% of a core", rounds, lambda one: one.percent_of_a_core, 1),
            _row("the same, beside one that records nothing", "% of a core", rounds, lambda one: one.percent_of_a_core, 2),
            _row("from mouth to ear, median", "ms", rounds, lambda one: median(one.ears_ms), 1),
            _row("from mouth to ear, 95 %", "ms", rounds, lambda one: rank(one.ears_ms, 95), 1),
            _row("packets lost", "%", rounds, lambda one: one.lost_percent, 1),
            _row("longest gap between two packets", "ms", rounds, lambda one: one.longest_gap_ms, 1),
        ),
        Picture(
            "From the agent's mouth to the citizen's ear", "ms", "share of signs, %",
            tuple(distribution(name, values) for name, values in zip(names, ears, strict=True)),
        ),
        NOTES,
    )  # fmt: skip


def _row(what: str, unit: str, rounds: Rounds, value: Callable[[Talked], float], peer: int) -> Row:
    ours, theirs = (tuple(value(one[side]) for one in rounds) for side in (0, peer))
    return Row(what, unit, ours, theirs, (WITH, WITHOUT)[peer - 1])


NOTES = (
    f"{TALKS} talks at a time, A-law on both sides, 50 packets a second each way; a round's figures are of the {SECONDS:.0f} s in"
    " which all talk. The hotline's agents have hardware telephones: a page's Opus and encryption would cost Asterisk more.",
    "The hotline's citizens come by menu and queue to any free agent; the plain Asterisk dials the other telephone. Both keep a"
    " file of each side. From mouth to ear includes up to 20 ms that a word waits for its packet, on either side alike.",
)

SERIES = Series(
    "talks",
    "Recorded talks, beside a plain Asterisk",
    "What do menu, queue, journal and recording leave behind while two people talk? Tones go both ways, one of them changes once a"
    " second; rounds of the hotline and of a plain Asterisk with and without recording alternate.",
    run,
)
