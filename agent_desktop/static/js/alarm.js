// Owns the supervisor's alarm: the row that tells an emergency call, its sound and the window's title until somebody has seen it.

import { $, mark, write } from "./dom.js";
import { alarms } from "./notices.js";
import { chime } from "./sound.js";
import { ALARM } from "./texts_line.js";
import { duration, now } from "./times.js";

const EVERY_MS = 3000;
const NOTES = [[0, 880], [0.22, 660], [0.44, 880]]; // seconds, hertz; unlike the ring of a call
const LOUD = ["calling", "failed"];

export class Alarm {
  #store;
  #names;
  #seen = new Set(); // alarms by call, state and beginning: a new state is a new alarm
  #first = null;
  #timer = 0;
  #context = null;
  #title = document.title;

  constructor(store, names) {
    this.#store = store;
    this.#names = names;
    $("#btn-alarm-seen").addEventListener("click", () => this.see());
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => this.#sound(), { once: true, passive: true });
    store.watch((desk) => this.#show(desk));
  }

  /** Somebody has taken notice of all that is shown: sound and title are quiet until something new happens. */
  see() {
    for (const alarm of alarms(this.#store.value)) this.#seen.add(keyOf(alarm));
    this.#show(this.#store.value);
  }

  tick() {
    write($("#alarm-clock"), this.#first ? duration(now() - this.#first.since) : "");
  }

  #show(desk) {
    const found = alarms(desk), fresh = found.filter((each) => !this.#seen.has(keyOf(each)));
    const alarm = (this.#first = found[0] ?? null);
    const place = $("#alarm");
    const before = place.dataset.state;
    mark(place, "state", alarm?.state ?? "none");
    mark(place, "seen", Boolean(alarm) && !fresh.length);
    write($("#alarm-what"), alarm ? ALARM.what(alarm) : ALARM.none);
    const caller = desk.calls.get(alarm?.call_id)?.caller;
    write($("#alarm-who"), alarm ? [alarm.line, caller, alarm.agent ? ALARM.agent(alarm.agent, this.#names[alarm.agent]) : ALARM.menu].filter(Boolean).join(" · ") : "");
    mark($("#alarm-call"), "shown", Boolean(alarm));
    if (alarm) $("#alarm-call").href = `/calls?call=${encodeURIComponent(alarm.call_id)}`;
    write($("#alarm-more"), found.length > 1 ? ALARM.more(found.length - 1) : "");
    $("#btn-alarm-seen").disabled = !fresh.length;
    if (alarm && place.dataset.state !== before) write($("#announce-now"), ALARM.what(alarm));
    this.#call(fresh.find((each) => LOUD.includes(each.state)));
    this.tick();
  }

  /** Sound and title while an unseen alarm is open. */
  #call(alarm) {
    document.title = alarm ? ALARM.title(alarm.name) : this.#title;
    if (Boolean(alarm) === Boolean(this.#timer)) return;
    clearInterval(this.#timer);
    this.#timer = alarm ? setInterval(() => this.#chime(), EVERY_MS) : 0;
    if (alarm) this.#chime();
    if (alarm && document.hidden && window.Notification?.permission === "granted") new Notification(ALARM.what(alarm), { tag: "hotline-alarm", lang: "zh-CN" });
  }

  /** A browser allows sound from the first click or key on. */
  #sound() {
    this.#context ??= new AudioContext();
    this.#context.resume().catch(() => {});
  }

  #chime() {
    const context = this.#context;
    if (context?.state !== "running") return;
    chime(context, context.destination, context.currentTime + 0.02, NOTES, { type: "triangle", loud: 0.2 });
  }
}

const keyOf = (alarm) => [alarm.call_id, alarm.state, alarm.since].join();
