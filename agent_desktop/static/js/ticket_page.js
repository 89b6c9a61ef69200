// Owns the page of one ticket: what was said, its course, its limits, and the acts that the reader may do now.

import { ActForm, FORMS } from "./act_form.js";
import { get, post } from "./api.js";
import { loadCatalogue, matterOf, namesOf, unitItems } from "./catalogue.js";
import { correctionFields, correctionFacts } from "./correction.js";
import { $, boot, fill, lineBadge, make, mark, numberGroups, write } from "./dom.js";
import { limitRow, ofStage } from "./limits.js";
import { player } from "./player.js";
import { SheetMemory } from "./sheet_memory.js";
import { stepWords } from "./step_words.js";
import { ACT, FORM, NOTICE, ONE } from "./texts_ticket.js";
import { TicketFiles } from "./ticket_files.js";
import { DIALLING } from "./texts_phone.js";
import { duration, moment } from "./times.js";
import "./top.js";

const REFRESH_MS = 15000;
const FACTS = ["source", "klass", "field", "topic", "area", "caller_kind", "happened_at", "place", "object", "name", "real_name", "number", "address"];
const NEEDS_UNITS = ["dispatch", "accept", "settle_dispute"];
// Often done first; the rest below; a note has its own line under the course.
const QUIET = ["suspend", "resume", "override", "merge", "correct", "reopen", "note", "ask_superior", "chase"];
const BY_CLOCK = ["remind", "due", "overdue", "escalate"];
const STATES = ["late", "stands", "suspended", "kept_late", "kept"];
const { me, number, lines, acts: rights } = boot();
const path = `/api/tickets/${encodeURIComponent(number)}`;

let catalogue = null, names = namesOf(null);
let ticket = null;
let form = null; // of the act that is open
let laid = null; // closed with something typed in it: the same act opens it again
let timer = 0;
const sheets = new SheetMemory(me.login, number);
const files = new TicketFiles(path, () => load());

// ---- what is known --------------------------------------------------------------------------------------------------

async function load() {
  clearTimeout(timer);
  try {
    take(await get(path));
    if ($("#one-notice").dataset.kind === "away") tell("");
  } catch (error) {
    if (error.status === 401 && !form?.isTyped) return location.assign("/sign-in");
    tell(error.status === 401 ? ONE.expired : error.isNetwork ? `${ONE.failed}${ONE.later}` : error.message || ONE.notFound, "away");
    if (!error.isNetwork && !ticket) return undefined;
  }
  timer = setTimeout(load, REFRESH_MS);
  return undefined;
}

function take(told) {
  ticket = told;
  mark($("#one"), "empty", false);
  show();
}

function tell(words, kind = "done") {
  write($("#one-notice"), words);
  mark($("#one-notice"), "kind", kind);
}

function show() {
  const { content, life } = ticket, isNamed = Boolean(catalogue), stage = names.name("stages", ticket.stage);
  document.title = `${content.title || number} · ${stage}`;
  mark(document.body, "line", content.line || "unknown");
  mark($("#one-stage"), "stage", ticket.stage);
  write($("#one-stage"), stage);
  const flags = Object.entries(ONE.flags).filter(([name]) => content[name]);
  fill($("#one-flags"), flags, () => flags.map(([name, words]) => make("mark", { "data-flag": name }, words)));
  fill($("#one-line"), [content.line, content.source, isNamed], () => [content.line ? lineBadge(content.line, lines[content.line]) : make("span", {}, names.name("sources", content.source))]);
  write($("#one-title"), content.title);
  write($("#one-text"), content.text);
  fill($("#one-facts"), [content, ticket.masked, isNamed], facts);
  fill($("#one-units"), [life.chain, life.co_units, life.copies, life.unit, isNamed], unitsTold);
  files.show(ticket.attachments);
  fill($("#one-call"), [ticket.calls, ticket.calls_known, content.call_id], callsTold);
  const course = $("#steps"), before = course.dataset.signature;
  fill(course, [ticket.steps, ticket.notices, isNamed], courseTold);
  if (course.dataset.signature !== before) course.scrollTop = course.scrollHeight;
  fill($("#limits"), [ticket.limits, isNamed, Math.floor(Date.now() / 60000)], () => {
    const open = new Set([...document.querySelectorAll("#limits details[open]")].map((node) => node.dataset.what));
    return inOrder(ofStage(ticket.limits, ticket.stage)).map((limit) => limitRow(limit, names.name("limits", limit.key), open.has(limit.key)));
  });
  write($("#one-profile"), ticket.profile_name ?? "");
  write($("#one-duty"), [life.phone_duty ? ONE.phoneDuty : "", life.caller_duty ? ONE.callerDuty : "", ticket.chase ? ONE.chase(names.name("limits", ticket.chase.limit), moment(ticket.chase.at)) : ""].filter(Boolean).join("；"));
  fill($("#one-doubt"), [life.doubt], () => doubtTold(life.doubt));
  fill($("#one-dispute"), [life.dispute, isNamed], () => disputeTold(life.dispute));
  showActs();
  $("#btn-dial-citizen").disabled = !content.number && !masks("number");
}

const who = (login) => ticket.steps.findLast((step) => step.actor === login)?.actor_name ?? login;

/** What somebody asked a superior, and what was decided, above the acts: who waits for it sees it at once. */
function doubtTold(doubt) {
  if (!doubt) return [];
  return [make("p", {}, ONE.doubt(who(doubt.by), doubt.question)), make("p", { "data-decided": String(doubt.decided_at != null) }, doubt.decided_at == null ? ONE.waiting : ONE.decided(who(doubt.decided_by), doubt.answer))];
}

/** Which units are at odds and why; once it is settled, who leads, by what basis, and who decided. */
function disputeTold(dispute) {
  if (!dispute) return [];
  const units = dispute.units.map((key) => names.name("units", key)).join("、"), isSettled = dispute.decided_at != null;
  const asked = make("p", {}, ONE.disputes[dispute.kind](units, dispute.reason));
  if (!isSettled) return [asked, make("p", { "data-decided": "false" }, ONE.disputed)];
  return [asked, make("p", { "data-decided": "true" }, ONE.settled(names.name("units", dispute.lead))), make("p", {}, ONE.settledWhy(dispute.why, dispute.basis)),
    make("p", { class: "quiet" }, ONE.settledBy(who(dispute.decided_by), moment(dispute.decided_at), dispute.members))];
}

const masks = (name) => ticket.masked.includes(name);

/** The telephone is the desk's page; here it is only asked to call. */
async function dialCitizen() {
  $("#btn-dial-citizen").disabled = true;
  try {
    await post(`${path}/dial`);
    tell(DIALLING.toDesk);
  } catch (error) {
    tell(error.message || DIALLING.failed, "refused");
  }
  $("#btn-dial-citizen").disabled = false;
}

/** What still runs comes first, broken ones before all. */
const inOrder = (limits) => [...limits].sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || a.at - b.at);

function facts() {
  const { content, masked } = ticket;
  const named = {
    source: names.name("sources", content.source), klass: names.klass(content.line, content.klass), field: names.field(content.line, content.field), topic: names.name("topics", content.topic),
    area: names.name("areas", content.area), caller_kind: names.name("caller_kinds", content.caller_kind), real_name: names.name("real_names", content.real_name),
  };
  const value = (name) => (masked.includes(name) && !content[name] ? ONE.masked : named[name] ?? content[name]);
  return FACTS.filter((name) => value(name)).flatMap((name) => [make("dt", {}, name === "field" ? FORM.field[content.line] ?? FORM.field.other : ONE.content[name]),
    make("dd", { "data-name": name, "data-masked": String(masked.includes(name)) }, ...(name === "number" && /^\d+$/.test(content[name]) ? numberGroups(content[name]) : [value(name)]))]);
}

function unitsTold() {
  const { chain: all, co_units: others, copies } = ticket.life;
  const chain = all.flatMap((key, at) => [at ? make("i", { "aria-hidden": "true" }, "›") : null, make(at === all.length - 1 ? "b" : "span", {}, names.name("units", key))]).filter(Boolean);
  const co = others.length ? [make("small", {}, `${ONE.co}${others.map((key) => names.name("units", key)).join("、")}`)] : [];
  if (copies.length) co.push(make("small", { id: "one-copies" }, `${ONE.copies}${copies.map((key) => names.name("units", key)).join("、")}`));
  return chain.length ? [...chain, ...co] : [make("span", { class: "quiet" }, ONE.none)];
}

function callsTold() {
  const { calls, calls_known: isKnown, content } = ticket;
  if (!calls.length) return [make("p", { class: "quiet" }, !content.call_id ? ONE.noCall : isKnown ? ONE.mayNotSee : ONE.callAway)];
  return calls.flatMap(callTold);
}

function callTold(call) {
  const told = make("p", {}, lineBadge(call.line), make("span", { class: "figure" }, moment(call.arrived_at)), make("span", { class: "figure" }, call.answered_at && call.ended_at ? duration(call.ended_at - call.answered_at) : ""));
  const sound = call.recording && call.may_listen
    ? player(call.call_id)
    : make("p", { class: "quiet" }, call.recording ? ONE.mayNotListen : ONE.noRecording);
  return [told, sound];
}

/** What people did and, between, what the clock reminded of; what else people are told repeats a step. */
function courseTold() {
  const reminders = ticket.notices.filter(({ kind }) => BY_CLOCK.includes(kind)).map((notice) => [notice.at, reminderRow(notice)]);
  return [...ticket.steps.map((step) => [step.at, stepRow(step)]), ...reminders].sort(([a], [b]) => a - b).map(([, row]) => row);
}

const reminderRow = (notice) => make("li", { "data-kind": notice.kind }, make("time", {}, moment(notice.at)),
  make("div", {}, make("p", {}, make("b", {}, NOTICE.kinds[notice.kind]), make("span", { class: "who" }, NOTICE.audiences[notice.audience.split(":")[0]] ?? "")), notice.sentence ? make("p", { class: "words" }, notice.sentence) : null));

function stepRow(step) {
  return make("li", { "data-act": step.act, "data-stage": step.stage }, make("time", {}, moment(step.at)),
    make("div", {}, make("p", {}, make("b", {}, names.name("acts", step.act)), make("span", { class: "who" }, [step.actor_name, names.name("roles", step.role)].filter(Boolean).join(" · "))),
      ...stepWords(step, ticket.content, names, ticket.extension_rule).map((words) => make("p", { class: "words" }, words))));
}

// ---- acts -----------------------------------------------------------------------------------------------------------

const nameOf = (act) => names.name("acts", act);

/** Chasing a unit stands before all once reminders were told and nobody answered. */
const isQuiet = (act) => QUIET.includes(act) && !(act === "chase" && ticket.chase);

/** Those of every day first, in the life's order; a note stands under the course. */
function shownActs() {
  const allowed = ticket.allowed.filter((act) => act !== "note" && (FORMS[act] || act === "correct"));
  const first = ticket.chase ? ["chase"] : [], usual = allowed.filter((act) => !first.includes(act));
  return [...first, ...usual.filter((act) => !isQuiet(act)), ...usual.filter(isQuiet)];
}

function showActs() {
  const shown = catalogue ? shownActs() : [];
  const mayNote = ticket.allowed.includes("note");
  $("#note-form").hidden = !rights.includes("note_ticket");
  for (const part of $("#note-form").elements) part.disabled = !mayNote;
  fill($("#acts"), [shown, form?.act, Boolean(ticket.chase)], () => shown.map((act, at) => {
    const button = make("button", { type: "button", "data-act": act, class: isQuiet(act) ? "quiet-act" : null, "aria-expanded": String(form?.act === act), "aria-controls": "act-form", "aria-keyshortcuts": at < 9 ? String(at + 1) : null },
      nameOf(act), at < 9 ? make("kbd", {}, String(at + 1)) : null);
    button.addEventListener("click", () => open(act));
    return button;
  }));
  write($("#no-acts"), catalogue && !shown.length ? ONE.noActs : "");
  if (form && !ticket.allowed.includes(form.act)) close();
}

async function open(act) {
  if (!ticket.allowed.includes(act)) return;
  if (form?.act === act) return form.focus();
  if (laid?.act === act) return again();
  mark($("#act-form"), "open", true);
  mark($("#act-form"), "act", act);
  write($("#act-title"), nameOf(act));
  const known = { catalogue, units: unitItems(catalogue), forwardTo: ticket.forward_to ?? [], rule: ticket.extension_rule, returnRule: ticket.return_rule, suggestions: null, wished: ticket.steps.findLast((step) => step.act === "accept")?.facts.unit };
  if (NEEDS_UNITS.includes(act)) known.suggestions = await suggestions();
  if ($("#act-form").dataset.act !== act || $("#act-form").dataset.open !== "true") return;
  laid = null;
  form = new ActForm($("#act-facts"), act, known, act === "correct" ? correctionFields(ticket, catalogue) : FORMS[act]);
  const kept = sheets.of(act);
  if (kept) form.recall(kept);
  showActs();
  if ($("#act-facts").querySelector("input, textarea, select")) form.focus();
  else $("#btn-act-send").focus();
  $("#act-form").scrollIntoView({ block: "nearest" });
}

/** The form that was closed without being sent, with what was typed in it. */
function again() {
  [form, laid] = [laid, null];
  mark($("#act-form"), "open", true);
  mark($("#act-form"), "act", form.act);
  write($("#act-title"), nameOf(form.act));
  showActs();
  form.focus();
}

async function suggestions() {
  try {
    return (await post("/api/units/suggest", { content: matterOf(ticket.content) })).suggestions;
  } catch {
    return null;
  }
}

function close() {
  const act = form?.act;
  [laid, form] = [form?.isTyped ? form : null, null];
  mark($("#act-form"), "open", false);
  if (ticket) showActs();
  $(`#acts [data-act="${act}"]`)?.focus();
}

/** Given up: a page that is loaded anew begins with an empty sheet. */
function cancel() {
  if (form) sheets.forget(form.act);
  close();
}

/** A correction begins with what the ticket says now, so that nothing old comes over it. */
function remember() {
  if (form?.isTyped && form.act !== "correct") sheets.keep(form.act, form.values);
}

async function send(event) {
  event?.preventDefault();
  const read = form?.read();
  if (!read || $("#btn-act-send").disabled) return;
  const { act } = form;
  const given = act === "correct" ? correctionFacts(ticket, read) : read;
  if (!given) return form.tell(ONE.nothingChanged);
  busy(true);
  try {
    const told = await post(`${path}/acts`, { act, version: ticket.version, facts: given });
    sheets.forget(act);
    [form, laid] = [null, null];
    mark($("#act-form"), "open", false);
    take(told);
    tell(ONE.done(nameOf(act)));
    ($("#acts button") ?? $("#back")).focus();
  } catch (error) {
    if (error.code === "ticket_changed") await load();
    form?.tell(error.status === 401 ? ONE.expired : error.code === "ticket_changed" ? ONE.changed : error.isNetwork ? ONE.notSent : error.message || ONE.notSent);
  } finally {
    busy(false);
  }
  return undefined;
}

function busy(is) {
  $("#btn-act-send").disabled = is;
  write($("#btn-act-send .label"), is ? ACT.sending : ACT.send);
}

async function note(event) {
  event.preventDefault();
  const box = $("#note-form").elements.text, text = box.value.trim();
  if (!text || box.readOnly) return;
  box.readOnly = true;
  try {
    take(await post(`${path}/acts`, { act: "note", version: ticket.version, facts: { text } }));
    box.value = "";
    $("#steps").lastElementChild?.scrollIntoView({ block: "nearest" });
  } catch (error) {
    if (error.code === "ticket_changed") await load();
    tell(error.code === "ticket_changed" ? ONE.changed : error.message || ONE.notSent, "trouble");
  } finally {
    box.readOnly = false;
  }
}

// ---- hands ----------------------------------------------------------------------------------------------------------

function pressed(event) {
  if (event.isComposing || event.defaultPrevented) return;
  const isInForm = event.target.closest?.("#act-form");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && isInForm) return send(event);
  if (event.altKey || event.ctrlKey || event.metaKey) return undefined;
  if (event.key === "Escape") return form || $("#act-form").dataset.open === "true" ? cancel() : event.target.matches("input, textarea") ? event.target.blur() : $("#back").click();
  if (event.target.matches("input, textarea, select")) return undefined;
  const at = Number(event.key);
  if (ticket && at >= 1 && at <= 9) {
    const act = shownActs()[at - 1];
    if (act) event.preventDefault();
    return act && open(act);
  }
  if (event.key === "p" || event.key === "P") $('a[href$="/print"]').click();
  return undefined;
}

addEventListener("keydown", pressed);
addEventListener("beforeunload", (event) => (form ?? laid)?.isTyped && event.preventDefault());
$("#act-form").addEventListener("submit", send);
$("#btn-act-cancel").addEventListener("click", cancel);
for (const kind of ["input", "change", "click", "focusout"]) $("#act-facts").addEventListener(kind, remember);
$("#note-form").addEventListener("submit", note);
$("#btn-dial-citizen").addEventListener("click", dialCitizen);
if (document.referrer.includes("/tickets?") && new URL(document.referrer).origin === location.origin) $("#back").href = document.referrer;

load();
loadCatalogue(() => {}).then((told) => {
  [catalogue, names] = [told, namesOf(told)];
  files.allow(told.attachments);
  if (ticket) show();
}).catch((error) => error.status === 401 && location.assign("/sign-in"));
