// Owns the call-back list beside the ticket: whom to call, one press that dials, and marking a citizen as done with.

import { get, post } from "./api.js";
import { DialPad, mayDial } from "./dial.js";
import { $, fill, lineBadge, make, mark, write } from "./dom.js";
import { ownCall } from "./state.js";
import { CALLBACKS, OUTCOMES } from "./texts.js";
import { moment } from "./times.js";

const REFRESH_MS = 10000;
const OPEN_REFRESH_MS = 4000;
const AFTER_CALL_MS = 1200; // the worker writes the end of a call a moment after it

export class Callbacks {
  #store;
  #rows = [];
  #withheld = 0;
  #tries = 3;
  #isKnown = false;
  #failed = false;
  #timer = 0;
  #dialler;
  #ended = null;
  #wasInCall = false;
  #couldDial = false;
  #pad;

  constructor(store, dialler, lines) {
    this.#store = store;
    this.#dialler = dialler;
    this.#pad = new DialPad(store, dialler, lines, (words) => this.#say(words));
    $("#btn-callbacks").addEventListener("click", () => this.toggle());
    $("#btn-callbacks-close").addEventListener("click", () => this.toggle(false));
    $("#callbacks").addEventListener("keydown", (event) => this.#pressed(event));
    $("#callback-rows").addEventListener("click", (event) => {
      const button = event.target.closest("button.dial");
      if (button) this.#dial(button.closest("li").dataset.callId);
    });
    $("#callback-rows").addEventListener("change", (event) => {
      if (event.target.matches("select")) this.#done(event.target.closest("li").dataset.callId, event.target);
    });
    store.watch((desk) => this.#follow(desk));
    this.#load();
  }

  get isOpen() {
    return $("#callbacks").dataset.open === "true";
  }

  toggle(open = !this.isOpen) {
    if (open === this.isOpen) return;
    mark($("#callbacks"), "open", open);
    $("#btn-callbacks").setAttribute("aria-expanded", String(open));
    if (open) {
      this.#pad.opened();
      this.#load();
      ($("#callback-rows button.dial:enabled") ?? $("#btn-callbacks-close")).focus();
    } else if ($("#callbacks").contains(document.activeElement)) {
      $("#btn-callbacks").focus();
    }
  }

  #pressed(event) {
    if (event.key === "Escape") return this.toggle(false);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target.matches("select")) return undefined;
    event.preventDefault();
    const buttons = [...document.querySelectorAll("#callback-rows button.dial")];
    const place = buttons.indexOf(event.target.closest("li")?.querySelector("button.dial"));
    buttons[Math.max(0, Math.min(buttons.length - 1, place + step))]?.focus();
    return undefined;
  }

  /** Ringing is never hidden: a call closes the list; its end may have changed it. */
  #follow(desk) {
    const isInCall = Boolean(desk.session ?? ownCall(desk));
    if (isInCall && !this.#wasInCall) {
      this.#say("");
      this.toggle(false);
    }
    this.#wasInCall = isInCall;
    if (mayDial(this.#store.value) !== this.#couldDial) this.#show();
    if (desk.ended && desk.ended !== this.#ended) {
      this.#ended = desk.ended;
      this.#loadIn(AFTER_CALL_MS);
    }
  }

  #loadIn(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#load(), ms);
  }

  async #load() {
    clearTimeout(this.#timer);
    try {
      const { callbacks, withheld, tries } = await get("/api/callbacks");
      [this.#rows, this.#withheld, this.#tries] = [callbacks, withheld, tries];
      [this.#isKnown, this.#failed] = [true, false];
    } catch {
      this.#failed = true;
    }
    this.#show();
    this.#loadIn(this.isOpen ? OPEN_REFRESH_MS : REFRESH_MS);
  }

  async #dial(id) {
    const asked = this.#dialler.ask(id, `/api/callbacks/${encodeURIComponent(id)}/dial`, undefined, (words) => {
      this.#say(words);
      if (words) this.#load();
    });
    this.#show();
    await asked;
    this.#show();
  }

  async #done(id, select) {
    const reason = select.value;
    select.value = "";
    if (!reason) return;
    this.#say("");
    try {
      await post(`/api/callbacks/${encodeURIComponent(id)}/done`, { reason });
    } catch (error) {
      this.#say(error.message || CALLBACKS.failed);
    }
    await this.#load();
    ($("#callback-rows button.dial:enabled") ?? $("#btn-callbacks-close")).focus();
  }

  #say(words) {
    write($("#callbacks-notice"), words);
  }

  #show() {
    write($("#callbacks-count"), this.#isKnown ? String(this.#rows.length) : "–");
    mark($("#btn-callbacks"), "some", this.#rows.length > 0);
    write($("#callbacks-withheld"), this.#withheld ? CALLBACKS.withheld(this.#withheld) : "");
    mark($("#callbacks"), "failed", this.#failed);
    const isFree = this.#couldDial = mayDial(this.#store.value);
    const signature = [this.#rows, this.#isKnown, this.#failed, isFree, this.#dialler.asked];
    const focused = document.activeElement?.closest?.("#callback-rows li")?.dataset.callId;
    fill($("#callback-rows"), signature, () => (this.#rows.length
      ? this.#rows.map((row) => this.#row(row, isFree))
      : [make("li", { class: "none" }, this.#isKnown ? CALLBACKS.none : this.#failed ? CALLBACKS.unknown : CALLBACKS.loading)]));
    if (focused && !$("#callback-rows").contains(document.activeElement)) $(`#callback-rows li[data-call-id="${CSS.escape(focused)}"] button.dial`)?.focus();
  }

  #row(row, isFree) {
    const isAsked = this.#dialler.asked === row.call_id;
    const last = row.attempts[0];
    const story = row.dialled_by ? CALLBACKS.dialledBy(row.dialled_by)
      : last ? CALLBACKS.tried(row.attempts.length, moment(last.at), OUTCOMES[last.outcome] ?? "") : CALLBACKS.untried;
    const words = CALLBACKS.kinds[row.kind] ?? "", act = isAsked ? CALLBACKS.asked : CALLBACKS.dial;
    const reasons = Object.entries(CALLBACKS.reasons).map(([value, text]) => make("option", {
      value, disabled: value === "unreachable" && row.attempts.length < this.#tries,
    }, text));
    return make("li", { "data-call-id": row.call_id, "data-line": row.line, "data-kind": row.kind },
      make("button", {
        type: "button", class: "dial", disabled: !isFree || Boolean(row.dialled_by) || Boolean(this.#dialler.asked), "aria-busy": String(isAsked),
      }, // no label of its own: it is called as it reads, or who speaks to the page cannot press it
      lineBadge(row.line), make("span", { class: "number figure" }, row.caller), make("span", { class: "act" }, act), make("span", { class: "heard-only" }, CALLBACKS.because(words))),
      make("p", { class: "why" }, make("span", {}, words), row.count > 1 ? make("b", {}, CALLBACKS.times(row.count)) : null,
        make("time", { class: "figure" }, moment(row.times[0]))),
      make("p", { class: "story" }, make("span", {}, story),
        make("select", { "aria-label": CALLBACKS.doneName(row.caller) }, make("option", { value: "" }, CALLBACKS.done), ...reasons)));
  }
}
