"""The attempts to reach a third: numbers in order, each over every trunk that may carry it; what each came to."""

from __future__ import annotations

from dataclasses import replace

from hotline_core.domain.commands import Fact, Write
from transfer.commands import DialThird, HangUpThird, JoinCommand
from transfer.events import ActAsked, Target
from transfer.model import DIALLED, EMERGENCY, Join, Rules, Third, Try

PATIENCE_S = 3.0  # beyond the ring time, for Asterisk's own word on the end of an attempt
ELSEWHERE = frozenset({"unavailable", "unknown_number"})  # one carrier may know a short number that another does not
RESULTS = ("busy", "no_answer", "declined", "unknown_number", "unavailable")
_BUSY, _DECLINED = frozenset({17}), frozenset({21})
_NO_ANSWER = frozenset({18, 19})
_UNKNOWN = frozenset({1, 22, 28})


def result_of(cause: int, has_rung: bool) -> str:
    """What an attempt came to, one of RESULTS, by its Q.850 cause; 0 and 16 are Asterisk's for a ring that was given up."""
    for causes, result in ((_BUSY, "busy"), (_DECLINED, "declined"), (_NO_ANSWER, "no_answer"), (_UNKNOWN, "unknown_number")):
        if cause in causes:
            return result
    return "no_answer" if has_rung and cause in (0, 16) else "unavailable"


def tries_of(target: Target, rules: Rules) -> tuple[Try, ...]:
    """Every number over every trunk, in order; an agent's telephone once."""
    if target.agent:
        return (Try(),)
    return tuple(Try(number, trunk) for number in target.numbers for trunk in rules.trunks)


def begun(join: Join, event: ActAsked, now: float) -> tuple[Join, list[JoinCommand]]:
    """A transfer begins: its number and its first record."""
    target = event.target
    join = replace(
        join, n=join.n + 1, way=event.act, target=target, tries=(), failed="", waited_s=None, begun_at=now,
        transfer_open=True,
    )  # fmt: skip
    facts: dict[str, Fact] = {
        "n": join.n, "way": event.act, "party": target.party, "kind": target.kind, "to": target.agent, "queue": target.queue,
        "by": event.agent,
    }  # fmt: skip
    return join, [Write("third_asked", join.call_id, now, facts, {"name": target.name} if target.name else {})]


def dial_next(join: Join, rules: Rules, now: float) -> tuple[Join, list[JoinCommand]]:
    """Dial the next of `tries`; there is one."""
    what, rest = join.tries[0], join.tries[1:]
    is_first = join.third is None
    attempt = 1 if is_first or join.third is None else join.third.attempt + 1
    left = len({one.number for one in rest} - {what.number})
    leg = join.dialled + 1
    rings_s = rules.emergency_ring_s if join.way == EMERGENCY else rules.ring_s
    third = Third(f"third-{join.call_id}-{leg}", join.n, attempt, attempt + left, what, now, since=now)
    facts: dict[str, Fact] = {"n": join.n, "attempt": attempt, "of": third.of, "trunk": what.trunk, "leg": leg}
    join = replace(
        join, third=third, tries=rest, dialled=leg,
        deadlines=dict(join.deadlines) | {"third": now + rings_s + PATIENCE_S},
    )  # fmt: skip
    return join, [
        Write("third_dialled", join.call_id, now, facts, {"number": what.number} if what.number else {}),
        DialThird(
            join.call_id, third.unique_id, join.line, join.way, what.number, what.trunk, join.target.agent, rings_s, join.target
        ),
    ]


def attempt_failed(join: Join, cause: int, rules: Rules, now: float) -> tuple[Join, list[JoinCommand]]:
    """The present attempt came to nothing: the next one, or none is left and `third` is None afterwards."""
    third = join.third
    assert third is not None
    result = result_of(cause, third.rings)
    facts: dict[str, Fact] = {"n": join.n, "attempt": third.attempt, "cause": cause, "result": result}
    commands: list[JoinCommand] = [Write("third_failed", join.call_id, now, facts)]
    if result not in ELSEWHERE:  # the number was reached: another trunk would reach the same
        join = replace(join, tries=tuple(one for one in join.tries if one.number != third.what.number))
    if join.tries:
        join, more = dial_next(join, rules, now)
        return join, commands + more
    return missed(join, result, now, commands)


def missed(join: Join, result: str, now: float, commands: list[JoinCommand]) -> tuple[Join, list[JoinCommand]]:
    """All attempts were in vain; shown until the next act."""
    commands.append(Write("third_missed", join.call_id, now, {"n": join.n, "result": result}))
    join, ended = transfer_ended(replace(without_third(join), failed=result), "failed", "", now)
    return join, commands + ended


def cancelled(join: Join, now: float) -> tuple[Join, list[JoinCommand]]:
    """A third who is dialled is wanted no more; what is still told of the attempt counts no more."""
    third = join.third
    assert third is not None
    assert third.place == DIALLED
    join, ended = transfer_ended(without_third(join), "cancelled", "", now)
    return join, [HangUpThird(join.call_id, third.unique_id), *ended]


def let_go(join: Join, by: str, now: float) -> tuple[Join, list[JoinCommand]]:
    """The third is wanted no more: a dialled one counts no more at once, an answered one is gone when ThirdLeft tells it."""
    third = join.third
    if third is None or third.ended_by:
        return join, []
    if third.place == DIALLED:
        return cancelled(join, now)
    return replace(join, third=replace(third, ended_by=by)), [HangUpThird(join.call_id, third.unique_id)]


def without_third(join: Join) -> Join:
    """Nobody is dialled or on the line besides citizen and agent."""
    deadlines = {name: at for name, at in join.deadlines.items() if name != "third"}
    return replace(join, third=None, tries=(), deadlines=deadlines, leaves=False, muted=join.muted - {"third"})


def transfer_ended(join: Join, outcome: str, last: str, now: float) -> tuple[Join, list[JoinCommand]]:
    """The last record of a transfer, once; `last` is the role whose leaving ended it."""
    if not join.transfer_open:
        return join, []
    facts: dict[str, Fact] = {"n": join.n, "outcome": outcome, "last": last}
    return replace(join, transfer_open=False), [Write("transfer_ended", join.call_id, now, facts)]
