// Owns how a ringing call is noticed: a soft ring, the window's title, and a notification when the page is not in front.

import { chime } from "./sound.js";
import { NOTIFY, TITLE } from "./texts.js";

const RING_EVERY_S = 2.4;
const RINGS = 25; // a minute; Asterisk rings for 20 s
const CHIME = [[0, 660], [0.16, 880], [0.5, 660], [0.66, 880]]; // seconds, hertz
const TITLE_EVERY_MS = 900;

export class Ring {
  #sound;
  #store;
  #flash = 0;
  #out = null;
  #note = null;

  constructor(sound, store) {
    this.#sound = sound;
    this.#store = store;
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => this.#allowed(), { capture: true, passive: true });
  }

  get isRinging() {
    return this.#flash !== 0;
  }

  start(line) {
    if (this.isRinging) return;
    const flash = () => {
      document.title = document.title === TITLE.base ? TITLE.ring(line) : TITLE.base;
    };
    this.#play();
    flash();
    this.#flash = setInterval(flash, TITLE_EVERY_MS);
    if (document.hidden && window.Notification?.permission === "granted") {
      this.#note = new Notification(NOTIFY.title(line), { body: NOTIFY.body, tag: "hotline-ring", lang: "zh-CN" });
      this.#note.onclick = () => window.focus();
    }
  }

  stop() {
    if (!this.isRinging) return;
    clearInterval(this.#flash);
    this.#flash = 0;
    this.#out?.disconnect();
    this.#out = null;
    document.title = TITLE.base;
    this.#note?.close();
    this.#note = null;
  }

  /** Asked by the agent's own press of "ready", never at load. */
  askForNotifications() {
    if (window.Notification?.permission === "default") Notification.requestPermission().catch(() => {});
  }

  #allowed() {
    if (!this.#store.value.phone.sound && this.#sound.ringer().state === "running") {
      this.#store.set({ phone: { ...this.#store.value.phone, sound: true } });
      if (this.isRinging && !this.#out) this.#play();
    }
  }

  // Two soft rising notes, twice; sine with a short swell, so that sixty rings a shift do not hurt. All rings are laid into the
  // audio clock at once: the timers of a hidden tab come up to a minute late.
  #play() {
    const context = this.#sound.ringer();
    if (context.state !== "running") {
      this.#store.set({ phone: { ...this.#store.value.phone, sound: false } });
      return;
    }
    this.#out = new GainNode(context, { gain: 1 });
    this.#out.connect(context.destination);
    for (let ring = 0; ring < RINGS; ring += 1) chime(context, this.#out, context.currentTime + 0.02 + ring * RING_EVERY_S, CHIME);
  }
}
