"""What is wrong with a page for people who see, hear or move otherwise: axe-core's word, and what does not fit its window."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Page

AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe-core" / "axe.min.js"
WIDE, SMALL, ZOOMED = (1440, 900), (1280, 720), (720, 450)  # the last one is 1440x900 at 200 % (WCAG 1.4.4, 1.4.10)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RUN = """
async ([tags, only]) => {
  const how = only.length ? {runOnly: {type: "rule", values: only}}
    : {runOnly: {type: "tag", values: tags}, rules: {"target-size": {enabled: true}}};
  const {violations} = await axe.run(document, {...how, resultTypes: ["violations"]});
  const told = node => `${node.target.join(" ")} ${node.failureSummary.replace(/\\s+/g, " ")}`;
  return violations.flatMap(({id, nodes}) => nodes.map(node => `${id}: ${told(node)}`));
}
"""


async def faults(page: Page, scheme: Literal["light", "dark"] = "light", *, only: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds in the page as it stands, each fault with its element; `only` names rules, else all of WCAG 2.2 AA."""
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[Any] = await page.evaluate(RUN, [RULES, only])
    return [f"{scheme}: {each}" for each in found]


async def overflow(page: Page, size: tuple[int, int]) -> list[str]:
    """Told when the page is wider than a window of this size (CSS pixels), so that it must be scrolled sideways."""
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    width: int = await page.evaluate("new Promise(done => requestAnimationFrame(() => done(document.documentElement.scrollWidth)))")
    return [f"{width} px wide in a window of {size[0]}"] if width > size[0] else []


# Where the focus is now: again (it was there already), nowhere, seen, or the element over which other things lie (WCAG 2.4.11).
STOP = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return "nowhere";
  if (window.stops.has(one)) return "again";
  window.stops.add(one);
  const {left, top, width, height} = one.getBoundingClientRect();
  const shares = Array.from({length: 12}, (_, at) => (at + 0.5) / 12);
  const isSeen = shares.some(x => shares.some(y => {
    const at = document.elementFromPoint(left + width * x, top + height * y);
    return at !== null && one.contains(at);
  }));
  return isSeen ? "seen" : one.outerHTML.slice(0, 120);
}"""
MOST_STOPS = 250


async def hidden_stops(page: Page) -> list[str]:
    """What Tab comes to, once round the page as it stands, and nobody can see; AssertionError where Tab does not come round."""
    await page.evaluate("() => { window.stops = new Set(); document.activeElement?.blur(); }")
    found: list[str] = []
    nowhere = 0
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        told: str = await page.evaluate(STOP)
        nowhere += told == "nowhere"
        if told == "again" or nowhere > 2:
            return found
        if told not in ("seen", "nowhere"):
            found.append(f"focus out of sight: {told}")
    raise AssertionError(f"{MOST_STOPS} presses of Tab and not once round")


async def in_small_windows(page: Page) -> list[str]:
    """Where the page arranges itself anew, small and at 200 %: all rules once more, and a focus that is out of sight."""
    found: list[str] = []
    for size in (SMALL, ZOOMED):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        told = [*await faults(page), *await hidden_stops(page)]
        found += [f"{size[0]}x{size[1]}: {each}" for each in told]
    await page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    await page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    return found


async def everything(page: Page) -> list[str]:
    """All faults of a state: light with all rules, dark with those of colours, no scrolling sideways when small or at 200 %."""
    found = [*await faults(page), *await faults(page, "dark", only=("color-contrast",))]
    for size in (SMALL, ZOOMED):
        found += await overflow(page, size)
    await page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    await page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    return found
