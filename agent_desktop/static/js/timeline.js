// Owns the course of one call in words: one line per event, in the order of its sequence numbers.

import { make } from "./dom.js";
import { EVENTS, QUEUE } from "./texts.js";
import { LINE_EVENTS } from "./texts_line.js";
import { clockWithSeconds, duration } from "./times.js";

const QUIET = new Set(["greeting_started", "recording_started", "adopted", "third_dialled", "party_dialled", "stage_entered"]);
const LOUD = new Set(["agent_missed", "fallback_entered", "requeued", "gap", "agent_left", "agent_awaited", "dial_failed", "third_failed", "third_missed", "party_missed", "citizen_alone", "recording_paused"]);

/** `nameOf` tells what a party of the directory is called. */
export function timelineRows(events, nameOf) {
  const ordered = [...events].sort((a, b) => a.seq - b.seq);
  const start = ordered[0]?.at;
  return ordered.map((event) => {
    const words = (EVENTS[event.kind] ?? LINE_EVENTS[event.kind])?.(event.facts ?? {}, nameOf) ?? event.kind;
    const isFarewell = event.kind === "agent_left" && event.facts?.cause === 16;
    const weight = LOUD.has(event.kind) && !isFarewell ? "loud" : QUIET.has(event.kind) ? "quiet" : "plain";
    return make("li", { "data-kind": event.kind, class: `event ${weight}` },
      make("time", { datetime: new Date(event.at * 1000).toISOString() }, clockWithSeconds(event.at)),
      make("span", { class: "words" }, words),
      make("span", { class: "after", title: QUEUE.sinceArrival }, `+${duration(event.at - start)}`));
  });
}
