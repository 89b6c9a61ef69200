"""The documents say what is true: settings, targets, tests, tables and pictures they name exist, and nothing is left out."""

from __future__ import annotations

import ast
import re
import struct
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from hotline_core.city import City
from hotline_core.domain.diagram import agent_table, table, unlisted
from hotline_core.settings import Settings
from tests.screenshots import PUBLISHED
from transfer import diagram as transfers

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
REAL_SERVERS = {"asterisk", "desktop", "integration"}
LARGEST_PICTURE = 200_000
# Written in two halves, so that this file does not name what it forbids.
HALVES = (("py", "pi.org"), ("pythonho", "sted.org"), ("npm", "js.org"), ("npm", "js.com"))
INDEX_HOSTS = tuple(first + second for first, second in HALVES)


def rows(page: str, *, heading: str = "", columns: int) -> list[list[str]]:
    """The cells of all table rows of that width under a heading (in the whole page without one), titles left out."""
    text = (DOCS / page).read_text(encoding="utf-8")
    if heading:
        text = re.split(r"^## ", text.partition(f"## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    found, is_body = [], False
    for line in text.splitlines():
        if not line.startswith("|"):
            is_body = False
        elif set(line) <= set("|-"):
            is_body = True
        elif is_body:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) == columns:
                found.append(cells)
    return found


def kinds_of_tests() -> dict[str, set[str]]:
    """Every test's name and the kinds of the modules that have it."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        kinds = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_mark(node.value)} - {"parametrize"}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.setdefault(node.name, set()).update(kinds)
    return found


def _is_mark(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "mark"


def named_tests(text: str) -> set[str]:
    """What a text calls a test: `test_…` in backticks, no file."""
    return set(re.findall(r"`(test_[a-z0-9_]+)`", text))


def test_an_operator_finds_every_setting_with_its_default_and_no_stale_one() -> None:
    """docs/operations.md against Settings.model_fields."""
    told = {cells[0].strip("`"): cells[1].strip("`") for cells in rows("operations.md", heading="环境变量", columns=3)}
    wanted = {f"HOTLINE_{name.upper()}": _default(field.default) for name, field in Settings.model_fields.items()}
    assert told == wanted


def _default(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def test_a_city_finds_every_key_of_its_file_and_no_stale_one() -> None:
    """docs/city.md against the typed tree of city.yaml."""
    told = [cells[0].strip("`") for cells in rows("city.md", heading="城市配置 city.yaml", columns=2)]
    assert sorted(told) == sorted(_keys(City, ""))


def _keys(model: type[BaseModel], prefix: str) -> list[str]:
    keys = []
    for python_name, field in model.model_fields.items():
        name = field.alias or python_name
        keys.append(prefix + name)
        part, many = _part_of(field.annotation)
        if part is not None:
            keys += _keys(part, f"{prefix}{name}.{'*.' if many else ''}")
    return keys


def _part_of(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model inside an annotation, and whether there are many of it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    parts = [inner for inner in get_args(annotation) if isinstance(inner, type) and issubclass(inner, BaseModel)]
    is_optional = get_origin(annotation) in (Union, UnionType)
    return (parts[0], not is_optional) if parts else (None, False)


def test_an_operator_finds_every_make_target_and_no_stale_one() -> None:
    """docs/operations.md against the Makefile; the README names only targets that exist."""
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = [cells[0].strip("`") for cells in rows("operations.md", heading="make 命令", columns=2)]
    assert sorted(told) == sorted(f"make {target}" for target in targets)
    named = {name for page in PAGES for name in re.findall(r"`make (?:-s )?([a-z-]+)", page.read_text(encoding="utf-8"))}
    assert named <= targets


def test_each_chinese_term_has_one_english_word() -> None:
    """docs/glossary.md: no term twice, on either side."""
    told = rows("glossary.md", columns=3)
    chinese = [word for cells in told for word in cells[0].split("、")]
    english = [word for cells in told for word in cells[1].split(", ")]
    assert len(chinese) == len(set(chinese))
    assert len(english) == len(set(english))
    assert all(all(cells) for cells in told)


def test_every_requirement_stands_once_and_is_done_only_with_a_test_on_real_servers() -> None:
    """docs/traceability.md: R1 to R109 in order; a state is never more than the named tests show."""
    told = rows("traceability.md", columns=5)
    known = kinds_of_tests()
    assert [cells[0] for cells in told] == [f"R{number}" for number in range(1, 110)]
    for number, _, state, note, tests in told:
        assert state in ("done", "partly", "not yet"), number
        assert (state == "not yet") is not bool(tests), f"{number}: tests belong to what works"
        assert state != "partly" or note, f"{number}: what is missing?"
        kinds = set().union(*(known.get(name, set()) for name in named_tests(tests)))
        assert state != "done" or kinds & REAL_SERVERS, number


def test_every_test_that_a_document_names_exists() -> None:
    """A renamed test must be renamed in the documents too."""
    named = {name for page in PAGES for name in named_tests(page.read_text(encoding="utf-8"))}
    assert named - set(kinds_of_tests()) == set()


def test_the_table_of_the_calls_phases_is_current() -> None:
    """docs/states.md holds what the state machine itself says."""
    text = (DOCS / "states.md").read_text(encoding="utf-8")
    inside = text.partition("<!-- call table: begin -->\n")[2].partition("\n<!-- call table: end -->")[0]
    assert inside == table(), "run: python -m hotline_core.domain.diagram"


def test_the_tables_of_transfers_are_current() -> None:
    """docs/states.md holds what the machine itself says, as tables and as a diagram."""
    text = (DOCS / "states.md").read_text(encoding="utf-8")
    for name, current in (("events", transfers.table()), ("acts", transfers.acts_table())):
        inside = text.partition(f"<!-- transfer {name}: begin -->\n")[2].partition(f"\n<!-- transfer {name}: end -->")[0]
        assert inside == current, "run: python -m transfer.diagram"
    drawn = text.partition("```mermaid\n")[2].partition("\n```")[0]
    assert drawn == transfers.diagram(), "run: python -m transfer.diagram"


def test_the_table_of_the_agents_states_is_current() -> None:
    """docs/states.md holds what the state machine itself says."""
    text = (DOCS / "states.md").read_text(encoding="utf-8")
    inside = text.partition("<!-- agent table: begin -->\n")[2].partition("\n<!-- agent table: end -->")[0]
    assert inside == agent_table(), "run: python -m hotline_core.domain.diagram"


def test_every_event_a_call_can_meet_is_in_the_table() -> None:
    """An event added to HANDLED needs a sample."""
    assert unlisted() == frozenset()


def test_every_decision_has_its_date_and_stands_in_the_list() -> None:
    """docs/decisions.md: numbered without a hole, dated, linked."""
    text = (DOCS / "decisions.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (\d+)\. (.+)$", text, re.MULTILINE)
    listed = re.findall(r"^\| (\d+) \| (\d{4}-\d{2}-\d{2}) \| \[(.+)\]", text, re.MULTILINE)
    assert [number for number, _ in headings] == [str(number) for number in range(1, len(headings) + 1)]
    assert [(number, title) for number, _, title in listed] == headings
    assert re.findall(r"^## .+\n\n(\d{4}-\d{2}-\d{2})\. ", text, re.MULTILINE) == [date for _, date, _ in listed]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_document_leads_somewhere(page: Path) -> None:
    """Files exist; a part of a page exists as a heading."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://127.0.0.1", "https://")):
            continue
        name, _, part = target.partition("#")
        file = page if not name else page.parent / name
        assert file.exists(), target
        assert not part or part in _anchors(file.read_text(encoding="utf-8")), target


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_document_names_a_package_index_or_somebodys_machine(page: Path) -> None:
    """What only one machine has does not belong in a document for all."""
    text = page.read_text(encoding="utf-8")
    assert [host for host in INDEX_HOSTS if host in text] == []
    assert re.findall(r"(?<![\w./~-])/(?:root|home|work|tmp|mnt|Users)/", text) == []


def test_every_picture_is_shown_and_small_enough_to_load() -> None:
    """docs/pictures: real PNG files of a desk's width, each shown by a page."""
    pictures = sorted((DOCS / "pictures").glob("*"))
    shown = {name for page in PAGES for name in re.findall(r"!\[[^\]]+\]\((?:docs/)?pictures/([^)]+)\)", page.read_text("utf-8"))}
    assert {picture.name for picture in pictures} == shown
    for picture in pictures:
        data = picture.read_bytes()
        assert data.startswith(b"\x89PNG\r\n\x1a\n"), picture.name
        assert struct.unpack(">I", data[16:20])[0] >= 1200, picture.name
        assert len(data) <= LARGEST_PICTURE, picture.name


def test_every_picture_of_a_page_is_one_that_make_screenshots_puts_there() -> None:
    """None of a page as it once was: they are made anew in one go; those of the benchmarks come from `make bench`."""
    kept = {picture.stem for picture in (DOCS / "pictures").glob("*.png") if not picture.stem.startswith("bench-")}
    assert kept == set(PUBLISHED)


def test_the_readme_ends_its_first_screen_with_a_ringing_telephone() -> None:
    """The two commands and the picture come before the first heading below the title."""
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    assert "git clone" in first_screen
    assert "make run" in first_screen
    assert "docs/pictures/ringing.png" in first_screen


def test_the_licence_is_whole_and_the_one_that_is_declared() -> None:
    """LICENSE holds the GPL 3; pyproject.toml and the README name it."""
    assert "GNU GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    for name in ("pyproject.toml", "README.md"):
        assert "GPL-3.0-or-later" in (ROOT / name).read_text(encoding="utf-8")
