// Owns the catalogue as the page knows it: asked for once, asked for again while the server is away; names by key.

import { get } from "./api.js";

const RETRY_MS = [1000, 3000, 10000];

/** Resolves when the server has told it; never rejects but for who may not read it or is signed out. */
export async function loadCatalogue(isAway = () => {}) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await get("/api/tickets/catalogue");
    } catch (error) {
      if (error.status === 401 || error.status === 403) throw error;
      isAway(error);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]));
    }
  }
}

/** Classes and fields of a line; of another channel those of no line. */
export const ofLine = (catalogue, line) => catalogue.lines[line] ?? catalogue.lines[""] ?? Object.values(catalogue.lines)[0] ?? { classes: [], fields: [] };

/** The classes, or the fields, of all lines together, each once. */
export function ofAllLines(catalogue, what) {
  const all = new Map(Object.values(catalogue.lines).flatMap((line) => line[what]).map((item) => [item.key, item]));
  return [...all.values()];
}

/** Units that get new work, with the one above them as a note, so that two of the same name are told apart. */
export function unitItems(catalogue) {
  const names = new Map((catalogue.units ?? []).map((unit) => [unit.key, unit.name]));
  return (catalogue.units ?? []).filter((unit) => unit.is_active !== false && !unit.only_reads).map((unit) => ({ ...unit, note: names.get(unit.parent) ?? unit.initials ?? "" }));
}

/** Names by key: name("stages", "signed"); classes and fields by their line; what is not known stands as it is. */
export function namesOf(catalogue) {
  const tables = {};
  const table = (kind) => (tables[kind] ??= new Map((catalogue?.[kind] ?? []).map(({ key, name }) => [key, name])));
  const ofLines = (what, line, key) => {
    const lines = catalogue ? [ofLine(catalogue, line), ...Object.values(catalogue.lines)] : [];
    for (const one of lines) for (const item of one[what]) if (item.key === key) return item.name;
    return key ?? "";
  };
  return {
    name: (kind, key) => table(kind).get(key) ?? key ?? "",
    klass: (line, key) => ofLines("classes", line, key),
    field: (line, key) => ofLines("fields", line, key),
  };
}

const MATTER = ["line", "klass", "field", "area", "topic", "caller_kind", "is_complex", "is_urgent", "is_safety", "title", "text", "place", "object"];

/** Of a content, what limits and units depend on: it leaves the page without a name or a number. */
export const matterOf = (content) => Object.fromEntries(MATTER.filter((name) => content[name]).map((name) => [name, content[name]]));
