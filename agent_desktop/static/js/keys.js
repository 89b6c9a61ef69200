// Owns the keyboard: Alt with a letter works everywhere, also while typing; ? opens the list.

import { $ } from "./dom.js";

// Chromium keeps Alt+D, Alt+E, Alt+F and Alt with arrows for itself; none of those is here.
export const KEYS = {
  KeyA: "answer", KeyX: "hangup", KeyH: "hold", KeyM: "mute", KeyR: "ready", KeyP: "pause", KeyN: "open_offered", KeyT: "focus_draft", KeyB: "callbacks", KeyW: "pause_recording", Slash: "help", Period: "knowledge", Comma: "phrases",
  KeyJ: "emergency", KeyZ: "transfer", KeyC: "merge", KeyS: "swap", KeyK: "drop", KeyL: "leave", KeyQ: "take_back", KeyI: "keypad",
  KeyO: "focus_class", KeyY: "do_answer", KeyU: "do_refuse", KeyG: "do_accept", KeyV: "do_void", Semicolon: "do_ask_superior",
};

export class Keys {
  #acts;
  #help = $("#help");

  constructor(acts) {
    this.#acts = { ...acts, help: () => this.toggleHelp() };
    addEventListener("keydown", (event) => this.#pressed(event), { capture: true });
    $("#btn-help").addEventListener("click", () => this.toggleHelp());
    $("#btn-help-close").addEventListener("click", () => this.toggleHelp(false));
  }

  /** The list is never modal and closes when a call rings: ringing is never hidden. */
  toggleHelp(open = !this.#help.open) {
    if (open === this.#help.open) return;
    if (open) {
      this.#help.show();
      $("#btn-help-close").focus();
    } else {
      this.#help.close();
      $("#btn-help").focus();
    }
  }

  #pressed(event) {
    if (event.key === "Escape" && this.#help.open) return this.toggleHelp(false);
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (isPlain && !isTyping && (event.key === "?" || event.key === "？")) {
      event.preventDefault();
      return this.toggleHelp();
    }
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return undefined;
    const act = KEYS[event.code];
    if (!act) return undefined;
    event.preventDefault(); // also while held down: a second hang-up must never follow from one long press
    if (!event.repeat) this.#acts[act]?.();
    return undefined;
  }
}
