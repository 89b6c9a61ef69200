// Owns sending the acts on the line: each is "asked" until the live view shows a change, a refusal stays until the next act.

import { post } from "./api.js";
import { isBlind } from "./state.js";
import { lineView } from "./stage.js";
import { LINE } from "./texts_line.js";
import { ACKS } from "./texts.js";

const CHANGE_MS = 4000; // an act that Asterisk accepted shows in the live view long before
const LOOK_MS = 50;
const KEY_MS = 320; // one key's tone and its gap, as the bridge has them played, and something to spare

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
    const { typed } = this.#store.value;
    this.#store.set({ acted: null, ...(more.number ? { typed: more.number } : {}) });
    const before = this.#mark();
    const ack = await this.#send(op, more);
    if (!ack.ok) {
      this.#store.set({ typed }); // whoever is on the line is still the one before
      this.refuse(op, name, { link: LINE.offline, timeout: LINE.timeout }[ack.code] ?? (ack.message || ACKS[ack.code] || ack.code));
    } else if (isBlind(this.#store.value)) this.#tell({ op, name, isSent: true, message: LINE.unseen });
    else await this.until(() => this.#mark() !== before);
    this.#asked(button, false);
    return ack.ok;
  }

  /** Keys for the menu of whom the agent speaks with, in the order they were pressed, however fast; `tell(sent, trouble)` hears of each lot. */
  async digits(digit, tell) {
    this.#keys += digit;
    if (this.#isKeying) return;
    this.#isKeying = true;
    while (this.#keys) {
      const sent = this.#keys.slice(0, 16);
      this.#keys = this.#keys.slice(16);
      const ack = await this.#send("digits", { digits: sent });
      tell(sent, ack.ok ? "" : ack.message || LINE.keypadFailed);
      if (!ack.ok) this.#keys = ""; // the rest of a number without its beginning is worse than none
      // Asterisk answers before it has played them, and keys that fall into a key are lost.
      else await new Promise((resolve) => setTimeout(resolve, KEY_MS * sent.length));
    }
    this.#isKeying = false;
  }

  /** Over the websocket, or past it while it is away: an emergency does not wait for a reconnection. */
  async #send(op, more) {
    const callId = this.#callId();
    if (this.#link.connected || !callId) return this.#link.intent(op, { callId, more });
    try {
      await post(`/api/calls/${encodeURIComponent(callId)}/acts`, { op, ...more });
      return { ok: true };
    } catch (error) {
      return { ok: false, code: error.status === 0 ? "link" : error.code, message: error.message };
    }
  }

  /** Wait until the line has changed so far that `is` holds, at most as long as a change may take. */
  async until(is) {
    const end = Date.now() + CHANGE_MS;
    while (!is(lineView(this.#store.value)) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  /** Tell a refusal in the strip, where it stays while the line is as it was. */
  refuse(op, name, message) {
    this.#tell({ op, name, isSent: false, message });
  }

  #tell(acted) {
    const { call, stage } = lineView(this.#store.value);
    this.#store.set({ acted: { ...acted, callId: call?.id, stage } });
  }

  #mark() {
    const { call, join } = lineView(this.#store.value);
    return JSON.stringify([call?.phase, join, call?.alarm ?? null]);
  }

  #asked(button, is) {
    this.#store.set({ asked: { ...this.#store.value.asked, [button]: is } });
  }
}
