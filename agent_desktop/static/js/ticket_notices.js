// Owns the reminders on the page of tickets: how many are new, the list, and marking them as read.

import { get, post } from "./api.js";
import { $, fill, make, mark, write } from "./dom.js";
import { NOTICE } from "./texts_ticket.js";
import { moment } from "./times.js";

const REFRESH_MS = 20000;

export class TicketNotices {
  #told = [];
  #isOpen = false;

  constructor() {
    $("#btn-notices").addEventListener("click", () => this.#toggle());
    $("#btn-notices-close").addEventListener("click", () => this.#toggle(false));
    $("#btn-notices-seen").addEventListener("click", () => this.#seen(this.#told.map(({ id }) => id)));
    addEventListener("keydown", (event) => event.key === "Escape" && this.#isOpen && this.#toggle(false));
    $("#notice-rows").addEventListener("click", (event) => {
      const id = event.target.closest("li[data-id]")?.dataset.id;
      if (id && event.target.closest("a")) this.#seen([Number(id)]);
    });
    this.#load();
    setInterval(() => this.#load(), REFRESH_MS);
  }

  async #load() {
    try {
      const { notices, unseen } = await get("/api/tickets/notices?unseen=true&limit=50");
      this.#told = notices;
      this.#show(unseen);
    } catch {
      // the count comes with the next round; the list of tickets says when the server is away
    }
  }

  #toggle(open = !this.#isOpen) {
    this.#isOpen = open;
    mark($("#notices"), "open", open);
    $("#btn-notices").setAttribute("aria-expanded", String(open));
    if (open) ($("#notice-rows a") ?? $("#btn-notices-close")).focus();
    else $("#btn-notices").focus();
  }

  async #seen(ids) {
    try {
      const { unseen } = await post("/api/tickets/notices", { ids }, { keepalive: true });
      this.#told = this.#told.filter(({ id }) => !ids.includes(id));
      this.#show(unseen);
    } catch {
      this.#load();
    }
  }

  #show(unseen) {
    write($("#notices-count"), String(unseen));
    mark($("#btn-notices"), "some", unseen > 0);
    $("#btn-notices-seen").disabled = !this.#told.length;
    fill($("#notice-rows"), this.#told, () => (this.#told.length ? this.#told.map((notice) => make("li", { "data-id": notice.id, "data-kind": notice.kind },
      make("time", {}, moment(notice.at)), make("b", {}, NOTICE.kinds[notice.kind] ?? notice.kind), make("a", { href: `/tickets/${encodeURIComponent(notice.number)}` }, notice.title || notice.number), make("span", {}, notice.sentence ?? "")))
      : [make("li", { class: "none" }, NOTICE.none)]));
  }
}
