// Owns the player of one recording: why one listens, the sound by ranges, its picture, events, speed, silence, notes, keys.

import { get, post, remove } from "./api.js";
import { make, mark, write } from "./dom.js";
import { EVENTS, PLAYER } from "./texts.js";
import { LINE_EVENTS } from "./texts_line.js";
import { duration, moment } from "./times.js";
import { Wave } from "./wave.js";

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const STEP_S = 5, LONG_STEP_S = 15;
const KEPT = "listening-reason"; // the last one chosen in this tab, to begin with
let reasons = null; // asked once a page
let serial = 0;

const wordsOf = (one, nameOf) => (EVENTS[one.kind] ?? LINE_EVENTS[one.kind])?.(one.facts ?? {}, nameOf) ?? one.kind;

/** The node of a player; `leg` 0 is the main recording, `nameOf` tells what a party of the directory is called. */
export function player(callId, { leg = 0, nameOf = () => "", title = PLAYER.main } = {}) {
  return new Player(callId, leg, nameOf, title).node;
}

class Player {
  #callId;
  #leg;
  #nameOf;
  #audio = make("audio", { preload: "metadata" });
  #wave;
  #parts;
  #told = { length_s: 0, marks: [], pauses: [], notes: [] };
  #until = 0; // of the address, epoch seconds
  #skips = false;
  #frame = 0;
  node;

  constructor(callId, leg, nameOf, title) {
    this.node = this.#build(title);
    this.#callId = callId;
    this.#leg = leg;
    this.#nameOf = nameOf;
    this.#wave = new Wave(this.#parts.canvas);
    this.#listen();
    this.#load();
  }

  // ---- the page -----------------------------------------------------------------------------------------------------

  #build(title) {
    const id = `player-${(serial += 1)}`;
    const button = (name, words, key) => make("button", { type: "button", class: "small", "data-do": name, "aria-keyshortcuts": key }, words, " ", make("kbd", {}, key));
    const canvas = make("canvas", { class: "wave", tabindex: "0", role: "slider", "aria-label": PLAYER.place, "aria-valuemin": "0", "aria-valuemax": "0", "aria-valuenow": "0" });
    const reason = make("select", { "aria-label": PLAYER.why });
    const note = make("input", { type: "text", maxlength: "200", "aria-label": PLAYER.words, placeholder: PLAYER.words, autocomplete: "off" });
    const speed = make("select", { "aria-label": PLAYER.speed }, ...SPEEDS.map((rate) => make("option", { value: rate, selected: rate === 1 }, `${rate}×`)));
    const silence = make("input", { type: "checkbox", id: `${id}-silence` });
    this.#parts = {
      canvas, reason, note, speed, silence,
      open: make("button", { type: "button", class: "small", "data-do": "open" }, PLAYER.listen),
      save: make("button", { type: "button", class: "small", "data-do": "save" }, PLAYER.download),
      play: make("button", { type: "button", class: "small", "data-do": "play", "aria-keyshortcuts": "Space" }, make("span", { class: "label" }, PLAYER.play), " ", make("kbd", {}, PLAYER.space)),
      clock: make("span", { class: "figure clock" }, "0:00"),
      trouble: make("p", { class: "trouble", role: "alert" }),
      keep: make("p", { class: "keep quiet" }),
      list: make("ol", { class: "marks" }),
      words: make("input", { type: "text", maxlength: "200", "aria-label": PLAYER.noteWords, placeholder: PLAYER.noteWords, autocomplete: "off" }),
    };
    const { open, save, play, clock, trouble, list, words, keep } = this.#parts;
    const section = make("section", { class: "player", role: "group", "aria-label": title, "data-open": "false" },
      make("div", { class: "lanes" }, make("span", {}, PLAYER.left), make("span", {}, PLAYER.right)), canvas,
      make("form", { class: "why" }, make("label", {}, PLAYER.why, " ", reason), note, open, save, make("small", {}, PLAYER.noNames)),
      make("div", { class: "controls", role: "toolbar", "aria-label": PLAYER.controls }, play, button("back", `−${STEP_S}`, "←"), button("on", `+${STEP_S}`, "→"), clock,
        make("label", {}, PLAYER.speed, " ", speed), make("label", {}, silence, " ", PLAYER.silence, " ", make("kbd", {}, "S")),
        button("before", PLAYER.before, "P"), button("next", PLAYER.next, "N")),
      trouble, list,
      make("form", { class: "jot" }, words, make("button", { type: "submit", class: "small" }, PLAYER.jot, " ", make("kbd", {}, "M"))), keep, this.#audio);
    return section;
  }

  #listen() {
    const { canvas, reason, note, speed, silence } = this.#parts;
    this.node.addEventListener("click", (event) => {
      const act = event.target.closest("[data-do]")?.dataset.do;
      const acts = { open: () => this.#open(), save: () => this.#save(), play: () => this.#toggle(), back: () => this.#by(-STEP_S), on: () => this.#by(STEP_S), before: () => this.#jump(-1), next: () => this.#jump(1) };
      acts[act]?.();
    });
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      if (event.target.matches(".jot")) this.#jot();
      else this.#open();
    });
    this.node.addEventListener("keydown", (event) => this.#pressed(event));
    canvas.addEventListener("pointerdown", (event) => this.#seek((event.offsetX / canvas.clientWidth) * this.#length));
    reason.addEventListener("change", () => this.#chosen());
    note.addEventListener("input", () => write(this.#parts.trouble, ""));
    speed.addEventListener("change", () => (this.#audio.playbackRate = Number(speed.value)));
    silence.addEventListener("change", () => (this.#skips = silence.checked));
    this.#audio.addEventListener("play", () => this.#moving());
    this.#audio.addEventListener("pause", () => this.#show());
    this.#audio.addEventListener("seeked", () => this.#show());
    this.#audio.addEventListener("durationchange", () => this.#show());
    this.#audio.addEventListener("error", () => this.#broken());
  }

  get #length() {
    return Number.isFinite(this.#audio.duration) && this.#audio.duration > 0 ? this.#audio.duration : this.#told.length_s ?? 0;
  }

  // ---- what is known ------------------------------------------------------------------------------------------------

  async #load() {
    try {
      reasons ??= await get("/api/listening-reasons");
      this.#told = await get(`/api/calls/${encodeURIComponent(this.#callId)}/sound?leg=${this.#leg}`);
    } catch (error) {
      mark(this.node, "open", "never");
      return write(this.#parts.trouble, error.isNetwork ? PLAYER.away : error.message || PLAYER.away);
    }
    const { reason, silence, keep } = this.#parts;
    write(keep, this.#told.keep?.because ?? "");
    if (this.#told.is_altered) this.node.prepend(make("p", { class: "trouble altered", role: "alert" }, PLAYER.altered));
    if (this.#told.state !== "ready") {
      mark(this.node, "open", "never");
      return write(this.#parts.trouble, PLAYER.states[this.#told.state] ?? PLAYER.states.failed);
    }
    reason.replaceChildren(make("option", { value: "" }, PLAYER.choose), ...reasons.reasons.map(({ key, name }) => make("option", { value: key }, name)));
    reason.value = reasons.reasons.some(({ key }) => key === sessionStorage.getItem(KEPT)) ? sessionStorage.getItem(KEPT) : "";
    this.#chosen();
    this.#wave.set(this.#told);
    mark(this.node, "notes", Boolean(this.#told.notes));
    silence.disabled = !this.#wave.hasPicture;
    this.#marks();
    return this.#show();
  }

  #chosen() {
    const chosen = reasons.reasons.find(({ key }) => key === this.#parts.reason.value);
    mark(this.node, "note", Boolean(chosen?.needs_note));
    write(this.#parts.trouble, "");
  }

  #marks() {
    const { list } = this.#parts;
    const notes = (this.#told.notes ?? []).map((note) => ({ at_s: note.at_s, words: note.text, note }));
    const all = [...this.#told.marks.map((one) => ({ at_s: one.at_s, words: wordsOf(one, this.#nameOf), kind: one.kind })), ...notes].sort((a, b) => a.at_s - b.at_s);
    list.replaceChildren(...all.map(({ at_s: second, words, kind, note }) => make("li", { "data-kind": kind ?? "note" },
      make("button", { type: "button", class: "at figure", "data-at": second, "aria-label": PLAYER.jumpTo(duration(second), words) }, duration(second)),
      make("span", { class: "words" }, words, note ? make("small", {}, ` ${note.by} ${moment(note.made_at)}`) : null),
      note?.is_mine ? make("button", { type: "button", class: "plain", "data-remove": note.id, "aria-label": PLAYER.removeNote(words) }, PLAYER.remove) : null)));
    list.onclick = (event) => {
      const { at, remove: id } = event.target.dataset;
      if (at !== undefined) this.#seek(Number(at));
      if (id !== undefined) this.#forget(id);
    };
  }

  // ---- hearing ------------------------------------------------------------------------------------------------------

  /** Say why; the address that comes back is good for this sign-in and for a while. Null where it was refused. */
  async #ask(purpose) {
    const { reason, note, trouble } = this.#parts;
    write(trouble, "");
    if (!reason.value) {
      reason.focus();
      write(trouble, PLAYER.sayWhy);
      return null;
    }
    try {
      const given = await post(`/api/calls/${encodeURIComponent(this.#callId)}/listening`, { reason: reason.value, note: note.value, leg: this.#leg, purpose });
      sessionStorage.setItem(KEPT, reason.value);
      return given;
    } catch (error) {
      if (error.code === "note_needed") note.focus();
      write(trouble, error.isNetwork ? PLAYER.away : error.message || PLAYER.away);
      return null;
    }
  }

  async #open() {
    const from = this.#audio.currentTime || 0;
    const given = await this.#ask("listen");
    if (!given) return;
    this.#until = given.until;
    const canPlay = this.#audio.canPlayType(given.media_type) !== "";
    this.#audio.src = canPlay ? given.url : `${given.url}&as=wav`;
    if (from) this.#audio.currentTime = from;
    this.#audio.playbackRate = Number(this.#parts.speed.value);
    mark(this.node, "open", "true");
    this.#parts.canvas.focus();
    await this.#audio.play().catch(() => {}); // a browser that wants another click: the button is there
  }

  async #save() {
    const given = await this.#ask("download");
    if (!given) return;
    const link = make("a", { href: `${given.url}&as=wav`, download: "" });
    link.click();
  }

  #broken() {
    if (!this.#audio.src || !this.#audio.error) return;
    mark(this.node, "open", "false");
    const isOver = this.#until && Date.now() / 1000 > this.#until;
    write(this.#parts.trouble, isOver ? PLAYER.expired : PLAYER.broken);
  }

  #toggle() {
    if (this.node.dataset.open !== "true") return this.#open();
    return this.#audio.paused ? this.#audio.play().catch(() => {}) : this.#audio.pause();
  }

  #seek(second) {
    const to = Math.min(Math.max(0, second), Math.max(0, this.#length - 0.05));
    if (this.node.dataset.open === "true") this.#audio.currentTime = to;
    this.#wave.draw(to);
  }

  #by(seconds) {
    this.#seek(this.#audio.currentTime + seconds);
  }

  #jump(step) {
    const at = this.#audio.currentTime;
    const places = [...this.#told.marks, ...(this.#told.notes ?? [])].map((one) => one.at_s).sort((a, b) => a - b);
    const place = step > 0 ? places.find((second) => second > at + 0.3) : places.findLast((second) => second < at - 1);
    if (place !== undefined) this.#seek(place);
  }

  // ---- notes --------------------------------------------------------------------------------------------------------

  async #jot() {
    const { words, trouble } = this.#parts;
    const text = words.value.trim();
    if (!text) return words.focus();
    try {
      const { notes } = await post(`/api/calls/${encodeURIComponent(this.#callId)}/notes`, { leg: this.#leg, at_s: Math.round(this.#audio.currentTime * 10) / 10, text });
      this.#told.notes = notes;
      words.value = "";
      write(trouble, "");
    } catch (error) {
      write(trouble, error.message || PLAYER.away); // what was typed stays
    }
    return this.#marks();
  }

  async #forget(id) {
    try {
      const { notes } = await remove(`/api/calls/${encodeURIComponent(this.#callId)}/notes/${encodeURIComponent(id)}`);
      this.#told.notes = notes;
    } catch (error) {
      write(this.#parts.trouble, error.message || PLAYER.away);
    }
    this.#marks();
  }

  // ---- keys and clock -----------------------------------------------------------------------------------------------

  #pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.matches("input[type=text], select") || (event.key === " " && event.target.matches("button, input"))) return;
    const acts = {
      " ": () => this.#toggle(), k: () => this.#toggle(), ArrowLeft: () => this.#by(-STEP_S), ArrowRight: () => this.#by(STEP_S),
      j: () => this.#by(-LONG_STEP_S), l: () => this.#by(LONG_STEP_S), Home: () => this.#seek(0), End: () => this.#seek(this.#length),
      n: () => this.#jump(1), p: () => this.#jump(-1), s: () => this.#parts.silence.disabled || this.#parts.silence.click(), m: () => this.#parts.words.focus(),
      "[": () => this.#faster(-1), "]": () => this.#faster(1),
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  #faster(step) {
    const { speed } = this.#parts;
    speed.selectedIndex = Math.min(Math.max(0, speed.selectedIndex + step), SPEEDS.length - 1);
    speed.dispatchEvent(new Event("change"));
  }

  #moving() {
    cancelAnimationFrame(this.#frame);
    const look = () => {
      this.#show();
      if (this.#audio.paused || !this.node.isConnected) return this.#audio.pause(); // a row that was closed is heard no more
      const end = this.#skips ? this.#wave.silenceEnd(this.#audio.currentTime) : null;
      if (end !== null) this.#audio.currentTime = end;
      this.#frame = requestAnimationFrame(look);
      return undefined;
    };
    look();
  }

  #show() {
    const { canvas, clock, play } = this.#parts;
    const at = this.#audio.currentTime;
    this.#wave.draw(at);
    write(clock, `${duration(at)} / ${duration(this.#length)}`);
    write(play.querySelector(".label"), this.#audio.paused ? PLAYER.play : PLAYER.stop);
    canvas.setAttribute("aria-valuemax", String(Math.round(this.#length)));
    canvas.setAttribute("aria-valuenow", String(Math.round(at)));
    canvas.setAttribute("aria-valuetext", `${duration(at)} / ${duration(this.#length)}`);
  }
}
