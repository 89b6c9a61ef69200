// Owns the form beside the record: class and field by typing, the limit at once, and the acts that make a ticket of a call.

import { ActForm, FORMS } from "./act_form.js";
import { post } from "./api.js";
import { loadCatalogue, matterOf, namesOf, ofLine, unitItems } from "./catalogue.js";
import { Combobox } from "./combobox.js";
import { $, fill, make, mark, write } from "./dom.js";
import { until } from "./limits.js";
import { firstMissing } from "./ticket_missing.js";
import { ACT, FORM } from "./texts_ticket.js";

const PAUSE_MS = 250;
const RETRY_MS = 4000;
const SUGGEST_MS = 1000;
const NOT_TOLD = ["return", "follow_up"]; // a unit's window and what comes after: nothing for the caller
const PICKED = ["klass", "field", "area"];
const RULES = ["klass", "field", "area", "topic", "caller_kind", "is_complex", "is_urgent", "is_safety"]; // what a limit depends on

export class TicketForm {
  #drafts;
  #mayDispatch;
  #catalogue = null;
  #names = namesOf(null);
  #callId = null;
  #line = "";
  #form = $("#ticket-form");
  #picks = {};
  #limits = { asked: "", told: null, timer: 0 };
  #sheet = null; // the form of the act that is open
  #wantsSend = false; // confirmed before the sheet was there
  #request = ""; // made once for one ticket: sent again it makes no second one
  #made = []; // tickets of this call
  #isMade = false; // the record has become a ticket and is no longer written here

  constructor(drafts, acts) {
    this.#drafts = drafts;
    this.#mayDispatch = acts.includes("dispatch_ticket");
    for (const name of PICKED) this.#picks[name] = new Combobox(this.#part(name), { chosen: (key) => this.#picked(name, key), none: FORM.noChoice });
    this.#form.addEventListener("input", (event) => event.target.closest("#act-sheet") || event.target.getAttribute("role") === "combobox" || this.#edited());
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    for (const button of this.#form.querySelectorAll("[data-do]")) button.addEventListener("click", () => this.open(button.dataset.do));
    $("#act-sheet").addEventListener("keydown", (event) => this.#pressed(event));
    $("#btn-act-send").addEventListener("click", () => this.#send());
    $("#btn-act-cancel").addEventListener("click", () => this.#close());
    $("#btn-one-more").addEventListener("click", () => this.#oneMore());
    this.#lock();
    this.#learn();
  }

  stageName(key) {
    return this.#names.name("stages", key);
  }

  focus() {
    this.#picks.klass.input.focus();
  }

  /** Another call's record is on the screen; `""` is one whose id is not known yet. */
  show(callId, entry) {
    const isOther = callId !== this.#callId;
    this.#callId = callId;
    if (isOther) {
      this.#close();
      this.#forget();
      this.#made = [];
      this.#isMade = false;
      this.#request = "";
      this.#limits.told = null;
      this.#showMade();
    }
    this.#write(entry.fields);
    this.#lock();
    this.#reckon();
  }

  /** What the call tells: its line decides classes and limits, its number is the one to reach the caller. */
  facts({ line = "", caller = "" }) {
    this.#part("number").placeholder = caller ? FORM.callerNumber(caller) : FORM.noNumber;
    if (line === this.#line) return;
    this.#line = line;
    this.#choices();
    this.#reckon();
  }

  /** A form in words, to be compared by a person. */
  told(fields) {
    const nameOf = (name, value) => (name === "real_name" ? this.#names.name("real_names", value) : null) ?? this.#picks[name]?.items.find((item) => item.key === value)?.name ?? (value === true ? ACT.yes : value);
    return Object.entries(fields ?? {}).filter(([, value]) => value).map(([name, value]) => `${FORM.names[name] ?? name}：${nameOf(name, value)}`).join("；");
  }

  /** Tickets that were already made of this call. */
  tickets(made) {
    if (!made?.length || this.#made.length) return;
    this.#made = made;
    this.#isMade = true;
    this.#showMade();
    this.#lock();
  }

  // ---- the fields -------------------------------------------------------------------------------------------------

  #part(name) {
    return this.#form.elements[name];
  }

  async #learn() {
    try {
      this.#catalogue = await loadCatalogue();
    } catch {
      return; // signed out, or no right to tickets: the record itself goes on
    }
    this.#names = namesOf(this.#catalogue);
    this.#picks.area.items = this.#catalogue.areas;
    this.#part("topic").append(...this.#catalogue.topics.map(({ key, name }) => make("option", { value: key }, name)));
    this.#choices();
    this.#showMade();
    if (this.#callId !== null) this.show(this.#callId, this.#drafts.of(this.#callId));
  }

  #choices() {
    if (!this.#catalogue) return;
    const { classes, fields } = ofLine(this.#catalogue, this.#line);
    this.#picks.klass.items = classes;
    this.#picks.field.items = fields;
    write($("#field-name"), FORM.field[this.#line] ?? FORM.field.other);
  }

  get #fields() {
    const fields = {};
    for (const part of this.#form.elements) {
      if (!part.name || part.closest("#act-sheet") || part.id === "draft-text") continue;
      const value = part.type === "checkbox" ? part.checked : this.#picks[part.name]?.value ?? part.value.trim();
      if (value && !(part.name === "caller_kind" && value === "citizen")) fields[part.name] = value;
    }
    return fields;
  }

  #write(fields) {
    for (const part of this.#form.elements) {
      if (!part.name || part.closest("#act-sheet") || part.id === "draft-text") continue;
      const value = fields[part.name];
      if (this.#picks[part.name]) this.#picks[part.name].value = value ?? "";
      else if (part.type === "checkbox") part.checked = Boolean(value);
      else if (part === document.activeElement && part.value.trim() === (value ?? "")) continue; // a blank being typed stays
      else if (part.value !== (value ?? "")) part.value = value ?? (part.name === "caller_kind" ? "citizen" : "");
    }
  }

  #picked() {
    this.#edited();
  }

  #edited() {
    if (this.#callId === null) return;
    this.#drafts.edit(this.#callId, { fields: this.#fields });
    this.#reckon();
  }

  // ---- the limit --------------------------------------------------------------------------------------------------

  /** What a limit and a unit depend on; nobody's name or number. */
  get #content() {
    return matterOf({ ...this.#fields, line: this.#line, text: $("#draft-text").value });
  }

  #reckon() {
    const fields = this.#fields;
    const asked = JSON.stringify([this.#line, ...RULES.map((name) => fields[name] ?? "")]);
    if (asked === this.#limits.asked) return;
    this.#limits.asked = asked;
    clearTimeout(this.#limits.timer);
    if (!fields.klass) return this.#tellLimits(null, FORM.chooseFirst);
    this.#limits.timer = setTimeout(() => this.#ask(asked), this.#limits.told ? PAUSE_MS : 0);
    return undefined;
  }

  async #ask(asked) {
    try {
      const told = await post("/api/tickets/limits", { content: this.#content });
      if (asked === this.#limits.asked) this.#tellLimits(told, FORM.noLimit);
    } catch (error) {
      if (asked !== this.#limits.asked) return;
      const isPassing = error.isNetwork || error.status === 429;
      this.#tellLimits(null, isPassing ? FORM.away : error.message || FORM.away);
      if (isPassing) this.#limits.timer = setTimeout(() => this.#ask(asked), RETRY_MS);
    }
  }

  #tellLimits(told, none) {
    this.#limits.told = told;
    const all = (told?.limits ?? []).filter((limit) => !NOT_TOLD.includes(limit.key));
    const reply = all.find((limit) => limit.key === "reply");
    const limits = reply ? [reply, ...all.filter((limit) => limit !== reply)] : all;
    fill($("#limit-days"), [limits, none], () => (limits.length
      ? limits.map((limit) => make("span", { class: "limit-day", "data-what": limit.key }, make("small", {}, this.#names.name("limits", limit.key)), make("b", { class: "figure" }, until(limit.at)),
        limit.is_provisional ? make("em", {}, FORM.provisional) : null))
      : [make("span", { class: "quiet" }, none)]));
    write($("#limit-sentence"), limits[0]?.sentence ?? "");
  }

  // ---- the acts ---------------------------------------------------------------------------------------------------

  /** Open the form of an act: answer, refuse, accept or void. It lies over the fields; nothing else moves. */
  async open(act) {
    if (this.#callId === null || this.#isMade) return;
    if (!this.#catalogue) return this.#tell(FORM.noCatalogue, "soon");
    if (act !== "void" && this.#missing(act)) return;
    const wanted = act === "accept" && this.#mayDispatch ? "dispatch" : act;
    const isThere = this.#sheet?.act === wanted; // open already, or closed with something typed in it
    this.#request ||= crypto.randomUUID();
    write($("#act-title"), ACT.titles[wanted]);
    mark($("#act-sheet"), "open", true);
    mark($("#act-sheet"), "act", wanted);
    for (const button of this.#form.querySelectorAll("[data-do]")) button.setAttribute("aria-expanded", String(button.dataset.do === act));
    if (isThere) return this.#sheet.focus();
    this.#sheet = null;
    $("#act-facts").replaceChildren();
    $("#btn-act-send").focus(); // a confirmation that follows at once waits for the sheet
    const known = { catalogue: this.#catalogue, units: unitItems(this.#catalogue), suggestions: null };
    if (act === "accept") known.suggestions = await this.#suggestions();
    if ($("#act-sheet").dataset.open !== "true" || $("#act-sheet").dataset.act !== wanted) return;
    this.#sheet = new ActForm($("#act-facts"), wanted, known, FORMS[wanted]);
    if (FORMS[wanted].length) this.#sheet.focus();
    else $("#btn-act-send").focus();
    if (this.#wantsSend && FORMS[wanted].every(({ optional }) => optional)) this.#send(); // what must be filled in is never sent unseen
    return undefined;
  }

  /** The words may have changed since the limit was told, and units are found by words too; the last ones where the server is slow. */
  #suggestions() {
    const asked = post("/api/tickets/limits", { content: this.#content }).then((told) => told.suggestions).catch(() => undefined);
    const late = new Promise((resolve) => setTimeout(resolve, SUGGEST_MS));
    return Promise.race([asked, late]).then((found) => found ?? this.#limits.told?.suggestions ?? null);
  }

  #missing(act) {
    const name = firstMissing(act, { ...this.#fields, text: $("#draft-text").value.trim() }, this.#catalogue, { wantsSource: Boolean(this.#part("source")) });
    this.#tell(name === "field" ? FORM.needs.field($("#field-name").textContent) : FORM.needs[name] ?? "", name ? "soon" : "");
    if (name) (name === "text" ? $("#draft-text") : this.#picks[name]?.input ?? this.#part(name)).focus();
    return Boolean(name);
  }

  #close() {
    if ($("#act-sheet").dataset.open !== "true") return;
    const hadFocus = $("#act-sheet").contains(document.activeElement);
    mark($("#act-sheet"), "open", false);
    this.#wantsSend = false;
    if (!this.#sheet?.isTyped) this.#forget();
    for (const button of this.#form.querySelectorAll("[data-do]")) {
      if (hadFocus && button.getAttribute("aria-expanded") === "true") button.focus();
      button.setAttribute("aria-expanded", "false");
    }
  }

  #forget() {
    this.#sheet = null;
    $("#act-facts").replaceChildren();
  }

  #pressed(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") this.#close();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey || (event.target.matches("input:not([role=combobox])") && !event.defaultPrevented))) this.#send();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async #send() {
    this.#wantsSend = !this.#sheet && $("#act-sheet").dataset.open === "true";
    const facts = this.#sheet?.read();
    const callId = this.#callId;
    if (!facts || $("#btn-act-send").disabled) return;
    const { act } = this.#sheet;
    this.#busy(true);
    try {
      if (!(await this.#drafts.settled(callId))) return this.#sheet?.tell(FORM.unsaved);
      const ticket = await post("/api/tickets", { request: this.#request, ...this.#drafts.bodyOf(callId), act, facts });
      if (callId === this.#callId) this.#done(ticket);
    } catch (error) {
      if (callId === this.#callId) this.#sheet?.tell(error.code === "draft_changed" ? FORM.changed : error.isNetwork ? FORM.failed : error.message || FORM.failed);
    } finally {
      this.#busy(false);
    }
    return undefined;
  }

  #busy(is) {
    $("#btn-act-send").disabled = is;
    write($("#btn-act-send .label"), is ? ACT.sending : ACT.send);
  }

  #done(ticket) {
    this.#close();
    this.#forget();
    this.#request = "";
    this.#drafts.made(this.#callId);
    this.#made = [...this.#made, ticket];
    this.#isMade = true;
    this.#showMade();
    this.#lock();
    $("#made-list a:last-of-type")?.focus();
  }

  /** What the next record begins with is the drafts' to say. */
  #oneMore() {
    this.#isMade = false;
    this.#drafts.edit(this.#callId, { text: "", fields: this.#drafts.keptFor(this.#fields) });
    this.#showMade();
    this.#lock();
    this.focus();
  }

  #showMade() {
    mark($("#ticket-made"), "shown", this.#made.length > 0);
    fill($("#made-list"), [this.#made.map(({ number, stage }) => [number, stage]), Boolean(this.#catalogue)], () => this.#made.map(({ number, stage }) => (
      make("a", { href: `/tickets/${encodeURIComponent(number)}`, target: "ticket", class: "figure" }, FORM.made(number, this.#names.name("stages", stage))))));
    $("#btn-one-more").disabled = !this.#isMade;
  }

  /** Written only while it belongs to a call and has not become a ticket. */
  #lock() {
    const isLocked = this.#callId === null || this.#isMade;
    for (const part of this.#form.elements) {
      if (part.closest("#act-sheet") || part.matches("#draft-mine, #draft-theirs")) continue;
      if (part.id === "draft-text") part.readOnly = this.#isMade;
      else part.disabled = isLocked;
    }
    mark(this.#form, "made", this.#isMade);
  }

  #tell(words, weight = "") {
    write($("#form-notice"), words);
    mark($("#form-notice"), "weight", weight);
  }
}
