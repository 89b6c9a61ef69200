"""Every way a caller can take through a menu, read off its graph alone; pure. A new node is walked by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from ivr.caller import LONGEST_WALK
from ivr.menu import Ask, Connect, Menu, Queue, Say

KEYS = "1234567890*#"
DURING_S = 1.0  # a key this long after the first sample; a wait too short to aim at is not aimed at
AIMED_WAIT_S = 2.0
QUEUE = "queue"
GONE = "gone"
STEP = " › "  # between two keys


@dataclass(frozen=True, slots=True)
class Act:
    """What the caller does at one node: keys, or nothing, or the end of the call, `after_s` its first sample."""

    node: str
    keys: str = ""
    hangs_up: bool = False
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Walk:
    """What one caller does, hears and comes to: `QUEUE`, `GONE` or an outside party's key."""

    line: str
    acts: tuple[Act, ...]
    heard: tuple[str, ...]  # prompts that are said to the end, after the last one that a key cut short
    cut: bool  # the first question, which holds the notice, was cut short by a key
    end: str

    @property
    def name(self) -> str:
        """For people: what is done at each node."""
        steps = []
        for act in self.acts:
            did = "hangs up" if act.hangs_up else act.keys or "nothing"
            steps.append(f"{act.node}: {did}" + (f" at {act.after_s:.1f} s" if act.keys or act.hangs_up else ""))
        return ", ".join(steps)


def walks(menu: Menu, lengths: Mapping[str, float]) -> list[Walk]:
    """Every key, every wrong key and silence at every node, to the end of the menu."""
    return list(_from(menu, lengths, menu.start, Walk(menu.line, (), (), False, "")))


def way(menu: Menu, walk: Walk) -> str:
    """The keys that count and what they stand for, as the course of a call tells them; of keys in one go a question takes one."""
    asked = [act.keys for act in walk.acts if isinstance(menu.nodes[act.node], Ask)]
    presses = list(asked[0]) if len(asked) == 1 else asked
    told: list[str] = []
    node = menu.nodes[menu.start]
    while isinstance(node, Ask | Say) and len(told) < LONGEST_WALK:
        if isinstance(node, Say):
            node = menu.nodes[node.then]
            continue
        key = presses.pop(0) if presses else ""
        node = menu.nodes[node.keys.get(key, node.wrong) if key else node.silence]
        told += [f"{key} {node.name}".rstrip()] if key else []
    return STEP.join(told)


def hang_ups(menu: Menu, lengths: Mapping[str, float]) -> Iterator[Walk]:
    """To every node that is heard, and gone there: at its first words, in its middle, at its last, in the wait after it."""
    seen: set[tuple[str, ...]] = set()
    for walk in walks(menu, lengths):
        for place, act in enumerate(walk.acts):
            trace = tuple(step.node for step in walk.acts[: place + 1])
            node = menu.nodes[act.node]
            if trace in seen or not isinstance(node, Ask | Say):
                continue
            seen.add(trace)
            said_s = _said_s(node.say, lengths)
            moments = [0.1, said_s / 2, said_s - 0.2, *([said_s + node.wait_s / 2] if isinstance(node, Ask) else [])]
            for moment in moments:
                last = Act(act.node, hangs_up=True, after_s=moment)
                yield replace(walk, acts=(*walk.acts[:place], last), heard=(), end=GONE)


def hasty(menu: Menu, lengths: Mapping[str, float]) -> Iterator[Walk]:
    """Keys typed in one go, at the answer or in the first words: each walk of keys alone, and long runs of them."""
    for walk in walks(menu, lengths):
        keys = "".join(act.keys for act in walk.acts)
        if len(walk.acts) > 1 and all(act.keys or isinstance(menu.nodes[act.node], Say) for act in walk.acts):
            for after_s in (0.0, DURING_S):
                yield replace(walk, acts=(Act(menu.start, keys=keys, after_s=after_s),), heard=())
    for run in ("0000000000", "1234567890", "9" * 20, "*#*#"):
        yield Walk(menu.line, (Act(menu.start, keys=run, after_s=0.0),), (), True, "")


def _from(menu: Menu, lengths: Mapping[str, float], name: str, so_far: Walk) -> Iterator[Walk]:
    node = menu.nodes[name]
    heard = sum(1 for act in so_far.acts if isinstance(menu.nodes[act.node], Ask | Say))
    match node:
        case Connect(party):
            yield replace(so_far, end=party)
        case Queue():
            yield replace(so_far, end=QUEUE)
        case _ if heard >= LONGEST_WALK:
            yield replace(so_far, end=QUEUE)
        case Say():
            yield from _on(menu, lengths, node.then, so_far, Act(name), node.say)
        case Ask():
            moment = _said_s(node.say, lengths) + node.wait_s / 2 if node.wait_s >= AIMED_WAIT_S else DURING_S
            says = node.say if node.wait_s >= AIMED_WAIT_S else ()
            wrong = [key for key in KEYS if key not in node.keys]
            yield from _on(menu, lengths, node.silence, so_far, Act(name), node.say)
            for key, target in chain(node.keys.items(), ((key, node.wrong) for key in wrong)):
                yield from _on(menu, lengths, target, so_far, Act(name, keys=key, after_s=moment), says)


def _on(
    menu: Menu, lengths: Mapping[str, float], target: str, so_far: Walk, act: Act, says: tuple[str, ...]
) -> Iterator[Walk]:
    # a key in the middle of a sentence: what was said of it until then is not to be recognised
    is_cut = so_far.cut or (not so_far.acts and bool(act.keys))
    yield from _from(menu, lengths, target, replace(so_far, acts=(*so_far.acts, act), heard=(*so_far.heard, *says), cut=is_cut))


def _said_s(prompts: tuple[str, ...], lengths: Mapping[str, float]) -> float:
    return sum(lengths[prompt] for prompt in prompts)
