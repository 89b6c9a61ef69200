// Owns the wiring of the desk's page: makes each part once and hands them to each other.

import { Acts } from "./acts.js";
import { get, post } from "./api.js";
import { Bar } from "./bar.js";
import { Callbacks } from "./callbacks.js";
import { Dialler } from "./dial.js";
import { Directory } from "./directory.js";
import { $, boot } from "./dom.js";
import { Drafts } from "./drafts.js";
import { EchoTest } from "./echo_test.js";
import { Emergency } from "./emergency.js";
import { Headset } from "./headset.js";
import { HeadsetPanel } from "./headset_panel.js";
import { Keys } from "./keys.js";
import { KnowledgePanel } from "./knowledge_panel.js";
import { Link } from "./link.js";
import { MuteGuard } from "./mute_guard.js";
import { Phone } from "./phone.js";
import { oneAtATime, Phrases } from "./phrases.js";
import { Quality } from "./quality.js";
import { Queue } from "./queue.js";
import { RecordingPause } from "./recording_pause.js";
import { Ring } from "./ring.js";
import { reachable } from "./scrolling.js";
import { forgetSheets } from "./sheet_memory.js";
import { Sound } from "./sound.js";
import { deskState, emptyDesk, isForgotten, isHardware, ownAgent, ownCall, Store } from "./state.js";
import { Strip } from "./strip.js";
import { TelephoneTab } from "./tab.js";
import { Ticket } from "./ticket.js";
import { TicketForm } from "./ticket_form.js";
import { Transfer } from "./transfer.js";

const { me, acts: rights, lines, queues, names, parties } = boot();
const store = new Store(emptyDesk(me, { names }));
const link = new Link(store);
const headset = new Headset({ raw: new URLSearchParams(location.search).get("audio") === "raw" });
const sound = new Sound($("#remote-audio"), headset);
const phone = new Phone(store, sound, { hangUpByLink: (callId) => link.intent("hang_up", { callId }) });
const ring = new Ring(sound, store);
new Quality(store, sound);
new MuteGuard(store, sound);
const headsetPanel = !me.extension ? null : new HeadsetPanel(store, { sound, headset, echo: new EchoTest(phone, sound), stateOf: deskState });
const drafts = new Drafts(me.login, (entry) => ticket?.drafted(entry));
const dialler = new Dialler(store);
let ticket = null;
const form = new TicketForm(drafts, rights);
ticket = new Ticket(store, drafts, lines, form, dialler);
const tab = !me.extension ? null : new TelephoneTab(me.extension, {
  mine: () => phone.start(),
  elsewhere: () => phone.stop("elsewhere"),
  isBusy: () => phone.isBusy,
});
tab?.start(); // before all the rest is built: after a reload in a talk the citizen waits for this

/** ready or pause: asked until the live view says so, or until the refusal is told. */
async function setReady(name, op) {
  if ($(`#btn-${name}`).disabled) return;
  ring.askForNotifications();
  const before = deskState(store.value);
  const asked = (is) => store.set({ asked: { ...store.value.asked, [name]: is } });
  asked(true);
  store.set({ lead: null });
  const ack = await link.intent(op, { reason: op === "pause" ? $("#pause-reason").value : null });
  if (!ack.ok) {
    store.set({ told: ack.message || ack.code || "timeout" });
    return asked(false);
  }
  const until = Date.now() + 2000; // the delta follows the acknowledgement
  while (deskState(store.value) === before && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 30));
  return asked(false);
}

async function takeOver() {
  if ((await tab.takeOver()) === "refused") store.set({ told: "take_over_refused" });
}

let saidUnsaved = false;
async function signOut() {
  if (phone.isBusy) return;
  await drafts.flush();
  if (drafts.unsaved.length && !saidUnsaved) {
    saidUnsaved = true;
    store.set({ told: "still_unsaved" });
    return;
  }
  phone.stop("unregistered");
  await post("/api/sign-out").catch(() => {});
  sessionStorage.clear();
  forgetSheets();
  location.assign("/sign-in");
}

function answer() {
  if ($("#btn-answer").disabled) return;
  phone.answer();
  ticket.openOffered();
  if (!document.activeElement?.matches("textarea, input")) ticket.focus();
}

/** A hardware telephone is hung up by the bridge; the live view then says so. */
async function hangUp() {
  const call = ownCall(store.value);
  if (!isHardware(store.value) || !call) return phone.hangUp();
  const asked = (is) => store.set({ asked: { ...store.value.asked, hangup: is } });
  asked(true);
  const ack = await link.intent("hang_up", { callId: call.id });
  if (!ack.ok) store.set({ told: ack.message || ack.code || "timeout" });
  return asked(false);
}

// Whoever has no telephone has no line to act on.
const onLine = !me.extension ? null : new Acts(store, link, phone);
const directory = new Directory(store, parties);
const strip = onLine && new Strip(store, onLine);
const emergency = onLine && new Emergency(store, onLine);
const transfer = onLine && new Transfer(store, onLine, directory, queues);

const press = (name, act) => () => $(`#btn-${name}`).disabled || act();
const acts = {
  answer, hangup: press("hangup", hangUp), hold: press("hold", () => strip?.hold() || phone.toggleHold()),
  mute: press("mute", () => phone.toggleMute()), ready: () => setReady("ready", $("#btn-ready").dataset.will),
  pause: () => setReady("pause", "pause"), take_over: takeOver, sign_out: signOut,
};
const bar = new Bar(store, acts, lines);
const recordingPause = new RecordingPause(store, link);
const queue = new Queue(store);
const callbacks = new Callbacks(store, dialler, lines);
const ofLine = () => (lines[$("#ticket").dataset.line] ? $("#ticket").dataset.line : "");
const knowledge = new KnowledgePanel({ line: ofLine, matter: () => $("#ticket-form [name=title]").value.trim(), onOpen: () => callbacks.toggle(false) });
const beside = (act) => () => (knowledge.toggle(false), act()); // what lies over the same place makes room
$("#btn-callbacks").addEventListener("click", () => knowledge.toggle(false));
const keys = new Keys({ ...acts, open_offered: () => ticket.openOffered(), focus_draft: () => ticket.focus(), callbacks: beside(() => callbacks.toggle()), knowledge: () => knowledge.toggle(), phrases: () => phrases.toggle(), pause_recording: () => recordingPause.toggle(),
  focus_class: () => form.focus(), do_answer: () => form.open("answer"), do_refuse: () => form.open("refuse"), do_accept: () => form.open("accept"), do_void: () => form.open("void"), do_ask_superior: () => form.open("ask_superior"),
  emergency: () => emergency?.focus(), transfer: beside(() => transfer?.focus()), keypad: () => strip?.toggleKeypad(),
  ...Object.fromEntries(["merge", "swap", "drop", "leave", "take_back"].map((op) => [op, () => strip?.press(op)])) });

const phrases = new Phrases({ lineName: () => lines[ofLine()] ?? "", stateOf: () => deskState(store.value), write: (words) => ticket.quote(words) });
oneAtATime({ callbacks, knowledge, phrases, headset: headsetPanel });

store.watch((desk) => {
  if (desk.session?.state === "ringing" && !desk.asked.answer) {
    keys.toggleHelp(false);
    ring.start(ownCall(desk)?.line ?? desk.session.line ?? ""); // the telephone may ring before the live view knows of it
    if (desk.lead) store.set({ lead: null }); // what the supervisor did has come to its effect
  } else {
    ring.stop();
  }
  $("#btn-sign-out").disabled = Boolean(desk.session) || (isHardware(desk) && Boolean(ownCall(desk)));
});

// A fresh page whose agent is in a talk that no page holds (reloaded, crashed) asks for it; the call then comes and answers itself.
const RESUME_AGAIN_MS = 2500;
const KEEP_ASKING = ["link", "timeout", "bridge_down", "bridge_lost", "asterisk_down", "overloaded"];
const resume = { asked: 0, refused: "" };
function resumeTalk(desk) {
  const agent = ownAgent(desk);
  const callId = agent?.call_id;
  if (desk.session || !callId || agent.state !== "talking" || desk.phone.state !== "registered" || !link.connected) return;
  if (phone.knows(callId) || resume.refused === callId || Date.now() - resume.asked < RESUME_AGAIN_MS) return;
  resume.asked = Date.now();
  link.intent("resume", { callId }).then((ack) => {
    if (!ack.ok && !KEEP_ASKING.includes(ack.code)) resume.refused = callId;
  });
}
store.watch(resumeTalk);

// A ring during which the telephone's websocket was lost may have ended unheard: then the live view knows better.
const LOST_RING_S = 3;
function dropLostRing(desk) {
  const agent = ownAgent(desk), ring = desk.session;
  if (ring?.state !== "ringing" || !ring.lost || desk.asked.answer || !link.connected || desk.phone.state !== "registered") return;
  if (agent && agent.call_id !== ring.callId && Date.now() / 1000 - ring.since > LOST_RING_S) phone.drop();
}

// A telephone that Asterisk has forgotten says again that it is there: a moment after the live view says so (a page that has just
// registered is asked first whether it is there), then ever less often.
const AGAIN_AFTER_MS = [1500, 5000, 15000, 60000];
const forgotten = { since: 0, tries: 0 };
function registerAgain(desk) {
  if (!isForgotten(desk)) return Object.assign(forgotten, { since: 0, tries: 0 });
  forgotten.since ||= Date.now();
  if (Date.now() - forgotten.since < AGAIN_AFTER_MS[Math.min(forgotten.tries, AGAIN_AFTER_MS.length - 1)]) return;
  Object.assign(forgotten, { since: Date.now(), tries: forgotten.tries + 1 });
  phone.registerAgain();
}
store.watch(registerAgain);

setInterval(() => {
  [bar, recordingPause, queue, ticket, strip].forEach((part) => part?.tick());
  resumeTalk(store.value);
  dropLostRing(store.value);
  registerAgain(store.value);
}, 1000);

/** Records that an earlier page could not save: ask for their version, then they save themselves. */
async function saveForgotten() {
  for (const callId of drafts.forgotten) {
    const found = await get(`/api/calls/${encodeURIComponent(callId)}/ticket`).catch(() => null);
    if (found) drafts.learn(callId, found.draft);
  }
}
let wasUp = false, everUp = false;
store.watch((desk) => {
  const isUp = desk.link.state === "connected";
  if (isUp && !wasUp) {
    saveForgotten();
    drafts.flush();
    if (everUp) phone.check();
    everUp = true;
  }
  // A session that is over has no telephone any more; a running talk is not cut off.
  if (desk.link.expired && !desk.session && ["registered", "hardware"].includes(desk.phone.state)) phone.stop("unregistered");
  wasUp = isUp;
});

addEventListener("pageshow", (event) => event.persisted && location.reload()); // a page from the back-forward cache has dead sockets

reachable($("#limits"), $("#timeline"), $("#phrases-rows"), $(".zone.record"), $(".zone.who"));
link.open();

// Read-only windows for tests and for a support call.
window.hotline = Object.freeze({
  phone: Object.freeze({
    get registered() { return phone.registered; },
    get session() { return store.value.session?.state ?? null; },
    get muted() { return store.value.session?.muted ?? false; },
    get callId() { return phone.callId; },
    levels: () => sound.levels(),
  }),
  link: Object.freeze({ get connected() { return link.connected; } }),
  desk: Object.freeze({ get state() { return deskState(store.value); }, get agent() { return ownAgent(store.value) ?? null; } }),
});
