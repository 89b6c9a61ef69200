// Owns the sentences at hand: what to say at this moment of the call, what to write, and what is told when a matter is not accepted.

import { loadCatalogue } from "./catalogue.js";
import { $, fill, make, mark } from "./dom.js";
import { PHRASES } from "./texts_phone.js";

// What is said first in each state of the desk; the rest follows in the order of a call.
const NOW = { ringing: ["answer"], talking: ["ask", "hold", "hard"], held: ["back"], dialling: ["answer"], wrap_up: ["record"] };

export class Phrases {
  #how;
  #all = null; // [{moment, text, initials, isWritten, name}]
  #failed = false;

  /** `lineName` and `stateOf` tell the moment; `write` puts words into the record. */
  constructor({ lineName, stateOf, write }) {
    this.#how = { lineName, stateOf, write };
    $("#btn-phrases").addEventListener("click", () => this.toggle());
    $("#btn-phrases-close").addEventListener("click", () => this.toggle(false));
    $("#phrases-q").addEventListener("input", () => this.#show());
    $("#phrases").addEventListener("keydown", (event) => this.#pressed(event));
    $("#phrases-rows").addEventListener("click", (event) => {
      const row = event.target.closest("button[data-words]");
      if (row) this.#write(row.dataset.words);
    });
  }

  get isOpen() {
    return $("#phrases").dataset.open === "true";
  }

  toggle(open = !this.isOpen) {
    if (open === this.isOpen) return;
    const had = $("#phrases").contains(document.activeElement);
    mark($("#phrases"), "open", open);
    $("#btn-phrases").setAttribute("aria-expanded", String(open));
    if (!open) return had ? $("#btn-phrases").focus() : undefined;
    $("#phrases-q").value = "";
    this.#show();
    $("#phrases-q").focus();
    return this.#all ? undefined : this.#load();
  }

  async #load() {
    try {
      const { phrases, refusals } = await loadCatalogue(() => this.#fail());
      this.#all = [...phrases.map(({ moment, text, initials, is_written: isWritten }) => ({ moment, text, initials, isWritten, name: "" })),
        ...refusals.map(({ name, sentence, initials }) => ({ moment: "refusals", text: sentence, initials, isWritten: false, name }))];
      this.#failed = false;
    } catch {
      return this.#fail();
    }
    return this.#show();
  }

  #fail() {
    this.#failed = true;
    this.#show();
  }

  #show() {
    const typed = $("#phrases-q").value.trim().toLowerCase();
    const first = NOW[this.#how.stateOf()] ?? [];
    const found = (this.#all ?? []).filter(({ text, initials, name }) => !typed || text.includes(typed) || name.includes(typed) || initials.includes(typed));
    const moments = [...new Set([...first, ...found.map(({ moment }) => moment)])].filter((moment) => found.some((each) => each.moment === moment));
    const line = this.#how.lineName();
    const none = this.#all ? PHRASES.none : this.#failed ? PHRASES.failed : PHRASES.loading;
    fill($("#phrases-rows"), [moments, found, line, none], () => (found.length ? moments.flatMap((moment) => [
      make("h3", {}, PHRASES.moments[moment] ?? PHRASES.refusals),
      make("ul", {}, ...found.filter((each) => each.moment === moment).map((each) => this.#row(each, each.text.replaceAll("{line}", line)))),
    ]) : [make("p", { class: "quiet" }, none)]));
  }

  #row({ isWritten, name }, words) {
    if (isWritten) return make("li", {}, make("button", { type: "button", class: "plain", "data-words": words }, make("b", {}, PHRASES.write), words));
    return make("li", {}, make("p", {}, name ? make("small", {}, name) : null, words));
  }

  #write(words) {
    this.toggle(false);
    this.#how.write(words);
  }

  #pressed(event) {
    if (event.key === "Escape") return this.toggle(false);
    const buttons = [...document.querySelectorAll("#phrases-rows button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && buttons.length) {
      event.preventDefault();
      const at = buttons.indexOf(document.activeElement);
      buttons[Math.max(0, Math.min(buttons.length - 1, at < 0 ? 0 : at + step))].focus();
    } else if (event.key === "Enter" && event.target.id === "phrases-q" && buttons.length && !event.isComposing) {
      event.preventDefault(); // the record has the focus by then, and would take the key as a new line
      this.#write(buttons[0].dataset.words);
    }
    return undefined;
  }
}

/** Sheets that lie over the same place: whichever opens, the others close. `panels` by the id of their section; null ones are not there. */
export function oneAtATime(panels) {
  const there = Object.entries(panels).filter(([, panel]) => panel);
  for (const [id, panel] of there) {
    const section = $(`#${id}`);
    new MutationObserver(() => section.dataset.open === "true" && there.forEach(([, other]) => other !== panel && other.toggle(false)))
      .observe(section, { attributes: true, attributeFilter: ["data-open"] });
  }
}
