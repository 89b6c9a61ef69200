// Owns what a call's transfers left behind: each with its attempts and outcome, and the recordings of what was said apart.

import { make } from "./dom.js";
import { player } from "./player.js";
import { PLAYER } from "./texts.js";
import { EVIDENCE } from "./texts_line.js";
import { clockWithSeconds, duration } from "./times.js";

/** Nodes for the open row of a call; none for a call that nobody was brought to. */
export function evidence(id, call, nameOf) {
  const { transfers = [], segments = [] } = call;
  const parts = [];
  if (transfers.length) parts.push(make("h3", {}, EVIDENCE.title), make("ol", { class: "transfers" }, ...transfers.map((each) => transfer(each, nameOf))));
  if (segments.length) parts.push(make("h3", {}, EVIDENCE.segments), ...segments.map((each) => segment(id, each, nameOf)));
  return parts;
}

function transfer(each, nameOf) {
  const whom = each.name || nameOf(each.party) || (each.to ? EVIDENCE.agent(each.to) : each.queue ? EVIDENCE.queue(each.queue) : EVIDENCE.noName);
  return make("li", { "data-n": each.n },
    make("p", {}, make("time", {}, clockWithSeconds(each.asked_at)), " ", make("b", {}, `${EVIDENCE.way(each.way)} ${whom}`), each.by ? make("small", {}, EVIDENCE.agent(each.by)) : null),
    ...each.attempts.map((one) => make("p", { class: "quiet" }, EVIDENCE.attempt(one.attempt, one.number, one.trunk, EVIDENCE.result(one.result)), one.waited_s == null ? null : `，${EVIDENCE.waited(one.waited_s)}`)),
    make("p", {}, [EVIDENCE.ending(each.outcome), EVIDENCE.last(each.last)].filter(Boolean).join("，")));
}

function segment(id, each, nameOf) {
  const what = make("p", {}, EVIDENCE.of(each.n), " ", make("time", {}, clockWithSeconds(each.started_at)), each.length_s == null ? null : ` ${duration(each.length_s)}`);
  if (!each.may_listen || each.state !== "ready") {
    const why = !each.may_listen ? EVIDENCE.noRight : each.state === "failed" ? EVIDENCE.failed : EVIDENCE.later;
    return make("div", { class: "segment" }, what, make("p", { class: "quiet" }, why));
  }
  return make("div", { class: "segment" }, what, player(id, { leg: each.leg, nameOf, title: PLAYER.third }));
}
