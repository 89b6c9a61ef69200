// Owns the page of units: the tree with duties, contacts and who is on duty; for whoever may change it one form.

import { get, put, remove } from "./api.js";
import { loadCatalogue, namesOf, ofAllLines } from "./catalogue.js";
import { fits, plain } from "./directory.js";
import { $, boot, fill, make, mark, write } from "./dom.js";
import { RowsEditor } from "./rows_editor.js";
import { UNITS } from "./texts_ticket.js";
import { twice } from "./twice.js";
import "./top.js";

const REFRESH_MS = 30000;
const SPLIT = /[、，,；;\s]+/;
const { acts } = boot();
const mayChange = acts.includes("manage_units");
let units = [], catalogue = null, names = namesOf(null), editing = null;
let classes = [], fields = [];

const pathOf = (key) => `/api/units/${encodeURIComponent(key)}`;

function tell(words, kind = "done") {
  write($("#units-notice"), words);
  mark($("#units-notice"), "kind", kind);
}

async function load() {
  try {
    units = (await get("/api/units")).units;
    if ($("#units-notice").dataset.kind === "away") tell("");
    show();
  } catch (error) {
    if (error.status === 401) location.assign("/sign-in");
    else tell(error.message || UNITS.away, "away");
  }
}

async function act(does, done) {
  try {
    await does();
    await load();
    tell(done);
  } catch (error) {
    if (error.status === 401) location.assign("/sign-in");
    tell(error.message || UNITS.away, "trouble");
  }
}

// ---- the table ------------------------------------------------------------------------------------------------------

/** Each unit with how deep it stands, those below right after it. */
function tree(above = "", depth = 0) {
  const known = new Set(units.map(({ key }) => key));
  return units.filter((unit) => (known.has(unit.parent ?? "") ? unit.parent : "") === above && depth < 8).flatMap((unit) => [{ unit, depth }, ...tree(unit.key, depth + 1)]);
}

const initialsOf = (key) => catalogue?.units.find((unit) => unit.key === key)?.initials ?? "";

function matches(unit, typed) {
  const numbers = [...unit.phones, ...unit.contacts.map(({ phone }) => phone)];
  return !typed || fits({ name: unit.name, initials: initialsOf(unit.key), numbers }, typed) > 0 || unit.duties.some(({ words }) => words.some((word) => plain(word).includes(typed)));
}

function show() {
  const typed = plain($("#filter-text").value);
  const rows = tree().filter(({ unit }) => matches(unit, typed));
  write($("#units-count"), UNITS.count(rows.length));
  const focused = document.activeElement?.closest?.("tr[data-unit]")?.dataset.unit;
  fill($("#units"), [rows, Boolean(catalogue)], () => (rows.length ? rows.map(row) : [make("tr", { class: "none" }, make("td", { colspan: 7 }, typed ? UNITS.noMatch : UNITS.none))]));
  if (focused && !document.activeElement?.closest?.("tr")) $(`tr[data-unit="${CSS.escape(focused)}"] button`)?.focus();
}

const nameOf = (list, key) => list.find((item) => item.key === key)?.name ?? key;

function dutyRow({ lines = [], classes: kinds = [], fields: about = [], words = [] }) {
  const parts = [lines.join(UNITS.between), kinds.map((key) => nameOf(classes, key)).join(UNITS.between), about.map((key) => nameOf(fields, key)).join(UNITS.between)].filter(Boolean);
  return make("p", {}, ...parts.map((part) => make("b", {}, part)), words.length ? make("span", {}, words.join(UNITS.between)) : null);
}

function row({ unit, depth }) {
  const cells = [
    make("th", { scope: "row", "data-depth": depth }, make("span", {}, unit.name), unit.is_active ? null : make("small", {}, UNITS.inactive), unit.only_reads ? make("small", {}, UNITS.onlyReads) : null, unit.is_own ? make("small", { class: "own" }, UNITS.own) : null),
    make("td", { class: "duties" }, ...(unit.duties.length ? unit.duties.map(dutyRow) : [UNITS.noDuty])),
    make("td", {}, unit.areas.map((key) => names.name("areas", key)).join(UNITS.between) || UNITS.allAreas),
    make("td", { class: "people figure" }, ...unit.contacts.map((one) => make("p", {}, UNITS.person(one)))),
    make("td", { class: "people figure" }, ...(unit.on_duty?.length ? unit.on_duty.map((one) => make("p", {}, UNITS.person(one))) : [UNITS.nobody])),
    make("td", { class: "figure" }, unit.phones.join(UNITS.between) || UNITS.nobody),
  ];
  if (mayChange) {
    const change = make("button", { type: "button", class: "small", "data-act": "change" }, UNITS.change);
    change.addEventListener("click", () => edit(unit));
    cells.push(make("td", { class: "acts" }, change, " ", twice(UNITS.remove, () => act(() => remove(pathOf(unit.key)), UNITS.removed(unit.name)))));
  }
  return make("tr", { "data-unit": unit.key, "data-active": String(unit.is_active) }, ...cells);
}

// ---- the form -------------------------------------------------------------------------------------------------------

const form = $("#edit-form");
const part = (name) => form.elements[name];
const duties = form && new RowsEditor($("#edit-duties"), Object.entries(UNITS.duty).map(([key, name]) => ({ key, name })));
const contacts = form && new RowsEditor($("#edit-contacts"), ["name", "post", "phone"].map((key) => ({ key, name: UNITS.contact[key] })));
const roster = form && new RowsEditor($("#edit-roster"), [
  { key: "days", name: UNITS.shift.days, kind: Object.entries(UNITS.days) }, { key: "from", name: UNITS.shift.from }, { key: "to", name: UNITS.shift.to }, { key: "name", name: UNITS.shift.name },
  { key: "phone", name: UNITS.shift.phone }, { key: "first", name: UNITS.shift.first, kind: "date" }, { key: "last", name: UNITS.shift.last, kind: "date" },
]);

function edit(unit) {
  editing = unit;
  write($("#edit-title"), unit ? UNITS.changeOf(unit.name) : UNITS.add);
  write($("#edit-error"), "");
  part("key").value = unit?.key ?? "";
  part("key").disabled = Boolean(unit);
  part("name").value = unit?.name ?? "";
  part("parent").replaceChildren(make("option", { value: "" }, UNITS.top), ...units.filter(({ key }) => key !== unit?.key).map(({ key, name }) => make("option", { value: key, selected: key === unit?.parent }, name)));
  part("is_active").checked = unit?.is_active ?? true;
  part("only_reads").checked = unit?.only_reads ?? false;
  part("areas").value = (unit?.areas ?? []).map((key) => names.name("areas", key)).join(UNITS.between);
  part("phones").value = (unit?.phones ?? []).join(UNITS.between);
  duties.value = (unit?.duties ?? []).map((duty) => ({
    lines: (duty.lines ?? []).join(UNITS.between), classes: (duty.classes ?? []).map((key) => nameOf(classes, key)).join(UNITS.between),
    fields: (duty.fields ?? []).map((key) => nameOf(fields, key)).join(UNITS.between), words: (duty.words ?? []).join(UNITS.between),
  }));
  contacts.value = unit?.contacts ?? [];
  roster.value = unit?.roster ?? [];
  $("#edit").showModal();
  (unit ? part("name") : part("key")).focus();
}

/** Names as somebody typed them, as keys; throws the word that is none. */
function keysOf(text, items) {
  return text.split(SPLIT).filter(Boolean).map((word) => {
    const found = items.find(({ key, name }) => name === word || key === word);
    if (!found) throw new RangeError(word);
    return found.key;
  });
}

const digits = (text) => text.replace(/[\s-]/g, "");
const filled = (row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value));

function written() {
  return {
    name: part("name").value.trim(), parent: part("parent").value, is_active: part("is_active").checked, only_reads: part("only_reads").checked, areas: keysOf(part("areas").value, catalogue.areas),
    phones: part("phones").value.split(SPLIT).filter(Boolean).map(digits),
    duties: duties.value.map((row) => ({ lines: row.lines.split(SPLIT).filter(Boolean), classes: keysOf(row.classes, classes), fields: keysOf(row.fields, fields), words: row.words.split(/[、，,；;]+/).map((word) => word.trim()).filter(Boolean) })),
    contacts: contacts.value.map((row) => ({ ...row, phone: digits(row.phone) })),
    roster: roster.value.map((row) => filled({ ...row, phone: digits(row.phone), from: row.from.replace("：", ":"), to: row.to.replace("：", ":") })),
  };
}

async function save(event) {
  event.preventDefault();
  let data = null;
  try {
    data = written();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return write($("#edit-error"), UNITS.unknownWord(error.message));
  }
  $("#btn-save").disabled = true;
  try {
    await put(pathOf(editing?.key ?? (part("key").value.trim() || "-")), data);
    $("#edit").close();
    await load();
    tell((editing ? UNITS.changed : UNITS.added)(data.name));
  } catch (error) {
    if (error.status === 401) location.assign("/sign-in");
    else write($("#edit-error"), error.message || UNITS.away);
  } finally {
    $("#btn-save").disabled = false;
  }
  return undefined;
}

form?.addEventListener("submit", save);
$("#btn-add")?.addEventListener("click", () => edit(null));
$("#btn-cancel")?.addEventListener("click", () => $("#edit").close());
$("#filters").addEventListener("submit", (event) => event.preventDefault());
$("#filter-text").addEventListener("input", show);
setInterval(() => $("#edit")?.open || load(), REFRESH_MS);
load();
loadCatalogue().then((told) => {
  [catalogue, names, classes, fields] = [told, namesOf(told), ofAllLines(told, "classes"), ofAllLines(told, "fields")];
  show();
}).catch((error) => error.status === 401 && location.assign("/sign-in"));
