// Owns calling somebody from the desk: when that is possible, the field for a number, and what came of asking.

import { post } from "./api.js";
import { $, make, mark, write } from "./dom.js";
import { isHardware, ownCall } from "./state.js";
import { CALLBACKS } from "./texts.js";
import { DIALLING } from "./texts_phone.js";

const PHONE_MS = 6000; // a page's telephone answers within one second
const HARDWARE_MS = 31000; // a hardware telephone rings for 30
const NUMBER = /^\+?[0-9][0-9 ()-]{1,30}$/;
const LINE_KEY = "hotline.dial.line";

/** Whether this agent's telephone is there and free. */
export function mayDial(desk) {
  const isThere = isHardware(desk) || (desk.phone.state === "registered" && desk.phone.mic !== "refused");
  return isThere && !desk.session && !ownCall(desk);
}

/** One dial at a time, wherever it was asked for: `asked` names it until the call is there or it came to nothing. */
export class Dialler {
  #store;
  #timer = 0;
  asked = "";

  constructor(store) {
    this.#store = store;
    store.watch((desk) => (desk.session || ownCall(desk)) && this.#over());
  }

  /** `tell(words)` hears why nothing came of it, or what the agent has to do. */
  async ask(name, path, body, tell) {
    if (this.asked || !mayDial(this.#store.value)) return;
    this.asked = name;
    tell("");
    try {
      await post(path, body);
      const isRinging = isHardware(this.#store.value);
      if (isRinging) tell(CALLBACKS.pickUp);
      this.#timer = setTimeout(() => this.asked === name && this.#giveUp(tell, CALLBACKS.noAnswer), isRinging ? HARDWARE_MS : PHONE_MS);
    } catch (error) {
      this.#giveUp(tell, error.message || CALLBACKS.failed);
    }
  }

  #giveUp(tell, words) {
    this.#over();
    tell(words);
  }

  #over() {
    clearTimeout(this.#timer);
    this.asked = "";
  }
}

/** The field for a number at the top of the call-back sheet; a digit typed while the sheet is open goes into it, whatever has lost the focus. */
export class DialPad {
  #store;
  #dialler;
  #tell;
  #isLeft = false; // the number in the field is one of before: the first digit takes its place

  constructor(store, dialler, lines, tell) {
    this.#store = store;
    this.#dialler = dialler;
    this.#tell = tell;
    const form = $("#dial-form");
    if (!form) return; // nobody's telephone
    const kept = localStorage.getItem(LINE_KEY);
    form.elements.line.append(...Object.keys(lines).map((line) => make("option", { value: line }, line)));
    if (kept in lines) form.elements.line.value = kept;
    form.addEventListener("submit", (event) => (event.preventDefault(), this.#dial(form.elements)));
    form.addEventListener("input", () => {
      this.#isLeft = false;
      this.#show(store.value);
    });
    document.addEventListener("keydown", (event) => this.#typed(event, form.elements.number));
    store.watch((desk) => this.#show(desk));
  }

  /** The sheet was opened. */
  opened() {
    this.#isLeft = true;
  }

  #typed(event, field) {
    const { target } = event, isHere = target === document.body || target.matches("#btn-callbacks") || (target.closest("#callbacks") && !target.matches("input, select"));
    if (!isHere || $("#callbacks").dataset.open !== "true" || !/^[0-9+]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    field.focus(); // the key itself follows the focus
    if (this.#isLeft) field.select();
    else field.setSelectionRange(field.value.length, field.value.length);
  }

  #dial({ number, line }) {
    this.#isLeft = true;
    if (!NUMBER.test(number.value.trim())) return this.#tell(DIALLING.noNumber);
    localStorage.setItem(LINE_KEY, line.value);
    return this.#dialler.ask("typed", "/api/dial", { number: number.value.trim(), line: line.value }, (words) => {
      this.#tell(words);
      this.#show(this.#store.value);
    });
  }

  #show(desk) {
    const button = $("#btn-dial");
    const isAsked = this.#dialler.asked === "typed";
    button.disabled = !mayDial(desk) || Boolean(this.#dialler.asked) || !$("#dial-form").elements.number.value.trim();
    mark(button, "asked", isAsked);
    write(button, isAsked ? CALLBACKS.asked : DIALLING.dial);
    if (desk.session?.dials) $("#dial-form").elements.number.value = "";
  }
}
