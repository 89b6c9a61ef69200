// Owns the queue as this person may see it: a row for each line in the bar, who waits, and for a supervisor each agent as a row.

import { $, boot, fill, lineBadge, make, mark, write } from "./dom.js";
import { isLiveSure } from "./notices.js";
import { pauseName } from "./state.js";
import { AGENT_STATES, PHASES, QUEUE } from "./texts.js";
import { duration, now } from "./times.js";

const LONG_WAIT_S = 60; // from here the longest wait changes its shape, not only its colour
const ORDER = ["ringing", "talking", "held", "wrap_up", "paused", "ready", "offline"];

export class Queue {
  #store;
  #me;
  #leads; // sees the whole floor, also with a telephone of one's own
  #waits = {}; // by line, as last shown

  constructor(store) {
    const { me, acts } = boot();
    this.#store = store;
    this.#me = me.extension;
    this.#leads = acts.includes("see_day");
    store.watch((desk) => this.#show(desk));
  }

  tick() {
    for (const node of document.querySelectorAll("[data-since]")) write(node, duration(now() - Number(node.dataset.since)));
    for (const row of document.querySelectorAll("#queue-now tr[data-line]")) {
      const since = this.#waits[row.dataset.line]?.longest_since;
      write(row.querySelector(".longest"), since ? duration(now() - since) : "–");
      mark(row, "late", isLate(since, now()));
    }
  }

  #show(desk) {
    const queues = ownQueues(desk.queues, this.#leads ? null : desk.agents.get(this.#me));
    this.#waits = waitsByLine([...queues.values()]);
    mark($("#queue-now"), "sure", isLiveSure(desk));
    for (const row of document.querySelectorAll("#queue-now tr[data-line]")) {
      const waiting = this.#waits[row.dataset.line]?.waiting ?? 0;
      write(row.querySelector(".count"), isKnown(desk) ? String(waiting) : QUEUE.unknown);
      mark(row, "some", waiting > 0);
    }
    const callers = waitingCalls(desk).filter((call) => !call.queue || queues.has(call.queue));
    fill($("#waiting"), callers.length ? callers : isKnown(desk), () => (callers.length ? callers.map(waitingRow) : [make("li", { class: "none" }, isKnown(desk) ? QUEUE.noWaiting : QUEUE.unknownWaiting)]));
    const body = $("#agents");
    if (body) this.#showAgents(body, desk);
    this.tick();
  }

  #showAgents(body, desk) {
    const agents = [...desk.agents.values()].sort((a, b) => rank(a) - rank(b) || String(a.id).localeCompare(String(b.id)));
    const rows = agents.map((agent) => ({ ...agent, call: desk.calls.get(agent.call_id) ?? null, why: pauseName(desk, agent.reason) }));
    const busy = agents.filter((a) => ["ringing", "talking", "held", "wrap_up"].includes(a.state)).length;
    const count = (state) => agents.filter((a) => a.state === state && a.reachable !== false).length;
    write($("#agents-summary"), agents.length ? QUEUE.summary(count("ready"), busy, count("paused")) : "");
    fill(body, rows, () => (rows.length ? rows.map(agentRow) : [make("tr", {}, make("td", { colspan: 4, class: "none" }, QUEUE.noAgents))]));
  }
}

/** Nobody waits, or nobody could tell us yet: never the first when it is the second. */
const isKnown = (desk) => desk.link.everUp && (isLiveSure(desk) || desk.queues.size > 0);
const rank = (agent) => (ORDER.includes(agent.state) ? ORDER.indexOf(agent.state) : ORDER.length);
const since = (at) => make("span", { class: "clock", "data-since": at ?? "" });

/** A wait that has lasted so long is told by shape and colour; moments in epoch s. Pure. */
export const isLate = (since, at) => since != null && at - since >= LONG_WAIT_S;

/** The queues that ring this agent; all of them for whom none rings. Pure. */
export function ownQueues(queues, agent) {
  const own = new Set(agent?.queues ?? []);
  return own.size ? new Map([...queues].filter(([key]) => own.has(key))) : queues;
}

/** Of each line, over these queues: how many wait, and since when the longest does (epoch s, null for nobody). Pure. */
export function waitsByLine(queues) {
  const told = {};
  for (const [line, { waiting, longest_since: since }] of queues.flatMap((queue) => Object.entries(queue.lines ?? {}))) {
    const before = told[line] ?? { waiting: 0, longest_since: null };
    told[line] = { waiting: before.waiting + waiting, longest_since: Math.min(before.longest_since ?? Infinity, since) };
  }
  return told;
}

export function figures(desk) {
  const queues = [...desk.queues.values()];
  const starts = queues.map((q) => q.longest_since).filter(Boolean);
  return { waiting: queues.reduce((sum, q) => sum + (q.waiting ?? 0), 0), longest: starts.length ? Math.min(...starts) : null };
}

/** One list over all queues, each queue in its own order; of those who are next, who waits longest goes first. Who is in none comes last. */
function waitingCalls(desk) {
  const queues = new Map();
  const calls = [...desk.calls.values()].filter((c) => ["waiting", "greeting", "duty", "party"].includes(c.phase));
  for (const call of calls.sort((a, b) => (a.position ?? 999) - (b.position ?? 999) || waitsSince(a) - waitsSince(b))) {
    const key = call.position == null ? "" : call.queue;
    queues.set(key, [...(queues.get(key) ?? []), call]);
  }
  const outside = queues.get("") ?? [];
  queues.delete("");
  const merged = [];
  for (let fronts = [...queues.values()]; fronts.length; fronts = fronts.filter((callers) => callers.length)) {
    fronts.sort(([a], [b]) => Boolean(b.head) - Boolean(a.head) || waitsSince(a) - waitsSince(b));
    merged.push(fronts[0].shift());
  }
  return [...merged, ...outside];
}
const waitsSince = (call) => call.queued_at ?? call.arrived_at;

function waitingRow(call) {
  return make("li", { "data-call-id": call.id }, lineBadge(call.line),
    make("span", { class: "caller" }, call.caller || ""),
    make("span", { class: "phase" }, call.phase === "waiting" ? "" : PHASES[call.phase]), since(call.arrived_at));
}

function agentRow(agent) {
  const words = AGENT_STATES[agent.state] ?? agent.state;
  const reason = agent.state === "paused" ? agent.why : "";
  const isLost = agent.reachable === false && agent.state !== "offline";
  return make("tr", { "data-agent": agent.id, "data-state": agent.state },
    make("th", { scope: "row" }, agent.id, agent.name ? make("span", { class: "name" }, agent.name) : null),
    make("td", { class: "state" }, make("i", { "aria-hidden": "true" }), reason && reason !== words ? reason : words),
    make("td", { class: "clock" }, agent.since && agent.state !== "offline" ? since(agent.since) : "–"),
    make("td", { class: "caller" }, agent.call ? lineBadge(agent.call.line) : null, agent.call?.caller ?? "", isLost ? make("em", {}, QUEUE.unreachable) : null));
}
