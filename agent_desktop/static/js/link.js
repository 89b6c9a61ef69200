// Owns the websocket to the hub: snapshot, deltas, reconnecting with back-off, intents and their acknowledgements.

import { get } from "./api.js";
import { watchSilence } from "./silence.js";

const BACKOFF_MS = [300, 700, 1500, 3000, 5000];
const ACK_MS = 4000; // an intent expires after 3 s
const OPEN_MS = 6000;
const SIGNED_OUT = 4401; // close code of the hub
const ABNORMAL = 1006;

const byKey = (list, key) => new Map((list ?? []).map((item) => [item[key], item]));

export class Link {
  #store;
  #socket = null;
  #giveUp = () => {};
  #tries = 0;
  #timer = 0;
  #pending = new Map();
  #seq = -1;

  constructor(store) {
    this.#store = store;
    addEventListener("online", () => this.#retryNow());
    addEventListener("offline", () => this.#giveUp());
    document.addEventListener("visibilitychange", () => document.hidden || this.#retryNow());
  }

  get connected() {
    return this.#store.value.link.state === "connected";
  }

  open() {
    clearTimeout(this.#timer);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws`);
    this.#socket = socket;
    const over = (event) => {
      if (!socket.onclose) return;
      socket.onclose = socket.onmessage = null;
      clearTimeout(slow);
      silence.end();
      if (socket === this.#socket) this.#lost(event);
    };
    // In a network that is gone the browser would tell the end of a websocket only after a minute of closing it.
    const giveUp = () => (over({ code: ABNORMAL }), socket.close());
    const slow = setTimeout(giveUp, OPEN_MS);
    const silence = watchSilence({ dead: giveUp });
    this.#giveUp = giveUp;
    socket.onclose = over;
    socket.onmessage = (event) => {
      clearTimeout(slow);
      silence.heard();
      if (socket === this.#socket) this.#take(JSON.parse(event.data));
    };
  }

  /**
   * Ask for ready, pause, hang_up or resume, of a `target` agent for ready or sign_out, or for an act on the line with the fields
   * that only it has (`more`); resolves with the acknowledgement, never rejects.
   */
  intent(op, { callId = null, reason = null, target = null, more = {} } = {}) {
    if (!this.connected || this.#socket?.readyState !== WebSocket.OPEN) return Promise.resolve({ ok: false, code: "link" });
    const id = crypto.randomUUID();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(id, { ok: false, code: "timeout" }), ACK_MS);
      this.#pending.set(id, { resolve, timer });
      this.#socket.send(JSON.stringify({ type: "intent", id, op, call_id: callId, reason, target, ...more }));
    });
  }

  #settle(id, ack) {
    const waiting = this.#pending.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#pending.delete(id);
    waiting.resolve(ack);
  }

  #take(message) {
    const desk = this.#store.value;
    switch (message.type) {
      case "snapshot":
        this.#tries = 0;
        if (message.me?.login && message.me.login !== desk.me.login && !desk.session) {
          location.reload(); // somebody else has signed in in this browser
          return;
        }
        this.#seq = message.seq ?? -1;
        this.#store.set({
          link: { state: "connected", since: Date.now() / 1000, everUp: true, expired: false },
          calls: byKey(message.calls, "id"), agents: byKey(message.agents, "id"), queues: byKey(message.queues, "name"),
          parts: message.parts ?? {}, day: message.day ?? null, dialTests: message.dial_tests ?? null, alarms: message.alarms ?? [], pauseReasons: message.pause_reasons ?? [],
        });
        break;
      case "delta":
        if (message.seq != null && message.seq <= this.#seq) break;
        this.#seq = message.seq ?? this.#seq;
        this.#store.set({
          calls: merged(desk.calls, message.calls, "id", message.gone),
          agents: merged(desk.agents, message.agents, "id", message.gone_agents),
          queues: merged(desk.queues, message.queues, "name"),
        });
        break;
      case "pause_reasons":
        this.#store.set({ pauseReasons: message.pause_reasons ?? [] });
        break;
      case "alarms":
        this.#store.set({ alarms: message.alarms ?? [] });
        break;
      case "parties":
        this.#store.set({ directoryState: "changed" });
        break;
      case "dial_tests":
        this.#store.set({ dialTests: message.dial_tests });
        break;
      case "day":
        this.#store.set({ day: message.day });
        break;
      case "parts":
        this.#store.set({ parts: message.parts ?? {} });
        break;
      case "lead":
        this.#store.set({ lead: { op: message.op, text: message.message } });
        break;
      case "ack":
        this.#settle(message.id, message);
        break;
    }
  }

  async #lost(event) {
    for (const id of [...this.#pending.keys()]) this.#settle(id, { ok: false, code: "link" });
    const { link } = this.#store.value;
    const expired = event.code === SIGNED_OUT || (this.#tries > 1 && (await isSignedOut()));
    this.#store.set({
      link: { ...link, state: link.everUp || this.#tries > 1 ? "down" : "connecting", since: link.state === "connected" ? Date.now() / 1000 : link.since, expired },
    });
    const wait = BACKOFF_MS[Math.min(this.#tries, BACKOFF_MS.length - 1)];
    this.#tries += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), wait * (0.8 + Math.random() * 0.4));
  }

  #retryNow() {
    if (this.#socket && !this.#socket.onclose) this.open(); // that one is over
  }
}

function merged(old, changed, key, gone) {
  if (!changed?.length && !gone?.length) return old;
  const next = new Map(old);
  for (const item of changed ?? []) next.set(item[key], item);
  for (const id of gone ?? []) next.delete(id);
  return next;
}

async function isSignedOut() {
  try {
    await get("/api/me");
    return false;
  } catch (error) {
    return error.status === 401;
  }
}
