// Owns how the facts of a step are told: each as its name and value, units and grounds by name, limits by their day. Pure.

import { untilShort } from "./limits.js";
import { ACT, FACTS, FORM, ONE, STEP } from "./texts_ticket.js";

// Facts whose value is a key of the catalogue.
const KINDS = { unit: "units", ground: "grounds", kind: "void_kinds", way: "chase_ways" };

/** Lines for people: what was said first, then how the limits stand since; `rule` is that of extensions. */
export function stepWords(step, content, names, rule) {
  const { limits, changes, was, ...facts } = step.facts ?? {};
  const lines = [
    ...Object.entries(facts).filter(([key, value]) => FACTS[key] && value !== "" && value != null)
      .map(([key, value]) => STEP.fact(step.act === "accept" && key === "unit" ? STEP.wished : FACTS[key], valueOf(key, value, names, rule))),
    ...Object.entries(changes ?? {}).map(([key, value]) => STEP.changed(FORM.names[key] ?? FACTS[key] ?? key, contentValue(key, was?.[key], content, names), contentValue(key, value, content, names))),
    limits ? STEP.limits(Object.entries(limits).map(([key, at]) => STEP.until(names.name("limits", key), untilShort(at))).join("，")) : "",
  ];
  return lines.filter(Boolean);
}

function valueOf(key, value, names, rule) {
  if (key === "amount") return STEP.amount(value, ACT.units[rule?.measure] ?? "").trim();
  if (value === true || value === false) return value ? ACT.yes : ACT.no;
  if (key === "code") return [value, names.name("refusals", value)].join(" ");
  if (Array.isArray(value)) return value.map((each) => names.name("units", each)).join("、");
  return KINDS[key] ? names.name(KINDS[key], value) : String(value);
}

function contentValue(key, value, { line }, names) {
  if (value === true || value === false) return value ? ONE.yes : ACT.no;
  if (key === "klass" || key === "field") return names[key](line, value);
  const kind = { area: "areas", topic: "topics", caller_kind: "caller_kinds", real_name: "real_names", source: "sources" }[key];
  return kind ? names.name(kind, value) : value ?? "";
}
