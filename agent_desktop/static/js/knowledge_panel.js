// Owns the knowledge beside a call: a sheet over the right zone that is searched, read and written into the record by keys alone.

import { get } from "./api.js";
import { $, fill, make, mark, write } from "./dom.js";
import { articleBody, articleRow } from "./knowledge_view.js";
import { KNOWLEDGE } from "./texts_pages.js";

const PAUSE_MS = 200;

export class KnowledgePanel {
  #how;
  #articles = [];
  #at = 0;
  #open = null; // the article that is read
  #asking = 0;
  #timer = 0;
  #query = "";

  /** `line` is that of the ticket, `matter` what it is about so far, `onOpen` closes what lies over the same place. */
  constructor({ line, matter, onOpen }) {
    this.#how = { line, matter, onOpen };
    $("#btn-knowledge").addEventListener("click", () => this.toggle());
    $("#btn-knowledge-close").addEventListener("click", () => this.toggle(false));
    $("#btn-knowledge-back").addEventListener("click", () => this.#back());
    $("#btn-knowledge-quote").addEventListener("click", () => this.#quote());
    $("#knowledge").addEventListener("keydown", (event) => this.#pressed(event));
    $("#knowledge-q").addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#load(), PAUSE_MS);
    });
    $("#knowledge-rows").addEventListener("click", (event) => {
      const row = event.target.closest("li[data-id]");
      if (row) this.#read(Number(row.dataset.id));
    });
  }

  get isOpen() {
    return $("#knowledge").dataset.open === "true";
  }

  toggle(open = !this.isOpen) {
    if (open !== this.isOpen) {
      mark($("#knowledge"), "open", open);
      $("#btn-knowledge").setAttribute("aria-expanded", String(open));
    }
    if (open) {
      this.#how.onOpen();
      this.#load();
      $("#knowledge-q").focus();
      $("#knowledge-q").select();
    } else if ($("#knowledge").contains(document.activeElement)) {
      $("#btn-knowledge").focus();
    }
  }

  async #load() {
    const mine = ++this.#asking;
    const typed = $("#knowledge-q").value.trim();
    this.#query = typed || this.#how.matter();
    const params = new URLSearchParams({ q: this.#query, line: this.#how.line() });
    try {
      let found = await get(`/api/knowledge?${params}`);
      if (!typed && this.#query && !found.articles.length) found = await get(`/api/knowledge?${new URLSearchParams({ line: this.#how.line() })}`);
      if (mine !== this.#asking) return;
      [this.#articles, this.#at] = [found.articles, 0];
      write($("#knowledge-told"), found.is_near && typed && found.articles.length ? KNOWLEDGE.near : typed ? KNOWLEDGE.found(found.articles.length) : KNOWLEDGE.newest);
      this.#show(typed);
    } catch (error) {
      if (mine === this.#asking) write($("#knowledge-told"), error.isNetwork ? KNOWLEDGE.failed : error.message);
    }
  }

  #show(typed = $("#knowledge-q").value.trim()) {
    const nothing = typed ? KNOWLEDGE.noMatch(typed) : KNOWLEDGE.none;
    fill($("#knowledge-rows"), [this.#articles, this.#at, typed], () => (this.#articles.length
      ? this.#articles.map((article, at) => articleRow(article, typed, at === this.#at)) : [make("li", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, nothing)]));
    const chosen = this.#articles[this.#at];
    $("#knowledge-q").setAttribute("aria-activedescendant", chosen ? `article-${chosen.id}` : "");
    $('#knowledge-rows [aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }

  async #read(id) {
    try {
      this.#open = await get(`/api/knowledge/${id}`);
    } catch (error) {
      return write($("#knowledge-told"), error.isNetwork ? KNOWLEDGE.failed : error.message);
    }
    $("#knowledge-article").replaceChildren(...articleBody(this.#open, $("#knowledge-q").value));
    mark($("#knowledge"), "reading", true);
    write($("#knowledge-told"), "");
    return $("#knowledge-article").focus();
  }

  #back() {
    this.#open = null;
    mark($("#knowledge"), "reading", false);
    $("#knowledge-q").focus();
  }

  /** What is read goes into the record where the cursor stood; the record saves itself as if it had been typed. */
  #quote() {
    const record = $("#draft-text");
    if (!this.#open) return;
    if (record.disabled || record.readOnly) return write($("#knowledge-told"), KNOWLEDGE.cannotQuote);
    const before = record.value.slice(0, record.selectionStart);
    const words = `${before && !before.endsWith("\n") ? "\n" : ""}${KNOWLEDGE.quote(this.#open.title, this.#open.text)}\n`;
    record.setRangeText(words, record.selectionStart, record.selectionEnd, "end");
    record.dispatchEvent(new Event("input", { bubbles: true }));
    write($("#knowledge-told"), KNOWLEDGE.quoted);
  }

  #pressed(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.#open ? this.#back() : this.toggle(false);
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && this.#open) this.#quote();
    else if (event.target === $("#knowledge-q") && step) {
      this.#at = Math.max(0, Math.min(this.#articles.length - 1, this.#at + step));
      this.#show();
    } else if (event.target === $("#knowledge-q") && event.key === "Enter" && this.#articles.length) this.#read(this.#articles[this.#at].id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
