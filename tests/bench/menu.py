"""The series about the menu: led by the bridge over AMI, beside the same menu in nothing but a dialplan."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import median

from ivr.catalogue import RECORDINGS_FOLDER
from tests.bench.menu_callers import NEXT_PROMPT, Round, Side, ring_for
from tests.bench.plain import bare, own_with_menus, plain_asterisk
from tests.bench.prompt_ear import PromptEar
from tests.bench.report import Budget, Options, Picture, Result, Row, Series, distribution, rank
from tests.running.instance import Hotline, running

MOST_MS = 25.0  # design.md section 5: over the dialplan's own, at the median
LEAST_RATE = 0.9  # of the dialplan's
MOST_BRIDGE = 0.3  # of Asterisk's processor time
SAME, BARE = "same dialplan, menu in it, no AMI", "bare dialplan"
UNREAD = "same dialplan, menu in it, AMI on, nobody reads"
PEERS = (SAME, BARE, UNREAD)


@dataclass(frozen=True, slots=True)
class Load:
    """How many callers at once, for how long in each round."""

    callers: int
    seconds: float


CALM, CROWD, ROUNDS = Load(4, 5.0), Load(60, 5.0), 4
SMALL_CALM, SMALL_CROWD, SMALL_ROUNDS = Load(2, 1.0), Load(4, 1.0), 1

Rounds = Sequence[Sequence[Round]]  # of ours, and of each of the peers


def run(options: Options) -> Result:
    """Start a hotline and measure it."""
    with running() as hotline:
        return measure(hotline, options)


def measure(hotline: Hotline, options: Options) -> Result:
    """Rounds of all, one after the other; each twice, with few callers and with a crowd."""
    calm, crowd, rounds = (SMALL_CALM, SMALL_CROWD, SMALL_ROUNDS) if options.is_small else (CALM, CROWD, ROUNDS)
    ear = PromptEar(RECORDINGS_FOLDER / f"{NEXT_PROMPT}.wav")
    with (
        plain_asterisk(hotline, own_with_menus, 1) as same, plain_asterisk(hotline, bare, 2) as plain,
        plain_asterisk(hotline, own_with_menus, 3, has_manager=True) as unread,
    ):  # fmt: skip
        peers = zip(PEERS, (same, plain, unread), strict=True)
        sides = [_ours(hotline), *(Side(name, peer.sip, (peer.pid,)) for name, peer in peers)]
        return result(*asyncio.run(_measured(sides, ear, calm, crowd, rounds)))


def _ours(hotline: Hotline) -> Side:
    return Side("ours", hotline.sip, (hotline.pid("asterisk"), hotline.pid("bridge")))


async def _measured(sides: Sequence[Side], ear: PromptEar, calm: Load, crowd: Load, rounds: int) -> tuple[Rounds, Rounds]:
    for side in sides:
        await ring_for(side, ear, callers=crowd.callers, seconds=0.5)  # the first calls load what later ones find
    quiet: list[list[Round]] = []
    busy: list[list[Round]] = []
    for _ in range(rounds):
        for load, kept in ((calm, quiet), (crowd, busy)):
            kept.append([await ring_for(side, ear, callers=load.callers, seconds=load.seconds) for side in sides])
    return quiet, busy


def result(calm: Rounds, crowd: Rounds) -> Result:
    """Rows, picture and, where a budget is missed, where the time goes; pure."""
    waits = [[list(one.waits_ms) for one in of_round] for of_round in calm]
    least = Budget(LEAST_RATE, "ratio", at_most=False)
    found = Result(
        (
            _row("key → next prompt, median", "ms", calm, lambda one: median(one.waits_ms), 2, Budget(MOST_MS, "difference")),
            _row("key → next prompt, 95 %", "ms", calm, lambda one: rank(one.waits_ms, 95), 2),
            _row("key → next prompt in a crowd, median", "ms", crowd, lambda one: median(one.waits_ms), 2),
            _row("calls of a crowd", "calls/s", crowd, _rate, 1, least),
            _row("calls of a crowd, beside the bare one", "calls/s", crowd, _rate, 2),
            _row("calls for a second of Asterisk's processor time", "calls", crowd, _a_core, 1, least),
            _row("the same, beside the bare one", "calls", crowd, _a_core, 2),
            _row("the same, beside one whose AMI nobody reads", "calls", crowd, _a_core, 3),
            _row(f"the same, of that one ({UNREAD}) in place of ours", "calls", crowd, _a_core, 1, side=3),
            Row("processor time of the bridge / of Asterisk", "", _shares(crowd), budget=Budget(MOST_BRIDGE)),
            Row("calls that failed", "", _failed(0, calm, crowd), _failed(1, calm, crowd), SAME, Budget(0)),
        ),
        Picture(
            "From the key to the next prompt, few callers", "ms", "share of calls, %",
            tuple(
                distribution(name, chain.from_iterable(of_round[place] for of_round in waits))
                for place, name in enumerate(("bridge over AMI", *PEERS))
            ),
        ),
        (*NOTES, *_told_failures(calm, crowd)),
    )  # fmt: skip
    return Result(found.rows, found.picture, found.notes, _profile(crowd)) if found.missed() else found


def _row(
    what: str, unit: str, rounds: Rounds, value: Callable[[Round], float], peer: int, budget: Budget | None = None, side: int = 0
) -> Row:
    ours, theirs = (tuple(value(one[place]) for one in rounds) for place in (side, peer))
    return Row(what, unit, ours, theirs, PEERS[peer - 1], budget)


def _rate(one: Round) -> float:
    return one.calls_a_second


def _a_core(one: Round) -> float:
    return one.calls_a_core


def _shares(rounds: Rounds) -> tuple[float, ...]:
    return tuple(of_round[0].cpu_s[1] / of_round[0].cpu_s[0] for of_round in rounds)


def _failed(side: int, *loads: Rounds) -> tuple[float]:
    return (float(sum(len(of_round[side].failures) for rounds in loads for of_round in rounds)),)


def _told_failures(*loads: Rounds) -> tuple[str, ...]:
    """One sentence on each side that had failed calls, with what they missed."""
    found = []
    for side, name in enumerate(("ours", *PEERS)):
        rounds = [of_round[side] for load in loads for of_round in load]
        reasons = Counter(reason for one in rounds for reason in one.failures)
        told = ", ".join(f"{count} with {reason}" for reason, count in sorted(reasons.items()))
        if told:
            calls = sum(one.calls + len(one.failures) for one in rounds)
            found.append(f"Failed calls of “{name}”, of {calls}: {told}.")
    return tuple(found)


def _profile(crowd: Rounds) -> str:
    """Processor time for one call in the crowd, layer upon layer."""
    ours, same, plain, unread, bridge = (
        median(one[side].ms_a_call(process) for one in crowd) for side, process in ((0, 0), (1, 0), (2, 0), (3, 0), (0, 1))
    )
    return "\n".join((
        "processor time for one call, ms (median of the rounds, in the crowd)",
        f"  {plain:5.2f}  Asterisk: SIP, RTP, prompts and the recording of the notice (the bare dialplan)",
        f"  {same - plain:5.2f}  + whom the citizen dialled, one form of the number, journal for a dead bridge (the same dialplan)",
        f"  {unread - same:5.2f}  + AMI switched on: every step of the dialplan is looked at for an event (nobody reads)",
        f"  {ours - unread:5.2f}  + AMI read: events written, the menu's commands, the journal cleared away",
        f"  {bridge:5.2f}  the bridge: events read, ledger, live view, log",
    ))  # fmt: skip


NOTES = (
    f"A caller rings 12328, presses 1 as soon as the greeting is heard, hears {NEXT_PROMPT} begin and hangs up: the shortest call"
    " there is, so that all that is not menu weighs least. A crowd is 60 such callers at once, more than two cores can serve.",
    "The peers are Asterisks with the same modules, trunk and prompts, with AMI switched off but in the last."
    f" “{SAME}” leads by Goto whom the bridge leads by AMI, and is the hotline's own dialplan else;"
    f" “{BARE}” has only answer, recording of the notice, and menu; “{UNREAD}” is the first with the hotline's manager.conf, where"
    " no client logs in: what it costs beside the first no client can save.",
    "The wait for the next prompt is Asterisk's: it looks for AGI commands when a packet of the caller comes, every 20 ms.",
)

SERIES = Series(
    "menu",
    "The menu, by AMI and in pure dialplan",
    "What does a menu cost that is led by a Python process over AMI? Callers press a key and hear the next prompt, few at a time"
    " and as a crowd; rounds of the hotline, of its own dialplan with the menu in it, and of a bare dialplan alternate.",
    run,
)
