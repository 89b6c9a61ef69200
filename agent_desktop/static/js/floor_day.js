// Owns the day's counts on the supervisor's page: a row per line and one for all; a broken limit changes its shape.

import { $, lineBadge, make, write } from "./dom.js";
import { FLOOR } from "./texts.js";
import { clockWithSeconds, duration } from "./times.js";

const COUNTS = ["arrived", "asked", "waiting", "answered", "duty", "abandoned", "callback", "lost", "party", "in_menu", "left_menu"];
const FIRST = ["arrived", "party"]; // a new group of columns begins
const FEEDS = ["calls_database", "worker", "bridge", "ledger"]; // without one of them the counts grow old

export const isDaySure = (desk) =>
  Boolean(desk.day?.sure) && desk.link.state === "connected" && FEEDS.every((name) => !desk.parts[name] || desk.parts[name].state === "up");

/** What stands above the table: how the service level is computed, and from when the figures are when they are old. */
export function showDayFrame(desk) {
  if (!desk.day) return;
  const { answer_within_s: within, service_formula: formula, connect_target: connect, service_target: service } = desk.day.limits;
  write($("#service-name"), FLOOR.service(within));
  write($("#day-how"), FLOOR.how(within, FLOOR.formulas[formula] ?? formula, percent(connect, 0), percent(service, 0)));
  write($("#day-known"), isDaySure(desk) ? "" : FLOOR.lastKnown(clockWithSeconds(desk.day.at)));
}

export function dayRows(day) {
  return [...day.lines.map((line) => row(line, day.limits)), row(day.total, day.limits, true)];
}

function row(line, limits, isTotal = false) {
  return make("tr", { "data-line-row": isTotal ? "total" : line.line || "unknown", class: isTotal ? "total" : null },
    make("th", { scope: "row" }, isTotal ? FLOOR.total : lineBadge(line.line, line.name || FLOOR.unknownLine)),
    rate(line.connect_rate, limits.connect_target), rate(line.service_level, limits.service_target),
    make("td", { class: "figure" }, line.average_wait_s.value == null ? "–" : duration(line.average_wait_s.value)),
    make("td", { class: "figure wait", "data-late": String(line.longest_wait_s > limits.longest_wait_s) }, line.longest_wait_s ? duration(line.longest_wait_s) : "–"),
    ...COUNTS.map((name) => make("td", { class: `figure${FIRST.includes(name) ? " first" : ""}${line[name] ? "" : " nought"}`, "data-count": name }, String(line[name]))));
}

function rate({ value, numerator, denominator }, target) {
  const isLow = value != null && value < target;
  return make("td", { class: "figure rate", "data-low": String(isLow) },
    make("b", {}, value == null ? "–" : percent(value)), make("small", {}, `${numerator}/${denominator}`),
    isLow ? make("span", { class: "heard-only" }, FLOOR.low(percent(target, 0))) : null);
}

/** Never rounded up to a target that was missed. */
function percent(value, digits = 1) {
  const scale = 10 ** digits;
  return `${(Math.floor(value * 100 * scale + 1e-9) / scale).toFixed(digits)}%`;
}
