"""Owns finding the line of a mistake in a YAML file, so that whoever corrects it need not search."""

from __future__ import annotations

import yaml


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
