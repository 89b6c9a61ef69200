// Owns how a time limit is shown: until when, how much is left, its state as words and shape, and the sentence that explains it.

import { make } from "./dom.js";
import { ONE, WHEN } from "./texts_ticket.js";
import { calendarDay, moment, now } from "./times.js";

const MINUTE = 60, HOUR = 3600, DAY = 86400;

/** "11月27日（周五）前" for the end of a day, with the clock for any other moment. */
export function until(at) {
  const { month, day, weekday, clock, isEndOfDay } = calendarDay(at);
  const words = WHEN.day(month, day, weekday);
  return isEndOfDay ? WHEN.before(words) : WHEN.at(words, clock);
}

/** The same for a dense list: "11月27日 周五", with the clock where it does not end with its day. */
export function untilShort(at) {
  const { month, day, weekday, clock, isEndOfDay } = calendarDay(at);
  return isEndOfDay ? WHEN.short(month, day, weekday) : `${WHEN.short(month, day, weekday)} ${clock}`;
}

/** "还有 2 天 3 小时", or how long it is past: two units where it is near, one where it is not. */
export function left(at, nowS = now()) {
  const s = Math.abs(at - nowS), days = Math.floor(s / DAY), hours = Math.floor((s % DAY) / HOUR), minutes = Math.floor((s % HOUR) / MINUTE);
  const parts = days >= 3 ? [WHEN.days(days)] : days ? [WHEN.days(days), hours && WHEN.hours(hours)]
    : hours >= 6 ? [WHEN.hours(hours)] : hours ? [WHEN.hours(hours), minutes && WHEN.minutes(minutes)] : [WHEN.minutes(Math.max(1, minutes))];
  return (at < nowS ? WHEN.late : WHEN.left)(parts.filter(Boolean).join(" "));
}

/** late | today | soon | calm, as the server tells rows; for what is shown longer than it takes to change. */
export function nearness(at, nowS = now()) {
  if (at == null) return "none";
  if (at < nowS) return "late";
  if (moment(at, nowS).length <= 5) return "today";
  return at - nowS <= 3 * DAY ? "soon" : "calm";
}

const AT_UNIT = ["dispatched", "signed", "in_hand"];

/** The window in which a unit may return a ticket is over when the ticket has left it. */
export const ofStage = (limits, stage) => limits.filter((limit) => limit.key !== "return" || AT_UNIT.includes(stage));

/** One limit of a ticket as a row: name, day, what is left, and why. */
export function limitRow(limit, name, isOpen = false) {
  const isOver = limit.state === "kept" || limit.state === "kept_late", isSuspended = limit.state === "suspended";
  const day = isOver && limit.rule?.measure === "at_once" ? ONE.kept(moment(limit.met_at)) : isOver ? (limit.state === "kept_late" ? ONE.keptLate : ONE.kept)(moment(limit.met_at)) : isSuspended ? ONE.suspended : untilShort(limit.at);
  const state = isOver && limit.rule?.measure === "at_once" ? "kept" : limit.state; // at once has no moment that could be missed by seconds
  return make("details", { class: "limit", "data-what": limit.key, "data-state": state, "data-near": isOver || isSuspended ? "calm" : nearness(limit.at), open: isOpen },
    make("summary", {}, make("span", { class: "name" }, name), make("b", { class: "figure" }, day), isOver || isSuspended ? null : make("span", { class: "left figure" }, left(limit.at)),
      limit.is_provisional ? make("em", {}, ONE.provisional) : null),
    make("p", {}, limit.sentence));
}
