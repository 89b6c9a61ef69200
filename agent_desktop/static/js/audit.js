// Owns the page of the audit trail: what is sought, rows newest first, and the look at the whole chain.

import { get } from "./api.js";
import { $, boot, make, mark, write } from "./dom.js";
import { AUDIT, factOf, GROUPS, SEALS } from "./texts_audit.js";
import { clockWithSeconds, dayEnd, dayStart, fullMoment } from "./times.js";
import "./top.js";

const TYPING_MS = 300, RETRY_MS = 3000, LIMIT = 50;
const NONE = "0".repeat(64);
const form = $("#filters"), body = $("#rows");
const { acts } = boot();
const words = { reasons: {}, stages: {} }; // by key
let next = null, asked = 0, timer = 0;

$("#filter-group").append(make("option", { value: "" }, AUDIT.all), ...GROUPS.map(([name], at) => make("option", { value: at }, name)));

function query(before) {
  const { group, actor = "", subject = "", day } = Object.fromEntries(new FormData(form));
  const params = new URLSearchParams({ limit: LIMIT });
  if (group !== "") GROUPS[Number(group)][1].forEach((act) => params.append("act", act));
  if (actor.trim()) params.set("actor", actor.trim());
  if (subject.trim()) params.set("subject", subject.trim());
  if (day) [["since", dayStart(day)], ["until", dayEnd(day)]].forEach(([name, at]) => params.set(name, at));
  if (before) params.set("before", before);
  return params;
}

async function load({ more = false } = {}) {
  const mine = ++asked;
  clearTimeout(timer);
  try {
    const answer = await get(`/api/audit?${query(more ? next : null)}`);
    if (mine !== asked) return;
    next = answer.next;
    words.stages = answer.stages;
    write($("#audit-notice"), "");
    if (!more) body.replaceChildren();
    body.append(...answer.rows.map(row));
    if (!body.children.length) body.append(make("tr", { class: "none" }, make("td", { colspan: 6 }, AUDIT.none)));
    $("#btn-more").disabled = !next;
    mark($("#btn-more"), "shown", Boolean(next));
  } catch (error) {
    if (mine !== asked) return;
    if (error.status === 401) location.assign("/sign-in");
    write($("#audit-notice"), error.isNetwork ? AUDIT.away : error.message || AUDIT.away);
    timer = setTimeout(load, RETRY_MS);
  }
}

function row({ seq, at, actor, name, act, act_name: actName, subject, facts }) {
  const told = Object.entries(facts).filter(([key, value]) => value !== null && value !== "" && !SEALS.includes(key)).map(([key, value]) => factOf(key, value, words));
  return make("tr", { "data-act": act, "data-seq": seq },
    make("td", { class: "when" }, make("time", { datetime: new Date(at * 1000).toISOString() }, fullMoment(at).replace(/ .*/, ""), " ", clockWithSeconds(at))),
    make("td", {}, name ?? actor, name ? make("small", {}, ` ${actor}`) : null),
    make("td", { class: "act" }, actName ?? act),
    make("td", { class: "subject" }, subjectOf(act, subject)),
    make("td", { class: "facts" }, told.join("，")),
    make("td", { class: "figure" }, String(seq)));
}

const subjectOf = (act, subject) => (/^(recording_|call_act|draft_)/.test(act) && /^[\w.-]+$/.test(subject) && acts.includes("see_calls") ? make("a", { href: `/calls?call=${encodeURIComponent(subject)}`, target: "calls" }, subject) : subject);

/** Piece by piece from the first row on; what is found stays on the page. */
async function lookAtAll() {
  const told = $("#chain-told");
  $("#btn-chain").disabled = true;
  mark(told, "state", "looking");
  try {
    for (let after = 0, prev = NONE, isAll = false; !isAll;) {
      const look = await get(`/api/audit/chain?after=${after}&prev=${prev}`);
      [after, prev, isAll] = [look.seq, look.hash, look.is_all];
      mark(told, "state", look.broken ? "broken" : isAll ? "whole" : "looking");
      write(told, look.broken ? AUDIT.broken(look.broken) : isAll ? AUDIT.whole(look.seq) : AUDIT.looking(look.seq));
    }
  } catch {
    mark(told, "state", "broken");
    write(told, AUDIT.stopped);
  }
  $("#btn-chain").disabled = false;
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(load, TYPING_MS);
});
form.addEventListener("reset", () => setTimeout(load, 0));
$("#btn-more").addEventListener("click", () => load({ more: true }));
$("#btn-chain").addEventListener("click", lookAtAll);

const given = new URLSearchParams(location.search);
for (const name of ["actor", "subject"]) if (given.get(name)) form.elements[name].value = given.get(name);
// The words of the reasons are told to whoever may hear; who may not reads their keys.
get("/api/listening-reasons").then((told) => (words.reasons = Object.fromEntries(told.reasons.map(({ key, name }) => [key, name])))).catch(() => {}).then(() => load());
