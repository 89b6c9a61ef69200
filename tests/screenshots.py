"""`make screenshots`: every page and state of a hotline of its own, at two sizes, light and dark, and one page to look at them all.

Not a test: nothing is judged here but by who opens the pictures. `ONLY=tickets` walks one tour, `PUBLISH=1` puts those that the
documents show into docs/pictures.
"""

from __future__ import annotations

import asyncio
import html
import io
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.async_api import Page

from hotline_core.settings import DEFAULT_CITY
from tests.running.accessible import SMALL, WIDE
from tests.running.instance import running
from tests.running.tour import TOURS

ROOT = Path(__file__).resolve().parents[1]
FOLDER, DOCS = ROOT / "build" / "screenshots", ROOT / "docs" / "pictures"
COLOURS = 256
# Which state, of which size and scheme, a picture of the documents shows.
PUBLISHED = {
    "sign-in": "sign-in-1440-light", "ready": "desk-ready-1440-light", "ringing": "desk-ringing-1440-light",
    "talking": "desk-talking-1440-light", "talking-dark": "desk-talking-1440-dark", "wrap-up": "desk-after-call-1440-light",
    "consulting": "desk-consulting-1440-light", "three": "desk-three-1440-light", "emergency": "desk-emergency-1440-light",
    "failed": "desk-failed-1440-light", "ticket-refused": "desk-refusing-1440-light",
    "knowledge-beside": "desk-knowledge-article-1440-light", "knowledge": "knowledge-1440-light", "floor": "floor-1440-light",
    "floor-alarm": "floor-alarm-1440-light", "calls": "calls-1440-light", "history": "history-1440-light",
    "player": "player-1440-light", "audit": "audit-1440-light", "directory": "parties-1440-light",
    "tickets": "tickets-1440-light", "ticket": "ticket-1440-light", "rules": "rules-chosen-1440-light",
}  # fmt: skip
SIZES = (WIDE, SMALL)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# after-call work long enough to be looked at
CITY = re.sub(r"wrap_up_s: \d+", "wrap_up_s: 12", DEFAULT_CITY.read_text(encoding="utf-8"))


async def look(page: Page, state: str) -> None:
    """Four pictures of one state; the page is left as it was."""
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            png = await page.screenshot(animations="disabled")
            (FOLDER / f"{state}-{width}-{scheme}.png").write_bytes(with_palette(png))
    await page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    await page.emulate_media(color_scheme="light")


def with_palette(png: bytes) -> bytes:
    """The same picture in 256 colours: text on flat ground loses nothing that an eye could see, and two thirds of its bytes.

    Chosen to cover all colours rather than the most frequent ones: a line's small mark must keep its own.
    """
    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        few = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
        few.save(out, "PNG", optimize=True)
    return out.getvalue()


def publish() -> list[str]:
    """Put what the documents show into docs/pictures; the names of those that no tour has made yet."""
    missing = []
    for name, state in PUBLISHED.items():
        made = FOLDER / f"{state}.png"
        if made.is_file():
            shutil.copyfile(made, DOCS / f"{name}.png")
        else:
            missing.append(state)
    return missing


def index(folder: Path) -> Path:
    """One page with all pictures of the folder, a row for each state."""
    states = sorted({path.stem.rsplit("-", 2)[0] for path in folder.glob("*-*-*.png")})
    kinds = [f"{width}-{scheme}" for width, _ in SIZES for scheme in SCHEMES]
    cells = "".join(
        f"<h2>{html.escape(state)}</h2><p>"
        + "".join(f'<a href="{state}-{kind}.png"><img src="{state}-{kind}.png" alt="{kind}" width="24%"></a> ' for kind in kinds)
        for state in states
    )
    page = folder / "index.html"
    page.write_text(f'<!doctype html><meta charset="utf-8"><title>{len(states)}</title>{cells}', encoding="utf-8")
    return page


async def main(only: str, *, publishes: bool) -> None:
    """Walk every tour, or the one that is named, and tell where the pictures are."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running(CITY) as hotline, tempfile.TemporaryDirectory() as folder:
        for tour in TOURS:
            if only in ("", tour.__name__):
                await tour(hotline, Path(folder), look)
    sys.stdout.write(f"{index(FOLDER)}\n")
    if publishes:
        sys.stdout.writelines(f"not made yet: {state}\n" for state in publish())


if __name__ == "__main__":
    asyncio.run(main(os.environ.get("ONLY", ""), publishes=bool(os.environ.get("PUBLISH"))))
