// Owns the page of rules: what holds for each line now, what is chosen for later, the editions, and the table of who may do what.

import { get, put, remove } from "./api.js";
import { $, boot, fill, lineBadge, make, write } from "./dom.js";
import { RIGHTS, RULES } from "./texts_pages.js";
import { PEOPLE } from "./texts.js";
import "./top.js";

const REFRESH_MS = 15000;
const { lines, acts } = boot();
const mayChoose = acts.includes("manage_rules");
const OTHER = "other"; // what has no line, in paths
let classes = {}, topics = {}, known = null;

const className = (line, key) => [classes[line], ...Object.values(classes)].find((of) => of?.[key])?.[key] ?? key;

/** Which matters a row is for, in words; none given: all of them, or after others the rest. */
function whenWords(when, line, at) {
  const own = (when.klass ?? []).filter((key) => !classes[line] || key in classes[line]); // a profile may also be for another line's classes
  const words = [...(own.length ? own : when.klass ?? []).map((key) => className(line, key)), ...(when.topic ?? []).map((key) => topics[key] ?? key)];
  for (const [name, value] of Object.entries(when)) {
    if (name === "caller_kind") words.push(RULES.when.caller_kind[value] ?? value);
    else if (name !== "klass" && name !== "topic") words.push(RULES.when[name][value ? 0 : 1]);
  }
  return words.join("、") || (at ? RULES.others : RULES.all);
}

/** One sheet a profile, with all the lines it holds for. */
function sheets(told) {
  const found = new Map();
  for (const { line, profile } of told) found.set(profile.id, { profile, of: [...(found.get(profile.id)?.of ?? []), line] });
  return [...found.values()];
}

function profileCard({ of, profile }) {
  const [line] = of;
  const limits = profile.limits.filter(({ rows }) => rows.length).flatMap(({ what, rows }) => [
    make("h3", {}, RULES.whats[what] ?? what),
    make("ul", {}, ...rows.map((row, at) => make("li", {}, make("span", {}, whenWords(row.when, line, at)), make("b", {}, row.limit ?? RULES.none),
      make("small", {}, [RULES.starts[row.start], row.source].filter(Boolean).join(" · "))))),
  ]);
  return make("article", { class: "profile", "data-line": line || "none", "data-profile": profile.id },
    make("p", { class: "which" }, ...of.map((each) => (each ? lineBadge(each, lines[each]) : make("span", {}, RULES.otherSources)))),
    make("h2", {}, profile.name), make("p", { class: "quiet" }, [profile.source, RULES.from(profile.from)].join(" · ")), ...limits,
    make("p", { class: "note" }, RULES.extension(profile.extension)), make("p", {}, RULES.keeping(profile.keeping)), profile.note ? make("p", { class: "note" }, profile.note) : null);
}

function show(told) {
  ({ classes, topics } = told);
  write($("#rules-notice"), told.trouble ? RULES.trouble(told.trouble) : "");
  fill($("#profiles"), told.lines, () => sheets(told.lines).map(profileCard));
  fill($("#editions"), told.editions, () => told.editions.map((each) => make("tr", { "data-profile": each.id }, make("td", {}, each.name), make("td", { class: "figure" }, each.from), make("td", {}, each.holds ? RULES.holds : RULES.idle))));
  showChoices(told);
  write($("#calendar"), RULES.years(told.published_years));
  const roles = Object.keys(told.rights);
  fill($("#roles"), roles, () => [make("tr", {}, make("th", { scope: "col" }, RULES.right), ...roles.map((role) => make("th", { scope: "col" }, PEOPLE.roles[role] ?? role)))]);
  fill($("#rights"), told.rights, () => Object.entries(RIGHTS).map(([act, name]) => make("tr", { "data-act": act }, make("th", { scope: "row" }, name),
    ...roles.map((role) => make("td", { "data-may": String(told.rights[role].includes(act)) }, told.rights[role].includes(act) ? make("span", { class: "heard-only" }, name) : null)))));
}

// ---- another profile for a line, from a day on ------------------------------------------------------------------------

const nameOf = (line) => (line && line !== OTHER ? `${line} ${lines[line] ?? ""}`.trim() : RULES.otherSources);
const pathOf = (line, day) => `/api/rules/choices/${encodeURIComponent(line || OTHER)}/${encodeURIComponent(day)}`;

function choiceRow({ line, name, begins, state }) {
  const back = mayChoose && state === "comes" ? make("button", { type: "button", class: "small", "aria-label": RULES.withdrawOf(nameOf(line), begins) }, RULES.withdraw) : null;
  back?.addEventListener("click", () => change(() => remove(pathOf(line, begins)), RULES.withdrawn));
  return make("tr", { "data-line": line || OTHER, "data-state": state }, make("td", {}, line ? lineBadge(line, lines[line]) : RULES.otherSources), make("td", {}, name),
    make("td", { class: "figure" }, begins), make("td", {}, RULES.states[state]), make("td", {}, back));
}

function showChoices(told) {
  known = told;
  fill($("#choices"), told.choices, () => (told.choices.length ? told.choices.map(choiceRow) : [make("tr", { class: "none" }, make("td", { colspan: 5 }, RULES.neverChosen))]));
  if (!mayChoose) return;
  const form = $("#choice-form");
  fill(form.elements.line, told.lines.map(({ line }) => line), () => told.lines.map(({ line }) => make("option", { value: line || OTHER }, nameOf(line))));
  fill(form.elements.profile, told.profiles, () => Object.entries(told.profiles).map(([key, name]) => make("option", { value: key }, name)));
  form.elements.begins.min = told.today;
  form.elements.begins.value ||= told.today;
  mean();
}

/** What would become of it, in a sentence, before it is done. */
function mean() {
  const { line, profile, begins } = Object.fromEntries(new FormData($("#choice-form")));
  const name = known.profiles[profile] ?? "";
  const isHolding = begins === known.today && known.lines.find((each) => (each.line || OTHER) === line)?.profile.id.split("@")[0] === profile;
  write($("#choice-meaning"), !begins ? "" : isHolding ? RULES.same(nameOf(line), name) : RULES.meaning(nameOf(line), name, begins, begins === known.today));
}

async function change(does, done) {
  const told = $("#choice-told");
  try {
    await does();
    show(await get("/api/rules"));
    told.dataset.kind = "done";
    write(told, done);
  } catch (error) {
    if (error.status === 401) return location.assign("/sign-in");
    told.dataset.kind = "trouble";
    write(told, (error.isNetwork ? "" : error.message) || RULES.notDone);
  }
  return undefined;
}

if (mayChoose) {
  $("#choice-form").addEventListener("input", mean);
  $("#choice-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const { line, profile, begins } = Object.fromEntries(new FormData(event.target));
    change(() => put(pathOf(line, begins), { profile }), RULES.chosen);
  });
}

async function load() {
  try {
    show(await get("/api/rules"));
  } catch (error) {
    if (error.status === 401) return location.assign("/sign-in");
    write($("#rules-notice"), error.isNetwork && error.status !== 503 ? RULES.failed : error.message || RULES.failed);
  }
  return setTimeout(load, REFRESH_MS);
}

load();
