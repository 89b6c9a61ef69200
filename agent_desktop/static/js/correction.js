// Owns the form of a correction: every field of the content as it is now, and reading only what was changed. Pure.

import { ofLine } from "./catalogue.js";
import { FACTS, FORM, ONE } from "./texts_ticket.js";

const FLAGS = ["is_urgent", "is_safety", "is_secret", "is_complex"];
const LINES = ["title", "happened_at", "place", "object", "name", "number", "address"];

/** What somebody sees only masked cannot be corrected by them. */
export function correctionFields({ content, masked }, catalogue) {
  const { classes, fields } = ofLine(catalogue, content.line);
  const bare = { optional: true, bare: true }; // every field is there, none has to be changed
  const pick = (key, items) => ({ key, name: FORM.names[key], kind: "pick", items, value: content[key], ...bare });
  return [
    { key: "reason", name: ONE.whyCorrected, kind: "line" },
    pick("klass", classes), pick("field", fields), pick("area", catalogue.areas), pick("topic", catalogue.topics), pick("caller_kind", catalogue.caller_kinds), pick("real_name", catalogue.real_names),
    ...LINES.filter((key) => !masked.includes(key)).map((key) => ({ key, name: FORM.names[key], kind: "line", value: content[key], ...bare })),
    { key: "text", name: FACTS.text, kind: "text", value: content.text, ...bare },
    ...FLAGS.map((key) => ({ key, name: ONE.flags[key], kind: "yes", value: content[key], ...bare })),
  ];
}

/** {changes, reason}, or null where nothing is other than it was. An emptied field is a change too. */
export function correctionFacts({ content, masked }, { reason, ...read }) {
  const keys = ["klass", "field", "area", "topic", "caller_kind", "real_name", "text", ...LINES.filter((key) => !masked.includes(key)), ...FLAGS];
  const value = (key) => read[key] ?? (FLAGS.includes(key) ? content[key] : "");
  const changes = Object.fromEntries(keys.filter((key) => value(key) !== (content[key] ?? "")).map((key) => [key, value(key)]));
  return Object.keys(changes).length ? { changes, reason } : null;
}
