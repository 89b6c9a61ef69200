// Owns the directory as the page knows it: from the page itself, then from the server whenever it changed; and finding in it.

import { get } from "./api.js";

const RETRY_MS = [1000, 3000, 10000];
const HALF_WIDTH = 0xfee0; // "１" typed with a Chinese input method is "1"

export class Directory {
  #store;
  #tries = 0;
  #timer = 0;

  /** The page was rendered with what the desk had in memory, so that emergency numbers need no further answer. */
  constructor(store, given) {
    this.#store = store;
    store.set({ directory: given });
    store.watch(({ directoryState }) => directoryState === "changed" && this.load());
    this.load();
  }

  async load() {
    clearTimeout(this.#timer);
    this.#store.set({ directoryState: "loading" });
    try {
      const { parties } = await get("/api/parties");
      this.#tries = 0;
      this.#store.set({ directory: parties, directoryState: "known" });
    } catch {
      this.#store.set({ directoryState: "away" });
      this.#timer = setTimeout(() => this.load(), RETRY_MS[Math.min(this.#tries, RETRY_MS.length - 1)]);
      this.#tries += 1;
    }
  }
}

/** What somebody typed, as it is compared: half-width, lower case, no blanks. */
export const plain = (text) => text.replace(/[\uff01-\uff5e]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - HALF_WIDTH)).toLowerCase().replace(/\s/g, "");

/** How well a party, agent or queue fits: 0 not at all, the higher the better; by name, pinyin initials or number. */
export function fits({ name, initials = "", numbers = [] }, typed) {
  if (!typed) return 1;
  const words = plain(name);
  if (numbers.includes(typed) || words === typed) return 5;
  if (initials.startsWith(typed) || words.startsWith(typed)) return 4;
  if (numbers.some((number) => number.startsWith(typed))) return 3;
  if (words.includes(typed) || initials.includes(typed)) return 2;
  return numbers.some((number) => number.includes(typed)) ? 1 : 0;
}

/** Those that fit, the best first, else in their own order. */
export function found(items, typed) {
  const scored = items.map((item, at) => [fits(item, typed), at, item]).filter(([score]) => score > 0);
  return scored.sort(([a, i], [b, j]) => b - a || i - j).map(([, , item]) => item);
}

export const emergencies = (directory) => directory.filter((party) => party.kind === "emergency");

/** What a party is called; a key that the directory has not, or not any more, stands as it is. */
export const partyName = (directory, key) => directory.find((party) => party.key === key)?.name ?? key ?? "";
