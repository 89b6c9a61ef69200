"""Owns reading YAML text, and finding the line of a mistake in it, so that whoever corrects it need not search."""

from __future__ import annotations

from typing import Any

import yaml


def load_yaml(text: str) -> Any:
    """The data of the text, plain types only; yaml.YAMLError where it is none.

    Read by libyaml, which every wheel of PyYAML has: in Python alone the start of a desk spent a quarter of its time here.
    """
    return yaml.load(text, Loader=yaml.CSafeLoader)


def compose_yaml(text: str) -> yaml.Node | None:
    """The nodes of the text with their marks, for `line_of`; None for an empty text, yaml.YAMLError where it is no YAML."""
    return yaml.compose(text, Loader=yaml.CSafeLoader)


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
