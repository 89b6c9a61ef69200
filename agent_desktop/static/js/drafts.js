// Owns the words and the form of each call's record until the server has them: typing pauses, versions, conflicts, lost network.

import { put } from "./api.js";

const PAUSE_MS = 600;
const SETTLE_MS = 9000; // one request has eight seconds
const RETRY_MS = [1000, 2000, 5000, 10000];

/** One record: state is saved | saving | unsaved | offline | conflict; version is null until the server told it. */
function blank(callId) {
  return { callId, text: "", fields: {}, lost: null, version: null, state: "saved", savedAt: null, message: "", other: null, timer: 0, tries: 0, inFlight: false };
}

/** What is compared: the words, and the filled-in fields whatever their order. */
const said = ({ text, fields }) => JSON.stringify([text ?? "", Object.entries(fields ?? {}).filter(([, value]) => value).sort(([a], [b]) => (a < b ? -1 : 1))]);
const isSame = (one, other) => said(one) === said(other);
const isBlank = ({ text, fields }) => !text && !Object.values(fields ?? {}).some(Boolean);

export class Drafts {
  #prefix;
  #entries = new Map();
  #changed;

  constructor(login, changed) {
    this.#prefix = `hotline.draft.${login}.`;
    this.#changed = changed;
    for (const key of Object.keys(localStorage).filter((k) => k.startsWith(this.#prefix))) this.#recall(key.slice(this.#prefix.length));
    addEventListener("pagehide", () => this.flush({ keepalive: true }));
    addEventListener("online", () => this.flush());
  }

  of(callId) {
    if (!this.#entries.has(callId)) this.#entries.set(callId, blank(callId));
    return this.#entries.get(callId);
  }
  get unsaved() {
    return [...this.#entries.values()].filter((e) => e.state !== "saved");
  }
  /** Calls whose text came back from an earlier page and whose version must be asked for. */
  get forgotten() {
    return this.unsaved.filter((e) => e.version === null && e.callId).map((e) => e.callId);
  }

  /** Words, fields (a whole form), or both as somebody changed them. */
  edit(callId, { text, fields }) {
    const entry = this.of(callId);
    const next = { text: text ?? entry.text, fields: fields ?? entry.fields };
    if (isSame(next, entry)) return;
    Object.assign(entry, next);
    this.#remember(entry);
    if (entry.state !== "conflict") entry.state = entry.state === "offline" ? "offline" : "unsaved";
    this.#changed(entry);
    if (entry.state !== "offline") this.#saveIn(entry, PAUSE_MS);
  }

  /** The server's record of this call, as the ticket brought it. What was typed is never overwritten by it. */
  learn(callId, draft) {
    const entry = this.of(callId);
    const { text = "", fields = {}, version = 0 } = draft ?? {};
    if (entry.inFlight || entry.state === "conflict") return;
    const isTouched = entry.state !== "saved";
    const theirs = { text, fields };
    if (!isTouched || isSame(entry, theirs)) {
      if (entry.version !== null && version < entry.version) return; // an old answer
      Object.assign(entry, { ...theirs, version, state: "saved", savedAt: draft?.saved_at ?? entry.savedAt });
      this.#forget(entry);
    } else if (entry.version === null && entry.base !== version && !isBlank(theirs)) {
      Object.assign(entry, { state: "conflict", other: { ...draft, ...theirs, version } });
    } else if (entry.version === null) {
      entry.version = version;
      this.#saveIn(entry, 0);
    }
    this.#changed(entry);
  }

  /** What was written before the call's id was known. */
  rename(from, to) {
    const entry = this.#entries.get(from);
    if (!entry || isBlank(entry)) return;
    this.#forget(entry);
    this.#entries.delete(from);
    const { text, fields } = this.of(to);
    this.edit(to, { text: [text, entry.text].filter(Boolean).join("\n"), fields: { ...fields, ...entry.fields } });
  }

  keepMine(callId) {
    const entry = this.of(callId);
    Object.assign(entry, { version: entry.other.version, other: null, state: "unsaved" });
    this.#saveIn(entry, 0);
    this.#changed(entry);
  }
  takeTheirs(callId) {
    const entry = this.of(callId);
    Object.assign(entry, { text: entry.other.text ?? "", fields: entry.other.fields ?? {}, version: entry.other.version, other: null, state: "saved", savedAt: entry.savedAt });
    this.#forget(entry);
    this.#changed(entry);
  }

  /** Have the server keep it now; true when it does. What a save in flight did not take is saved after it. */
  async settled(callId) {
    const entry = this.of(callId);
    const until = Date.now() + SETTLE_MS;
    while (entry.state !== "saved" && entry.state !== "conflict" && Date.now() < until) {
      if (entry.inFlight) await new Promise((resolve) => setTimeout(resolve, 30));
      else if (await this.#save(entry)) break;
    }
    return entry.state === "saved";
  }

  /** What a ticket is made of: the call and the version of its record. */
  bodyOf(callId) {
    return { call_id: callId, draft_version: this.of(callId).version };
  }
  made() {} // the server keeps the record of a call

  /** The same citizen has another matter. */
  keptFor({ name, number, address, caller_kind: kind, is_secret: secret }) {
    return { name, number, address, caller_kind: kind, is_secret: secret };
  }

  flush(options) {
    return Promise.all(this.unsaved.filter((e) => e.state !== "conflict").map((e) => this.#save(e, options)));
  }

  #saveIn(entry, ms) {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => this.#save(entry), ms);
  }

  /** True when there is no use in trying at once again. */
  async #save(entry, options) {
    clearTimeout(entry.timer);
    if (entry.inFlight || entry.version === null || entry.state === "conflict" || !entry.callId) return true;
    const sent = { text: entry.text, fields: { ...entry.fields } };
    entry.inFlight = true;
    if (entry.state === "unsaved") entry.state = "saving";
    this.#changed(entry);
    let isOver = false;
    try {
      const saved = await put(`/api/drafts/${encodeURIComponent(entry.callId)}`, { ...sent, version: entry.version }, options);
      Object.assign(entry, { inFlight: false, version: saved.version, savedAt: saved.saved_at, tries: 0, message: "", lost: null });
      this.#settle(entry, sent);
    } catch (error) {
      entry.inFlight = false;
      this.#failed(entry, sent, error);
      isOver = true;
    }
    this.#changed(entry);
    return isOver;
  }

  #settle(entry, sent) {
    if (isSame(entry, sent)) {
      entry.state = "saved";
      this.#forget(entry);
    } else {
      entry.state = "unsaved";
      this.#remember(entry);
      this.#saveIn(entry, PAUSE_MS);
    }
  }

  #failed(entry, sent, error) {
    if (error.status === 409) {
      const other = error.facts;
      if (isSame(other, sent) || (entry.lost && isSame(other, entry.lost))) {
        Object.assign(entry, { version: other.version, lost: null }); // our own earlier save, whose answer was lost
        this.#settle(entry, other);
      } else {
        Object.assign(entry, { state: "conflict", other });
      }
      return;
    }
    if (error.isNetwork) entry.lost = sent;
    const isPassing = error.isNetwork || error.status === 401 || error.status === 404 || error.status === 429;
    entry.state = isPassing ? "offline" : "unsaved";
    entry.message = isPassing ? "" : error.message || String(error.status);
    this.#saveIn(entry, RETRY_MS[Math.min(entry.tries, RETRY_MS.length - 1)]);
    entry.tries += 1;
  }

  #remember(entry) {
    try {
      localStorage.setItem(this.#prefix + entry.callId, JSON.stringify({ text: entry.text, fields: entry.fields, base: entry.version ?? entry.base ?? null }));
    } catch (error) {
      console.warn("browser storage is full", error.name); // what was typed stays in the page and goes on being saved
    }
  }
  #forget(entry) {
    localStorage.removeItem(this.#prefix + entry.callId);
  }
  #recall(callId) {
    try {
      const { text, fields = {}, base } = JSON.parse(localStorage.getItem(this.#prefix + callId));
      this.#entries.set(callId, { ...blank(callId), text, fields, base, state: "offline" });
    } catch {
      localStorage.removeItem(this.#prefix + callId);
    }
  }
}
