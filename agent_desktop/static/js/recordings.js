// Owns the page of recordings: what is looked for, the rows that fit, and under an open row its course and its player.

import { get } from "./api.js";
import { showCall } from "./call_detail.js";
import { $, boot, fill, lineBadge, make, mark, write } from "./dom.js";
import { CLASSES } from "./texts_keeping.js";
import { FOUND } from "./texts_recordings.js";
import { dayEnd, dayStart, duration, fullMoment, moment } from "./times.js";
import "./top.js";

const LIMIT = 50, PAUSE_MS = 300, RETRY_MS = 3000, COLUMNS = 10;
const { names: people, parties } = boot();
const form = $("#filters"), body = $("#recordings"), first = $("#filter-caller");
let rows = [], next = null, lookedUntil = null, asking = 0, timer = 0;

function query(before) {
  const told = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
  const { shortest, longest, from, to, ...same } = told;
  const params = new URLSearchParams({ limit: LIMIT });
  const seconds = (minutes) => (minutes === "" ? "" : Math.round(Number(minutes) * 60));
  const wanted = { ...same, shortest_s: seconds(shortest), longest_s: seconds(longest), since: from && dayStart(from), until: to && dayEnd(to), before };
  for (const [name, value] of Object.entries(wanted)) if (value != null && value !== "") params.set(name, value);
  return params;
}

const isAsked = () => [...new FormData(form)].some(([, value]) => value.trim());

async function load({ more = false } = {}) {
  const mine = ++asking;
  clearTimeout(timer);
  try {
    const found = await get(`/api/recordings?${query(more ? next : null)}`);
    if (mine !== asking) return;
    rows = more ? [...rows, ...found.recordings] : found.recordings;
    next = found.next;
    lookedUntil = found.looked_until;
    write($("#found-notice"), "");
    show();
  } catch (error) {
    if (mine !== asking) return;
    if (error.status === 401) return location.assign("/sign-in");
    write($("#found-notice"), error.isNetwork ? FOUND.failed : error.message);
    if (error.isNetwork) timer = setTimeout(load, RETRY_MS);
    else if (!more) {
      rows = [];
      next = lookedUntil = null;
      show(FOUND.refused);
    }
  }
}

function show(nothing = isAsked() ? FOUND.noMatch : FOUND.none) {
  write($("#found-count"), rows.length ? FOUND.count(rows.length, Boolean(next)) : "");
  write($("#looked"), lookedUntil == null ? "" : FOUND.looked(fullMoment(lookedUntil)));
  $("#btn-more").disabled = !next;
  mark($("#btn-more"), "shown", Boolean(next));
  write($("#btn-more"), lookedUntil == null ? FOUND.older : FOUND.lookOn);
  if (!rows.length && next) nothing = FOUND.notYet;
  fill(body, [rows, nothing], () => (rows.length ? rows.map(rowOf) : [make("tr", { class: "none" }, make("td", { colspan: COLUMNS }, nothing))]));
}

function rowOf(row) {
  const at = row.arrived_at ?? row.started_at;
  const opener = make("button", { type: "button", class: "open", "aria-expanded": "false", "aria-label": FOUND.rowName(moment(at)) }, moment(at));
  const tickets = row.tickets.flatMap(({ number }, place) => [place ? "；" : null, make("a", { href: `/tickets/${encodeURIComponent(number)}`, target: "tickets", class: "figure" }, number)]);
  const kept = row.holds.length ? make("td", { class: "held", title: row.holds.join("、") }, FOUND.held) : make("td", {}, row.keep_until == null ? "–" : fullMoment(row.keep_until - 1).split(" ")[0]);
  return make("tr", { class: "call", "data-call-id": row.call_id, "data-open": "false" },
    make("td", {}, opener), make("td", {}, lineBadge(row.line)),
    make("td", { class: "number" }, row.caller || "–", row.direction === "out" ? make("small", {}, FOUND.out) : null),
    make("td", { class: "agent" }, [row.agent, people[row.agent]].filter(Boolean).join(" ") || "–"),
    make("td", { class: "third", title: row.thirds.join("、") }, row.thirds.join("、") || "–"),
    make("td", { class: "figure" }, duration(row.length_s)), make("td", { class: "class", "data-class": row.klass }, CLASSES[row.klass] ?? row.klass),
    make("td", { class: "tickets" }, ...tickets), kept, make("td", { "data-state": row.state }, FOUND.states[row.state] ?? row.state));
}

function toggle(tr, open = tr.dataset.open !== "true") {
  for (const other of body.querySelectorAll('tr[data-open="true"]')) {
    mark(other, "open", false);
    other.querySelector("button.open").setAttribute("aria-expanded", "false");
    if (other.nextElementSibling?.matches("tr.detail")) other.nextElementSibling.remove();
  }
  if (!open) return;
  mark(tr, "open", true);
  tr.querySelector("button.open").setAttribute("aria-expanded", "true");
  const place = make("div", { class: "detail-body" });
  tr.after(make("tr", { class: "detail" }, make("td", { colspan: COLUMNS }, place)));
  showCall(tr.dataset.callId, place, parties);
}

body.addEventListener("click", (event) => {
  const tr = event.target.closest("tr[data-call-id]");
  if (tr && !event.target.closest("a") && !getSelection().toString()) toggle(tr);
});

addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const isField = event.target.matches("input, select, textarea, .player *");
  if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  if (event.key === "/" && !isField) first.focus();
  else if (event.key === "Escape" && body.contains(event.target)) first.focus();
  else if (step && (event.target === first || (body.contains(event.target) && !isField))) {
    const all = [...body.querySelectorAll("button.open")], at = all.indexOf(event.target.closest("tr[data-call-id]")?.querySelector("button.open"));
    if (at + step < 0) first.focus();
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
$("#classes").append(...Object.entries(CLASSES).map(([key, name]) => make("option", { value: key }, name)));
// A link may bring what is looked for: /recordings?hold=... of the page of keeping.
for (const [name, value] of new URLSearchParams(location.search)) {
  const field = form.elements[name];
  if (field?.type === "checkbox") field.checked = value === field.value;
  else if (field) field.value = value;
}
load();
