// Owns the page of improper returns: a period, its judgements newest first, the figure of each unit, and both as a file.

import { get } from "./api.js";
import { loadCatalogue } from "./catalogue.js";
import { Combobox } from "./combobox.js";
import { $, boot, make, mark, write } from "./dom.js";
import { RETURNS } from "./texts_pages.js";
import { FORM } from "./texts_ticket.js";
import { dayEnd, dayStart, fieldOf, fullMoment, now } from "./times.js";
import "./top.js";

const PATH = "/api/returns/improper", LIMIT = 100, RETRY_MS = 3000;
const { acts } = boot();
const isReader = acts.includes("see_tickets");
const form = $("#filters"), body = $("#rows");
const unit = new Combobox(form.elements.unit, { chosen: () => load(), none: FORM.noChoice });
let next = null, asked = 0, timer = 0;

/** The month that is running, to its last day so far. */
function thisMonth() {
  const today = fieldOf(now()).slice(0, 10);
  form.elements.from.value = `${today.slice(0, 8)}01`;
  form.elements.to.value = today;
}

function period() {
  const { from, to } = Object.fromEntries(new FormData(form));
  const params = new URLSearchParams();
  if (from) params.set("since", dayStart(from));
  if (to) params.set("until", dayEnd(to));
  if (unit.value) params.set("unit", unit.value);
  return params;
}

async function load({ more = false } = {}) {
  const mine = ++asked;
  clearTimeout(timer);
  const params = period();
  for (const kind of ["csv", "xlsx"]) $(`#export-${kind}`).href = `${PATH}/export.${kind}?${params}`;
  params.set("limit", LIMIT);
  if (more && next) params.set("after", next);
  try {
    const answer = await get(`${PATH}?${params}`);
    if (mine !== asked) return undefined;
    next = answer.next;
    write($("#returns-notice"), "");
    write($("#returns-count"), RETURNS.count(answer.total));
    if (!more) body.replaceChildren();
    body.append(...answer.returns.map(row));
    if (!body.children.length) body.append(make("tr", { class: "none" }, make("td", { colspan: 5 }, RETURNS.none)));
    $("#units").replaceChildren(...(answer.units.length ? answer.units.map(figure) : [make("tr", { class: "none" }, make("td", { colspan: 3 }, "–"))]));
    $("#btn-more").disabled = !next;
    mark($("#btn-more"), "shown", Boolean(next));
  } catch (error) {
    if (mine !== asked) return undefined;
    if (error.status === 401) return location.assign("/sign-in");
    write($("#returns-notice"), error.isNetwork ? RETURNS.away : error.message || RETURNS.away);
    if (error.isNetwork) timer = setTimeout(load, RETRY_MS);
  }
  return undefined;
}

function row(entry) {
  const isWithdrawn = entry.withdrawn_at != null, words = entry.title || entry.number;
  return make("tr", { "data-number": entry.number, "data-unit": entry.unit, "data-withdrawn": String(isWithdrawn) },
    make("td", { class: "day" }, fullMoment(entry.judged_at)),
    make("td", { class: "unit" }, entry.unit_name),
    make("td", { class: "title" }, isReader ? make("a", { href: `/tickets/${encodeURIComponent(entry.number)}` }, words) : words, make("small", {}, `${entry.number}　${RETURNS.asked(fullMoment(entry.asked_at))}`)),
    make("td", { class: "why" }, make("span", {}, entry.reason), isWithdrawn ? make("small", {}, RETURNS.withdrawn(fullMoment(entry.withdrawn_at), entry.withdrawn_by_name)) : null),
    make("td", { class: "who" }, entry.judged_by_name));
}

function figure(each) {
  const only = make("button", { type: "button", class: "plain", "data-only": each.unit, "aria-pressed": String(unit.value === each.unit) }, each.name);
  only.addEventListener("click", () => {
    unit.value = unit.value === each.unit ? "" : each.unit;
    load().then(() => $(`#units [data-only="${each.unit}"]`)?.focus());
  });
  return make("tr", { "data-unit": each.unit }, make("td", {}, only), make("td", { class: "figure" }, make("b", {}, String(each.count))), make("td", { class: "figure" }, String(each.withdrawn)));
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", (event) => event.target.type === "date" && load());
form.addEventListener("reset", (event) => {
  event.preventDefault(); // a period is always named
  unit.value = "";
  thisMonth();
  load();
});
$("#btn-more").addEventListener("click", () => load({ more: true }));

thisMonth();
load();
loadCatalogue().then((told) => {
  unit.items = (told.units ?? []).filter((each) => !each.only_reads);
}).catch((error) => error.status === 401 && location.assign("/sign-in"));
