// Owns sending the acts on the line: each is "asked" until the live view shows a change, a refusal stays until the next act.

import { isBlind } from "./state.js";
import { lineView } from "./stage.js";
import { LINE } from "./texts_line.js";
import { ACKS } from "./texts.js";

const CHANGE_MS = 4000; // an act that Asterisk accepted shows in the live view long before
const LOOK_MS = 50;

export class Acts {
  #store;
  #link;
  #phone;
  #keys = ""; // digits that wait until those before them are acknowledged
  #isKeying = false;

  constructor(store, link, phone) {
    this.#store = store;
    this.#link = link;
    this.#phone = phone;
  }

  /** The call an act is about: the telephone's own also while nobody tells the live view. */
  #callId() {
    return this.#store.value.session?.callId || lineView(this.#store.value).call?.id || null;
  }

  /** `button` names what waits; `name` is whom it is about, for the words of a refusal. Resolves true when it was accepted. */
  async ask(op, { button = op, name = "", ...more } = {}) {
    if (this.#store.value.asked[button]) return false;
    // A leg on hold by SIP would stay mute in the room.
    if (this.#store.value.session?.state === "held") this.#phone.toggleHold();
    this.#asked(button, true);
    this.#store.set({ acted: null });
    const before = this.#mark();
    const ack = await this.#link.intent(op, { callId: this.#callId(), more });
    if (ack.ok) await this.#changed(before);
    else this.#store.set({ acted: { op, name, code: ack.code, message: { link: LINE.offline, timeout: LINE.timeout }[ack.code] ?? (ack.message || ACKS[ack.code] || ack.code) } });
    this.#asked(button, false);
    return ack.ok;
  }

  /** Keys for the third's menu, in the order they were pressed, however fast. */
  async digits(digit, tell) {
    this.#keys += digit;
    if (this.#isKeying) return;
    this.#isKeying = true;
    while (this.#keys) {
      const sent = this.#keys.slice(0, 16);
      this.#keys = this.#keys.slice(16);
      const ack = await this.#link.intent("digits", { callId: this.#callId(), more: { digits: sent } });
      tell(ack.ok ? LINE.sent(sent) : ack.message || LINE.keypadFailed);
      if (!ack.ok) this.#keys = ""; // the rest of a number without its beginning is worse than none
    }
    this.#isKeying = false;
  }

  #mark() {
    const { call, join } = lineView(this.#store.value);
    return JSON.stringify([call?.phase, join, call?.alarm ?? null]);
  }

  async #changed(before) {
    const until = Date.now() + (isBlind(this.#store.value) ? 0 : CHANGE_MS);
    while (this.#mark() === before && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  #asked(button, is) {
    this.#store.set({ asked: { ...this.#store.value.asked, [button]: is } });
  }
}
