// Owns the websocket under the telephone: JsSIP's own, given up when it does not open or says nothing any more.

import { watchSilence } from "./silence.js";

const OPEN_MS = 6000; // the browser itself waits for four minutes
const ABNORMAL = 1006;
const nothing = () => {};

/** A socket as JsSIP wants it. `ask` makes Asterisk say something; it is called when Asterisk's own questions stay away. */
export class SipSocket {
  onconnect = nothing;
  ondisconnect = nothing;
  ondata = nothing;
  #inner;
  #ask;
  #slow = 0;
  #silence = null;

  constructor(url, ask) {
    this.#ask = ask;
    this.#inner = new JsSIP.WebSocketInterface(url);
    this.#inner.onconnect = () => {
      clearTimeout(this.#slow);
      this.#slow = setTimeout(() => this.#giveUp(), OPEN_MS); // JsSIP registers at once: who says nothing to that is not yet able to
      this.#silence = watchSilence({ ask: this.#ask, dead: () => this.#giveUp() });
      this.onconnect();
    };
    this.#inner.ondisconnect = (...why) => {
      this.#rest();
      this.ondisconnect(...why);
    };
    this.#inner.ondata = (data) => {
      clearTimeout(this.#slow);
      this.#silence?.heard();
      this.ondata(data);
    };
  }

  get url() {
    return this.#inner.url;
  }
  get sip_uri() {
    return this.#inner.sip_uri;
  }
  get via_transport() {
    return this.#inner.via_transport;
  }
  set via_transport(name) {
    this.#inner.via_transport = name;
  }

  connect() {
    this.#rest();
    this.#slow = setTimeout(() => this.#giveUp(), OPEN_MS);
    this.#inner.connect();
  }
  disconnect() {
    this.#rest();
    this.#inner.disconnect();
  }
  send(message) {
    return this.#inner.send(message);
  }

  #rest() {
    clearTimeout(this.#slow);
    this.#silence?.end();
    this.#silence = null;
  }
  /** The browser tells the end of a dead websocket only after a minute of closing: JsSIP is told at once, and opens another one. */
  #giveUp() {
    this.disconnect();
    this.ondisconnect(true, ABNORMAL, "silent");
  }
}
