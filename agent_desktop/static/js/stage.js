// Owns what is known of who is on the line: the stage in words, each one's seat, who hears whom, which acts it allows. Pure.

import { isBlind, isHardware, lostCall, ownCall } from "./state.js";
import { apart, FAILED, LINE, STAGES, STAGES_ASKED, whoIs } from "./texts_line.js";

// Which act a stage allows; the machine decides (transfer/acts.py), this only greys out what it would refuse.
const AWAY = ["blind", "requeue"];
const START = ["consult", "add", "emergency", ...AWAY];
const TWO = ["merge", "swap", "drop", "leave", "emergency", ...AWAY];
const ALLOWED = {
  single: [...START, "digits"], held: START,
  placing: ["emergency"],
  talk: [...START, "hold", "mute_citizen", "digits"],
  parked: [...START, "merge"],
  calling: ["emergency", "merge", "drop", ...AWAY],
  adding: ["emergency", "hold", "drop", "mute_citizen", "digits", ...AWAY],
  consult: [...TWO, "mute_third", "digits"],
  swapped: [...TWO, "mute_citizen", "digits"],
  three: [...TWO.slice(1), "hold", "mute_citizen", "mute_third", "digits"],
  handed: ["take_back"], alone: ["take_back"], sought: ["take_back"], lost: ["take_back"],
  rescue_on: ["mute_third", "digits"],
};
// Whose menu the keys are for; everywhere else the citizen's.
const KEYS_TO_THIRD = ["consult", "three", "rescue_on"];
// Who is in the room together, per stage; somebody of the call who is not here hears music.
const TOGETHER = {
  single: "ca", talk: "ca", adding: "ca", swapped: "ca", consult: "at", rescue_on: "at", three: "cat", handed: "ct", led: "", held: "", parked: "a", calling: "a",
};
const UP = ["talking", "held"];
const ACTS = new Set(Object.values(ALLOWED).flat());

/** The stage of the call that this page is about, or of the one it was cut off from; the telephone counts where the live view is blind. */
export function lineView(desk) {
  const own = ownCall(desk), lost = own ? undefined : lostCall(desk);
  const call = own ?? lost;
  const join = call?.join ?? null;
  const stage = lost ? (["handed", "sought"].includes(join?.stage) ? join.stage : "lost") : join?.stage ?? plainStage(desk, call);
  const me = desk.me?.extension;
  const isAsked = Boolean(join && me && join.target?.agent === me && call.agent !== me); // another agent asked me onto this call
  const allowed = new Set(isAsked ? [] : ALLOWED[stage] ?? []);
  if (lost) allowed.add("take_back");
  // While nobody tells what is true an act is refused by the bridge at worst, not by an old picture.
  if (isBlind(desk) && UP.includes(desk.session?.state)) ACTS.forEach((act) => allowed.add(act));
  const isEmergency = join?.way === "emergency" && (join.third != null || Boolean(join.failed));
  const view = { call, join, stage, allowed, isAsked, isEmergency, keysTo: KEYS_TO_THIRD.includes(stage) ? "third" : "citizen", since: sinceOf(desk, call, join, stage, lost), failed: join?.failed ?? null, attempt: "" };
  return { ...view, ...words(desk, view), seats: seats(desk, view), together: TOGETHER[stage] ?? "" };
}

/** The stage of an ordinary call, of which the transfer machine knows nothing. */
function plainStage(desk, call) {
  const state = desk.session?.state ?? (isHardware(desk) ? { joined: "talking" }[call?.phase] ?? call?.phase : undefined);
  if (desk.session?.dials && !UP.includes(call?.phase)) return "dialling";
  return { ringing: "ringing", talking: "single", held: "held", dialling: "dialling" }[state] ?? "none";
}

function sinceOf(desk, call, join, stage, lost) {
  if (lost) return join?.since ?? call.since ?? null;
  if (join) return join.since ?? null;
  return stage === "none" || stage === "ringing" ? null : desk.session?.answeredAt ?? call?.answered_at ?? null;
}

function words(desk, { call, join, stage, isAsked, isEmergency, failed }) {
  const target = join?.target ?? {};
  const number = desk.directory.find((party) => party.key === target.party)?.numbers[0] ?? "";
  const facts = {
    third: apart(whoIs(target, desk.typed)), failed, number,
    waited: join?.waited_s == null ? null : Math.round(join.waited_s), agent: apart(LINE.agent(call?.agent ?? "", desk.names[call?.agent])),
  };
  const [title, story] = failed && !join.third
    ? (isEmergency ? LINE.emergencyFailed : LINE.failed)(facts)
    : isEmergency && ["adding", "calling"].includes(stage) ? LINE.emergencyCalling(facts)
      : isEmergency && stage === "three" ? LINE.emergencyThree(facts)
        : ((isAsked ? STAGES_ASKED : STAGES)[stage] ?? STAGES.none)(facts);
  const tone = stage === "none" ? "quiet" : isEmergency ? "danger" : failed || stage === "lost" ? "soon" : "plain";
  return { title, story: story.trim(), tone };
}

/** -> {citizen, agent, third}: {name, how, since, place: none|room|music|dialling|gone|failed, isMuted} */
function seats(desk, { call, join, stage, isAsked, failed }) {
  const muted = new Set(join?.muted ?? []);
  const together = TOGETHER[stage] ?? "";
  const isUp = !["none", "ringing", "dialling"].includes(stage);
  const nobody = { name: "", how: "", since: null, place: "none", isMuted: false };
  const seat = (letter, role, name, elsewhere) => ({
    name, isMuted: muted.has(role), since: null,
    ...(together.includes(letter) ? { how: muted.has(role) ? LINE.muted : together.length > 1 ? LINE.talks : LINE.waits, place: "room" } : elsewhere),
  });
  const music = { how: LINE.music, place: "music", since: join?.since ?? null };
  const citizen = !isUp || stage === "rescue_on" ? { ...nobody, name: call && stage !== "rescue_on" ? call.caller ?? "" : "", how: stage === "rescue_on" ? LINE.gone : "" }
    : seat("c", "citizen", call?.caller || LINE.hidden, stage === "led" ? { how: LINE.led, place: "music" } : stage === "placing" ? { how: "", place: "room" } : music);
  const isAway = ["handed", "led", "alone", "sought", "lost"].includes(stage);
  const name = isAsked ? LINE.agent(call.agent, desk.names[call.agent]) : LINE.you;
  const agent = !isUp ? { ...nobody, name: stage === "none" ? "" : name } : seat("a", "agent", name, isAway ? { how: LINE.gone, place: "gone" } : { how: "", place: "room" });
  return { citizen, agent, third: thirdSeat(desk, { join, isAsked, failed, nobody, muted }) };
}

function thirdSeat(desk, { join, isAsked, failed, nobody, muted }) {
  const target = join?.target ?? {};
  const name = isAsked ? LINE.you : join ? whoIs(target, desk.typed) : "";
  const third = join?.third;
  if (!third) return failed ? { ...nobody, name, how: FAILED[failed] ?? "", place: "failed" } : nobody;
  const isMuted = muted.has("third");
  const how = {
    dialling: LINE.dialling, ringing: LINE.ringing, talking: isMuted ? LINE.muted : LINE.talks, held: LINE.music,
  }[third.state] ?? "";
  const place = { talking: "room", held: "music" }[third.state] ?? "dialling";
  return { name, how, since: third.since ?? null, place, isMuted, attempt: place === "dialling" ? LINE.attempt(third.attempt, third.of) : "" };
}
