"""What a page does to be noticed: its sounds and notifications, also while out of sight; spied on from before its own code."""

from __future__ import annotations

from playwright.async_api import Page

# `noticed` in the page: `notes` (hertz) are all tones begun, `loudest` is the greatest loudness (0..1) of what went to the
# loudspeaker since it was last set to 0, `told` are the notifications; `isAway` hides the page, `aheadMs` moves its clock on.
SPY = """(() => {
  const noticed = window.noticed = {notes: [], loudest: 0, told: [], isAway: false, aheadMs: 0};
  const start = AudioScheduledSourceNode.prototype.start;
  AudioScheduledSourceNode.prototype.start = function (...when) {
    if (this.frequency) noticed.notes.push(Math.round(this.frequency.value));
    return start.apply(this, when);
  };
  const ears = new Map();
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) {
      if (!ears.has(this.context)) ears.set(this.context, this.context.createAnalyser());
      connect.call(this, ears.get(this.context));
    }
    return connect.call(this, to, ...more);
  };
  const wave = new Float32Array(2048);
  setInterval(() => {
    for (const ear of ears.values()) {
      ear.getFloatTimeDomainData(wave);
      noticed.loudest = Math.max(noticed.loudest, ...wave.map(Math.abs));
    }
  }, 40);
  window.Notification = class {
    static permission = 'default';
    static async requestPermission() { return (this.permission = 'granted'); }
    constructor(title, {body} = {}) { Object.assign(this, {title, body, isOpen: true}); noticed.told.push(this); }
    close() { this.isOpen = false; }
  };
  Object.defineProperty(document, 'hidden', {configurable: true, get: () => noticed.isAway});
  const now = Date.now;
  Date.now = () => now() + noticed.aheadMs;
})()"""
SOUNDS = 0.05  # of 1: far above silence, far below the ring


async def sounds(page: Page) -> None:
    """Wait until something is heard from the page's loudspeaker, of what follows the call of this."""
    await page.evaluate("noticed.loudest = 0")
    await page.wait_for_function(f"() => noticed.loudest > {SOUNDS}", timeout=6000)


async def loudest(page: Page) -> float:
    """The greatest loudness since `hush` or `sounds`, 0..1."""
    return float(await page.evaluate("noticed.loudest"))


async def hush(page: Page) -> None:
    """Forget what was heard so far, the last of a sound that has just been ended included."""
    await page.wait_for_timeout(200)
    await page.evaluate("noticed.loudest = 0")


async def notifications(page: Page) -> list[dict[str, object]]:
    """Each notification so far: title, body, isOpen."""
    found: list[dict[str, object]] = await page.evaluate("noticed.told.map(({title, body, isOpen}) => ({title, body, isOpen}))")
    return found
