// Owns the pause of the recording: one button in the bar, its clock, and the words while nothing is kept.

import { $, mark, write } from "./dom.js";
import { isBlind, ownCall } from "./state.js";
import { RECORDING_PAUSE } from "./texts.js";
import { duration, now } from "./times.js";

const TALKS = ["talking", "held", "joined"];
const CHANGE_MS = 2500; // Asterisk's word follows the click within milliseconds
const LOOK_MS = 30;

/** Seconds until the recording runs again by itself, null while it runs. */
export function pauseLeft(desk) {
  const pause = ownCall(desk)?.pause;
  return pause ? Math.max(0, Math.ceil(pause.until - now())) : null;
}

export class RecordingPause {
  #store;
  #link;
  #button = $("#btn-pause-recording");
  #was = false;

  constructor(store, link) {
    this.#store = store;
    this.#link = link;
    this.#button.addEventListener("click", () => this.toggle());
    store.watch((desk) => this.#show(desk));
  }

  /** Asked until the live view says so: what an agent reads here is what Asterisk has said. */
  async toggle() {
    const call = ownCall(this.#store.value);
    if (this.#button.disabled || !call) return;
    const isPaused = pauseLeft(this.#store.value) != null;
    const asked = (is) => this.#store.set({ asked: { ...this.#store.value.asked, pause_recording: is } });
    asked(true);
    const ack = await this.#link.intent(isPaused ? "resume_recording" : "pause_recording", { callId: call.id });
    if (!ack.ok) this.#store.set({ told: ack.message || ack.code || "timeout" });
    const until = Date.now() + CHANGE_MS;
    while (ack.ok && (pauseLeft(this.#store.value) != null) === isPaused && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    asked(false);
  }

  tick() {
    const left = pauseLeft(this.#store.value);
    const key = this.#button.querySelector("kbd");
    key.dataset.key ??= key.textContent;
    write(key, this.#store.value.asked.pause_recording ? RECORDING_PAUSE.asked : left == null ? key.dataset.key : `${key.dataset.key} · ${duration(left)}`);
  }

  #show(desk) {
    const call = ownCall(desk);
    const isPaused = pauseLeft(desk) != null;
    const isMine = Boolean(call) && TALKS.includes(call.phase) && call.agent === desk.me?.extension;
    const isAsked = Boolean(desk.asked.pause_recording);
    this.#button.disabled = !isMine || isBlind(desk) || isAsked;
    mark(this.#button, "asked", isAsked);
    this.#button.setAttribute("aria-busy", String(isAsked));
    this.#button.setAttribute("aria-pressed", String(isPaused));
    write(this.#button.querySelector(".label"), isPaused ? RECORDING_PAUSE.resume : RECORDING_PAUSE.pause);
    mark($("#state"), "unrecorded", isPaused);
    if (isPaused !== this.#was) {
      this.#was = isPaused;
      if (isPaused) write($("#announce"), RECORDING_PAUSE.said);
      else if (call) write($("#announce"), RECORDING_PAUSE.saidAgain);
    }
    this.tick();
  }
}
