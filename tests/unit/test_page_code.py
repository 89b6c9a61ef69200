"""The pages' own code: small enough for a slow office PC, every part used, no key that the browser keeps for itself."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

PACKAGE = Path(__file__).parents[2] / "agent_desktop"
SCRIPTS, STYLES, PAGES = PACKAGE / "static/js", PACKAGE / "static/css", PACKAGE / "templates"
BUDGET_BYTES = 200_000  # of one page, beside the telephone library, as gzip sends it (docs/architecture.md)
LINES = 350
# Pieces of pages, paper, and the two pages that hold nothing but a form.
WITHOUT_KEYS = {PAGES / f"{name}.html" for name in ("layout", "nav", "keys", "ticket_form", "ticket_print", "sign_in", "password")}
# Chromium's own with Alt: address bar, menus, tabs on Linux.
RESERVED = {"KeyD", "KeyE", "KeyF", *(f"Digit{figure}" for figure in range(1, 10))}


def with_imports(script: Path, seen: set[Path] | None = None) -> set[Path]:
    """A module and all that it imports."""
    seen = seen if seen is not None else set()
    if script not in seen:
        seen.add(script)
        for name in re.findall(r'^import (?:.* from )?"\./([\w.]+)";$', script.read_text(encoding="utf-8"), re.MULTILINE):
            with_imports(SCRIPTS / name, seen)
    return seen


def code_of(page: Path) -> set[Path]:
    """The scripts, styles and templates of ours that a page is made of."""
    texts = {part: part.read_text(encoding="utf-8") for part in (page, PAGES / "layout.html")}
    for name in re.findall(r'{% (?:include|from) "([\w.]+)"', texts[page]):
        texts[PAGES / name] = (PAGES / name).read_text(encoding="utf-8")
    text = "".join(texts.values())
    scripts = {part for name in re.findall(r"/static/(?:v/[^/]+/)?js/([\w.]+)", text) for part in with_imports(SCRIPTS / name)}
    return {*texts, *scripts, *(STYLES / name for name in re.findall(r"/static/css/([\w.]+)", text))}


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.html")), ids=lambda page: page.stem)
def test_a_page_stays_within_its_budget_of_code(page: Path) -> None:
    """Scripts, styles and the template itself, each as it is sent."""
    sent = sum(len(gzip.compress(part.read_bytes())) for part in code_of(page))
    assert sent < BUDGET_BYTES


def test_every_script_and_style_belongs_to_a_page() -> None:
    """Nothing is left behind that no page loads."""
    loaded = {part for page in PAGES.glob("*.html") for part in code_of(page)}
    assert {*SCRIPTS.glob("*.js"), *STYLES.glob("*.css"), *PAGES.glob("*.html")} == loaded


@pytest.mark.parametrize("page", sorted({*PAGES.glob("*.html")} - WITHOUT_KEYS), ids=lambda page: page.stem)
def test_every_page_has_the_list_of_its_keys_that_a_question_mark_opens(page: Path) -> None:
    """The list, its button in the page's top, and a script that opens it."""
    made_of = {part.name for part in code_of(page)}
    text = page.read_text(encoding="utf-8")
    assert 'id="help"' in text or "overview(" in text
    assert "nav.html" in made_of
    assert {"top.js", "keys.js"} & made_of


def test_every_script_says_first_what_it_owns_and_is_short_enough_to_read() -> None:
    """The house rule for files holds in the browser too."""
    for part in (*SCRIPTS.glob("*.js"), *STYLES.glob("*.css")):
        lines = part.read_text(encoding="utf-8").splitlines()
        assert re.match(r"(//|/\*) Owns ", lines[0]), part.name
        assert len(lines) <= LINES, part.name


def test_no_key_is_one_that_the_browser_keeps_for_itself_and_each_is_told_in_the_list() -> None:
    """keys.js against Chromium's keys and the list that ? opens."""
    keys = set(re.findall(r'\b(Key[A-Z]|Digit\d|Slash): "', (SCRIPTS / "keys.js").read_text(encoding="utf-8")))
    assert len(keys) > 15
    assert not keys & RESERVED
    told = set(re.findall(r"<dt>.*?<kbd>Alt\+([A-Z])</kbd>", (PAGES / "desk.html").read_text(encoding="utf-8")))
    assert {key.removeprefix("Key") for key in keys if key.startswith("Key")} == told
