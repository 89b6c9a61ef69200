// Owns what the page knows: one small store, and the one rule that names the desk's state from it.

import { PAUSE_REASONS } from "./texts.js";

export class Store {
  #value;
  #listeners = new Set();
  #queued = false;

  constructor(value) {
    this.#value = value;
  }
  get value() {
    return this.#value;
  }
  set(patch) {
    this.#value = { ...this.#value, ...patch };
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      for (const listen of [...this.#listeners]) {
        try {
          listen(this.#value);
        } catch (error) {
          console.error("a part of the page failed", error); // one broken zone must not silence the others
        }
      }
    });
  }
  watch(listen) {
    this.#listeners.add(listen);
    listen(this.#value);
  }
}

export function emptyDesk(me, known = {}) {
  return {
    me,
    link: { state: "connecting", since: Date.now() / 1000, everUp: false, expired: false },
    phone: { state: me?.extension ? "starting" : "none", mic: "unasked", isMicSilent: false, sound: true },
    session: null, // {callId, state: ringing|talking|held, muted, caller, since, answeredAt}
    ended: null, // {callId, cause, at}
    asked: {}, // name of a button -> true while it waits for its confirmation
    quality: "none", sound: null, // sound: the figures of the call (quality.js)
    speaksMuted: false, // the agent speaks into a muted microphone
    calls: new Map(), agents: new Map(), queues: new Map(), parts: {},
    pauseReasons: [], // {code, name, active} in order; inactive ones keep their name where they were used
    dialTests: null, // what the last dial-tests found, for those who may see the day
    day: null, // the day's counts, for those who may see them
    names: {}, // extension -> who has it
    directory: [], directoryState: "loading", // the parties as GET /api/parties tells them; loading | known | away
    alarms: [], // emergencies of all calls, for who leads the floor: {call_id, line, agent, state, party, name, since}
    typed: "", // the number this agent has typed last for a third; the live view does not repeat it
    acted: null, // {op, name, isSent, message, callId, stage}: the last act on the line, if it was refused or nobody can tell what came of it
    lead: null, // {op, text}: what the supervisor did to this agent, until the agent's next act or ring
    told: "", // the last refusal, shown in the status line
    ...known,
  };
}

const LIVE = ["ringing", "talking", "held", "joined", "dialling"];

export const ownAgent = (desk) => (desk.me?.extension ? desk.agents.get(desk.me.extension) : undefined);

/** The words of a pause reason: the city's, else the queue's own, else as it stands. */
export const pauseName = (desk, code) => desk.pauseReasons.find((reason) => reason.code === code)?.name ?? PAUSE_REASONS[code] ?? code ?? "";

/** The call whose ticket belongs on the screen: the telephone knows first, then the live view. */
export function ownCall(desk) {
  if (desk.session?.callId) return desk.calls.get(desk.session.callId) ?? { id: desk.session.callId };
  const extension = desk.me?.extension;
  if (!extension) return undefined;
  return [...desk.calls.values()].find((c) => LIVE.includes(c.phase) && c.lost_by !== extension && (c.agent === extension || isAskedOn(c, extension)));
}
const isAskedOn = (call, extension) => call.join?.target?.agent === extension && call.join.third != null;

/** The call from which this agent was cut off while the citizen is still there. */
export const lostCall = (desk) => (desk.me?.extension ? [...desk.calls.values()].find((c) => c.lost_by === desk.me.extension && c.phase !== "ended") : undefined);

/** A hardware telephone answers and hangs up by itself; the page only shows what the live view tells. */
export const isHardware = (desk) => desk.phone.state === "hardware";
/** Whether Asterisk does not reach the hardware telephone; it is known once the agent is in the queue. */
export const isTelephoneGone = (desk) => isHardware(desk) && ownAgent(desk)?.reachable === false && ownAgent(desk).state !== "offline";

/** Whether Asterisk does not reach this page's telephone although it is registered: it has lost the registration. */
export const isForgotten = (desk) => desk.phone.state === "registered" && !isBlind(desk) && ownAgent(desk)?.reachable === false && ownAgent(desk).state !== "offline";

/** offline | ready | dialling | ringing | talking | held | paused | wrap_up | unregistered. The telephone is believed before the live view. */
export function deskState(desk) {
  // The telephone is up while it dials; only Asterisk knows when the citizen is connected.
  if (desk.session?.dials && desk.session.state !== "held" && !isConnected(desk)) return "dialling";
  if (desk.session?.state === "talking" && ownCall(desk)?.join?.stage === "parked") return "held";
  if (desk.session) return desk.session.state;
  if (!["registered", "none", "hardware"].includes(desk.phone.state)) return "unregistered";
  const agent = ownAgent(desk);
  if (!agent) return "offline";
  // The live view may still speak of the call that this telephone has just ended.
  if (desk.ended && agent.call_id === desk.ended.callId && LIVE.includes(agent.state)) return "wrap_up";
  if (agent.state === "talking" && ownCall(desk)?.phase === "dialling") return "dialling";
  if (isHardware(desk) && agent.state === "talking" && (ownCall(desk)?.phase === "held" || ownCall(desk)?.join?.stage === "parked")) return "held";
  return agent.state ?? "offline";
}

export const isBlind = (desk) => desk.link.state !== "connected" || ["bridge", "redis", "live"].some((part) => desk.parts[part]?.state === "down");

/** While nobody can tell (no link, no live view, no bridge) the telephone's word counts, so that hold and the rest work. */
function isConnected(desk) {
  return isBlind(desk) || ["talking", "held", "joined"].includes(desk.calls.get(desk.session.callId)?.phase);
}
