// Owns the two tables that keys lead through: waiting callers, and agents with the acts on each; rows stay the same elements.

import { fill, lineBadge, make, mark } from "./dom.js";
import { figures } from "./queue.js";
import { pauseName } from "./state.js";
import { AGENT_STATES, FLOOR, PHASES, QUEUE } from "./texts.js";
import { STAGES, whoIs } from "./texts_line.js";

const UNANSWERED = ["greeting", "waiting", "ringing", "duty", "party"];
const CAN_END_PAUSE = ["paused", "wrap_up"];

/** A table body whose rows are kept by key: a row under the cursor or with the focus never becomes another one. */
class Rows {
  constructor(body) {
    this.body = body;
    this.chosen = "";
    body.addEventListener("focusin", (event) => this.#choose(event.target.closest("tr[data-key]")));
    body.addEventListener("keydown", (event) => this.#pressed(event));
  }

  get rows() {
    return [...this.body.querySelectorAll("tr[data-key]")];
  }

  focus() {
    (this.rows.find((row) => row.dataset.key === this.chosen) ?? this.rows[0])?.focus();
  }

  /** items: [{key, signature, attributes, cells()}] in their order */
  fillRows(items, empty) {
    const focused = this.body.contains(document.activeElement) ? document.activeElement : null;
    const place = focused ? this.rows.indexOf(focused.closest("tr")) : -1;
    const kept = new Map(this.rows.map((row) => [row.dataset.key, row]));
    if (!items.length) {
      if (this.body.dataset.empty !== empty) this.body.replaceChildren(make("tr", { class: "none" }, make("td", { colspan: 6 }, empty)));
      this.body.dataset.empty = empty;
      return;
    }
    if ("empty" in this.body.dataset) this.body.replaceChildren();
    delete this.body.dataset.empty;
    const wanted = items.map(({ key, signature, attributes, cells }) => {
      const row = kept.get(key) ?? make("tr", { "data-key": key, tabindex: "-1" });
      kept.delete(key);
      for (const [name, value] of Object.entries(attributes)) mark(row, name, value);
      fill(row, signature, cells);
      return row;
    });
    kept.forEach((row) => row.remove());
    wanted.forEach((row, at) => {
      if (this.body.children[at] !== row) this.body.insertBefore(row, this.body.children[at] ?? null);
    });
    if (!wanted.some((row) => row.dataset.key === this.chosen)) this.#choose(wanted[Math.max(0, Math.min(place, wanted.length - 1))]);
    if (focused && !this.body.contains(document.activeElement)) this.focus(); // its row moved, was rebuilt or went
  }

  #choose(row) {
    if (!row) return;
    this.chosen = row.dataset.key;
    for (const each of this.rows) each.tabIndex = each === row ? 0 : -1;
  }

  #pressed(event) {
    const row = event.target.closest("tr[data-key]");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = this.rows;
    const at = rows.indexOf(row);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to !== undefined) rows[Math.max(0, Math.min(to, rows.length - 1))].focus();
    else if (event.target === row && event.key === "Enter") row.querySelector("a.call")?.click();
    else if (!event.repeat && this.act?.(event.key.toLowerCase(), row.dataset.key)) { /* done */ }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

export class Callers extends Rows {
  #queues;

  constructor(body, { queues }) {
    super(body);
    this.#queues = queues;
  }

  show(desk, isKnown) {
    const calls = unanswered(desk);
    this.fillRows(calls.map((call) => ({
      key: call.id, signature: [call.line, call.caller, call.phase, call.position, call.queue, call.arrived_at, call.urgent, call.party, call.agent],
      attributes: { callId: call.id, phase: call.phase, urgent: Boolean(call.urgent) }, cells: () => this.#cells(call),
    })), isKnown ? FLOOR.noCallers : FLOOR.unknownCallers);
  }

  #cells(call) {
    const where = call.phase === "waiting" ? this.#queues[call.queue] ?? PHASES.waiting
      : call.phase === "ringing" ? FLOOR.rings(call.agent ?? "") : PHASES[call.phase] ?? call.phase;
    return [
      make("td", { class: "figure place" }, call.position ?? ""), make("td", {}, lineBadge(call.line)),
      make("td", { class: "number" }, callLink(call), call.urgent ? make("strong", { class: "urgent" }, FLOOR.urgent) : null),
      make("td", { class: "where" }, where), make("td", { class: "clock", "data-since": call.arrived_at ?? "", "data-wait": "" }),
    ];
  }
}

export class Agents extends Rows {
  #how;
  #asked = new Set();
  #desk = null;
  #isKnown = false;

  /** how: names and queues by key, mayLead, endPause(id), signOutAgent(id) */
  constructor(body, how) {
    super(body);
    this.#how = how;
  }

  asked(id, is) {
    this.#asked[is ? "add" : "delete"](id);
    if (this.#desk) this.show(this.#desk, this.#isKnown);
  }

  show(desk, isKnown) {
    [this.#desk, this.#isKnown] = [desk, isKnown];
    const agents = [...desk.agents.values()].sort((a, b) => String(a.id).localeCompare(String(b.id), "en", { numeric: true }));
    this.fillRows(agents.map((agent) => {
      const call = desk.calls.get(agent.call_id) ?? null;
      const asked = this.#asked.has(agent.id);
      return {
        key: agent.id, signature: [agent, pauseName(desk, agent.reason), call && [call.id, call.line, call.caller, call.phase, call.urgent, call.join?.stage, call.join?.target], asked],
        attributes: { agent: agent.id, state: agent.state }, cells: () => this.#cells(agent, call, asked),
      };
    }), isKnown ? QUEUE.noAgents : FLOOR.unknownAgents);
  }

  /** A key on a row; true when it meant something. */
  act(key, id) {
    const button = { r: "end-pause", x: "sign-out" }[key];
    if (!button || !this.#how.mayLead) return false;
    this.body.querySelector(`tr[data-key="${CSS.escape(id)}"] button[data-act="${button}"]:not(:disabled)`)?.click();
    return true;
  }

  #cells(agent, call, asked) {
    const words = AGENT_STATES[call?.phase === "held" ? "held" : agent.state] ?? agent.state;
    const reason = agent.state === "paused" ? pauseName(this.#desk, agent.reason) : withThird(call);
    const isLost = agent.reachable === false && agent.state !== "offline";
    const isOffline = agent.state === "offline";
    const clock = agent.state === "wrap_up" && agent.until ? { "data-until": agent.until } : { "data-since": isOffline ? "" : agent.since ?? "" };
    const cells = [
      make("th", { scope: "row" }, agent.id, this.#how.names[agent.id] ? make("span", { class: "name" }, this.#how.names[agent.id]) : null),
      make("td", { class: "state" }, make("i", { "aria-hidden": "true" }), make("span", { class: "words" }, reason ? FLOOR.because(words, reason) : words)),
      make("td", { class: "clock", ...clock }, "–"),
      make("td", { class: "member" }, (agent.queues ?? []).map((key) => this.#how.queues[key] ?? key).join("、")),
      make("td", { class: "caller" }, ...(call ? [lineBadge(call.line), callLink(call), call.direction === "out" ? make("small", {}, FLOOR.outgoing) : null] : []), isLost ? make("em", {}, QUEUE.unreachable) : null),
    ];
    if (this.#how.mayLead) cells.push(make("td", { class: "acts" }, ...this.#buttons(agent, asked, isOffline)));
    return cells;
  }

  #buttons(agent, asked, isOffline) {
    const name = this.#how.names[agent.id] ?? agent.id;
    const acts = [
      ["end-pause", "R", agent.state === "wrap_up" ? FLOOR.endWrapUp : FLOOR.endPause, !CAN_END_PAUSE.includes(agent.state), this.#how.endPause],
      ["sign-out", "X", FLOOR.signOut, isOffline, this.#how.signOutAgent],
    ];
    return acts.map(([act, key, label, isIdle, does]) => {
      const button = make("button", {
        type: "button", class: "small", tabindex: "-1", "data-act": act, "aria-keyshortcuts": key, "aria-label": `${label} ${name}`, disabled: isIdle || asked,
      }, label, make("kbd", { "aria-hidden": "true" }, key));
      button.addEventListener("click", () => does(agent.id));
      return button;
    });
  }
}

/** Who else is on the line, or shall be, and how far it is. */
function withThird(call) {
  const { stage, target } = call?.join ?? {};
  return target && stage !== "talk" ? FLOOR.third((STAGES[stage] ?? STAGES.none)({})[0], whoIs(target)) : "";
}

const callLink = (call) => make("a", { class: "call", href: `/calls?call=${encodeURIComponent(call.id)}`, target: "calls", tabindex: "-1" }, call.caller || FLOOR.hiddenNumber);

export function unanswered(desk) {
  return [...desk.calls.values()].filter((call) => UNANSWERED.includes(call.phase))
    .sort((a, b) => Number(b.urgent ?? false) - Number(a.urgent ?? false) || Number(!a.position) - Number(!b.position) || a.arrived_at - b.arrived_at);
}

/** Every queue of the city, also those that nobody has entered yet. */
export function queueRows(desk, names, isKnown) {
  const keys = [...new Set([...Object.keys(names), ...desk.queues.keys()])];
  return keys.map((key) => {
    const queue = desk.queues.get(key);
    const number = (value) => (isKnown ? String(value ?? 0) : "–");
    return make("tr", { "data-queue": key },
      make("th", { scope: "row" }, names[key] ?? key), make("td", { class: "figure" }, number(queue?.waiting)),
      make("td", { class: "figure", "data-since": queue?.longest_since ?? "", "data-wait": "" }, "–"), make("td", { class: "figure" }, number(queue?.ready)));
  });
}

export function summaries(desk) {
  const agents = [...desk.agents.values()];
  const count = (...states) => agents.filter((agent) => states.includes(agent.state)).length;
  const { waiting } = figures(desk);
  return {
    callers: waiting ? QUEUE.waiting(waiting) : QUEUE.none,
    agents: FLOOR.agents({ ready: count("ready"), ringing: count("ringing"), talking: count("talking", "held", "dialling"), wrap_up: count("wrap_up"), paused: count("paused") }),
  };
}
