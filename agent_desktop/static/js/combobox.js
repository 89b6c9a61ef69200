// Owns choosing one of a list by typing: Chinese words, pinyin initials or the key; arrows, Enter, Tab and Escape; the pointer too.

import { found, plain } from "./directory.js";
import { make, mark } from "./dom.js";

let made = 0;

export class Combobox {
  #input;
  #list;
  #items = [];
  #shown = [];
  #at = -1;
  #value = "";
  #isTyped = false;
  #chosen;
  #none;

  /** `chosen(key)` is told every choice of the person; items are {key, name, initials?, note?}; key "" is nothing chosen. */
  constructor(input, { chosen = () => {}, none = "", items = [] } = {}) {
    this.#input = input;
    this.#chosen = chosen;
    this.#none = none;
    made += 1;
    this.#list = make("ul", { role: "listbox", id: `pick-${made}`, class: "choices", "data-open": "false", "aria-label": input.getAttribute("aria-label") ?? input.labels?.[0]?.textContent.trim() });
    for (const [name, value] of Object.entries({ role: "combobox", autocomplete: "off", spellcheck: "false", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.#list.id })) input.setAttribute(name, value);
    const place = make("span", { class: "pick" });
    input.replaceWith(place);
    place.append(input, this.#list);
    input.addEventListener("focus", () => input.select());
    input.addEventListener("click", () => this.#open());
    input.addEventListener("input", () => this.#typed());
    input.addEventListener("keydown", (event) => this.#pressed(event));
    input.addEventListener("blur", () => this.#left());
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the field
    this.#list.addEventListener("click", (event) => {
      event.preventDefault(); // a label around it would press the field, which opens the list again
      const at = event.target.closest("li[data-at]")?.dataset.at;
      if (at !== undefined) this.#choose(this.#shown[Number(at)]);
    });
    this.items = items;
  }

  get input() {
    return this.#input;
  }
  get value() {
    return this.#value;
  }
  set value(key) {
    if (this.#isTyped && document.activeElement === this.#input) return; // somebody is choosing
    this.#value = key ?? "";
    this.#write();
  }
  get item() {
    return this.#items.find((item) => item.key === this.#value);
  }
  get items() {
    return this.#items;
  }
  set items(items) {
    this.#items = items;
    if (!this.#isTyped) this.#write();
    if (this.#isOpen) this.#show();
  }

  get #isOpen() {
    return this.#list.dataset.open === "true";
  }

  #write() {
    this.#input.value = this.item?.name ?? this.#value;
    this.#isTyped = false;
  }

  #typed() {
    this.#isTyped = true;
    this.#open();
  }

  #open() {
    if (this.#input.disabled || this.#input.readOnly) return;
    mark(this.#list, "open", true);
    this.#input.setAttribute("aria-expanded", "true");
    this.#show();
  }

  #close() {
    mark(this.#list, "open", false);
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
    this.#at = -1;
  }

  #show() {
    const typed = this.#isTyped ? plain(this.#input.value) : "";
    this.#shown = found(this.#items.map((item) => ({ initials: "", ...item, numbers: [item.key.toLowerCase()] })), typed);
    this.#at = typed ? (this.#shown.length ? 0 : -1) : this.#shown.findIndex((item) => item.key === this.#value);
    this.#list.replaceChildren(...(this.#shown.length ? this.#shown.map((item, at) => this.#row(item, at)) : [make("li", { class: "none" }, this.#none)]));
    this.#point();
  }

  #row(item, at) {
    return make("li", { role: "option", id: `${this.#list.id}-${at}`, "data-at": at, "aria-selected": "false" },
      make("span", {}, item.name), item.note || item.initials ? make("small", {}, item.note ?? item.initials) : null);
  }

  #point() {
    [...this.#list.children].forEach((row, at) => row.hasAttribute("role") && row.setAttribute("aria-selected", String(at === this.#at)));
    const row = this.#list.children[this.#at];
    if (row?.id) this.#input.setAttribute("aria-activedescendant", row.id);
    else this.#input.removeAttribute("aria-activedescendant");
    row?.scrollIntoView({ block: "nearest" });
  }

  #pressed(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!this.#isOpen) return this.#open();
      this.#at = Math.max(0, Math.min(this.#shown.length - 1, this.#at + step));
      return this.#point();
    }
    if (event.key === "Enter" && this.#isOpen) {
      event.preventDefault();
      if (this.#shown[this.#at]) this.#choose(this.#shown[this.#at]);
      else if (!this.#input.value.trim()) this.#choose(null);
      return undefined;
    }
    if (event.key === "Escape" && this.#isOpen) {
      event.preventDefault();
      event.stopPropagation();
      this.#write();
      this.#close();
    }
    return undefined;
  }

  #choose(item) {
    const key = item?.key ?? "";
    const isOther = key !== this.#value;
    this.#value = key;
    this.#write();
    this.#close();
    if (isOther) this.#chosen(key);
  }

  /** Leaving takes the best of what was typed; words that fit nothing are taken back; an emptied field chooses nothing. */
  #left() {
    if (this.#isTyped) {
      const typed = plain(this.#input.value);
      if (!typed) this.#choose(null);
      else if (this.#shown[this.#at] && this.#isOpen) this.#choose(this.#shown[this.#at]);
      else this.#write();
    }
    this.#close();
  }
}
