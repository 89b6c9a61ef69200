// Owns the strip that tells an agent the own day: calls, average talk, after-call work, pauses; asked again every half minute.

import { get } from "./api.js";
import { fill, make, mark } from "./dom.js";
import { PAUSE_REASONS } from "./texts.js";
import { OWN_DAY } from "./texts_pages.js";
import { duration, moment } from "./times.js";

const REFRESH_MS = 30000;
const ROWS = [
  ["answered", (day) => OWN_DAY.count(day.answered)],
  ["dialled", (day) => OWN_DAY.count(day.dialled)],
  ["average_talk_s", (day) => duration(day.average_talk_s)],
  ["longest_talk_s", (day) => duration(day.longest_talk_s)],
  ["average_after_call_s", (day) => duration(day.average_after_call_s)],
  ["paused_s", (day) => duration(day.paused_s)],
];

/** Fill `place` now and from now on; what was known last stays, marked, while the server cannot tell. */
export function ownDay(place) {
  const load = async () => {
    try {
      const day = await get("/api/own-day");
      mark(place, "sure", true);
      fill(place, day, () => [
        make("dl", {}, ...ROWS.map(([key, words]) => make("div", { "data-figure": key }, make("dt", {}, OWN_DAY.names[key]), make("dd", { class: "figure" }, words(day))))),
        make("p", { class: "quiet" }, [day.began_at ? OWN_DAY.since(moment(day.began_at)) : OWN_DAY.notYet,
          ...day.paused.map(({ reason, name, seconds }) => `${name ?? PAUSE_REASONS[reason] ?? reason} ${duration(seconds)}`)].join(" · ")),
      ]);
    } catch {
      mark(place, "sure", false);
    }
  };
  load();
  return setInterval(load, REFRESH_MS);
}
