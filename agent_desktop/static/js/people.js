// Owns the administrator's page of people: the table, the form to add and change, passwords shown once, pause reasons.

import { get, patch, post, put, remove } from "./api.js";
import { $, fill, make, mark, write } from "./dom.js";
import { PEOPLE } from "./texts.js";
import { twice } from "./twice.js";
import "./top.js";

let known = { people: [], roles: [], queues: [], extensions: [], units: [] };
const OFFICERS = ["unit", "unit_head"]; // the roles that belong to a unit
let editing = null; // the person in the form; null adds one

const pathOf = (person, act = "") => `/api/people/${encodeURIComponent(person.login)}${act}`;

function tell(text, kind = "") {
  write($("#people-notice"), text);
  mark($("#people-notice"), "kind", kind);
}

/** Do one thing with the server, show what is true afterwards, and say how it went. */
async function act(work, done) {
  try {
    const answer = await work();
    await load();
    tell(answer?.in_force === false ? PEOPLE.later(done) : done, "done");
    return answer;
  } catch (error) {
    if (error.status === 401) location.assign("/sign-in");
    tell(error.message || PEOPLE.away, "trouble");
    return null;
  }
}

async function load() {
  known = await get("/api/people");
  write($("#people-count"), PEOPLE.count(known.people.length));
  refill($("#people"), known.people, () => known.people.map(row));
  const reasons = await get("/api/pause-reasons");
  const typed = new Map([...$("#reasons").rows].filter(isTyped).map((each) => [each.dataset.reason, each]));
  refill($("#reasons"), reasons, () => [...reasons, null].map((reason) => typed.get(reason?.code ?? "") ?? reasonRow(reason)));
}

/** Fill a table and leave the focus at the same act of the same row: who works by keyboard goes on from there. */
function refill(body, signature, build) {
  const from = body.contains(document.activeElement) ? document.activeElement : null;
  const name = from && nameOf(from.closest("tr"));
  fill(body, signature, build);
  if (!from || body.contains(from)) return;
  const again = [...body.rows].find((each) => nameOf(each) === name);
  const twin = { disable: "enable", enable: "disable" }[from.dataset.act];
  const act = from.dataset.act ? `[data-act=${from.dataset.act}], [data-act=${twin}]` : "button";
  (again?.querySelector(act) ?? again?.querySelector("button") ?? $("#btn-add")).focus();
}

/** Somebody is at work in this row: what came from the server meanwhile must not take it away. */
const isTyped = (row) => [...row.querySelectorAll("input")].some((input) => input.value !== input.defaultValue || input.checked !== input.defaultChecked);

const nameOf = (row) => row.dataset.login ?? row.dataset.reason;

function row(person) {
  const queues = person.queues.map((key) => known.queues.find((queue) => queue.key === key)?.name ?? key).join("、");
  const telephone = person.phone_kind !== "hardware" ? PEOPLE.kinds.page : person.has_telephone ? PEOPLE.kinds.hardware : PEOPLE.noTelephone;
  const buttons = [
    button(PEOPLE.change, () => edit(person), { "data-act": "change" }),
    twice(PEOPLE.password, () => secret(person, "/password", PEOPLE.passwordOf(person.name)), { "data-act": "password" }),
    person.phone_kind === "hardware" && person.extension && !person.disabled
      ? twice(PEOPLE.telephone, () => secret(person, "/telephone", PEOPLE.telephoneOf(person.name)), { "data-act": "telephone" }) : null,
    person.disabled ? button(PEOPLE.enable, () => act(() => post(pathOf(person, "/enable")), PEOPLE.enabled(person.name)), { "data-act": "enable" })
      : twice(PEOPLE.disable, () => act(() => post(pathOf(person, "/disable")), PEOPLE.disabledDone(person.name)), { "data-act": "disable" }),
    twice(PEOPLE.remove, () => act(() => remove(pathOf(person)), PEOPLE.removed(person.name)), { "data-act": "remove" }),
  ];
  return make("tr", { "data-login": person.login, "data-disabled": String(person.disabled) },
    make("th", { scope: "row" }, person.login), make("td", {}, person.name), make("td", {}, roleOf(person)),
    make("td", {}, person.extension ?? "–"), make("td", {}, person.extension ? queues || PEOPLE.firstQueue : "–"), make("td", {}, person.extension ? telephone : "–"),
    make("td", {}, person.disabled ? PEOPLE.isDisabled : PEOPLE.isEnabled), make("td", { class: "acts" }, ...buttons));
}

/** The role; of an officer with the unit, which may have been taken off the list since. */
function roleOf(person) {
  const role = PEOPLE.roles[person.role] ?? person.role;
  if (!OFFICERS.includes(person.role)) return role;
  return PEOPLE.officer(role, known.units.find(({ key }) => key === person.unit)?.name ?? person.unit);
}

function button(words, press, attributes = {}) {
  const node = make("button", { type: "button", class: "small", ...attributes }, words);
  node.addEventListener("click", press);
  return node;
}

async function secret(person, path, title) {
  const answer = await act(() => post(pathOf(person, path)), PEOPLE.made(title));
  if (answer) showSecret(title, answer, person);
}

function showSecret(title, answer, person) {
  write($("#secret-title"), title);
  const facts = answer.user
    ? [[PEOPLE.facts.server, `${location.hostname}:${answer.port} ${answer.transport}`], [PEOPLE.facts.user, answer.user], [PEOPLE.facts.password, answer.password]]
    : [[PEOPLE.facts.login, person.login], [PEOPLE.facts.password, answer.password]];
  $("#secret-facts").replaceChildren(...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, make("code", {}, value))]));
  $("#secret").showModal();
}

// ---- the form -----------------------------------------------------------------------------------------------------

const form = $("#edit-form");
const field = (name) => form.elements[name];

function edit(person) {
  editing = person;
  write($("#edit-title"), person ? PEOPLE.changeOf(person.name) : PEOPLE.add);
  write($("#edit-error"), "");
  const taken = new Set(known.people.map((each) => each.extension).filter((extension) => extension && extension !== person?.extension));
  const option = (value, words, chosen) => make("option", { value, selected: value === chosen }, words);
  field("login").value = person?.login ?? "";
  field("login").disabled = Boolean(person);
  field("name").value = person?.name ?? "";
  field("role").replaceChildren(...known.roles.map((role) => option(role, PEOPLE.roles[role] ?? role, person?.role ?? "agent")));
  field("unit").replaceChildren(option("", PEOPLE.noUnit, person?.unit ?? ""), ...known.units.map(({ key, name }) => option(key, name, person?.unit)));
  if (person?.unit && field("unit").value !== person.unit) field("unit").append(option(person.unit, person.unit, person.unit));
  showUnit();
  field("extension").replaceChildren(option("", PEOPLE.noExtension, person?.extension ?? ""),
    ...known.extensions.filter((extension) => !taken.has(extension)).map((extension) => option(extension, extension, person?.extension)));
  field("phone_kind").replaceChildren(...Object.entries(PEOPLE.kinds).map(([kind, words]) => option(kind, words, person?.phone_kind ?? "page")));
  $("#edit-queues").replaceChildren(...known.queues.map(({ key, name }) =>
    make("label", {}, make("input", { type: "checkbox", name: "queue", value: key, checked: Boolean(person?.queues.includes(key)) }), name)));
  $("#edit").showModal();
  (person ? field("name") : field("login")).focus();
}

/** Only officers belong to a unit. */
function showUnit() {
  mark($("#edit-unit"), "shown", String(OFFICERS.includes(field("role").value)));
}

field("role").addEventListener("change", showUnit);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = {
    name: field("name").value.trim(), role: field("role").value, extension: field("extension").value, phone_kind: field("phone_kind").value,
    unit: OFFICERS.includes(field("role").value) ? field("unit").value : "",
    queues: [...form.querySelectorAll("input[name=queue]:checked")].map((box) => box.value),
  };
  $("#btn-save").disabled = true;
  try {
    const person = editing ?? { login: field("login").value.trim(), name: body.name };
    const answer = editing ? await patch(pathOf(editing), body) : await post("/api/people", { ...body, login: person.login });
    $("#edit").close();
    await load();
    const done = editing ? PEOPLE.changed(body.name) : PEOPLE.added(body.name);
    tell(answer.in_force ? done : PEOPLE.later(done), "done");
    if (!editing) showSecret(PEOPLE.passwordOf(body.name), answer, person);
  } catch (error) {
    if (error.status === 401) return location.assign("/sign-in");
    write($("#edit-error"), error.message || PEOPLE.away);
  } finally {
    $("#btn-save").disabled = false;
  }
});

// ---- pause reasons ------------------------------------------------------------------------------------------------

function reasonRow(reason) {
  const code = reason ? null : make("input", { maxlength: 30, "aria-label": PEOPLE.reason.code, placeholder: "errand", size: 10 });
  const name = make("input", { maxlength: 10, value: reason?.name ?? "", "aria-label": PEOPLE.reason.name, size: 12 });
  const position = make("input", { type: "number", min: 0, max: 10000, value: reason?.position ?? 100, "aria-label": PEOPLE.reason.position });
  const active = make("input", { type: "checkbox", checked: reason?.active ?? true, "aria-label": PEOPLE.reason.active });
  const save = button(reason ? PEOPLE.save : PEOPLE.reason.add, () => act(async () => {
    const sent = { name: name.value.trim(), position: Number(position.value), active: active.checked };
    await put(`/api/pause-reasons/${encodeURIComponent(reason?.code ?? (code.value.trim() || "-"))}`, sent);
    [name.defaultValue, position.defaultValue, active.defaultChecked] = [sent.name, String(sent.position), sent.active];
    if (code) code.defaultValue = code.value;
  }, PEOPLE.reason.saved(name.value.trim())));
  return make("tr", { "data-reason": reason?.code ?? "" }, make("td", {}, code ?? reason.code), make("td", {}, name), make("td", {}, position), make("td", {}, active), make("td", {}, save));
}

$("#btn-add").addEventListener("click", () => edit(null));
$("#btn-cancel").addEventListener("click", () => $("#edit").close());
$("#btn-secret-close").addEventListener("click", () => $("#secret").close());
$("#secret").addEventListener("close", () => $("#secret-facts").replaceChildren()); // nobody reads it over a shoulder later

load().catch((error) => (error.status === 401 ? location.assign("/sign-in") : tell(error.message || PEOPLE.away, "trouble")));
