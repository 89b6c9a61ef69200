// Owns the page of keeping: planned deletions, certificates, and the cases that forbid deletion.

import { get, post } from "./api.js";
import { $, boot, make, mark, write } from "./dom.js";
import { CLASSES, KEEPING, REASONS } from "./texts_keeping.js";
import { fullMoment, moment } from "./times.js";
import "./top.js";

const RETRY_MS = 5000, LIMIT = 100;
const { acts } = boot();
const mayHold = acts.includes("manage_holds"), seesCalls = acts.includes("see_calls");
const form = $("#hold-form");
let next = null, older = null, releasing = "", exporting = "";

const dayOf = (at) => fullMoment(at).split(" ")[0];
const callLink = ({ call_id: id, leg }) => [seesCalls ? make("a", { href: `/calls?call=${encodeURIComponent(id)}`, target: "calls" }, id) : id, leg ? make("small", {}, ` ${KEEPING.segment(leg)}`) : null];

async function guarded(work) {
  try {
    await work();
    write($("#notice"), "");
  } catch (error) {
    if (error.status === 401) location.assign("/sign-in");
    write($("#notice"), error.isNetwork ? KEEPING.away : error.message || KEEPING.away);
    if (error.isNetwork) setTimeout(() => guarded(work), RETRY_MS);
  }
}

function rows(body, found, build, none, columns) {
  if (!found.length && !body.querySelector("tr:not(.none)")) return body.replaceChildren(make("tr", { class: "none" }, make("td", { colspan: columns }, none)));
  body.querySelector(".none")?.remove();
  return body.append(...found.map(build));
}

async function loadPlanned({ more = false } = {}) {
  const answer = await get(`/api/keeping/planned?limit=${LIMIT}${more && next ? `&after=${encodeURIComponent(next)}` : ""}`);
  const body = $("#planned");
  if (!more) body.replaceChildren();
  next = answer.next;
  rows(body, answer.planned, (row) => make("tr", { "data-call-id": row.call_id, "data-reason": row.reason },
    make("td", { class: "day" }, dayOf(row.planned_for)), make("td", {}, ...callLink(row)), make("td", { class: "day" }, fullMoment(row.started_at)),
    make("td", { class: "figure" }, row.caller ?? "–"), make("td", { class: "figure" }, row.agent ?? "–"), make("td", {}, CLASSES[row.klass] ?? row.klass),
    make("td", { class: "why" }, row.reason === "expired" ? row.source : `${REASONS[row.reason] ?? row.reason}，${row.source}`),
    mayHold ? make("td", {}, make("button", { type: "button", class: "small", "data-hold": row.call_id, "aria-label": KEEPING.holdOf(row.call_id) }, KEEPING.hold)) : null), KEEPING.nothingPlanned, 8);
  write($("#planned-count"), KEEPING.count(answer.total));
  $("#btn-more").disabled = !next;
  mark($("#btn-more"), "shown", Boolean(next));
}

async function loadCertificates({ more = false } = {}) {
  const answer = await get(`/api/keeping/certificates${more && older ? `?after=${encodeURIComponent(older)}` : ""}`);
  const body = $("#certificates");
  if (!more) body.replaceChildren();
  older = answer.next;
  rows(body, answer.certificates, (row) => make("tr", {}, make("td", { class: "day" }, fullMoment(row.certified_at)), make("td", {}, ...callLink(row)), make("td", { class: "day" }, fullMoment(row.started_at)),
    make("td", {}, CLASSES[row.klass] ?? row.klass), make("td", { class: "why" }, row.reason === "expired" ? row.source : `${REASONS[row.reason] ?? row.reason}，${row.source}`), make("td", {}, make("code", { title: row.certified_hash ?? "" }, (row.certified_hash ?? "–").slice(0, 16)))), KEEPING.nothingGone, 6);
  $("#btn-older").disabled = !older;
  mark($("#btn-older"), "shown", Boolean(older));
}

async function loadHolds() {
  const { holds } = await get(`/api/keeping/holds${$("#holds-all").checked ? "?all=true" : ""}`);
  const open = holds.filter((hold) => hold.released_at == null);
  write($("#holds-count"), KEEPING.cases(open.length));
  $("#case-keys")?.replaceChildren(...open.map(({ key }) => make("option", { value: key })));
  $("#holds").replaceChildren(...(holds.length ? holds.map(holdRow) : [make("li", { class: "none" }, KEEPING.noHolds)]));
}

function holdRow(hold) {
  const isOver = hold.released_at != null;
  const list = make("p", { class: "calls" });
  return make("li", { "data-key": hold.key, "data-over": String(isOver) },
    make("p", {}, make("b", {}, hold.key), make("span", { class: "figure quiet" }, ` ${KEEPING.calls(hold.calls)}`)),
    make("p", {}, hold.reason), make("p", { class: "quiet" }, KEEPING.by(hold.by, moment(hold.at))),
    isOver ? make("p", { class: "quiet" }, KEEPING.released(hold.released_by, moment(hold.released_at), hold.release_reason)) : null, list,
    make("p", { class: "acts" }, make("button", { type: "button", class: "plain", "data-show": hold.key }, KEEPING.show),
      mayHold ? make("button", { type: "button", class: "plain", "data-export": hold.key }, KEEPING.export) : null,
      mayHold && !isOver ? make("button", { type: "button", class: "small", "data-release": hold.key }, KEEPING.release) : null));
}

async function showCalls(button) {
  const { calls } = await get(`/api/keeping/holds/calls?key=${encodeURIComponent(button.dataset.show)}`);
  button.closest("li").querySelector(".calls").replaceChildren(...calls.flatMap((id) => [...callLink({ call_id: id }), " "]).filter(Boolean));
}

async function hold(event) {
  event.preventDefault();
  const { key, reason, calls } = Object.fromEntries(new FormData(form));
  const wanted = calls.split(/[\s,，;；、]+/).filter(Boolean);
  const [name, trouble] = !key.trim() ? ["key", KEEPING.noKey] : !reason.trim() ? ["reason", KEEPING.noReason] : !wanted.length ? ["calls", KEEPING.noCalls] : [null, ""];
  write($("#hold-error"), trouble);
  if (name) return form.elements[name].focus();
  try {
    const answer = await post("/api/keeping/holds", { key: key.trim(), reason: reason.trim(), calls: wanted });
    form.reset();
    write($("#hold-error"), answer.too_late.length ? KEEPING.tooLate(answer.too_late) : "");
    await guarded(loadHolds);
    write($("#notice"), KEEPING.held(answer.held, key.trim()));
  } catch (error) {
    write($("#hold-error"), error.message || KEEPING.away); // what was typed stays
  }
  return undefined;
}

function ask(key) {
  releasing = key;
  write($("#confirm-title"), KEEPING.releaseOf(key));
  write($("#confirm-error"), "");
  $("#confirm input").value = "";
  $("#confirm").showModal();
  $("#confirm input").focus();
}

function askExport(key) {
  exporting = key;
  write($("#export-title"), KEEPING.exportOf(key));
  write($("#export-error"), "");
  $("#export input").value = "";
  $("#export").showModal();
  $("#export input").focus();
}

async function exportCase(event) {
  event.preventDefault();
  const reason = $("#export input").value.trim();
  if (!reason) return write($("#export-error"), KEEPING.noReason);
  try {
    const { url } = await post("/api/keeping/export", { key: exporting, reason });
    $("#export").close();
    make("a", { href: url, download: "" }).click();
  } catch (error) {
    write($("#export-error"), error.message || KEEPING.away);
  }
  return undefined;
}

async function release(event) {
  event.preventDefault();
  const reason = $("#confirm input").value.trim();
  if (!reason) return write($("#confirm-error"), KEEPING.noReason);
  try {
    await post("/api/keeping/holds/release", { key: releasing, reason });
    $("#confirm").close();
    await guarded(loadHolds);
    write($("#notice"), KEEPING.isReleased(releasing));
  } catch (error) {
    write($("#confirm-error"), error.message || KEEPING.away);
  }
  return undefined;
}

addEventListener("click", (event) => {
  const { hold: call, release: key, show, export: out, close } = event.target.dataset ?? {};
  if (call !== undefined) {
    form.elements.calls.value = [form.elements.calls.value.trim(), call].filter(Boolean).join("\n");
    (form.elements.key.value ? form.elements.reason : form.elements.key).focus();
  }
  if (key !== undefined) ask(key);
  if (out !== undefined) askExport(out);
  if (close !== undefined) event.target.closest("dialog").close();
  if (show !== undefined) guarded(() => showCalls(event.target));
});
form?.addEventListener("submit", hold);
$("#confirm form").addEventListener("submit", release);
$("#export form").addEventListener("submit", exportCase);
$("#btn-keep").addEventListener("click", () => $("#confirm").close());
$("#holds-all").addEventListener("change", () => guarded(loadHolds));
$("#btn-more").addEventListener("click", () => guarded(() => loadPlanned({ more: true })));
$("#btn-older").addEventListener("click", () => guarded(() => loadCertificates({ more: true })));

const given = new URLSearchParams(location.search).get("hold");
if (given && form) form.elements.calls.value = given;
guarded(loadPlanned);
guarded(loadHolds);
guarded(loadCertificates);
