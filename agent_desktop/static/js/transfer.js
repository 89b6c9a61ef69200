// Owns choosing whom to bring onto the line: one search over parties, agents, queues and typed numbers, then one of three ways.

import { put, remove } from "./api.js";
import { found, plain } from "./directory.js";
import { $, fill, make, mark, write } from "./dom.js";
import { lineView } from "./stage.js";
import { AGENT_STATES } from "./texts.js";
import { KINDS, TRANSFER } from "./texts_line.js";

const SURE_MS = 4000;
const MOST = 60;
const WAYS = ["consult", "add", "blind"];
const KIND_ORDER = ["hotline", "higher_hotline", "utility", "unit", "expert", "emergency"];

export class Transfer {
  #store;
  #acts;
  #directory;
  #queues;
  #items = [];
  #chosen = "";
  #sure = 0; // timer of the second press of a transfer without a talk before

  constructor(store, acts, directory, queues) {
    this.#store = store;
    this.#acts = acts;
    this.#directory = directory;
    this.#queues = queues;
    const search = $("#transfer-search");
    search.addEventListener("input", () => {
      this.#chosen = "";
      this.#show(this.#store.value);
      $("#transfer-list").scrollTop = 0;
    });
    search.addEventListener("keydown", (event) => this.#pressed(event));
    $("#transfer-list").addEventListener("click", (event) => this.#choose(event.target.closest("li[data-key]")?.dataset.key));
    $("#transfer-list").addEventListener("dblclick", () => this.#go("consult"));
    for (const way of WAYS) $(`#btn-${way}`).addEventListener("click", () => this.#go(way));
    $("#btn-favourite").addEventListener("click", () => this.#favourite());
    store.watch((desk) => this.#show(desk));
  }

  focus() {
    $("#transfer-search").focus();
    $("#transfer-search").select();
  }

  /** What was chosen, or the best of what was searched; an Enter in an empty field reaches nobody. */
  get #item() {
    return this.#items.find((item) => item.key === this.#chosen) ?? ($("#transfer-search").value.trim() ? this.#items[0] : undefined);
  }

  #pressed(event) {
    if (event.isComposing || event.metaKey || event.altKey) return;
    const at = this.#items.indexOf(this.#item);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 5, PageUp: at - 5 }[event.key];
    if (to !== undefined) this.#choose(this.#items[Math.max(0, Math.min(to, this.#items.length - 1))]?.key);
    else if (event.key === "Enter" && !event.repeat) this.#go(event.ctrlKey ? "blind" : event.shiftKey ? "add" : "consult");
    else if (event.key === "Escape" && event.target.value) {
      event.target.value = "";
      event.target.dispatchEvent(new Event("input"));
    } else return;
    event.preventDefault();
  }

  #choose(key) {
    if (key === undefined) return;
    this.#chosen = key;
    this.#calm();
    this.#show(this.#store.value);
    $(`#transfer-list li[data-key="${CSS.escape(key)}"]`)?.scrollIntoView({ block: "nearest" });
  }

  async #go(way) {
    const item = this.#item;
    const op = item?.kind === "queue" ? "requeue" : way;
    if (!item || !this.#may(item, way)) return;
    if (op === "blind" && !this.#sure) {
      mark($("#btn-blind"), "sure", "asked");
      write($("#btn-blind .label"), TRANSFER.sure);
      this.#sure = setTimeout(() => this.#calm(), SURE_MS);
      return;
    }
    this.#calm();
    if (await this.#acts.ask(op, { button: way, name: item.name, ...item.target })) {
      $("#transfer-search").value = "";
      this.#chosen = "";
      this.#show(this.#store.value);
    }
  }

  #calm() {
    clearTimeout(this.#sure);
    this.#sure = 0;
    mark($("#btn-blind"), "sure", "");
    write($("#btn-blind .label"), TRANSFER.blind);
  }

  #may(item, way) {
    const { allowed } = lineView(this.#store.value);
    return item.kind === "queue" ? way === "consult" && allowed.has("requeue") : allowed.has(way);
  }

  async #favourite() {
    const { party } = this.#item ?? {};
    if (!party) return;
    try {
      await (party.favourite ? remove : put)(`/api/parties/${encodeURIComponent(party.key)}/favourite`);
      await this.#directory.load();
    } catch (error) {
      this.#store.set({ told: error.message || TRANSFER.away });
    }
  }

  #show(desk) {
    const typed = plain($("#transfer-search").value);
    this.#items = found([...parties(desk), ...agents(desk), ...queues(this.#queues)], typed).slice(0, MOST);
    if (/^\+?\d{3,20}$/.test(typed) && !this.#items.some((item) => item.numbers.includes(typed))) this.#items.push(typedNumber(typed));
    const chosen = this.#item;
    const words = desk.directoryState === "away" && !desk.directory.length ? TRANSFER.away : TRANSFER.none;
    fill($("#transfer-list"), [this.#items.map(({ key, name, numbers, mark: each, party }) => [key, name, numbers, each, party?.favourite]), words], () => (
      this.#items.length ? this.#items.map(row) : [make("li", { class: "none" }, words)]));
    for (const node of document.querySelectorAll("#transfer-list li[data-key]")) {
      const is = node.dataset.key === chosen?.key;
      if (node.getAttribute("aria-selected") !== String(is)) node.setAttribute("aria-selected", String(is));
    }
    if (chosen) $("#transfer-search").setAttribute("aria-activedescendant", `to-${chosen.key}`);
    else $("#transfer-search").removeAttribute("aria-activedescendant");
    this.#showChosen(desk, chosen);
  }

  #showChosen(desk, item) {
    const party = item?.party;
    write($("#transfer-name"), item ? [item.name, ...item.numbers].join(" ") : TRANSFER.pick);
    mark($("#transfer-name"), "none", !item);
    write($("#transfer-tell"), party?.tell ? TRANSFER.tell(party.tell) : item?.kind === "queue" ? TRANSFER.toQueue : item?.kind === "agent" ? TRANSFER.toAgent : "");
    const star = $("#btn-favourite");
    star.disabled = !party;
    star.setAttribute("aria-pressed", String(Boolean(party?.favourite)));
    star.setAttribute("aria-label", party?.favourite ? TRANSFER.unfavourite : TRANSFER.favourite);
    for (const way of WAYS) {
      const button = $(`#btn-${way}`);
      button.disabled = !item || !this.#may(item, way) || Boolean(desk.asked[way]);
      button.setAttribute("aria-busy", String(Boolean(desk.asked[way])));
    }
    const label = $("#btn-consult .label");
    label.dataset.words ??= label.textContent;
    write(label, item?.kind === "queue" ? TRANSFER.queue : label.dataset.words);
  }
}

function parties(desk) {
  const rank = (party) => (party.favourite ? -1 : KIND_ORDER.indexOf(party.kind));
  return [...desk.directory].sort((a, b) => rank(a) - rank(b)).map((party) => ({
    key: `party-${party.key}`, kind: "party", name: party.name, initials: party.initials, numbers: party.numbers, party,
    target: { party: party.key }, mark: party.open === false ? TRANSFER.closed : KINDS[party.kind] ?? "", isClosed: party.open === false,
  }));
}

const AGENT_ORDER = ["ready", "wrap_up", "paused", "ringing", "talking", "offline"];

/** Colleagues who are signed in; who is free comes first. */
function agents(desk) {
  const rank = (agent) => AGENT_ORDER.indexOf(agent.state);
  return [...desk.agents.values()].filter((agent) => agent.id !== desk.me.extension && agent.state !== "offline")
    .sort((a, b) => rank(a) - rank(b) || String(a.id).localeCompare(String(b.id))).map((agent) => ({
      key: `agent-${agent.id}`, kind: "agent", name: desk.names[agent.id] ?? TRANSFER.kinds.agent, numbers: [String(agent.id)], target: { to: String(agent.id) },
      mark: `${TRANSFER.kinds.agent} · ${AGENT_STATES[agent.state] ?? ""}`, isClosed: agent.state !== "ready",
    }));
}

const queues = (names) => Object.entries(names).map(([key, name]) => ({ key: `queue-${key}`, kind: "queue", name, numbers: [], target: { queue: key }, mark: TRANSFER.kinds.queue }));
const typedNumber = (number) => ({ key: `number-${number}`, kind: "number", name: TRANSFER.typed, numbers: [number], target: { number }, mark: TRANSFER.kinds.number });

function row({ key, name, numbers, mark: kind, party, isClosed }) {
  return make("li", { role: "option", id: `to-${key}`, "data-key": key, "aria-selected": "false" },
    make("span", { class: "name" }, name, party?.favourite ? make("i", { class: "star", "aria-hidden": "true" }, "★") : null),
    make("span", { class: "figure number" }, numbers.length > 1 ? TRANSFER.several(numbers[0], numbers.length) : numbers[0] ?? ""), make("span", { class: "kind", "data-closed": String(Boolean(isClosed)) }, kind));
}
