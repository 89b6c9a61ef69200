// Owns the sheet of the headset: which devices, how loud the microphone is, the test with one's own echo, the figures of the call.

import { $, fill, make, mark, write } from "./dom.js";
import { ROLES } from "./headset.js";
import { chime } from "./sound.js";
import { HEADSET } from "./texts_phone.js";

const LOOK_MS = 100;
const FIGURES_MS = 1000;
const FREE = ["offline", "paused", "wrap_up", "unregistered"];
const RING = [[0, 660], [0.16, 880]];

export class HeadsetPanel {
  #store;
  #sound;
  #headset;
  #echo;
  #stateOf;
  #plugged = Object.fromEntries(ROLES.map((role) => [role, []]));
  #meter = null;
  #timer = 0;
  #shownAt = 0;

  /** `stateOf(desk)` is the desk's state; `echo` the test (echo_test.js). */
  constructor(store, { sound, headset, echo, stateOf }) {
    this.#store = store;
    this.#sound = sound;
    this.#headset = headset;
    this.#echo = echo;
    this.#stateOf = stateOf;
    $("#btn-headset").addEventListener("click", () => this.toggle());
    $("#btn-headset-close").addEventListener("click", () => this.toggle(false));
    $("#btn-echo").addEventListener("click", () => (echo.isRunning ? echo.stop() : echo.start()));
    $("#btn-try-ring").addEventListener("click", () => this.#tryRing());
    $("#headset").addEventListener("keydown", (event) => event.key === "Escape" && this.toggle(false));
    for (const role of ROLES) $(`#headset-${role}`).addEventListener("change", (event) => this.#choose(role, event.target.value));
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.#changed());
    echo.onchange = () => this.#show(store.value);
    store.watch((desk) => this.#follow(desk));
    this.#changed();
  }

  get isOpen() {
    return $("#headset").dataset.open === "true";
  }

  toggle(open = !this.isOpen) {
    if (open === this.isOpen) return;
    const had = $("#headset").contains(document.activeElement);
    mark($("#headset"), "open", open);
    $("#btn-headset").setAttribute("aria-expanded", String(open));
    if (open) {
      this.#echo.forget();
      this.#changed();
      this.#listen();
      $("#headset-microphone").focus();
    } else {
      this.#echo.stop();
      this.#deaf();
      if (had) $("#btn-headset").focus();
    }
  }

  /** Ringing is never hidden: the sheet closes, and a test that runs makes room. */
  #follow(desk) {
    if (desk.session?.state === "ringing" && this.isOpen) this.toggle(false);
    this.#show(desk);
  }

  async #changed() {
    this.#plugged = await this.#headset.list();
    for (const role of ROLES) this.#offer(role);
    await this.#sound.useChosen();
  }

  #offer(role) {
    const plugged = this.#plugged[role], chosen = this.#headset.chosen(role), used = this.#headset.pick(role, plugged);
    const isGone = Boolean(chosen) && !used;
    const select = $(`#headset-${role}`);
    const rows = [{ id: "", name: HEADSET.system }, ...plugged, ...(isGone ? [{ id: chosen.id, name: HEADSET.gone(chosen.name) }] : [])];
    fill(select, rows, () => rows.map(({ id, name }, at) => make("option", { value: id }, name || HEADSET.unnamed(at))));
    select.value = isGone ? chosen.id : used;
    select.disabled = rows.length < 2;
  }

  async #choose(role, id) {
    const device = this.#plugged[role].find((each) => each.id === id);
    this.#headset.choose(role, device ?? null);
    this.#offer(role);
    if (role !== "microphone") return this.#sound.useChosen();
    try {
      await this.#sound.changeMicrophone();
    } catch (error) {
      write($("#echo-told"), HEADSET.notTaken);
      console.warn("microphone not changed", error.name);
    }
    return this.isOpen ? this.#listen() : undefined;
  }

  #tryRing() {
    const context = this.#sound.ringer();
    if (context.state === "running") chime(context, context.destination, context.currentTime + 0.02, RING);
  }

  async #listen() {
    this.#deaf();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    try {
      const meter = await this.#sound.meter();
      if (this.isOpen && !this.#meter) this.#meter = meter;
      else meter.close();
    } catch (error) {
      console.warn("no microphone to show", error.name); // the notice of the page says why
    }
  }

  #deaf() {
    clearInterval(this.#timer);
    this.#meter?.close();
    this.#meter = null;
  }

  #look() {
    // a voice is 0.02 to 0.3: the root spreads that over the bar
    const level = Math.min(1, Math.sqrt(this.#meter?.read() ?? 0) * 1.4);
    $("#mic-level").value = level;
    if (Date.now() - this.#shownAt > FIGURES_MS) this.#show(this.#store.value);
  }

  #show(desk) {
    this.#shownAt = Date.now();
    const isFree = desk.phone.state === "registered" && desk.phone.mic === "granted" && !desk.session && FREE.includes(this.#stateOf(desk));
    $("#btn-echo").disabled = !this.#echo.isRunning && !isFree;
    write($("#btn-echo .label"), this.#echo.isRunning ? HEADSET.stop : HEADSET.start);
    const told = HEADSET.echo[this.#echo.state] ?? "";
    write($("#echo-told"), told || (isFree ? HEADSET.invite : desk.session ? "" : HEADSET.notFree));
    mark($("#echo-told"), "state", this.#echo.state);
    const sound = desk.sound;
    write($("#sound-figures"), sound ? HEADSET.figures(sound) : HEADSET.noFigures);
  }
}
