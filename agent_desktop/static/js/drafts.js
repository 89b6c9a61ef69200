// Owns the text of each call's record until the server has it: typing pauses, versions, conflicts, lost network.

import { put } from "./api.js";

const PAUSE_MS = 600;
const RETRY_MS = [1000, 2000, 5000, 10000];

/** One record: state is saved | saving | unsaved | offline | conflict; version is null until the server told it. */
function blank(callId) {
  return { callId, text: "", sent: "", version: null, state: "saved", savedAt: null, message: "", other: null, timer: 0, tries: 0, inFlight: false };
}

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

  edit(callId, text) {
    const entry = this.of(callId);
    if (text === entry.text) return;
    entry.text = text;
    this.#remember(entry);
    if (entry.state !== "conflict") entry.state = entry.state === "offline" ? "offline" : "unsaved";
    this.#changed(entry);
    if (entry.state !== "offline") this.#saveIn(entry, PAUSE_MS);
  }

  /** The server's text of this call, as the ticket brought it. Typed text is never overwritten by it. */
  learn(callId, draft) {
    const entry = this.of(callId);
    const { text = "", version = 0 } = draft ?? {};
    if (entry.inFlight || entry.state === "conflict") return;
    const isTouched = entry.state !== "saved";
    if (!isTouched || entry.text === text) {
      if (entry.version !== null && version < entry.version) return; // an old answer
      Object.assign(entry, { text, version, state: "saved", savedAt: draft?.saved_at ?? entry.savedAt });
      this.#forget(entry);
    } else if (entry.version === null && entry.base != null && entry.base !== version && text) {
      Object.assign(entry, { state: "conflict", other: { ...draft, text, version } });
    } else if (entry.version === null && entry.base == null && text) {
      Object.assign(entry, { state: "conflict", other: { ...draft, text, version } });
    } else if (entry.version === null) {
      entry.version = version;
      this.#saveIn(entry, 0);
    }
    this.#changed(entry);
  }

  /** Text written before the call's id was known. */
  rename(from, to) {
    const entry = this.#entries.get(from);
    if (!entry?.text) return;
    this.#forget(entry);
    this.#entries.delete(from);
    this.edit(to, [this.of(to).text, entry.text].filter(Boolean).join("\n"));
  }

  keepMine(callId) {
    const entry = this.of(callId);
    Object.assign(entry, { version: entry.other.version, other: null, state: "unsaved" });
    this.#saveIn(entry, 0);
    this.#changed(entry);
  }
  takeTheirs(callId) {
    const entry = this.of(callId);
    Object.assign(entry, { text: entry.other.text, version: entry.other.version, other: null, state: "saved", savedAt: entry.savedAt });
    this.#forget(entry);
    this.#changed(entry);
  }

  flush(options) {
    return Promise.all(this.unsaved.filter((e) => e.state !== "conflict").map((e) => this.#save(e, options)));
  }

  #saveIn(entry, ms) {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => this.#save(entry), ms);
  }

  async #save(entry, options) {
    clearTimeout(entry.timer);
    if (entry.inFlight || entry.version === null || entry.state === "conflict" || !entry.callId) return;
    const text = entry.text;
    Object.assign(entry, { inFlight: true, sent: text });
    if (entry.state === "unsaved") entry.state = "saving";
    this.#changed(entry);
    try {
      const saved = await put(`/api/drafts/${encodeURIComponent(entry.callId)}`, { text, version: entry.version }, options);
      Object.assign(entry, { inFlight: false, version: saved.version, savedAt: saved.saved_at, tries: 0, message: "" });
      this.#settle(entry, text);
    } catch (error) {
      entry.inFlight = false;
      this.#failed(entry, text, error);
    }
    this.#changed(entry);
  }

  #settle(entry, text) {
    if (entry.text === text) {
      entry.state = "saved";
      this.#forget(entry);
    } else {
      entry.state = "unsaved";
      this.#remember(entry);
      this.#saveIn(entry, PAUSE_MS);
    }
  }

  #failed(entry, text, error) {
    if (error.status === 409) {
      const other = error.facts;
      if (other.text === text || other.text === entry.sent) {
        entry.version = other.version; // our own earlier save, whose answer was lost
        this.#settle(entry, other.text);
      } else {
        Object.assign(entry, { state: "conflict", other });
      }
      return;
    }
    const isPassing = error.isNetwork || error.status === 401 || error.status === 404 || error.status === 429;
    entry.state = isPassing ? "offline" : "unsaved";
    entry.message = isPassing ? "" : error.message || String(error.status);
    this.#saveIn(entry, RETRY_MS[Math.min(entry.tries, RETRY_MS.length - 1)]);
    entry.tries += 1;
  }

  #remember(entry) {
    try {
      localStorage.setItem(this.#prefix + entry.callId, JSON.stringify({ text: entry.text, base: entry.version ?? entry.base ?? null }));
    } catch (error) {
      console.warn("browser storage is full", error.name); // the text stays in the page and goes on being saved
    }
  }
  #forget(entry) {
    localStorage.removeItem(this.#prefix + entry.callId);
  }
  #recall(callId) {
    try {
      const { text, base } = JSON.parse(localStorage.getItem(this.#prefix + callId));
      this.#entries.set(callId, { ...blank(callId), text, base, state: "offline" });
    } catch {
      localStorage.removeItem(this.#prefix + callId);
    }
  }
}
