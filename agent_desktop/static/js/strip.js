// Owns the strip of the line: stage and clock, three seats in fixed places, the acts on who is on the line, the keypad.

import { $, mark, write } from "./dom.js";
import { lineView } from "./stage.js";
import { LINE } from "./texts_line.js";
import { duration, now } from "./times.js";

const ROLES = ["citizen", "agent", "third"];
const BUTTONS = ["merge", "swap", "drop", "leave", "take_back"];
const SENT_SHOWN = 20;
const KEYS = "123456789*0#";

export class Strip {
  #store;
  #acts;
  #view = null;
  #sent = ""; // keys that the other side has got since the keypad was opened

  constructor(store, acts) {
    this.#store = store;
    this.#acts = acts;
    for (const op of BUTTONS) this.#button(op).addEventListener("click", () => this.press(op));
    for (const role of ["citizen", "third"]) $(`#btn-mute-${role}`).addEventListener("click", () => this.#mute(role));
    $("#btn-keypad").addEventListener("click", () => this.toggleKeypad());
    $("#keypad-keys").addEventListener("click", (event) => event.target.dataset.key && this.#key(event.target.dataset.key));
    $("#keypad").addEventListener("keydown", (event) => this.#pressed(event));
    store.watch((desk) => this.#show(desk));
  }

  /** One of merge, swap, drop, leave, take_back, hold; nothing where the stage does not allow it. */
  press(op) {
    if (this.#view.allowed.has(op)) this.#acts.ask(op);
  }

  /** The hold of a call that is in the room; false when the telephone's own hold is meant. */
  hold() {
    if (!this.#view.join) return false;
    if (this.#view.stage === "parked") this.press("merge");
    else this.press("hold");
    return true;
  }

  #button = (op) => $(`#btn-${op.replace("_", "-")}`);

  #mute(role) {
    if (this.#view.allowed.has(`mute_${role}`)) this.#acts.ask(this.#view.seats[role].isMuted ? "unmute" : "mute", { button: `mute_${role}`, role });
  }

  toggleKeypad(open = $("#keypad").dataset.open !== "true") {
    if (open && !this.#view.allowed.has("digits")) return;
    const had = $("#keypad").contains(document.activeElement);
    mark($("#keypad"), "open", open);
    $("#btn-keypad").setAttribute("aria-expanded", String(open));
    if (open) {
      this.#sent = "";
      write($("#keypad-sent"), "");
      $("#keypad-keys button").focus();
    } else if (had) {
      $("#btn-keypad").focus();
    }
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") this.toggleKeypad(false);
    else if (event.key.length === 1 && KEYS.includes(event.key)) event.repeat || this.#key(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #key(key) {
    this.#acts.digits(key, (sent, trouble) => {
      this.#sent = trouble ? "" : this.#sent + sent;
      write($("#keypad-sent"), trouble || LINE.sent(this.#sent.slice(-SENT_SHOWN)));
    });
  }

  tick() {
    const clock = (since) => (since == null ? "" : duration(now() - since));
    write($("#line-clock"), clock(this.#view.since));
    for (const role of ROLES) write($(`#seat-${role} .clock`), clock(this.#view.seats[role].since));
  }

  #show(desk) {
    const view = (this.#view = lineView(desk));
    const acted = desk.acted && desk.acted.callId === view.call?.id && desk.acted.stage === view.stage ? desk.acted : null;
    const [title, story] = !acted ? [view.title, view.story] : acted.isSent ? LINE.sentUnseen(acted.name, acted.message)
      : acted.op === "emergency" ? LINE.refusedEmergency(acted.name, acted.message) : LINE.refused(acted.message);
    mark($("#line"), "stage", view.stage);
    mark($("#line"), "tone", acted ? (acted.op === "emergency" ? "danger" : "soon") : view.tone);
    mark($("#line"), "failed", acted?.isSent ? "" : acted ? "refused" : view.failed ?? "");
    write($("#line-stage"), title);
    write($("#line-story"), story);
    $("#line-story").title = story;
    for (const role of ROLES) this.#seat($(`#seat-${role}`), view.seats[role]);
    mark($("#seats"), "together", view.together);
    this.#buttons(desk, view);
    const words = LINE.keysTo(LINE[view.keysTo]);
    if (!view.allowed.has("digits") || $("#keypad-to").textContent !== words) this.toggleKeypad(false); // keys meant for one are not for the other
    write($("#keypad-to"), words);
    this.tick();
  }

  #seat(node, seat) {
    mark(node, "place", seat.place);
    mark(node, "muted", seat.isMuted);
    write(node.querySelector(".name"), seat.name || "–");
    write(node.querySelector(".how"), [seat.how, seat.attempt].filter(Boolean).join(" · "));
  }

  #buttons(desk, { allowed, stage, seats }) {
    for (const op of BUTTONS) enable(this.#button(op), allowed.has(op), Boolean(desk.asked[op]));
    write(this.#button("drop").querySelector(".label"), ["calling", "adding"].includes(stage) ? LINE.cancel : LINE.drop);
    for (const role of ["citizen", "third"]) {
      const button = $(`#btn-mute-${role}`);
      enable(button, allowed.has(`mute_${role}`), Boolean(desk.asked[`mute_${role}`]));
      button.setAttribute("aria-pressed", String(seats[role].isMuted));
      button.setAttribute("aria-label", (seats[role].isMuted ? LINE.unmute : LINE.mute)(LINE[role]));
    }
    $("#btn-keypad").disabled = !allowed.has("digits");
  }
}

function enable(button, is, isAsked) {
  button.disabled = !is; // not while it is only asked for: that would take the keyboard's place away, and nothing is sent twice anyway
  mark(button, "asked", isAsked);
  button.setAttribute("aria-busy", String(isAsked));
  const key = button.querySelector("kbd");
  if (!key) return;
  key.dataset.key ??= key.textContent;
  write(key, isAsked ? LINE.asked : key.dataset.key);
}
