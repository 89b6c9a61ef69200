// Owns the page of the directory: finding, favourites, and for whoever may change it one form; others hear of a change live.

import { get, put, remove } from "./api.js";
import { found, plain } from "./directory.js";
import { $, boot, fill, make, mark, write } from "./dom.js";
import { twice } from "./twice.js";
import { DIRECTORY, KINDS } from "./texts_line.js";
import "./top.js";

const REFRESH_MS = 15000;
const FORM_HOURS = /^([1-7](?:-[1-7])?(?:,[1-7](?:-[1-7])?)*)\s+(\d\d:\d\d)\s*-\s*(\d\d:\d\d)$/;

const { acts } = boot();
const mayChange = acts.includes("manage_parties");
let known = [];
let editing = null;

const pathOf = (key, rest = "") => `/api/parties/${encodeURIComponent(key)}${rest}`;

function tell(words, kind = "done") {
  write($("#parties-notice"), words);
  mark($("#parties-notice"), "kind", kind);
}

async function load() {
  try {
    known = (await get("/api/parties")).parties;
    show();
  } catch (error) {
    if (error.status === 401) location.assign("/sign-in");
    else tell(error.message || DIRECTORY.away, "trouble");
  }
}

/** Do it, read the directory again, tell what came of it. */
async function act(does, done) {
  try {
    const answer = await does();
    await load();
    tell(answer?.in_force === false ? DIRECTORY.later(done) : done);
    return true;
  } catch (error) {
    tell(error.message || DIRECTORY.away, "trouble");
    return false;
  }
}

function show() {
  const kind = $("#filter-kind").value;
  const order = Object.keys(KINDS);
  const sorted = [...known].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const shown = found(sorted.filter((party) => !kind || party.kind === kind), plain($("#filter-text").value));
  write($("#parties-count"), DIRECTORY.count(shown.length));
  const lastEmergency = shown.filter((party) => party.kind === "emergency").at(-1)?.key;
  const focused = document.activeElement?.closest?.("tr[data-party]")?.dataset.party, which = document.activeElement?.dataset?.act;
  fill($("#parties"), [shown, lastEmergency], () => (shown.length ? shown.map((party) => row(party, party.key === lastEmergency && shown.length > 1))
    : [make("tr", { class: "none" }, make("td", { colspan: 9 }, DIRECTORY.none))]));
  if (focused && !document.activeElement?.closest?.("tr")) $(`tr[data-party="${CSS.escape(focused)}"] [data-act="${which}"]`)?.focus();
}

function row(party, isLast) {
  const star = button(party.favourite ? "★" : "☆", () => act(() => (party.favourite ? remove : put)(pathOf(party.key, "/favourite")), ""), {
    class: "favourite", "data-act": "favourite", "aria-pressed": String(Boolean(party.favourite)), "aria-label": `${party.favourite ? DIRECTORY.unfavourite : DIRECTORY.favourite} ${party.name}`,
  });
  const cells = [
    make("td", {}, star), make("th", { scope: "row" }, party.name), make("td", {}, KINDS[party.kind] ?? party.kind),
    make("td", { class: "numbers" }, ...party.numbers.map((number) => make("span", {}, number))),
    make("td", { class: "hours" }, party.hours.length ? party.hours.map(DIRECTORY.hours).join("；") : DIRECTORY.always, party.open === false ? make("small", {}, DIRECTORY.closed) : null),
    make("td", {}, party.menu ? DIRECTORY.menu : DIRECTORY.noMenu), make("td", { class: "tell" }, party.tell || DIRECTORY.noTell),
    make("td", {}, party.roles.length ? party.roles.map((role) => DIRECTORY.roles[role] ?? role).join("、") : DIRECTORY.everybody),
  ];
  if (mayChange) cells.push(make("td", { class: "acts" }, button(DIRECTORY.change, () => edit(party), { class: "small", "data-act": "change" }), " ",
    twice(DIRECTORY.remove, () => act(() => remove(pathOf(party.key)), DIRECTORY.removed(party.name)), { "data-act": "remove" })));
  return make("tr", { "data-party": party.key, "data-kind": party.kind, class: isLast ? "last-emergency" : null }, ...cells);
}

function button(words, press, attributes) {
  const node = make("button", { type: "button", ...attributes }, words);
  node.addEventListener("click", press);
  return node;
}

// ---- the form -----------------------------------------------------------------------------------------------------

const form = $("#edit-form");
const field = (name) => form.elements[name];
const lines = (name) => field(name).value.split("\n").map((line) => line.trim()).filter(Boolean);

const isForSupervisors = (party) => Boolean(party?.roles.length) && !party.roles.includes("agent");

function edit(party) {
  editing = party;
  write($("#edit-title"), party ? DIRECTORY.changeOf(party.name) : DIRECTORY.add);
  write($("#edit-error"), "");
  field("key").value = party?.key ?? "";
  field("key").disabled = Boolean(party);
  field("name").value = party?.name ?? "";
  field("kind").replaceChildren(...Object.entries(KINDS).map(([kind, words]) => make("option", { value: kind, selected: kind === (party?.kind ?? "unit") }, words)));
  field("numbers").value = (party?.numbers ?? []).join("\n");
  field("hours").value = (party?.hours ?? []).map((each) => `${each.days} ${each.from}-${each.to}`).join("\n");
  field("tell").value = party?.tell ?? "";
  field("menu").checked = Boolean(party?.menu);
  field("only_supervisors").checked = isForSupervisors(party);
  $("#edit").showModal();
  (party ? field("name") : field("key")).focus();
}

/** What the form holds, or null where the hours cannot be read; then the place says so. */
function written() {
  const hours = [];
  for (const line of lines("hours")) {
    const [, days, from, to] = FORM_HOURS.exec(line.replace("：", ":")) ?? [];
    if (!days) {
      write($("#edit-error"), DIRECTORY.badHours(line));
      return null;
    }
    hours.push({ days, from, to });
  }
  return {
    name: field("name").value.trim(), kind: field("kind").value, numbers: lines("numbers").map((number) => number.replace(/[\s-]/g, "")), hours,
    tell: field("tell").value.trim(), menu: field("menu").checked, roles: field("only_supervisors").checked === isForSupervisors(editing) ? editing?.roles ?? [] : field("only_supervisors").checked ? ["supervisor"] : [],
  };
}

async function save(event) {
  event.preventDefault();
  const data = written();
  if (!data) return;
  $("#btn-save").disabled = true;
  try {
    const answer = await put(pathOf(editing?.key ?? (field("key").value.trim() || "-")), data);
    $("#edit").close();
    await load();
    const done = (editing ? DIRECTORY.changed : DIRECTORY.added)(data.name);
    tell(answer?.in_force === false ? DIRECTORY.later(done) : done);
  } catch (error) {
    if (error.status === 401) location.assign("/sign-in");
    else write($("#edit-error"), error.message || DIRECTORY.away);
  } finally {
    $("#btn-save").disabled = false;
  }
}

form?.addEventListener("submit", save);
$("#btn-add")?.addEventListener("click", () => edit(null));
$("#btn-cancel")?.addEventListener("click", () => $("#edit").close());
$("#filters").addEventListener("submit", (event) => event.preventDefault());
$("#filters").addEventListener("input", show);
setInterval(() => $("#edit")?.open || load(), REFRESH_MS); // what others changed; an open form is not disturbed
load();
