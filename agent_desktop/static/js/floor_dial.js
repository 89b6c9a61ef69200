// Owns the row of dial-tests on the supervisor's page: one mark per number, and what is wrong with those in trouble.

import { $, fill, make, mark, write } from "./dom.js";
import { DIAL } from "./texts_dial.js";
import { moment } from "./times.js";

const MARKS = { well: "✓", remark: "△", failed: "✕", unknown: "？" };
const UNKNOWN = ["no_account", "not_run"];

export const stateOf = (test) => (test.failed ? "failed" : UNKNOWN.includes(test.finding) ? "unknown" : test.finding === "ok" ? "well" : "remark");

/** Does nothing on a page without the row: the city has no probe. */
export function showDialTests(desk) {
  const row = $("#dial-tests");
  if (!row) return;
  const { state = "waiting", tests = [], at = 0 } = desk.dialTests ?? {};
  const failed = tests.filter((test) => test.failed);
  const shown = state === "known" && failed.length ? "failed" : state;
  if (row.dataset.state !== shown && shown === "failed") write($("#announce-now"), DIAL.alarm(failed));
  mark(row, "state", shown);
  write($("#dial-what"), state === "known" ? "" : DIAL.states[state] ?? "");
  fill($("#dial-numbers"), [state, tests], () => tests.map(chip));
  write($("#dial-when"), tests.length ? DIAL.at(moment(at)) : "");
}

function chip(test) {
  const is = stateOf(test);
  const words = is === "well" ? DIAL.figures(test) : DIAL.findings[test.finding]?.(test) ?? test.finding;
  const since = is === "failed" ? DIAL.since(moment(test.since)) : "";
  return make("li", { "data-number": test.number, "data-state": is, title: DIAL.figures(test) },
    make("span", { class: "mark", "aria-hidden": "true" }, MARKS[is]), make("b", { class: "figure" }, test.number),
    make("span", { class: "words" }, [words, since].filter(Boolean).join(" · ")));
}
