// Owns the top bar: the state as the largest thing, the telephone's buttons in fixed places, and the line of notices.

import { $, fill, make, mark, write } from "./dom.js";
import { isLiveSure, notices } from "./notices.js";
import { pauseLeft } from "./recording_pause.js";
import { lineView } from "./stage.js";
import { deskState, isHardware, isTelephoneGone, ownAgent, ownCall, pauseName } from "./state.js";
import { BUTTONS, CALL_END, DIAL_FAILED, HINTS, LINK, PHONE, QUALITY, RECORDING_PAUSE, STATES, STATE_HINTS } from "./texts.js";
import { HEADSET, SOUND } from "./texts_phone.js";
import { duration, now } from "./times.js";

const TOLD_MS = 8000;
const FREE = ["ready", "offline", "paused", "wrap_up"];
const ENDED_HINT_S = 10;
const ENDED_HINT_IN_WRAP_UP_S = 3; // then the way out of the after-call work is of more use

export class Bar {
  #store;
  #lines;
  #state = "";
  #since = 0;
  #until = 0; // the end of the after-call work; the clock then runs down
  #toldTimer = 0;
  #why = ""; // why the last dialled citizen was not reached

  /** acts: answer, hangup, hold, mute, ready, pause, take_over, sign_out */
  constructor(store, acts, lines) {
    this.#store = store;
    this.#lines = lines;
    for (const name of ["answer", "hangup", "hold", "mute", "ready", "pause"]) $(`#btn-${name}`).addEventListener("click", acts[name]);
    $("#btn-take-over").addEventListener("click", acts.take_over);
    $("#btn-sign-out").addEventListener("click", acts.sign_out);
    store.watch((desk) => this.#show(desk));
  }

  tick() {
    const desk = this.#store.value;
    const left = this.#until ? Math.max(0, this.#until - now()) : 0;
    write($("#state-clock"), this.#until ? duration(Math.ceil(left)) : this.#since ? duration(now() - this.#since) : "");
    $("#state").style.setProperty("--left", this.#until > this.#since ? Math.min(1, left / (this.#until - this.#since)).toFixed(3) : "0");
    const hintS = this.#state === "wrap_up" ? ENDED_HINT_IN_WRAP_UP_S : ENDED_HINT_S;
    const isFresh = desk.ended && now() - desk.ended.at < hintS && !desk.session && !["paused", "offline"].includes(this.#state);
    const hint = isFresh && this.#why ? this.#why : isFresh ? CALL_END[desk.ended.cause] ?? CALL_END.lost : this.#hint(desk);
    write($("#state-hint"), hint);
  }

  #hint(desk) {
    const state = this.#state;
    if (["elsewhere", "none"].includes(desk.phone.state)) return "";
    if (isHardware(desk) && state === "ringing") return HINTS.pickUp;
    if (isHardware(desk) && state === "held") return HINTS.onHardware;
    if (pauseLeft(desk) != null) return RECORDING_PAUSE.hint(duration(pauseLeft(desk)));
    if (state === "talking" && desk.session?.muted) return desk.session.mutedAt ? SOUND.mutedFor(duration(now() - desk.session.mutedAt)) : HINTS.muted;
    if (state === "dialling") return this.#why || (ownCall(desk)?.reached ? HINTS.reached : STATE_HINTS.dialling);
    if (state === "talking" && ownCall(desk)?.join) return lineView(desk).title;
    if (state === "talking") return ownCall(desk)?.line ? this.#lines[ownCall(desk).line] ?? "" : "";
    if (!isLiveSure(desk) && FREE.includes(state)) return HINTS.lastKnown;
    if (["offline", "paused"].includes(state) && desk.phone.mic !== "granted") return HINTS.noMicrophone;
    if (state === "paused") {
      const why = pauseName(desk, ownAgent(desk)?.reason);
      return why ? HINTS.paused(why) : STATE_HINTS.paused;
    }
    if (state === "unregistered" && desk.phone.state !== "unregistered") return PHONE[desk.phone.state];
    return STATE_HINTS[state] ?? "";
  }

  #show(desk) {
    const state = deskState(desk);
    if (state !== this.#state) {
      const agent = ownAgent(desk);
      this.#since = desk.session ? desk.session.answeredAt ?? desk.session.since
        : desk.ended && state === "wrap_up" ? desk.ended.at : state === "unregistered" ? 0 : agent?.since ?? 0;
      if (state === "held" || (this.#state === "held" && state === "talking")) this.#since = state === "held" ? now() : desk.session?.answeredAt ?? now();
      if (this.#state === "dialling" && state === "talking") this.#since = now();
      this.#state = state;
      this.#announce(desk, state);
    }
    if (desk.session) this.#why = DIAL_FAILED[ownCall(desk)?.reason] ?? "";
    this.#until = state === "wrap_up" ? ownAgent(desk)?.until ?? 0 : 0;
    const place = $("#state");
    mark(place, "state", state);
    mark(document.body, "state", state);
    mark(document.body, "line", ownCall(desk)?.line ?? desk.session?.line ?? "none");
    mark(place, "sure", !FREE.includes(state) || isLiveSure(desk));
    mark(document.body, "live", isLiveSure(desk) ? "sure" : "unsure");
    mark(place, "muted", Boolean(desk.session?.muted));
    mark(place, "speaks", desk.speaksMuted);
    write($("#state-name"), desk.phone.state === "none" ? HINTS.watching : desk.phone.state === "elsewhere" && !desk.session ? PHONE.elsewhere : STATES[state] ?? state);
    this.#buttons(desk, state);
    this.#status(desk);
    this.tick();
  }

  #buttons(desk, state) {
    const { asked, session } = desk;
    const inCall = state === "talking" || state === "held";
    const isPhone = Boolean(session);
    const line = lineView(desk);
    const isParked = line.stage === "parked";
    const may = {
      answer: isPhone && state === "ringing" && desk.phone.mic !== "refused",
      hangup: isPhone || (isHardware(desk) && (inCall || state === "dialling") && desk.link.state === "connected"),
      hold: line.join ? isParked || line.allowed.has("hold") : isPhone && inCall && desk.phone.state === "registered",
      mute: isPhone && ["talking", "dialling"].includes(state),
      ready: desk.link.state === "connected" && ["registered", "hardware"].includes(desk.phone.state)
        && (state === "ready" || (desk.phone.mic === "granted" && ["offline", "paused", "wrap_up"].includes(state))),
      pause: desk.link.state === "connected" && ["ready", "wrap_up"].includes(state),
    };
    for (const [name, is] of Object.entries(may)) {
      const button = $(`#btn-${name}`);
      const isAsked = Boolean(asked[name]);
      if (button.disabled !== (!is || isAsked)) button.disabled = !is || isAsked;
      mark(button, "asked", isAsked);
      button.setAttribute("aria-busy", String(isAsked));
      const key = button.querySelector("kbd");
      key.dataset.key ??= key.textContent;
      write(key, isAsked ? BUTTONS.asked : key.dataset.key);
    }
    press($("#btn-hold"), state === "held", BUTTONS.unhold, BUTTONS.hold);
    press($("#btn-mute"), Boolean(session?.muted), BUTTONS.unmute, BUTTONS.mute);
    const isReady = state === "ready" || isPhone;
    write($("#btn-ready").querySelector(".label"), isReady ? BUTTONS.pause : BUTTONS.ready);
    mark($("#btn-ready"), "will", isReady ? "pause" : "ready");
    mark($("#btn-ready"), "primary", ["offline", "paused", "wrap_up"].includes(state));
    $("#pause-reason").disabled = !may.pause;
    const offered = desk.pauseReasons.filter((reason) => reason.active);
    const chosen = $("#pause-reason").value;
    fill($("#pause-reason"), offered, () => offered.map(({ code, name }) => make("option", { value: code }, name)));
    if (offered.some(({ code }) => code === chosen)) $("#pause-reason").value = chosen;
  }

  #status(desk) {
    const { link, phone, quality } = desk;
    mark($("#link-state"), "state", link.state);
    mark($("#link-state"), "live", isLiveSure(desk) ? "sure" : "unsure");
    write($("#link-state"), link.state === "connected" && !isLiveSure(desk) ? LINK.stale : LINK[link.state]);
    mark($("#phone-state"), "state", phone.state);
    mark($("#phone-state"), "mic", phone.mic);
    mark($("#phone-state"), "reach", isTelephoneGone(desk) ? "gone" : "fine");
    write($("#phone-state"), isTelephoneGone(desk) ? PHONE.hardware_gone : PHONE[phone.state] ?? phone.state);
    mark($("#quality"), "state", quality);
    write($("#quality"), QUALITY[quality]);
    $("#quality").title = desk.sound ? HEADSET.figures(desk.sound) : "";
    const found = notices(desk);
    const [first, ...more] = found;
    const place = $("#notice");
    mark(place, "weight", first?.weight ?? "none");
    mark(place, "key", first?.key ?? "");
    fill(place, found.map((n) => n.text), () => (first ? [make("span", {}, first.text),
      more.length ? make("span", { class: "more", title: more.map((n) => n.text).join("\n"), tabindex: 0 }, HINTS.more(more.length)) : null].filter(Boolean) : []));
    mark($("#btn-take-over"), "shown", phone.state === "elsewhere");
    $("#btn-take-over").disabled = phone.state !== "elsewhere";
    mark($("#sign-in-again"), "shown", link.expired);
    if (desk.told && !this.#toldTimer) {
      this.#toldTimer = setTimeout(() => {
        this.#toldTimer = 0;
        this.#store.set({ told: "" });
      }, TOLD_MS);
    }
  }

  #announce(desk, state) {
    const call = ownCall(desk);
    const text = state === "ringing" ? (isHardware(desk) ? HINTS.ringingHardware : HINTS.ringing)(call?.line ?? desk.session?.line ?? "") : STATES[state] ?? "";
    write($(state === "ringing" ? "#announce-now" : "#announce"), text);
  }
}

function press(button, isOn, onWord, offWord) {
  button.setAttribute("aria-pressed", String(isOn));
  write(button.querySelector(".label"), isOn ? onWord : offWord);
}
