// Owns a ticket on paper: what is required and until when, what was said, its course (R48).

import { get } from "./api.js";
import { loadCatalogue, namesOf } from "./catalogue.js";
import { $, boot, lineBadge, make, mark, write } from "./dom.js";
import { ofStage, until } from "./limits.js";
import { stepWords } from "./step_words.js";
import { FORM, ONE, PRINT } from "./texts_ticket.js";
import { fullMoment, now } from "./times.js";

const { me, number, lines } = boot();

const rows = (pairs) => pairs.map((cells) => make("tr", {}, ...cells.flatMap(([name, value]) => [make("th", { scope: "row" }, name), make("td", {}, value || PRINT.none)])));

function show({ content, life, limits, masked, profile_name: profile, extension_rule: rule, steps, stage }, catalogue) {
  const names = namesOf(catalogue);
  const hidden = (name) => (masked.includes(name) && !content[name] ? ONE.masked : content[name]);
  $("#sheet-line").replaceChildren(content.line ? lineBadge(content.line, lines[content.line]) : names.name("sources", content.source));
  $("#sheet-limits").replaceChildren(...ofStage(limits, stage).map((limit) => make("tr", {}, make("th", { scope: "row" }, names.name("limits", limit.key)),
    make("td", { class: "figure" }, limit.state === "suspended" ? ONE.suspended : until(limit.at), limit.is_provisional ? make("small", {}, ONE.provisional) : null), make("td", {}, limit.sentence))));
  const flags = Object.entries(ONE.flags).filter(([name]) => content[name]).map(([, words]) => words);
  write($("#sheet-requests"), [PRINT.requests, flags.length ? PRINT.flags(flags.join("、")) : "", content.is_secret ? PRINT.secret : "", profile ? PRINT.profile(profile) : ""].filter(Boolean).join(""));
  $("#sheet-facts").replaceChildren(...rows([
    [[ONE.content.klass, names.klass(content.line, content.klass)], [FORM.field[content.line] ?? FORM.field.other, names.field(content.line, content.field)]],
    [[ONE.content.source, names.name("sources", content.source)], [PRINT.stage, names.name("stages", stage)]],
    [[PRINT.unit, life.chain.map((key) => names.name("units", key)).join(" › ")], [PRINT.co, life.co_units.map((key) => names.name("units", key)).join("、")]],
    ...(life.copies.length ? [[[PRINT.copies, life.copies.map((key) => names.name("units", key)).join("、")], [ONE.content.real_name, names.name("real_names", content.real_name)]]] : []),
    [[PRINT.made, fullMoment(life.created_at)], [PRINT.dispatched, life.dispatched_at ? fullMoment(life.dispatched_at) : ""]],
    [[ONE.content.area, names.name("areas", content.area)], [ONE.content.place, content.place]],
    [[ONE.content.object, content.object], [ONE.content.happened_at, content.happened_at]],
    [[ONE.content.name, hidden("name")], [ONE.content.number, hidden("number")]],
    [[ONE.content.caller_kind, names.name("caller_kinds", content.caller_kind)], [ONE.content.address, hidden("address")]],
  ]));
  write($("#sheet-title"), content.title);
  write($("#sheet-text"), content.text);
  $("#sheet-steps").replaceChildren(...steps.map((step) => make("tr", {}, make("td", { class: "figure" }, fullMoment(step.at)), make("th", { scope: "row" }, names.name("acts", step.act)),
    make("td", {}, step.actor_name), make("td", {}, stepWords(step, content, names, rule).join("；")))));
  write($("#sheet-foot"), PRINT.printed(fullMoment(now()), me.name));
  write($("#print-notice"), "");
  $("#btn-print").disabled = false;
  mark(document.body, "state", "ready");
}

$("#btn-print").addEventListener("click", () => print());
Promise.all([get(`/api/tickets/${encodeURIComponent(number)}`), loadCatalogue()]).then(([ticket, catalogue]) => show(ticket, catalogue)).catch((error) => {
  if (error.status === 401) location.assign("/sign-in");
  else write($("#print-notice"), error.message || ONE.failed);
});
