// Owns a record that belongs to no call: kept in this browser until it has become a ticket, with the face of drafts.js.

export class LocalDraft {
  #key;
  #changed;
  #entry = { callId: "new", text: "", fields: {}, version: 0 };

  constructor(login, changed) {
    this.#key = `hotline.new-ticket.${login}`;
    this.#changed = changed;
    try {
      const { text = "", fields = {} } = JSON.parse(localStorage.getItem(this.#key)) ?? {};
      Object.assign(this.#entry, { text, fields });
    } catch {
      localStorage.removeItem(this.#key);
    }
  }

  of() {
    return this.#entry;
  }
  /** Whose record it is shows it once more, as when the lists of the form have come. */
  tell() {
    this.#changed(this.#entry);
  }

  edit(_callId, { text, fields }) {
    Object.assign(this.#entry, { text: text ?? this.#entry.text, fields: fields ?? this.#entry.fields });
    try {
      localStorage.setItem(this.#key, JSON.stringify({ text: this.#entry.text, fields: this.#entry.fields }));
    } catch (error) {
      console.warn("browser storage is full", error.name); // what was typed stays in the page
    }
    this.#changed(this.#entry);
  }

  /** Nothing waits for a server: the words go with the act. */
  settled() {
    return Promise.resolve(true);
  }
  bodyOf() {
    return { content: { ...this.#entry.fields, text: this.#entry.text } };
  }
  /** It is a ticket now: a page that is loaded again begins with an empty form. */
  made() {
    localStorage.removeItem(this.#key);
  }
  /** The next letter is somebody else's, of the same kind of post. */
  keptFor({ source, line }) {
    return { source, line };
  }
}
