// Owns how a ringing call is noticed: a soft ring, the window's title, and a notification when the page is not in front.

import { NOTIFY, TITLE } from "./texts.js";

const RING_EVERY_MS = 2400;
const TITLE_EVERY_MS = 900;

export class Ring {
  #sound;
  #store;
  #timers = [];
  #note = null;

  constructor(sound, store) {
    this.#sound = sound;
    this.#store = store;
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => this.#allowed(), { capture: true, passive: true });
  }

  get isRinging() {
    return this.#timers.length > 0;
  }

  start(line) {
    if (this.isRinging) return;
    const ring = () => this.#chime();
    const flash = () => {
      document.title = document.title === TITLE.base ? TITLE.ring(line) : TITLE.base;
    };
    ring();
    flash();
    this.#timers = [setInterval(ring, RING_EVERY_MS), setInterval(flash, TITLE_EVERY_MS)];
    if (document.hidden && window.Notification?.permission === "granted") {
      this.#note = new Notification(NOTIFY.title(line), { body: NOTIFY.body, tag: "hotline-ring", lang: "zh-CN" });
      this.#note.onclick = () => window.focus();
    }
  }

  stop() {
    this.#timers.forEach(clearInterval);
    this.#timers = [];
    document.title = TITLE.base;
    this.#note?.close();
    this.#note = null;
  }

  /** Asked by the agent's own press of "ready", never at load. */
  askForNotifications() {
    if (window.Notification?.permission === "default") Notification.requestPermission().catch(() => {});
  }

  #allowed() {
    if (!this.#store.value.phone.sound && this.#sound.context().state === "running") {
      this.#store.set({ phone: { ...this.#store.value.phone, sound: true } });
    }
  }

  // Two soft rising notes, twice; sine with a short swell, so that sixty rings a shift do not hurt.
  #chime() {
    const context = this.#sound.context();
    if (context.state !== "running") {
      this.#store.set({ phone: { ...this.#store.value.phone, sound: false } });
      return;
    }
    [[0, 660], [0.16, 880], [0.5, 660], [0.66, 880]].forEach(([delay, hz]) => {
      const at = context.currentTime + 0.02 + delay;
      const tone = new OscillatorNode(context, { type: "sine", frequency: hz });
      const swell = new GainNode(context, { gain: 0 });
      swell.gain.setValueAtTime(0, at);
      swell.gain.linearRampToValueAtTime(0.16, at + 0.03);
      swell.gain.exponentialRampToValueAtTime(0.001, at + 0.3);
      tone.connect(swell).connect(context.destination);
      tone.start(at);
      tone.stop(at + 0.32);
    });
  }
}
