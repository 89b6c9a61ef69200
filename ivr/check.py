"""Owns what a menu must be so that it never stands between a citizen and a person (GB/T 33358); pure, it reads no file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ivr.caller import LONGEST_WALK
from ivr.menu import Ask, Connect, Menu, Queue, Say

SILENT_LIMIT_S: Final = 8.0  # a caller who does nothing is in the queue by then
MOST_PRESSES: Final = 2
DISTRESS_KEY: Final = "9"
OWN_QUEUE: Final = "line"  # in a menu: the queue that the city's file gives the line
KEYS: Final = "0123456789*#"

_ROUNDING_S: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that would go wrong for a caller; `code` is stable, `node` is where (or the menu's start)."""

    code: str
    node: str
    what: str
    cure: str
    about: str = ""  # the word of the file, or the figure, that the fault is about: for sentences in another language


def faults(
    menu: Menu, prompts: Mapping[str, float], parties: Mapping[str, str], queues: Collection[str]
) -> tuple[Fault, ...]:
    """All faults of a menu: `prompts` gives seconds by key, `parties` the kind of each outside party that callers may be led to,
    `queues` what the line's queue is called."""
    found = [fault for name in menu.nodes for fault in _of_node(menu, name, prompts, parties, queues)]
    if menu.start not in menu.nodes:
        what = f"the start {menu.start} is not there"
        return (*found, Fault("unknown-target", menu.start, what, "name a node of this file as start", "start"))
    return (*found, *_of_ways(menu), *_of_distress(menu, parties), *_of_silence(menu, prompts))


def _of_node(
    menu: Menu, name: str, prompts: Mapping[str, float], parties: Mapping[str, str], queues: Collection[str]
) -> Iterator[Fault]:
    node = menu.nodes[name]
    match node:
        case Connect(party) if party not in parties:
            what = f"{party} is no outside party of the city that callers may be led to"
            cure = f"add {party} to outside_parties in the city's file without menu: false, or name another"
            yield Fault("unknown-party", name, what, cure, party)
        case Queue(queue) if queue not in (OWN_QUEUE, *queues):
            yield Fault("unknown-queue", name, f"{queue} is not the line's queue", f"write queue: {OWN_QUEUE}", queue)
        case Ask() | Say():
            yield from _of_prompts(name, node.say, prompts)
    if isinstance(node, Ask):
        if not node.keys:
            yield Fault("no-keys", name, "it asks and takes no key", "give it keys, or write then instead")
        for key in node.keys:
            if len(key) != 1 or key not in KEYS:
                yield Fault("bad-key", name, f"{key} is not one key of a telephone", "use one of 0 to 9, * and #", key)
    for way, target in _ways(menu, name):
        if not target:
            yield Fault("dead-end", name, f"{way} leads nowhere", f"add the node that follows {way}", way)
        elif target not in menu.nodes:
            what = f"{way} leads to {target}, which is not there"
            yield Fault("unknown-target", name, what, f"name a node, or add {target}", f"{way}: {target}")


def _of_prompts(name: str, said: tuple[str, ...], prompts: Mapping[str, float]) -> Iterator[Fault]:
    if not said:
        yield Fault("no-prompt", name, "the caller hears nothing", "say at least one prompt")
    for key in said:
        if key not in prompts:
            cure = f"write {key} into ivr/prompts/catalogue.yaml and run make prompts, or correct the name"
            yield Fault("missing-prompt", name, f"there is no recording {key}", cure, key)


def _of_ways(menu: Menu) -> Iterator[Fault]:
    """Orphans, endless prompts, and nodes that are too far from the start."""
    presses = _nearest(menu, by_presses=True)
    heard = _nearest(menu, by_presses=False)
    for name, node in menu.nodes.items():
        if name not in presses:
            yield Fault("orphan", name, "no way leads here", "lead a key here, or remove the node")
            continue
        if isinstance(node, Ask) and presses[name] >= MOST_PRESSES:
            what = f"a caller pressed {presses[name]} keys to get here and must press another"
            yield Fault("too-deep", name, what, f"lead to a person or a party after {MOST_PRESSES} keys", str(MOST_PRESSES))
        elif isinstance(node, Ask | Say) and heard[name] >= LONGEST_WALK:
            what = f"a caller heard {heard[name]} nodes before and is in the queue instead"
            yield Fault("too-long", name, what, f"say it in the first {LONGEST_WALK} nodes of a way", str(LONGEST_WALK))
        if name in _silent_way(menu, name)[1:]:
            what = "a silent caller hears it again and again"
            yield Fault("endless", name, what, "lead silence or then to a queue")


def _of_distress(menu: Menu, parties: Mapping[str, str]) -> Iterator[Fault]:
    start = menu.nodes[menu.start]
    keys = start.keys if isinstance(start, Ask) else {}
    helper = menu.nodes.get(keys.get(DISTRESS_KEY, ""))
    if not isinstance(helper, Connect) or parties.get(helper.party, "emergency") != "emergency":
        what = f"key {DISTRESS_KEY} does not lead a caller in distress at once to an emergency party"
        cure = f"start with a question whose key {DISTRESS_KEY} leads to a connect of kind emergency"
        yield Fault("distress-missing", menu.start, what, cure, DISTRESS_KEY)
    elif next(iter(keys)) != DISTRESS_KEY:
        what = f"key {DISTRESS_KEY} is not named first"
        cure = f"write key {DISTRESS_KEY} before the others, and say it first"
        yield Fault("distress-late", menu.start, what, cure, DISTRESS_KEY)


def silent_seconds(menu: Menu, prompts: Mapping[str, float]) -> float | None:
    """How long a caller who does nothing is kept from the queue; None where the way is broken or of unknown length."""
    way = _silent_way(menu, menu.start)
    if not isinstance(menu.nodes.get(way[-1]), Queue):
        return None
    passed = [node for node in map(menu.nodes.get, way) if isinstance(node, Ask | Say)]
    said = [key for node in passed for key in node.say]
    if any(key not in prompts for key in said):
        return None
    return sum(prompts[key] for key in said) + sum(node.wait_s for node in passed if isinstance(node, Ask))


def _of_silence(menu: Menu, prompts: Mapping[str, float]) -> Iterator[Fault]:
    """The silent caller's way; one that is broken, endless or of unknown length is told elsewhere."""
    way = _silent_way(menu, menu.start)
    end = menu.nodes.get(way[-1])
    if isinstance(end, Connect):
        what = "a caller who does nothing is led to an outside party"
        yield Fault("silent-astray", menu.start, what, "lead silence to a queue", end.party)
    seconds = silent_seconds(menu, prompts)
    if seconds is not None and seconds > SILENT_LIMIT_S + _ROUNDING_S:
        what = f"a silent caller is in the queue after {seconds:.1f} s, {SILENT_LIMIT_S:.1f} s are allowed"
        yield Fault("silent-late", menu.start, what, "shorten the prompts or wait_s on the way of silence", f"{seconds:.1f}")


def _ways(menu: Menu, name: str) -> tuple[tuple[str, str], ...]:
    """The ways out of a node, each with its name and target; a failed prompt goes the way of silence or `then`."""
    match menu.nodes.get(name):
        case Ask() as node:
            keys = tuple((f"key {key}", target) for key, target in node.keys.items())
            return (*keys, ("silence", node.silence), ("wrong", node.wrong))
        case Say(then=then):
            return (("then", then),)
        case _:
            return ()


def _silent_way(menu: Menu, name: str) -> tuple[str, ...]:
    """The nodes of a caller who does nothing from `name` on; the last one is a repetition, an end, or not there."""
    way = [name]
    while len(way) == len(set(way)):
        match menu.nodes.get(way[-1]):
            case Ask(silence=target) | Say(then=target) if target:
                way.append(target)
            case _:
                break
    return tuple(way)


def _nearest(menu: Menu, *, by_presses: bool) -> Mapping[str, int]:
    """How few keys are pressed, or nodes heard, on the way from the start to each node that can be reached."""
    cost = {menu.start: 0}
    changed = [menu.start]
    while changed:
        name = changed.pop()
        for way, target in _ways(menu, name):
            is_press = way not in ("silence", "then")
            far = cost[name] + (is_press if by_presses else 1)
            if target in menu.nodes and far < cost.get(target, far + 1):
                cost[target] = far
                changed.append(target)
    return cost
