// Owns the page of tickets: what is sought, the list by time left, views of one's own, many sent to a unit at once, keys.

import { get, post, put, remove } from "./api.js";
import { loadCatalogue, namesOf, ofAllLines, unitItems } from "./catalogue.js";
import { Combobox } from "./combobox.js";
import { $, boot, fill, lineBadge, make, mark, write } from "./dom.js";
import { left, untilShort } from "./limits.js";
import { TicketNotices } from "./ticket_notices.js";
import { FORM, LIST } from "./texts_ticket.js";
import { moment } from "./times.js";
import { twice } from "./twice.js";
import "./top.js";

const REFRESH_MS = 15000;
const MANY = ["stage", "line", "source", "klass", "field", "area", "topic"]; // may stand several times in a query
const TYPING_MS = 300;
const AT_ONCE_S = 60;
const PAGE = 60;
const PICKED = ["klass", "field", "area", "unit"];
const { acts } = boot();
const isCentre = acts.includes("see_tickets"), mayDispatch = acts.includes("dispatch_ticket");
const form = $("#filters"), body = $("#tickets");

// Each view is a query; the count beside it is a stage's or a nearness' of all open tickets.
const VIEWS = isCentre
  ? [["open", { open: "true" }, (c) => c.total], ["accepted", { stage: ["accepted"] }, (c) => c.by_stage.accepted], ["late", { open: "true", left: "late" }, (c) => c.by_left.late],
    ["today", { open: "true", left: "today" }, (c) => c.by_left.today], ["returned", { stage: ["return_asked"] }, (c) => c.by_stage.return_asked], ["replied", { stage: ["replied"] }, (c) => c.by_stage.replied],
    ["checked", { stage: ["checked"] }, (c) => c.by_stage.checked], ["closed", { stage: ["closed"] }], ["mine", { mine: "true", sort: "newest" }], ["all", { sort: "newest" }]]
  : [["open", { open: "true" }, (c) => c.total], ["dispatched", { stage: ["dispatched"] }, (c) => c.by_stage.dispatched], ["doing", { stage: ["signed", "in_hand"] }, (c) => (c.by_stage.signed ?? 0) + (c.by_stage.in_hand ?? 0)],
    ["late", { open: "true", left: "late" }, (c) => c.by_left.late], ["today", { open: "true", left: "today" }, (c) => c.by_left.today], ["all", { sort: "newest" }]];
const LATE_VIEWS = ["late"];

let catalogue = null, names = namesOf(null);
let query = fromAddress() ?? { ...VIEWS[0][1] };
let rows = [], next = null, total = null, openCounts = null;
let chosen = new Map(); // number -> version of what is ticked
let failures = new Map(); // number -> why it was not dispatched
let own = []; // saved filters
let asked = 0, timer = 0;
const picks = Object.fromEntries(PICKED.map((name) => [name, new Combobox(form.elements[name], { chosen: (key) => change(name, MANY.includes(name) && key ? [key] : key), none: FORM.noChoice })]));

// ---- what is sought -------------------------------------------------------------------------------------------------

function fromAddress() {
  const told = new URLSearchParams(location.search);
  if (![...told].length) return null;
  const found = {};
  for (const name of new Set(told.keys())) found[name] = MANY.includes(name) ? told.getAll(name) : told.get(name);
  return found;
}

function asParams(wanted = query) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) for (const each of [value].flat()) if (each) params.append(name, each);
  return params;
}

function change(name, value) {
  query = { ...query, [name]: value };
  if (!value || (Array.isArray(value) && !value.length)) delete query[name];
  moved();
}

function moved() {
  const params = asParams();
  history.replaceState(null, "", params.size ? `?${params}` : location.pathname);
  chosen.clear();
  failures.clear();
  write($("#tickets-notice"), "");
  showQuery();
  load();
}

function showQuery() {
  for (const part of form.elements) {
    if (!part.name) continue;
    const value = [query[part.name] ?? ""].flat();
    if (picks[part.name]) picks[part.name].value = value.length === 1 ? value[0] : "";
    else if (part.type === "checkbox") part.checked = value[0] === "true";
    else if (part !== document.activeElement) part.value = value.length === 1 ? value[0] || (part.name === "sort" ? "due" : "") : "";
  }
  const now = asParams().toString();
  for (const button of document.querySelectorAll(".views button[data-query]")) button.setAttribute("aria-pressed", String(button.dataset.query === now));
  for (const kind of ["csv", "xlsx"]) if ($(`#export-${kind}`)) $(`#export-${kind}`).href = `/api/tickets/export.${kind}?${now}`;
}

// ---- the list -------------------------------------------------------------------------------------------------------

async function load({ more = false } = {}) {
  clearTimeout(timer);
  const mine = (asked += 1);
  const params = asParams();
  const q = params.get("q")?.trim();
  params.set("limit", String(more ? PAGE : Math.max(PAGE, Math.min(200, rows.length))));
  if (more && next) params.set("after", next);
  try {
    const found = await get(`/api/tickets${q ? "/search" : ""}?${params}`);
    if (mine !== asked) return undefined;
    rows = more ? [...rows, ...found.tickets] : found.tickets;
    next = found.next;
    if ($("#tickets-notice").dataset.kind === "away") tell("");
    show();
    count();
  } catch (error) {
    if (error.status === 401) return location.assign("/sign-in");
    if (mine === asked) tell(error.isNetwork ? LIST.failed : error.message || LIST.failed, "away");
  }
  timer = setTimeout(load, REFRESH_MS);
  return undefined;
}

async function count() {
  try {
    const wanted = asParams();
    for (const name of ["sort", "limit", "after"]) wanted.delete(name);
    const [all, open] = await Promise.all([query.q ? null : get(`/api/tickets/counts?${wanted}`), get("/api/tickets/counts?open=true")]);
    total = all?.total ?? null;
    openCounts = open;
    showViews();
    showCount();
  } catch {
    // the list itself is there; the figures come with the next round
  }
}

function show() {
  const focused = document.activeElement?.closest?.("tr[data-number]")?.dataset.number;
  const which = document.activeElement?.matches?.("input") ? "input" : "a";
  const shown = [rows, [...chosen.keys()], [...failures], Boolean(catalogue), Math.floor(Date.now() / 60000)];
  fill(body, shown, () => (rows.length ? rows.flatMap(rowOf) : [make("tr", { class: "none" }, make("td", { colspan: 10 }, Object.keys(query).some((name) => !["open", "sort"].includes(name)) ? LIST.noMatch : LIST.none))]));
  if (focused && !body.contains(document.activeElement)) (body.querySelector(`tr[data-number="${focused}"] ${which}`) ?? body.querySelector("a"))?.focus();
  $("#btn-more").hidden = !next;
  showBulk();
  showCount();
}

/** Urgent, safety and named-topic matters go out at once: their limit is the moment they were taken on. */
const isAtOnce = (ticket) => ticket.stage === "accepted" && ticket.due_at - ticket.created_at < AT_ONCE_S;

function rowOf(ticket) {
  const tick = mayDispatch ? make("td", { class: "pick-row" }, ticket.stage === "accepted" ? make("input", { type: "checkbox", checked: chosen.has(ticket.number), "aria-label": LIST.rowName(ticket.number) }) : null) : null;
  const flags = [ticket.is_urgent ? LIST.urgent : "", ticket.is_safety ? LIST.safety : "", names.name("topics", ticket.topic)].filter(Boolean);
  const tr = make("tr", { "data-number": ticket.number, "data-left": ticket.left, "data-stage": ticket.stage }, ...[tick,
    make("td", { class: "due figure" }, ticket.due_at == null ? "–" : make("b", {}, isAtOnce(ticket) ? LIST.atOnce : left(ticket.due_at)), ticket.due_at == null ? null : make("small", {}, untilShort(ticket.due_at)), ticket.is_provisional ? make("em", {}, LIST.provisional) : null),
    make("td", { class: "stage" }, names.name("stages", ticket.stage)), make("td", { class: "number figure" }, ticket.number), make("td", {}, ticket.line ? lineBadge(ticket.line) : names.name("sources", ticket.source)),
    make("td", { class: "klass" }, names.klass(ticket.line, ticket.klass) || "–", ticket.field ? make("small", {}, names.field(ticket.line, ticket.field)) : null),
    make("td", { class: "title" }, make("a", { href: `/tickets/${encodeURIComponent(ticket.number)}` }, ticket.title || LIST.rowName(ticket.number)), ...flags.map((flag) => make("mark", {}, flag))),
    make("td", {}, names.name("areas", ticket.area) || "–"), make("td", { class: "unit" }, names.name("units", ticket.unit) || "–"), make("td", { class: "when figure" }, moment(ticket.created_at))].filter(Boolean));
  const why = failures.get(ticket.number);
  return why ? [tr, make("tr", { class: "why" }, make("td", { colspan: 10 }, `${ticket.number}：${why}`))] : [tr];
}

function showCount() {
  write($("#tickets-count"), total === null ? LIST.count(rows.length) : LIST.total(rows.length, total));
}

function showViews() {
  const button = (name, words, wanted, count) => {
    const node = make("button", { type: "button", "data-query": asParams(wanted).toString(), "data-view": name, "aria-pressed": "false", "data-weight": count && LATE_VIEWS.includes(name) ? "late" : "" }, words, count == null ? null : make("b", { class: "figure" }, String(count)));
    node.addEventListener("click", () => {
      query = { ...wanted };
      moved();
    });
    return node;
  };
  fill($("#views"), openCounts, () => VIEWS.map(([name, wanted, counts]) => button(name, LIST.views[name], wanted, openCounts && counts ? counts(openCounts) ?? 0 : null)));
  fill($("#own-views"), own, () => own.map((view) => make("span", { class: "own" }, button("", view.name, view.query), twice("×", () => forget(view.name), { class: "plain", "aria-label": LIST.removeView(view.name) }))));
  showQuery();
}

function tell(words, kind = "done") {
  write($("#tickets-notice"), words);
  mark($("#tickets-notice"), "kind", kind);
}

// ---- views of one's own ---------------------------------------------------------------------------------------------

async function loadOwn() {
  own = (await get("/api/tickets/filters").catch(() => ({ filters: own }))).filters;
  showViews();
}

async function keep(work, done) {
  try {
    await work();
    tell(done);
    await loadOwn();
  } catch (error) {
    tell(error.message || LIST.failed, "trouble");
  }
}

const forget = (name) => keep(() => remove(`/api/tickets/filters/${encodeURIComponent(name)}`), LIST.removed(name));

function save() {
  const name = $("#view-name").value.trim();
  if (!name) {
    tell(LIST.nameFirst, "soon");
    return $("#view-name").focus();
  }
  $("#view-name").value = "";
  return keep(() => put(`/api/tickets/filters/${encodeURIComponent(name)}`, { query }), LIST.saved(name));
}

// ---- many at once ---------------------------------------------------------------------------------------------------

const bulk = $("#bulk");
const bulkUnit = bulk && new Combobox(bulk.elements.unit, { none: FORM.noChoice });

function tick(number, is) {
  const ticket = rows.find((row) => row.number === number);
  if (!ticket || ticket.stage !== "accepted") return;
  if (is) chosen.set(number, ticket.version);
  else chosen.delete(number);
  failures.delete(number);
  show();
}

function showBulk() {
  if (!bulk) return;
  for (const number of chosen.keys()) if (rows.find((row) => row.number === number)?.stage !== "accepted") chosen.delete(number);
  mark(bulk, "some", chosen.size > 0);
  write($("#bulk-count"), LIST.selected(chosen.size));
  for (const part of bulk.elements) part.disabled = !chosen.size;
  const able = rows.filter((row) => row.stage === "accepted");
  $("#pick-all").checked = Boolean(able.length) && able.every((row) => chosen.has(row.number));
  $("#pick-all").disabled = !able.length;
}

async function dispatch(event) {
  event.preventDefault();
  if (!bulkUnit.value) {
    tell(LIST.pickUnit, "soon");
    return bulkUnit.input.focus();
  }
  $("#btn-bulk").disabled = true;
  const note = bulk.elements.note.value.trim();
  try {
    const { results } = await post("/api/tickets/acts", {
      act: "dispatch", facts: { unit: bulkUnit.value, ...(note ? { note } : {}) }, tickets: [...chosen].map(([number, version]) => ({ number, version })),
    });
    const failed = results.filter((result) => !result.ok);
    failures = new Map(failed.map((result) => [result.number, result.message]));
    chosen.clear();
    await load();
    for (const { number } of failed) if (rows.find((row) => row.number === number)?.stage === "accepted") chosen.set(number, rows.find((row) => row.number === number).version);
    tell([LIST.bulkDone(results.length - failed.length), failed.length ? LIST.bulkFailed(failed.length) : ""].join(""), failed.length ? "trouble" : "done");
    bulk.reset();
    bulkUnit.value = "";
    show();
  } catch (error) {
    tell(error.message || LIST.failed, "trouble");
    showBulk();
  }
  return undefined;
}

// ---- hands ----------------------------------------------------------------------------------------------------------

function pressed(event) {
  const isTyping = event.target.matches?.("input:not([type=checkbox]), select, textarea");
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const row = event.target.closest?.("tr[data-number]");
  if (step && !isTyping) {
    const all = [...body.querySelectorAll("td.title a")];
    all[row ? Math.max(0, Math.min(all.length - 1, all.indexOf(row.querySelector("td.title a")) + step)) : 0]?.focus();
    return event.preventDefault();
  }
  if ((event.key === "n" || event.key === "N") && !isTyping && $("#new-ticket")) return $("#new-ticket").click();
  if (event.key === " " && row && event.target.matches("a")) {
    tick(row.dataset.number, !chosen.has(row.dataset.number));
    return event.preventDefault();
  }
}

addEventListener("keydown", pressed);
body.addEventListener("change", (event) => tick(event.target.closest("tr").dataset.number, event.target.checked));
body.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-number]");
  if (row && !event.target.closest("a, input, .pick-row") && !getSelection().toString()) row.querySelector("td.title a").click();
});
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", (event) => {
  if (event.target.name !== "q") return;
  clearTimeout(timer);
  timer = setTimeout(() => change("q", event.target.value.trim()), TYPING_MS);
});
form.addEventListener("change", (event) => {
  const { name, value, type, checked } = event.target;
  if (["stage", "left", "line"].includes(name)) change(name, MANY.includes(name) && value ? [value] : value);
  else if (name === "sort") change(name, value === "due" ? "" : value);
  else if (type === "checkbox") change(name, checked ? "true" : "");
});
form.addEventListener("reset", (event) => {
  event.preventDefault(); // the fields follow the query
  query = { ...VIEWS[0][1] };
  moved();
});
$("#btn-save-view").addEventListener("click", save);
$("#view-name").addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && (event.preventDefault(), save()));
$("#btn-more").addEventListener("click", () => load({ more: true }));
$("#pick-all")?.addEventListener("change", (event) => rows.forEach((row) => tick(row.number, event.target.checked)));
bulk?.addEventListener("submit", dispatch);
$("#btn-bulk-none")?.addEventListener("click", () => (chosen.clear(), show()));

new TicketNotices();
showViews();
load();
loadOwn();
loadCatalogue(() => tell(LIST.failed, "away")).then((told) => {
  [catalogue, names] = [told, namesOf(told)];
  form.elements.stage.append(...catalogue.stages.map(({ key, name }) => make("option", { value: key }, name)));
  form.elements.left.append(...Object.entries(LIST.left).map(([key, name]) => make("option", { value: key }, name)));
  [picks.klass.items, picks.field.items, picks.area.items] = [ofAllLines(catalogue, "classes"), ofAllLines(catalogue, "fields"), catalogue.areas];
  picks.unit.items = unitItems(catalogue);
  if (bulkUnit) bulkUnit.items = unitItems(catalogue);
  showQuery();
  show();
}).catch((error) => error.status === 401 && location.assign("/sign-in"));
