// Owns the list of calls: filters, rows, and under an open row its course and its recording.

import { get } from "./api.js";
import { showCall } from "./call_detail.js";
import { $, boot, fill, lineBadge, make, mark, write } from "./dom.js";
import { CALLS, DIRECTIONS, ENDED_BY, OUTCOMES, PHASES } from "./texts.js";
import { dayEnd, dayStart, duration, moment } from "./times.js";
import "./top.js";

const LIMIT = 50;
const REFRESH_MS = 10000;
const FILTER_PAUSE_MS = 300;
const RETRY_MS = 3000;

const { parties } = boot();
const form = $("#filters");
const body = $("#calls");
let rows = [];
let next = null;
let opened = new URLSearchParams(location.search).get("call");
let linked = null; // the call of the page's address, where it is not among the newest
let asking = 0;
let timer = 0;

function query(before) {
  const { caller = "", line, state, day } = Object.fromEntries(new FormData(form));
  const wanted = { caller: caller.replace(/[^+\d]/g, ""), line, state, limit: LIMIT };
  if (day) Object.assign(wanted, { since: dayStart(day), before: `${dayEnd(day)}~0` });
  if (before) wanted.before = before;
  return new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== "" && value != null)).toString();
}

async function load({ more = false } = {}) {
  const mine = ++asking;
  clearTimeout(timer);
  try {
    const answer = await get(`/api/calls?${query(more ? next : null)}`);
    if (mine !== asking) return;
    rows = more ? [...rows, ...answer.calls] : answer.calls;
    if (opened && !linked && !rows.some(isOpened)) linked = await get(`/api/calls/${encodeURIComponent(opened)}`).catch(() => null); // unknown: the list alone
    if (mine !== asking) return;
    if (linked && isOpened(linked) && !rows.some(isOpened)) rows = [linked, ...rows];
    next = answer.next ?? null;
    tell("");
    show();
    if (rows.length <= LIMIT) timer = setTimeout(load, REFRESH_MS); // a list scrolled further is left alone
  } catch (error) {
    if (mine !== asking) return;
    if (error.status === 401) return location.assign("/sign-in");
    tell(error.status === 403 ? CALLS.denied : error.isNetwork ? CALLS.failed : error.message);
    timer = setTimeout(load, RETRY_MS);
  }
}

function isOpened(call) {
  return call.call_id === opened;
}

function tell(text) {
  write($("#calls-notice"), text);
}

function show() {
  const isFiltered = ["caller", "line", "state", "day"].some((name) => form.elements[name].value);
  write($("#calls-count"), rows.length ? CALLS.count(rows.length, Boolean(next)) : "");
  $("#btn-more").disabled = !next;
  mark($("#btn-more"), "shown", Boolean(next));
  if (!rows.length) {
    fill(body, isFiltered, () => [make("tr", { class: "none" }, make("td", { colspan: 8 }, isFiltered ? CALLS.noMatch : CALLS.none))]);
    return;
  }
  body.querySelector("tr.none")?.remove();
  delete body.dataset.signature;
  const kept = new Map([...body.querySelectorAll("tr.call")].map((tr) => [tr.dataset.callId, tr]));
  const wanted = rows.map((call) => {
    const tr = kept.get(call.call_id) ?? make("tr", { class: "call", "data-call-id": call.call_id, "data-open": "false" });
    kept.delete(call.call_id);
    fill(tr, call, () => cells(call));
    return tr;
  });
  const details = new Map([...body.querySelectorAll("tr.detail")].map((tr) => [tr.dataset.of, tr]));
  for (const [id, tr] of kept) {
    tr.remove();
    details.get(id)?.remove();
  }
  let place = body.firstElementChild;
  for (const tr of wanted) {
    // Rows in place are not touched: an element that moves in the page loses its focus and its sound.
    if (tr === place) place = place.nextElementSibling;
    else body.insertBefore(tr, place);
    const detail = details.get(tr.dataset.callId);
    if (detail && detail === place) place = place.nextElementSibling;
    else if (detail) tr.after(detail);
  }
  if (opened && !details.has(opened)) toggle(opened, true);
}

function cells(call) {
  const from = call.arrived_at; // the menu counts as waiting
  const until = call.answered_at ?? call.ended_at;
  const isOver = call.state === "ended";
  return [
    make("td", {}, make("button", { type: "button", class: "open", "aria-expanded": String(call.call_id === opened), "aria-label": CALLS.rowName(moment(call.arrived_at)) }, moment(call.arrived_at))),
    make("td", {}, lineBadge(call.line)),
    make("td", { class: "number" }, call.caller ?? "–", call.direction === "out" ? make("small", {}, DIRECTIONS.out) : null),
    make("td", { class: "agent" }, call.agent ?? "–"),
    make("td", { class: "figure" }, until ? duration(until - from) : isOver ? "–" : "…"),
    make("td", { class: "figure" }, call.answered_at && call.ended_at ? duration(call.ended_at - call.answered_at) : call.answered_at ? "…" : "–"),
    make("td", { class: "outcome", "data-outcome": call.outcome ?? call.state }, isOver ? OUTCOMES[call.outcome] ?? PHASES.ended : PHASES[call.state] ?? call.state,
      isOver && call.ended_by && call.outcome !== "abandoned" && (call.direction !== "out" || call.answered_at) ? make("small", {}, ENDED_BY[call.ended_by] ?? "") : null),
    make("td", { class: "has-recording" }, call.recording ? make("span", { }, CALLS.has) : ""),
  ];
}

function setOpen(tr, is) {
  mark(tr, "open", is);
  tr.querySelector("button.open")?.setAttribute("aria-expanded", String(is));
}

async function toggle(id, open) {
  const tr = body.querySelector(`tr.call[data-call-id="${CSS.escape(id)}"]`);
  if (!tr) return;
  const isOpen = tr.dataset.open === "true";
  if (open ?? !isOpen) {
    if (isOpen) return;
    body.querySelectorAll('tr.call[data-open="true"]').forEach((other) => toggle(other.dataset.callId, false));
    opened = id;
    setOpen(tr, true);
    const detail = make("tr", { class: "detail", "data-of": id }, make("td", { colspan: 8 }, make("div", { class: "detail-body" }, CALLS.loading)));
    tr.after(detail);
    await showCall(id, detail.querySelector(".detail-body"), parties);
  } else {
    if (opened === id) opened = null;
    setOpen(tr, false);
    if (tr.nextElementSibling?.dataset.of === id) tr.nextElementSibling.remove();
  }
}

body.addEventListener("click", (event) => {
  const tr = event.target.closest("tr.call");
  if (tr && !getSelection().toString()) toggle(tr.dataset.callId);
});

body.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches("button.open")) return;
  const buttons = [...body.querySelectorAll("button.open")];
  event.preventDefault();
  buttons[buttons.indexOf(event.target) + step]?.focus();
});

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(load, FILTER_PAUSE_MS);
});
form.addEventListener("reset", () => setTimeout(load, 0));
$("#btn-more").addEventListener("click", () => load({ more: true }));

load();
