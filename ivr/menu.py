"""Owns what a menu is and how it is read from its YAML file; whether it serves a caller well is `ivr.check`'s to say.

A menu is a graph of nodes. A caller stands at an Ask or a Say and hears it; a Connect or a Queue ends the menu.
"""

from __future__ import annotations

import re
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from hotline_core.errors import SettingsError
from hotline_core.yaml_lines import compose_yaml

MENUS_FOLDER: Final = Path(__file__).parent / "menus"
LONGEST_WAIT_S: Final = 10
SHORTEST_WAIT_S: Final = 0.5

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,30}")
_CALLED: Final = re.compile(r"[^\x00-\x1f\x7f]{1,12}")  # characters, on one line of a narrow zone
_LINE: Final = re.compile(r"[0-9]{2,20}")
_WAIT: Final = re.compile(r"[0-9]{1,3}(\.[0-9])?")
_NULL: Final = "tag:yaml.org,2002:null"
_EXAMPLE: Final = "ivr/menus/12328.yaml shows how it is written"


class MenuError(SettingsError):
    """A menu's file cannot be read; `code` names the kind of fault, `line` is 0 where the file has none."""

    def __init__(self, code: str, file: str, line: int, what: str, cure: str) -> None:
        super().__init__(code, file=file, line=line, what=what, cure=cure)
        self.file = file
        self.line = line
        self.what = what
        self.cure = cure


@dataclass(frozen=True, slots=True)
class Ask:
    """Say the prompts and take one key; an end that the file leaves out is empty, and the check complains."""

    say: tuple[str, ...]
    keys: Mapping[str, str]  # key -> node, in the order in which they are spoken
    wait_s: float  # after the last prompt; the keys are live all along
    silence: str = ""
    wrong: str = ""
    name: str = ""  # what people call it who see that a caller came by it


@dataclass(frozen=True, slots=True)
class Say:
    """Say the prompts, keys dead, and go on."""

    say: tuple[str, ...]
    then: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Connect:
    """The menu ends: the caller is led to an outside party of the city."""

    party: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """The menu ends: the caller waits for an agent."""

    queue: str
    name: str = ""


Node = Ask | Say | Connect | Queue


@dataclass(frozen=True, slots=True)
class Menu:
    """All that one line offers; `lines` tells where in the file each node stands."""

    line: str
    start: str
    nodes: Mapping[str, Node]
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)


def menu_files(folder: Path) -> tuple[Path, ...]:
    """The files of all menus, in the order of their names."""
    return tuple(sorted(folder.glob("*.yaml")))


def load_menus(folder: Path) -> Mapping[str, Menu]:
    """All menus of a folder by line; the first file that is not a menu raises MenuError."""
    menus = [load_menu(path) for path in menu_files(folder)]
    return {menu.line: menu for menu in menus}


def load_menu(path: Path) -> Menu:
    """Read one menu's file; one that cannot be read raises MenuError with the line."""
    return _Reader(str(path)).menu(_composed(path), path.stem)


def recording_lengths(folder: Path) -> Mapping[str, float]:
    """How many seconds each recording of a folder lasts, by prompt key; a file that is no recording is left out."""
    lengths: dict[str, float] = {}
    for path in sorted(folder.rglob("*.wav")):
        try:
            with wave.open(str(path)) as recording:
                seconds = recording.getnframes() / recording.getframerate()
        except (OSError, EOFError, wave.Error):
            continue  # Asterisk could not play it either: the check tells the prompt as missing
        lengths[path.relative_to(folder).with_suffix("").as_posix()] = seconds
    return lengths


def _composed(path: Path) -> yaml.Node | None:
    try:
        return compose_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MenuError("unreadable", str(path), 0, error.strerror or "it cannot be read", "make the file readable") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise MenuError("not-utf8", str(path), line, "it is not UTF-8 text", "save the file as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise MenuError("not-yaml", str(path), line, error.problem or "it is not YAML", "mend the YAML") from error
    except yaml.YAMLError as error:
        raise MenuError("not-yaml", str(path), 0, "it is not YAML", "remove odd characters") from error


class _Reader:
    """Takes the YAML nodes of one file apart; every refusal has the line of what is wrong."""

    def __init__(self, file: str) -> None:
        self._file = file

    def menu(self, root: yaml.Node | None, stem: str) -> Menu:
        if root is None:
            raise MenuError("empty", self._file, 1, "the file is empty", _EXAMPLE)
        fields = self._fields(root, "the file", required=("line", "start", "nodes"))
        line = self._text(fields["line"], "line", _LINE)
        if line != stem:
            what = f"the menu is of line {line} and its file is named {stem}"
            raise self._error("line-differs", fields["line"], what, f"name the file {line}.yaml")
        parts = self._mapping(fields["nodes"], "nodes")
        for name, (key, _) in parts.items():
            if not _NAME.fullmatch(name):
                raise self._error("name-malformed", key, f"{name!r} cannot name a node", "use small letters, digits and _")
        return Menu(
            line=line,
            start=self._text(fields["start"], "start"),
            nodes={name: self._node(name, value) for name, (_, value) in parts.items()},
            lines={name: key.start_mark.line + 1 for name, (key, _) in parts.items()},
        )

    def _node(self, name: str, node: yaml.Node) -> Node:
        # a node is what its telling field says; the ways out are optional here, so that the check names all that lack
        kinds: Mapping[str, Callable[[], Node]] = {
            "keys": lambda: self._ask(name, node),
            "say": lambda: self._say(name, node),
            "connect": lambda: Connect(*self._end(name, node, "connect")),
            "queue": lambda: Queue(*self._end(name, node, "queue")),
        }
        written = self._mapping(node, name)
        for kind, made in kinds.items():
            if kind in written:
                return made()
        raise self._error("kind-unknown", node, f"node {name} neither says, connects nor queues", _EXAMPLE)

    def _end(self, name: str, node: yaml.Node, kind: str) -> tuple[str, str]:
        fields = self._fields(node, name, (kind,), ("name",))
        return self._text(fields[kind], kind), self._called(fields)

    def _called(self, fields: Mapping[str, yaml.Node]) -> str:
        return self._text(fields["name"], "name", _CALLED) if "name" in fields else ""

    def _ask(self, name: str, node: yaml.Node) -> Ask:
        fields = self._fields(node, name, ("say", "keys", "wait_s"), ("silence", "wrong", "name"))
        wait = self._text(fields["wait_s"], "wait_s")
        if not _WAIT.fullmatch(wait) or not SHORTEST_WAIT_S <= float(wait) <= LONGEST_WAIT_S:
            what = f"wait_s of node {name} is {wait}"
            cure = f"seconds with one decimal at most, {SHORTEST_WAIT_S} to {LONGEST_WAIT_S}"
            raise self._error("wait-wrong", fields["wait_s"], what, cure)
        keys = self._mapping(fields["keys"], f"keys of node {name}")
        return Ask(
            say=self._prompts(fields["say"], name),
            keys={key: self._text(target, f"key {key}") for key, (_, target) in keys.items()},
            wait_s=float(wait),
            silence=self._target(fields, "silence"),
            wrong=self._target(fields, "wrong"),
            name=self._called(fields),
        )

    def _say(self, name: str, node: yaml.Node) -> Say:
        fields = self._fields(node, name, ("say",), ("then", "name"))
        return Say(self._prompts(fields["say"], name), self._target(fields, "then"), self._called(fields))

    def _prompts(self, node: yaml.Node, name: str) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._error("not-a-list", node, f"say of node {name} is not a list", "write [prompt, prompt]")
        return tuple(self._text(prompt, "say") for prompt in node.value)

    def _target(self, fields: Mapping[str, yaml.Node], name: str) -> str:
        return self._text(fields[name], name) if name in fields else ""

    def _fields(
        self, node: yaml.Node, where: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> Mapping[str, yaml.Node]:
        written = self._mapping(node, where)
        for name, (key, _) in written.items():
            if name not in required + optional:
                cure = "remove it; known here: " + ", ".join(required + optional)
                raise self._error("field-unknown", key, f"{where} has a field {name}", cure)
        for name in required:
            if name not in written:
                raise self._error("field-missing", node, f"{where} lacks {name}", _EXAMPLE)
        return {name: value for name, (_, value) in written.items()}

    def _mapping(self, node: yaml.Node, where: str) -> Mapping[str, tuple[yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self._error("not-a-mapping", node, f"{where} is not of the form name: value", _EXAMPLE)
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            name = self._text(key, f"a name in {where}")
            if name in found:
                raise self._error("twice", key, f"{where} has {name} twice", "remove one of the two")
            found[name] = (key, value)
        return found

    def _text(self, node: yaml.Node, what: str, pattern: re.Pattern[str] | None = None) -> str:
        # the text as written, whatever YAML makes of it: 12328 and "12328" are the same number
        if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL or not node.value:
            raise self._error("not-text", node, f"{what} has no text", _EXAMPLE)
        value = str(node.value)
        if pattern is not None and not pattern.fullmatch(value):
            raise self._error("text-malformed", node, f"{what} cannot be {value!r}", _EXAMPLE)
        return value

    def _error(self, code: str, node: yaml.Node, what: str, cure: str) -> MenuError:
        return MenuError(code, self._file, node.start_mark.line + 1, what, cure)
