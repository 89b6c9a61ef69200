"""Menus as files: what is read from them, and that a mistake is told with its file, line and cure."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from ivr.menu import MENUS_FOLDER, Ask, Connect, MenuError, Queue, Say, load_menu, load_menus, menu_files, recording_lengths

pytestmark = pytest.mark.unit

HEAD = 'line: "12328"\nstart: a\nnodes:\n'
WHOLE = (
    HEAD
    + '  a: {say: [hello], keys: {9: help, "*": a}, wait_s: 2, silence: b, wrong: b}\n'
    + "  b: {say: [bye, bye-bye], then: person}\n"
    + "  help: {connect: rescue}\n"
    + "  person: {queue: hotline}\n"
)


def written(folder: Path, text: str) -> Path:
    path = folder / "12328.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_caller_is_offered_what_the_file_says(tmp_path: Path) -> None:
    """Every kind of node, its keys in the order of the file, and the line of each node."""
    menu = load_menu(written(tmp_path, WHOLE))
    assert (menu.line, menu.start) == ("12328", "a")
    assert menu.nodes == {
        "a": Ask(("hello",), {"9": "help", "*": "a"}, 2, "b", "b"),
        "b": Say(("bye", "bye-bye"), "person"),
        "help": Connect("rescue"),
        "person": Queue("hotline"),
    }
    assert menu.lines == {"a": 4, "b": 5, "help": 6, "person": 7}


def test_a_way_that_the_file_leaves_out_is_read_as_none(tmp_path: Path) -> None:
    """The check names all missing ways at once; reading does not stop at the first."""
    menu = load_menu(written(tmp_path, HEAD + "  a: {say: [x], keys: {}, wait_s: 1}\n  b: {say: []}\n"))
    assert menu.nodes == {"a": Ask(("x",), {}, 1), "b": Say(())}


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "empty", 1),
        ("line: [\n", "not-yaml", 2),
        ("line: \x07\n", "not-yaml", 0),
        ("[" * 5000, "not-yaml", 1),
        ("[" * 500_000 + "]" * 500_000, "not-yaml", 1),
        ("a: 1\n---\nb: 2\n", "not-yaml", 2),
        ("- a\n", "not-a-mapping", 1),
        ("line: '12328'\nnodes: {}\n", "field-missing", 1),
        ("line: '12328'\nstart: a\nnodes: {}\nnote: x\n", "field-unknown", 4),
        ("line: '12345'\nstart: a\nnodes: {}\n", "line-differs", 1),
        ("line: ../x\nstart: a\nnodes: {}\n", "text-malformed", 1),
        ("line: '12328'\nstart: ~\nnodes: {}\n", "not-text", 2),
        ("line: '12328'\nstart: [a]\nnodes: {}\n", "not-text", 2),
        ("line: '12328'\nstart: a\nnodes: []\n", "not-a-mapping", 3),
        ("line: '12328'\nstart: a\nnodes: &n {a: *n}\n", "kind-unknown", 3),
        (HEAD + "  A-b: {queue: hotline}\n", "name-malformed", 4),
        (HEAD + "  a: {queue: hotline}\n  a: {queue: hotline}\n", "twice", 5),
        (HEAD + "  a: {}\n", "kind-unknown", 4),
        (HEAD + "  a: hotline\n", "not-a-mapping", 4),
        (HEAD + "  a: {queue: hotline, connect: rescue}\n", "field-unknown", 4),
        (HEAD + "  a: {queue: ''}\n", "not-text", 4),
        (HEAD + "  a: {say: hello, then: a}\n", "not-a-list", 4),
        (HEAD + "  a: {say: [[hello]], then: a}\n", "not-text", 4),
        (HEAD + "  a: {say: [x], then: a, keys: {}, wait_s: 1}\n", "field-unknown", 4),
        (HEAD + "  a: {say: [x], keys: {}}\n", "field-missing", 4),
        (HEAD + "  a: {say: [x], keys: [], wait_s: 1}\n", "not-a-mapping", 4),
        (HEAD + "  a: {say: [x], keys: {1: a, '1': b}, wait_s: 1}\n", "twice", 4),
        (HEAD + "  a: {say: [x], keys: {1: ~}, wait_s: 1}\n", "not-text", 4),
        (HEAD + "  a:\n    say: [x]\n    keys: {}\n    wait_s: 0.25\n", "wait-wrong", 7),
        (HEAD + "  a: {say: [x], keys: {}, wait_s: 0}\n", "wait-wrong", 4),
        (HEAD + "  a: {say: [x], keys: {}, wait_s: 11}\n", "wait-wrong", 4),
        (HEAD + "  a: {say: [x], keys: {}, wait_s: true}\n", "wait-wrong", 4),
    ],
)
def test_an_operator_is_told_file_line_and_cure_of_a_malformed_menu(text: str, code: str, line: int, tmp_path: Path) -> None:
    """No malformed file is half read, and none ends in a traceback."""
    path = written(tmp_path, text)
    with pytest.raises(MenuError) as refused:
        load_menu(path)
    assert (refused.value.code, refused.value.file, refused.value.line) == (code, str(path), line)
    assert refused.value.what
    assert refused.value.cure


def test_an_operator_is_told_of_a_menu_that_is_no_text(tmp_path: Path) -> None:
    """A file saved in GBK names the line of the first character that is not UTF-8."""
    path = tmp_path / "12328.yaml"
    path.write_bytes(b"line: '12328'\n# " + "水上".encode("gbk"))
    with pytest.raises(MenuError) as refused:
        load_menu(path)
    assert (refused.value.code, refused.value.line) == ("not-utf8", 2)


def test_an_operator_is_told_of_a_menu_that_is_not_there(tmp_path: Path) -> None:
    """A missing file has no line."""
    with pytest.raises(MenuError) as refused:
        load_menu(tmp_path / "12328.yaml")
    assert (refused.value.code, refused.value.line) == ("unreadable", 0)


def test_each_line_has_its_own_menu() -> None:
    """Both public numbers come with one."""
    menus = load_menus(MENUS_FOLDER)
    assert {key: menu.line for key, menu in menus.items()} == {"12328": "12328", "12345": "12345"}
    assert [path.name for path in menu_files(MENUS_FOLDER)] == ["12328.yaml", "12345.yaml"]


def test_the_length_of_a_recording_is_read_from_its_file(tmp_path: Path) -> None:
    """A recording in a folder has the folder in its key; what is no recording counts as missing."""
    (tmp_path / "digits").mkdir()
    with wave.open(str(tmp_path / "digits" / "one.wav"), "wb") as recording:
        recording.setparams((1, 2, 8000, 0, "NONE", ""))
        recording.writeframes(bytes(2 * 12000))
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    (tmp_path / "odd.wav").write_bytes(b"not a recording at all")
    assert recording_lengths(tmp_path) == {"digits/one": 1.5}
