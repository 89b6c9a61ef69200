// Owns a small table in a form: rows of the same fields, one empty row at the end that makes itself a real one, a way to take one out.

import { make } from "./dom.js";
import { ROWS } from "./texts_ticket.js";

export class RowsEditor {
  #root;
  #columns;

  /** columns: {key, name, size?, kind: text | time | date | a list of [value, words]} */
  constructor(root, columns) {
    this.#root = root;
    this.#columns = columns;
    root.classList.add("rows");
    root.addEventListener("input", () => this.#grow());
  }

  set value(rows) {
    this.#root.replaceChildren(make("div", { class: "row head", "aria-hidden": "true" }, ...this.#columns.map(({ name, key }) => make("span", { "data-key": key }, name)), make("span", {})), ...rows.map((row) => this.#row(row)));
    this.#grow();
  }

  /** Every row in which something was typed: {key: text}. */
  get value() {
    return this.#rows.map((row) => Object.fromEntries(this.#columns.map(({ key }) => [key, row.querySelector(`[data-key="${key}"]`).value.trim()]))).filter((row) => this.#isFilled(row));
  }

  get #rows() {
    return [...this.#root.querySelectorAll(".row:not(.head)")];
  }

  #isFilled(row) {
    return this.#columns.some(({ key, kind }) => !Array.isArray(kind) && row[key]);
  }

  #grow() {
    const last = this.#rows.at(-1);
    const isTyped = last && this.#columns.some(({ key, kind }) => !Array.isArray(kind) && last.querySelector(`[data-key="${key}"]`).value);
    if (!last || isTyped) this.#root.append(this.#row({}));
  }

  #row(value) {
    const cells = this.#columns.map(({ key, name, kind }) => {
      const cell = Array.isArray(kind) ? make("select", { "data-key": key, "aria-label": name }, ...kind.map(([each, words]) => make("option", { value: each }, words)))
        : make("input", { "data-key": key, "aria-label": name, type: kind ?? "text", maxlength: 400 });
      if (value[key] != null && value[key] !== "") cell.value = value[key];
      return cell;
    });
    const out = make("button", { type: "button", class: "plain", "aria-label": ROWS.remove }, "×");
    const row = make("div", { class: "row" }, ...cells, out);
    out.addEventListener("click", () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      this.#grow();
      next?.querySelector("input, select")?.focus();
    });
    return row;
  }
}
