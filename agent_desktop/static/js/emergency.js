// Owns the emergency numbers: always in sight in fixed places, one press dials; where they stand in a call is shown on them.

import { $, fill, make, mark, write } from "./dom.js";
import { emergencies } from "./directory.js";
import { lineView } from "./stage.js";
import { EMERGENCY, LINE, whoIs } from "./texts_line.js";

const SHORT = 5; // digits of a service's number; a city may put an ordinary telephone first

export class Emergency {
  #store;
  #acts;

  constructor(store, acts) {
    this.#store = store;
    this.#acts = acts;
    $("#emergency").addEventListener("click", (event) => {
      const button = event.target.closest("button[data-party]");
      if (button && button.getAttribute("aria-disabled") !== "true") this.#dial(button.dataset.party);
    });
    $("#emergency").addEventListener("keydown", (event) => this.#pressed(event));
    store.watch((desk) => this.#show(desk));
  }

  get #buttons() {
    return [...document.querySelectorAll("#emergency button[data-party]")];
  }

  /** The keyboard's way: from here arrows and the places' figures lead. */
  focus() {
    this.#buttons[0]?.focus();
  }

  /** One press also while somebody else is on the line, who makes room; only rescuers are never sent away by it. */
  async #dial(key) {
    const party = this.#store.value.directory.find((each) => each.key === key);
    if (!party) return;
    const name = `${party.numbers[0]} ${party.name}`;
    const { join } = lineView(this.#store.value);
    if (["talking", "held"].includes(join?.third?.state)) {
      if (join.target?.kind === "emergency") return this.#acts.refuse("emergency", name, LINE.dropFirst(whoIs(join.target)));
      // Asked already, or refused because the page sees an old picture: the bridge decides about the emergency all the same.
      if (this.#store.value.asked.drop || (await this.#acts.ask("drop"))) await this.#acts.until((view) => view.join?.third == null);
    }
    await this.#acts.ask("emergency", { button: `emergency-${key}`, name, party: key });
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const buttons = this.#buttons, at = buttons.indexOf(event.target);
    if (at < 0) return;
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) buttons[Math.max(0, Math.min(buttons.length - 1, at + step))].focus();
    else if (/^[1-9]$/.test(event.key) && !event.repeat) {
      buttons[Number(event.key) - 1]?.focus();
      buttons[Number(event.key) - 1]?.click();
    }
    else return;
    event.preventDefault();
  }

  #show(desk) {
    const parties = emergencies(desk.directory);
    fill($("#emergency"), parties.map(({ key, name, numbers }) => [key, name, numbers[0]]), () => parties.map((party, at) => make("button", {
      type: "button", "data-party": party.key, "data-digits": party.numbers[0].length > SHORT ? "many" : "few",
    }, make("span", { class: "heard-only" }, EMERGENCY.call), make("b", { class: "figure" }, party.numbers[0]), make("span", { class: "name" }, party.name), make("kbd", { "aria-hidden": "true" }, String(at + 1)), make("span", { class: "now" }))));
    const view = lineView(desk);
    const current = view.isEmergency ? view.join.target?.party : "";
    for (const button of this.#buttons) {
      const key = button.dataset.party;
      const isAsked = Boolean(desk.asked[`emergency-${key}`]);
      const state = isAsked ? "asked" : key === current ? (view.failed ? "failed" : ["adding", "calling", "placing"].includes(view.stage) ? "dialling" : "answered") : "";
      // aria-disabled, not disabled: a button that the keyboard stands on must not throw the focus away
      button.setAttribute("aria-disabled", String(!view.allowed.has("emergency") || isAsked || ["dialling", "answered"].includes(state)));
      mark(button, "state", state);
      write(button.querySelector(".now"), EMERGENCY[state] ?? "");
    }
  }
}
