"""Owns reading YAML text, and finding the line of a mistake in it, so that whoever corrects it need not search."""

from __future__ import annotations

from typing import Any

import yaml

DEEPEST = 100  # levels; a menu has seven


def load_yaml(text: str) -> Any:
    """The data of the text, plain types only; yaml.YAMLError where it is none, with a mark where it is nested too deeply.

    Read by libyaml, which every wheel of PyYAML has: in Python alone the start of a desk spent a quarter of its time here.
    """
    _check_depth(text)
    return yaml.load(text, Loader=yaml.CSafeLoader)


def compose_yaml(text: str) -> yaml.Node | None:
    """The nodes of the text with their marks, for `line_of`; None for an empty text. Errors as of `load_yaml`."""
    _check_depth(text)
    return yaml.compose(text, Loader=yaml.CSafeLoader)


def _check_depth(text: str) -> None:
    """libyaml's nodes are made by a recursion in C, which ends the process where it goes too deep (measured: 200,000 levels)."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                line = event.start_mark.line if event.start_mark else 0
                raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=yaml.Mark("text", 0, line, 0, None, 0))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def line_of(node: yaml.Node | None, loc: list[str]) -> int:
    """The line (from 1) of the deepest part of `loc` that the YAML text has."""
    line = node.start_mark.line + 1 if node else 0
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if getattr(key, "value", None) == part]
            if not found:
                break
            key, node = found[0]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            line = node.start_mark.line + 1
        else:
            break
    return line
