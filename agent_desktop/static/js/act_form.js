// Owns the form of one act on a ticket: which facts it asks for, reading them, and what is still missing.

import { Combobox } from "./combobox.js";
import { make, mark, write } from "./dom.js";
import { ACT, FACTS, FORM } from "./texts_ticket.js";

const text = (key, more) => ({ key, kind: "text", ...more });
const line = (key, more) => ({ key, kind: "line", ...more });
const optional = { optional: true };

// The facts of each act, in the order in which they are told (tickets/life.py refuses what is missing). What a person judges has no value before.
// `optional` may ask what is known: some rules want a fact that others leave open.
export const FORMS = {
  accept: [{ key: "unit", kind: "unit", optional: true }], sign: [], archive: [line("note", optional)],
  answer: [text("answer")],
  refuse: [{ key: "code", kind: "refusal" }, line("reason", optional)],
  void: [{ key: "kind", kind: "pick", of: "void_kinds" }, line("note", optional)],
  dispatch: [{ key: "unit", kind: "unit" }, { key: "co_units", kind: "units", optional: true }, line("note", optional)],
  forward: [{ key: "unit", kind: "forward" }, line("note", optional)],
  tell_by_phone: [line("spoken_to"), line("note", optional)],
  contact: [{ key: "reached", kind: "yes" }, line("note", optional)],
  ask_extension: [{ key: "ground", kind: "pick", of: "grounds" }, { key: "amount", kind: "number" }, text("reason")],
  grant_extension: [line("reason", optional)], refuse_extension: [text("reason")],
  ask_return: [text("reason"), line("basis"), line("suggestion")],
  grant_return: [line("reason", optional)], refuse_return: [text("reason"), { key: "improper", kind: "yes", optional: ({ returnRule }) => !returnRule?.is_improper_counted }],
  suspend: [text("reason")], resume: [line("reason", optional)], override: [{ key: "days", kind: "number" }, line("law")],
  reply: [text("facts"), text("process"), text("basis")],
  ask_supplement: [text("reason")], check: [line("note", optional)],
  follow_up: [{ key: "reached", kind: "yes" }, { key: "satisfied", kind: "yes", when: "reached" }, { key: "solved", kind: "yes", when: "reached" }, line("note", optional)],
  rework: [text("reason")], close: [line("note", optional)], reopen: [text("reason")],
  merge: [line("into"), line("reason", optional)], note: [text("text")],
  ask_superior: [text("question")], advise: [text("answer")],
  contest_return: [text("reason"), line("basis", optional)], call_review: [text("reason")],
  settle_dispute: [{ key: "unit", kind: "unit", isOpen: true }, { key: "co_units", kind: "units", optional: true }, text("reason"), line("basis"), line("members", optional), { key: "improper", kind: "yes", optional: true }],
  chase: [{ key: "way", kind: "pick", of: "chase_ways" }, line("whom"), text("said"), line("when", optional)],
};

export class ActForm {
  #root;
  #act;
  #parts = []; // {key, optional, read() -> value | undefined, when}
  #first = null;
  #error;

  /** `known`: {catalogue, units, suggestions, forwardTo, rule: of extensions, returnRule, wished: a unit}; `fields` in place of the act's own. */
  constructor(root, act, known, fields = FORMS[act] ?? []) {
    this.#root = root;
    this.#act = act;
    this.#error = make("p", { class: "trouble", role: "alert" });
    root.replaceChildren(...fields.map((field) => this.#part(field, known)), this.#error);
    root.addEventListener("change", () => this.#follow());
    this.#follow();
  }

  get act() {
    return this.#act;
  }
  /** Words were typed that nobody else has. */
  get isTyped() {
    return [...this.#root.querySelectorAll("textarea, input:not([role=combobox], [type=radio])")].some((input) => input.value !== input.defaultValue);
  }

  /** What is filled in now, by fact, to be given to `recall` of the same act's form after the page was loaded anew. */
  get values() {
    return Object.fromEntries(this.#parts.map((part) => [part.key, part.read()]).filter(([, value]) => value !== undefined));
  }
  recall(values) {
    for (const part of this.#parts) if (part.key in values) part.write(values[part.key]);
    this.#follow();
  }

  focus() {
    (this.#first ?? this.#root.querySelector("input, textarea, select"))?.focus();
  }

  tell(words) {
    write(this.#error, words ?? "");
  }

  /** The facts, or null where one is missing: then the form says which and the focus is there. */
  read() {
    const facts = {};
    for (const part of this.#parts) {
      if (part.isOff) continue;
      const value = part.read();
      const isEmpty = value === undefined || value === "" || (Array.isArray(value) && !value.length);
      if (isEmpty && part.optional) continue;
      if (isEmpty) {
        this.tell(ACT.needed(part.name));
        part.focus();
        return null;
      }
      facts[part.key] = value;
    }
    this.tell("");
    return facts;
  }

  #follow() {
    for (const part of this.#parts.filter(({ when }) => when)) {
      part.isOff = this.#parts.find(({ key }) => key === part.when)?.read() !== true;
      mark(part.node, "off", part.isOff);
      part.node.disabled = part.isOff;
    }
  }

  #part(asked, known) {
    const field = typeof asked.optional === "function" ? { ...asked, optional: asked.optional(known) } : asked;
    const name = field.name ?? FACTS[field.key] ?? field.key;
    const build = { refusal, unit, forward: unit, units, pick, yes, number, text: words, line: words }[field.kind];
    const built = build(field, name, known);
    const part = { ...field, name, ...built };
    this.#parts.push(part);
    if (!this.#first && built.input) this.#first = built.input;
    part.focus = () => built.input?.focus();
    return built.node;
  }
}

const caption = (name, isOptional) => [name, isOptional ? make("small", {}, ACT.optional) : null];

/** No longer than the server takes it. A note of one line stays one. */
function words(field, name, { catalogue }) {
  const longest = catalogue.longest?.[field.longest ?? field.key] ?? catalogue.longest?.[""] ?? 1000;
  const input = field.kind === "text" ? make("textarea", { rows: 3, maxlength: longest, spellcheck: "false", name: field.key })
    : make("input", { maxlength: Math.min(longest, 400), autocomplete: "off", spellcheck: "false", name: field.key });
  input.defaultValue = field.value ?? "";
  return { input, node: make("label", { class: "fact", "data-kind": field.kind }, make("span", {}, ...caption(name, field.optional && !field.bare)), input), read: () => input.value.trim(), write: (value) => (input.value = value) };
}

function number(field, name, known) {
  const rule = field.key === "amount" ? known.rule : { measure: "working_days" };
  const input = make("input", { type: "number", min: 1, max: rule?.amount ?? 999, inputmode: "numeric", name: field.key });
  const unit = [ACT.units[rule?.measure] ?? "", rule?.amount ? ACT.most(rule.amount) : ""].join("");
  return {
    input, node: make("label", { class: "fact number" }, make("span", {}, name), make("span", { class: "amount" }, input, unit)),
    read: () => (input.value === "" ? undefined : Number(input.value)), write: (value) => (input.value = value),
  };
}

function yes(field, name) {
  const radio = (value, said) => make("label", {}, make("input", { type: "radio", name: field.key, value, checked: field.value === (value === "yes") }), said);
  const node = make("fieldset", { class: "fact yes" }, make("legend", {}, ...caption(name, field.optional)), radio("yes", ACT.yes), radio("no", ACT.no));
  return {
    input: node.querySelector("input"), node,
    read: () => { const value = node.querySelector("input:checked")?.value; return value && value === "yes"; },
    write: (value) => (node.querySelector(`input[value=${value ? "yes" : "no"}]`).checked = true),
  };
}

function picker(field, name, items, chosen = () => {}) {
  const input = make("input", { name: field.key, placeholder: ACT.choose });
  const label = make("label", { class: "fact pick-one" }, make("span", {}, ...caption(name, field.optional && !field.bare)), input);
  const box = new Combobox(input, { items, none: FORM.noChoice, chosen });
  if (field.value) box.value = field.value;
  return { box, label };
}

function pick(field, name, { catalogue, rule }) {
  const { box, label } = picker(field, name, field.items ?? (field.of === "grounds" && rule?.grounds?.length ? catalogue.grounds.filter(({ key }) => rule.grounds.includes(key)) : catalogue[field.of]) ?? []);
  return { input: box.input, node: label, read: () => box.value, write: (key) => (box.value = key) };
}

/** The case, and at once the sentence that the caller is told, to be read aloud (R39). */
function refusal(field, name, { catalogue }) {
  const tell = make("blockquote", { class: "tell" });
  const show = (key) => {
    const found = catalogue.refusals.find((each) => each.key === key);
    tell.replaceChildren(...(found ? [make("b", {}, ACT.tell), make("p", {}, found.sentence), make("small", {}, `${ACT.basis}：${found.basis}`)] : []));
  };
  const items = catalogue.refusals.map((each) => ({ ...each, name: `${each.key} ${each.name}` }));
  const { box, label } = picker(field, name, items, show);
  return { input: box.input, node: make("div", { class: "fact-group" }, label, tell), read: () => box.value, write: (key) => { box.value = key; show(key); } };
}

/** Units that answer for such a matter stand first, with the reason; any other is found by typing. `isOpen`: none is chosen before. */
function unit(field, name, { units = [], suggestions, forwardTo, wished }) {
  const isForward = field.kind === "forward";
  const { box, label } = picker(field, name, isForward ? forwardTo ?? [] : units, () => show());
  const list = make("ul", { class: "suggested" });
  const node = make("div", { class: "fact-group" }, label, list);
  const show = () => {
    for (const button of list.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.unit === box.value));
  };
  if (!isForward) {
    list.replaceChildren(...(suggestions?.length ? suggestions.map((each) => suggestionRow(each, () => {
      box.value = each.unit;
      show();
    })) : [make("li", { class: "quiet" }, suggestions ? ACT.noSuggestion : ACT.suggestLater)]));
    if (!field.isOpen && (wished || suggestions?.length)) box.value = wished || suggestions[0].unit;
    show();
  }
  return { input: box.input, node, read: () => box.value, write: (key) => { box.value = key; show(); } };
}

function suggestionRow({ unit: key, name, words: why, phones = [], on_duty: onDuty = [] }, press) {
  const duty = onDuty[0], phone = duty ? ACT.onDuty(duty.name, duty.phone) : phones[0] ? ACT.phone(phones[0]) : "";
  const button = make("button", { type: "button", "data-unit": key, "aria-pressed": "false" }, make("b", {}, name), make("span", {}, why ?? ""), make("small", { class: "figure" }, phone));
  button.addEventListener("click", press);
  return make("li", {}, button);
}

function units(field, name, { units: all = [] }) {
  const chosen = new Set();
  const chips = make("span", { class: "chips" });
  const { box, label } = picker(field, name, all, (key) => {
    if (!key) return;
    chosen.add(key);
    box.value = "";
    show();
  });
  const show = () => chips.replaceChildren(...[...chosen].map((key) => {
    const each = all.find((one) => one.key === key)?.name ?? key;
    const button = make("button", { type: "button", class: "small", "aria-label": ACT.remove(each) }, each, " ×");
    button.addEventListener("click", () => {
      chosen.delete(key);
      show();
      box.input.focus();
    });
    return button;
  }));
  return { input: box.input, node: make("div", { class: "fact-group" }, label, chips), read: () => [...chosen], write: (keys) => { keys.forEach((key) => chosen.add(key)); show(); } };
}
