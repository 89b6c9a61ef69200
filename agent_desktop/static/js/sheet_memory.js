// Owns what was typed in the sheets of acts and not sent: in this browser until it is sent, cancelled, or its person signs out.

const ALL = "hotline.sheet.";

export class SheetMemory {
  #prefix;

  constructor(login, number) {
    this.#prefix = `${ALL}${login}.${number}.`;
  }

  /** Values by fact, as ActForm tells them. */
  keep(act, values) {
    try {
      localStorage.setItem(this.#prefix + act, JSON.stringify(values));
    } catch (error) {
      console.warn("browser storage is full", error.name); // what was typed stays in the page
    }
  }

  of(act) {
    try {
      return JSON.parse(localStorage.getItem(this.#prefix + act));
    } catch {
      this.forget(act);
      return null;
    }
  }

  forget(act) {
    localStorage.removeItem(this.#prefix + act);
  }
}

/** At signing out: nobody who comes to this computer finds a word of a ticket. */
export function forgetSheets() {
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(ALL))) localStorage.removeItem(key);
}
