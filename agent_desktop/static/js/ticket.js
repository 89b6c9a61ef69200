// Owns the ticket of one call: who and what at the left, the record in the middle, its course at the right.

import { get } from "./api.js";
import { partyName } from "./directory.js";
import { mayDial } from "./dial.js";
import { $, fill, lineBadge, make, mark, numberGroups, write } from "./dom.js";
import { Past } from "./past.js";
import { toNewest } from "./scrolling.js";
import { ownCall } from "./state.js";
import { timelineRows } from "./timeline.js";
import { DRAFT, PHASES, TICKET } from "./texts.js";
import { PAST } from "./texts_phone.js";
import { clockWithSeconds, duration, moment, now } from "./times.js";

const RETRY_MS = [700, 1500, 3000, 5000];
const COURSE_MS = [500, 2500]; // the worker writes the course a moment after the event
const LAST_KEY = "hotline.ticket";

export class Ticket {
  #store;
  #drafts;
  #lines;
  #form;
  #id = null;
  #facts = {}; // what is known of the call, newest source last
  #past;
  #dialler;
  #phase = "";
  #timers = new Set();
  #offered = null;
  #isOurs = null; // whether the last answer knew that the call is ours
  #nameOf = (key) => partyName(this.#store.value.directory, key);

  constructor(store, drafts, lines, form, dialler) {
    this.#store = store;
    this.#drafts = drafts;
    this.#lines = lines;
    this.#form = form;
    this.#past = new Past((stage) => form.stageName(stage));
    $("#draft-text").addEventListener("input", (event) => this.#drafts.edit(this.#id ?? "", { text: event.target.value }));
    $("#draft-mine").addEventListener("click", () => this.#drafts.keepMine(this.#id));
    $("#draft-theirs").addEventListener("click", () => this.#drafts.takeTheirs(this.#id));
    $("#btn-open-offered").addEventListener("click", () => this.openOffered());
    $("#btn-call-again")?.addEventListener("click", () => this.#callAgain());
    this.#dialler = dialler;
    new ResizeObserver(() => toNewest($("#timeline"))).observe($("#timeline"));
    const last = sessionStorage.getItem(LAST_KEY);
    if (last) this.#open(last);
    store.watch((desk) => this.#follow(desk));
  }

  get hasOffered() {
    return this.#offered !== null;
  }

  focus() {
    $("#draft-text").focus();
  }

  /** Words from elsewhere go where the writing stands, on a line of their own. */
  quote(words) {
    const box = $("#draft-text");
    if (box.disabled || box.readOnly) return;
    const at = box.selectionEnd, before = box.value.slice(0, at);
    box.setRangeText((before && !before.endsWith("\n") ? "\n" : "") + words, at, at, "end");
    box.focus();
    this.#drafts.edit(this.#id ?? "", { text: box.value });
  }

  openOffered() {
    if (this.#offered !== null) this.#open(this.#offered, this.#store.value);
  }

  /** A record changed: show its state, and its words and form only where nobody is typing other ones. */
  drafted(entry) {
    if (entry.callId !== (this.#id ?? "")) return;
    const box = $("#draft-text");
    if (box.value !== entry.text) box.value = entry.text;
    this.#form.show(entry.callId, entry);
    this.#showDraft(entry);
  }

  tick() {
    if (this.#id === null) return;
    const { arrived_at: arrived, answered_at: answered, ended_at: ended } = this.#facts;
    const from = arrived ?? this.#facts.rang_at; // the menu counts as waiting
    const until = answered ?? ended;
    write($("#ticket-wait"), from == null ? "–" : duration((until ?? now()) - from));
    const phase = ended ? (answered ? TICKET.over(duration(ended - answered)) : TICKET.overMissed)
      : answered && !this.#isHeld() ? `${PHASES.talking} ${duration(now() - answered)}` : PHASES[this.#facts.phase] ?? "";
    write($("#ticket-phase"), phase);
  }

  #isHeld() {
    return this.#facts.phase === "held";
  }

  #follow(desk) {
    const call = ownCall(desk);
    const id = call ? call.id ?? "" : desk.session ? "" : null;
    if (id !== null && id !== this.#id) {
      if (this.#mayOpen(desk, id)) this.#open(id, desk);
      else if (this.#offered !== id) this.#offer(id, desk, call);
    } else if (id === null && this.#offered !== null) {
      this.#offer(null, desk); // it went elsewhere
    }
    if (this.#id !== null) this.#learn(desk);
    this.#showCallAgain(desk);
  }

  /** Nothing is opened over text that the server does not have, until the agent answers or asks for it. */
  #mayOpen(desk, id) {
    if (this.#id === "" && id) return true;
    const isTyping = this.#id !== null && this.#drafts.of(this.#id).state !== "saved";
    return !isTyping || (desk.session && desk.session.state !== "ringing");
  }

  #offer(id, desk, call) {
    this.#offered = id;
    const banner = $("#offered");
    banner.dataset.shown = String(id !== null);
    $("#btn-open-offered").disabled = id === null;
    if (id === null) return;
    const line = call?.line ?? desk.session?.line;
    $("#offered-what").replaceChildren(lineBadge(line, this.#lines[line]), make("span", {}, call?.caller ?? desk.session?.caller ?? TICKET.unknownNumber));
  }

  #open(id, desk = this.#store.value) {
    if (this.#id === "" && id) this.#drafts.rename("", id);
    this.#timers.forEach(clearTimeout);
    this.#timers.clear();
    this.#id = id;
    this.#facts = {};
    this.#isOurs = null;
    this.#phase = "";
    this.#offer(null, desk);
    sessionStorage.setItem(LAST_KEY, id);
    const root = $("#ticket");
    root.dataset.callId = id;
    root.dataset.empty = "false";
    const box = $("#draft-text");
    box.disabled = false;
    box.value = this.#drafts.of(id).text;
    this.#form.show(id, this.#drafts.of(id));
    this.#showDraft(this.#drafts.of(id));
    this.#learn(desk);
    this.#showTimeline([]);
    this.#past.forget();
    if (id) this.#load(id, 0);
  }

  async #load(id, tries) {
    try {
      const told = await get(`/api/calls/${encodeURIComponent(id)}/ticket`);
      const { call, draft, tickets } = told;
      if (id !== this.#id) return;
      this.#facts = { ...known(call), ...this.#facts, ...wholeNumber(this.#facts, call) };
      this.#isOurs = call?.agent === this.#store.value.me.extension;
      this.#past.learn(told);
      this.#drafts.learn(id, draft);
      this.#form.tickets(tickets);
      if (!this.#past.isWhole) this.#later(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)], () => this.#load(id, tries + 1));
    } catch (error) {
      if (id !== this.#id) return;
      if (error.status === 403) return;
      this.#past.fail();
      this.#later(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)], () => this.#load(id, tries + 1));
    }
    this.#showFacts();
  }

  #learn(desk) {
    const live = this.#id ? desk.calls.get(this.#id) : ownCall(desk);
    if (live) {
      this.#facts = { ...this.#facts, ...known(live), ...wholeNumber(this.#facts, live) };
      // Asked before the call was ours the ticket came masked and without earlier calls: ask once more.
      if (this.#isOurs === false && live.agent === desk.me.extension) {
        this.#isOurs = null;
        this.#load(this.#id, 0);
      }
    } else if (this.#facts.phase && this.#facts.phase !== "ended" && desk.link.state === "connected" && !desk.session) {
      this.#facts = { ...this.#facts, phase: "ended", ended_at: this.#facts.ended_at ?? desk.ended?.at ?? now() };
    }
    const { session, ended } = desk;
    if (session && session.callId === this.#id) {
      this.#facts = {
        ...this.#facts, ...wholeNumber(this.#facts, session), line: this.#facts.line ?? session.line,
        rang_at: session.since, phase: session.dials ? live?.phase ?? "dialling" : session.state,
        answered_at: this.#facts.answered_at ?? (session.dials ? null : session.answeredAt), ended_at: null,
      };
    } else if (ended && ended.callId === this.#id && ended.talked != null) {
      this.#facts = { ...this.#facts, phase: "ended", ended_at: this.#facts.ended_at ?? ended.at };
    }
    this.#showFacts();
    const { stage = "", failed = "", third } = this.#facts.join ?? {};
    const phase = [this.#facts.phase, this.#facts.agent, stage, failed, third?.state, third?.attempt].join();
    if (phase !== this.#phase) {
      this.#phase = phase;
      const id = this.#id;
      for (const ms of COURSE_MS) this.#later(ms, () => this.#loadTimeline(id));
    }
  }

  async #loadTimeline(id) {
    if (!id || id !== this.#id) return;
    try {
      const { timeline } = await get(`/api/calls/${encodeURIComponent(id)}`);
      if (id === this.#id) this.#showTimeline(timeline ?? []);
    } catch {
      // the course comes with the next change; the call itself does not need it
    }
  }

  #showFacts() {
    const { caller, line, arrived_at: arrived } = this.#facts;
    const root = $("#ticket");
    mark(root, "line", line || "unknown");
    mark(root, "phase", this.#facts.phase ?? "");
    this.#form.facts({ line, caller });
    this.#past.show(String(caller ?? ""));
    fill($("#ticket-number"), caller ?? "", () => (caller ? numberGroups(String(caller)) : [TICKET.unknownNumber]));
    fill($("#ticket-line"), line ?? "", () => [line ? lineBadge(line, this.#lines[line]) : lineBadge("", TICKET.unknownLine)]);
    write($("#ticket-arrived"), moment(arrived));
    const [wait, when] = TICKET.labels[this.#facts.direction] ?? TICKET.labels.in;
    write($("#ticket-wait-label"), wait);
    write($("#ticket-arrived-label"), when);
    // While rescuers are called for an agent the strip of the line tells it; whoever has the call after that must see it here.
    const { urgent, party, join } = this.#facts;
    write($("#ticket-flags"), !urgent ? "" : party ? TICKET.urgent(this.#nameOf(party)) : join?.way === "emergency" ? "" : TICKET.stillUrgent);
    write($("#ticket-withheld"), this.#facts.withheld ? TICKET.withheld : "");
    if (this.#facts.menu) this.#showMenu();
    this.tick();
  }

  /** The citizen of this ticket, once the talk is over; one's own call may be called back whether or not it is on the list. */
  #callAgain() {
    const id = this.#id;
    this.#dialler.ask(`again ${id}`, `/api/callbacks/${encodeURIComponent(id)}/dial`, undefined, (words) => words && this.#store.set({ told: words }));
  }

  #showCallAgain(desk) {
    const button = $("#btn-call-again");
    if (button) button.disabled = !this.#id || !this.#facts.caller || !mayDial(desk) || Boolean(this.#dialler.asked);
  }

  /** The way through the menu: the live view's word, after the call its course's. */
  #showMenu(events = []) {
    const noticed = events.find((event) => event.kind === "notice_played"), isAlone = events.some((event) => event.kind === "fallback_entered");
    const menu = this.#facts.menu ?? noticed?.facts?.menu;
    const isSilent = noticed && !isAlone && this.#facts.direction !== "out";
    write($("#ticket-menu"), menu || (isSilent ? PAST.noKeys : "–"));
  }

  #showTimeline(events) {
    this.#showMenu(events);
    const place = $("#timeline"), before = place.dataset.signature;
    fill(place, events, () => (events.length ? timelineRows(events, this.#nameOf) : [make("li", { class: "none" }, TICKET.noTimeline)]));
    if (place.dataset.signature !== before) toNewest(place);
  }

  #showDraft(entry) {
    const place = $("#draft-state");
    mark(place, "state", entry.state);
    const words = {
      saved: () => (entry.savedAt ? DRAFT.saved(clockWithSeconds(entry.savedAt)) : DRAFT.empty),
      saving: () => DRAFT.saving,
      unsaved: () => (entry.message ? DRAFT.refused(entry.message) : entry.callId ? DRAFT.unsaved : DRAFT.unbound),
      offline: () => DRAFT.offline,
      conflict: () => DRAFT.conflict(entry.other?.saved_by),
    };
    write(place, words[entry.state]());
    mark($("#draft-conflict"), "shown", entry.state === "conflict");
    $("#draft-mine").disabled = $("#draft-theirs").disabled = entry.state !== "conflict";
    write($("#draft-other"), [this.#form.told(entry.other?.fields), entry.other?.text].filter(Boolean).join("\n"));
  }

  #later(ms, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}

/** A masked number never replaces a whole one. */
function wholeNumber(facts, source) {
  const isBetter = source?.caller && (!facts.caller || String(facts.caller).includes("*"));
  return { caller: isBetter ? source.caller : facts.caller };
}

/** Only what is known: a null of one source never hides a value of another. */
function known(call) {
  const facts = Object.fromEntries(Object.entries(call ?? {}).filter(([, value]) => value != null && value !== ""));
  if (facts.state && !facts.phase) facts.phase = facts.state;
  return facts;
}
