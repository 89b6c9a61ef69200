// Owns the page of history: one question to both databases, rows of calls and tickets, and under an open call its course and sound.

import { get } from "./api.js";
import { showCall } from "./call_detail.js";
import { loadCatalogue, namesOf } from "./catalogue.js";
import { $, boot, fill, lineBadge, make, mark, write } from "./dom.js";
import { ownDay } from "./own_day.js";
import { OUTCOMES, PHASES } from "./texts.js";
import { HISTORY } from "./texts_pages.js";
import { dayEnd, dayStart, duration, fieldOf, moment, now } from "./times.js";
import "./top.js";

const LIMIT = 50;
const PAUSE_MS = 250;
const RETRY_MS = 3000;

const { acts, names: people, parties } = boot();
const form = $("#filters");
const body = $("#history");
let names = namesOf(null);
let isNamed = false;
let items = [];
let next = null;
let asking = 0;
let timer = 0, isWhole = true;

function query(after) {
  const { q, what, line, from, to, mine } = Object.fromEntries(new FormData(form));
  const params = new URLSearchParams(what);
  for (const [name, value] of Object.entries({ q: q.trim(), line, mine, since: from && dayStart(from), until: to && dayEnd(to), limit: LIMIT, after })) {
    if (value) params.set(name, value);
  }
  return params;
}

async function load({ more = false } = {}) {
  const mine = ++asking;
  clearTimeout(timer);
  try {
    const found = await get(`/api/history?${query(more ? next : "")}`);
    if (mine !== asking) return undefined;
    items = more ? [...items, ...found.items] : found.items;
    next = found.next;
    isWhole = !found.missing.length;
    write($("#history-notice"), found.missing.map((each) => HISTORY.missing[each]).join(""));
    show();
    if (found.missing.length) timer = setTimeout(load, RETRY_MS);
  } catch (error) {
    if (mine !== asking) return undefined;
    if (error.status === 401) return location.assign("/sign-in");
    write($("#history-notice"), error.status === 403 ? HISTORY.denied : error.isNetwork ? HISTORY.failed : error.message);
    if (error.isNetwork) timer = setTimeout(load, RETRY_MS);
  }
  return undefined;
}

function show() {
  const { q, what, line, from, to } = Object.fromEntries(new FormData(form));
  write($("#history-count"), items.length ? HISTORY.count(items.length, Boolean(next)) : "");
  $("#btn-more").disabled = !next;
  mark($("#btn-more"), "shown", Boolean(next));
  const nothing = !isWhole ? HISTORY.unknown : [q, what, line, from, to].some(Boolean) ? HISTORY.noMatch : HISTORY.none;
  fill(body, [items, isNamed, nothing], () => (items.length ? items.map(rowOf) : [make("tr", { class: "none" }, make("td", { colspan: 9 }, nothing))]));
}

function rowOf(item) {
  return item.kind === "call" ? callRow(item) : ticketRow(item);
}

const agentOf = (call) => (call?.agent ? [call.agent, people[call.agent]].filter(Boolean).join(" ") : "–");
const talk = (call) => (call?.answered_at ? (call.ended_at ? duration(call.ended_at - call.answered_at) : "…") : "–");
const sound = (call) => make("td", { class: "has-recording" }, call?.recording ? HISTORY.has : "");
const ticketLink = (ticket) => make("a", { href: `/tickets/${encodeURIComponent(ticket.number)}`, target: "tickets" }, ticket.title || ticket.number);

function callRow({ call, tickets }) {
  const words = call.state === "ended" ? OUTCOMES[call.outcome] ?? PHASES.ended : PHASES[call.state] ?? HISTORY.running;
  return make("tr", { class: "call", "data-kind": "call", "data-call-id": call.call_id, "data-open": "false" },
    make("td", {}, opener(HISTORY.call, call.arrived_at)), make("td", { class: "kind" }, HISTORY.call), make("td", {}, lineBadge(call.line)),
    make("td", { class: "number" }, call.caller ?? "–", call.direction === "out" ? make("small", {}, HISTORY.out) : null),
    make("td", { class: "content" }, ...tickets.flatMap((each, at) => (at ? ["；", ticketLink(each)] : [ticketLink(each)]))),
    make("td", { "data-outcome": call.outcome ?? call.state }, words), make("td", { class: "agent" }, agentOf(call)), make("td", { class: "figure" }, talk(call)), sound(call));
}

function ticketRow({ ticket, call }) {
  return make("tr", { class: call ? "call" : "", "data-kind": "ticket", "data-number": ticket.number, "data-call-id": call?.call_id, "data-left": ticket.left, "data-open": "false" },
    make("td", {}, call ? opener(HISTORY.ticket, ticket.created_at) : moment(ticket.created_at)), make("td", { class: "kind" }, HISTORY.ticket),
    make("td", {}, ticket.line ? lineBadge(ticket.line) : names.name("sources", ticket.source)), make("td", { class: "number figure" }, ticket.number),
    make("td", { class: "content" }, ticketLink(ticket)), make("td", { class: "stage" }, names.name("stages", ticket.stage)),
    make("td", {}, names.name("units", ticket.unit) || (call ? agentOf(call) : "–")), make("td", { class: "figure" }, talk(call)), sound(call));
}

const opener = (kind, at) => make("button", { type: "button", class: "open", "aria-expanded": "false", "aria-label": HISTORY.rowName(kind, moment(at)) }, moment(at));

function toggle(tr, open = tr.dataset.open !== "true") {
  for (const other of body.querySelectorAll('tr[data-open="true"]')) {
    mark(other, "open", false);
    other.querySelector("button.open")?.setAttribute("aria-expanded", "false");
    if (other.nextElementSibling?.matches("tr.detail")) other.nextElementSibling.remove();
  }
  if (!open || !tr.dataset.callId) return;
  mark(tr, "open", true);
  tr.querySelector("button.open").setAttribute("aria-expanded", "true");
  const place = make("div", { class: "detail-body" });
  tr.after(make("tr", { class: "detail" }, make("td", { colspan: 9 }, place)));
  showCall(tr.dataset.callId, place, parties);
}

body.addEventListener("click", (event) => {
  const tr = event.target.closest("tr[data-kind]");
  if (!tr || event.target.closest("a") || getSelection().toString()) return;
  if (tr.dataset.callId) toggle(tr);
  else tr.querySelector("td.content a").click();
});

const stops = () => [...body.querySelectorAll("tr[data-kind]")].map((tr) => tr.querySelector("button.open, td.content a"));

addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  if (event.key === "Escape" && body.contains(event.target)) $("#filter-q").focus();
  else if (step && (event.target === $("#filter-q") || body.contains(event.target))) {
    const all = stops(), at = all.indexOf(event.target.closest("tr[data-kind]")?.querySelector("button.open, td.content a"));
    if (at + step < 0) $("#filter-q").focus();
    else all[Math.min(all.length - 1, at + step)]?.focus();
  } else return;
  event.preventDefault();
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  load();
});
form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(load, PAUSE_MS);
});
form.addEventListener("reset", () => setTimeout(load, 0));
$("#btn-more").addEventListener("click", () => load({ more: true }));

/** Stages and units have their names from the catalogue; the list does not wait for it. */
async function learnNames() {
  const catalogue = await loadCatalogue();
  names = namesOf(catalogue);
  isNamed = true;
  $("#stages")?.append(...catalogue.stages.map(({ key, name }) => make("option", { value: `stage=${key}` }, name)));
  show();
}

// The link "own day" of the desk: today's own calls and tickets.
if (new URLSearchParams(location.search).has("mine") && form.elements.mine) {
  form.elements.mine.checked = true;
  form.elements.from.value = fieldOf(now()).slice(0, 10);
}
if ($("#own-day")) ownDay($("#own-day"));
load();
if (acts.includes("see_tickets")) learnNames().catch(() => {}); // who may not read the catalogue sees keys
