// Owns the wiring of the supervisor's page: the live view and the day in, two tables led by keys, two acts on an agent out.

import { Alarm } from "./alarm.js";
import { get } from "./api.js";
import { $, boot, fill, mark, write } from "./dom.js";
import { dayRows, isDaySure, showDayFrame } from "./floor_day.js";
import { showDialTests } from "./floor_dial.js";
import { Agents, Callers, queueRows, summaries } from "./floor_rows.js";
import { Link } from "./link.js";
import { isLiveSure, notices } from "./notices.js";
import { emptyDesk, Store } from "./state.js";
import { ACKS, FLOOR } from "./texts.js";
import { clockWithSeconds, duration, now } from "./times.js";
import "./top.js";

const TOLD_MS = 8000;
const TALKS = ["ringing", "talking", "held", "joined", "dialling"];

const { me, queues, names, acts } = boot();
const store = new Store(emptyDesk({ ...me, extension: null })); // this page has no telephone
const link = new Link(store);
const mayLead = acts.includes("lead_floor");
const agents = new Agents($("#agents"), { names, queues, mayLead, endPause, signOutAgent });
const alarm = new Alarm(store, names);
const callers = new Callers($("#callers"), { queues });

let toldTimer = 0;
function tell(text) {
  store.set({ told: text });
  clearTimeout(toldTimer);
  toldTimer = setTimeout(() => store.set({ told: "" }), TOLD_MS);
}

const nameOf = (id) => [id, names[id]].filter(Boolean).join(" ");

async function lead(op, id, words) {
  agents.asked(id, true);
  const ack = await link.intent(op, { target: id });
  agents.asked(id, false);
  tell(ack.ok ? words(nameOf(id)) : ack.message || ACKS[ack.code] || FLOOR.refused);
}

function endPause(id) {
  lead("ready", id, FLOOR.pauseEnded);
}

/** Who talks is asked about first; the talk itself goes on in either case. */
async function signOutAgent(id) {
  const state = store.value.agents.get(id)?.state;
  if (TALKS.includes(state) && !(await confirmed(FLOOR.confirm(nameOf(id), state)))) return;
  lead("sign_out", id, FLOOR.signedOut);
}

function confirmed({ title, text }) {
  const dialog = $("#confirm");
  if (dialog.open) return Promise.resolve(false);
  const before = document.activeElement;
  write($("#confirm-title"), title);
  write($("#confirm-text"), text);
  dialog.returnValue = "";
  dialog.showModal();
  $("#btn-no").focus(); // the harmless answer is the one that a stray Enter gives
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    before?.focus();
    resolve(dialog.returnValue === "yes");
  }, { once: true }));
}

function show(desk) {
  const sure = isLiveSure(desk);
  mark(document.body, "live", sure ? "sure" : "unsure");
  const isKnown = desk.link.everUp && (sure || desk.queues.size > 0);
  fill($("#queues"), [...desk.queues.values(), isKnown], () => queueRows(desk, queues, isKnown));
  callers.show(desk, isKnown);
  agents.show(desk, isKnown);
  const told = summaries(desk);
  write($("#callers-summary"), isKnown ? told.callers : "");
  write($("#agents-summary"), isKnown ? told.agents : "");
  mark(document.body, "day", !desk.day ? "unknown" : isDaySure(desk) ? "sure" : "unsure");
  showDayFrame(desk);
  if (desk.day) fill($("#day"), desk.day, () => dayRows(desk.day));
  showDialTests(desk);
  const first = notices(desk).find(({ key }) => !["alarm", "dial"].includes(key)); // their own rows tell that
  write($("#notice"), first?.text ?? "");
  mark($("#notice"), "weight", first?.weight ?? "none");
  mark($("#sign-in-again"), "shown", desk.link.expired);
  tick();
}

function tick() {
  const limit = store.value.day?.limits?.longest_wait_s ?? Infinity;
  write($("#now"), clockWithSeconds(now()));
  alarm.tick();
  for (const node of document.querySelectorAll("[data-since]")) {
    const spent = now() - Number(node.dataset.since);
    write(node, node.dataset.since ? duration(spent) : "–");
    if ("wait" in node.dataset) mark(node, "late", Boolean(node.dataset.since) && spent > limit);
  }
  for (const node of document.querySelectorAll("[data-until]")) write(node, FLOOR.left(duration(Math.ceil(Number(node.dataset.until) - now()))));
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("#confirm").open) return;
  if (event.key.toLowerCase() === "k" && !event.repeat) alarm.see();
  else if (event.key === "ArrowRight") agents.focus();
  else if (event.key === "ArrowLeft") callers.focus();
  else if (["ArrowDown", "ArrowUp"].includes(event.key) && event.target === document.body) agents.focus();
  else return;
  event.preventDefault();
});
$("#btn-yes").addEventListener("click", () => $("#confirm").close("yes"));
$("#btn-no").addEventListener("click", () => $("#confirm").close(""));
addEventListener("pageshow", (event) => event.persisted && location.reload());

store.watch(show);
setInterval(tick, 1000);
get("/api/me").catch(() => {}); // learns the server's clock before the first wait is shown
link.open();
