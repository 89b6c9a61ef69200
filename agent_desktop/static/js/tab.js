// Owns which open page of this agent is the telephone: one at a time, with a way to take it over.

const ASK_MS = 1200;

export class TelephoneTab {
  #name;
  #channel;
  #release = null;
  #queue = null; // AbortController of our place in line
  #hooks;

  /** hooks: mine(), elsewhere(), isBusy() -> bool */
  constructor(extension, hooks) {
    this.#name = `hotline-telephone-${extension}`;
    this.#hooks = hooks;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }) => this.#heard(data);
  }

  async start() {
    if (!navigator.locks) return this.#hooks.mine(); // not a secure context: the microphone notice says so already
    this.#stand();
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (!this.#release) this.#hooks.elsewhere();
  }

  /** Ask the other page to let go; a page that does not answer (frozen, crashed) is passed over. Resolves "refused" if it is in a call. */
  takeOver() {
    return new Promise((resolve) => {
      const asked = crypto.randomUUID();
      const listen = ({ data }) => data.asked === asked && settle(data.kind);
      const timer = setTimeout(() => settle("silent"), ASK_MS);
      const settle = (kind) => {
        clearTimeout(timer);
        this.#channel.removeEventListener("message", listen);
        if (kind === "silent") {
          this.#queue?.abort();
          this.#hold({ steal: true });
        }
        resolve(kind);
      };
      this.#channel.addEventListener("message", listen);
      this.#channel.postMessage({ kind: "take_over", asked });
    });
  }

  #stand() {
    this.#queue = new AbortController();
    this.#hold({ signal: this.#queue.signal });
  }

  #hold(options) {
    navigator.locks
      .request(this.#name, options, () => {
        this.#hooks.mine();
        return new Promise((resolve) => (this.#release = resolve));
      })
      .catch(() => {
        if (options.signal?.aborted) return; // we left the line ourselves
        this.#release = null; // stolen by another page
        this.#hooks.elsewhere();
      });
  }

  #heard(data) {
    if (data.kind !== "take_over" || !this.#release) return;
    if (this.#hooks.isBusy()) {
      this.#channel.postMessage({ kind: "refused", asked: data.asked });
      return;
    }
    this.#hooks.elsewhere();
    this.#channel.postMessage({ kind: "given", asked: data.asked });
    this.#release();
    this.#release = null;
    setTimeout(() => this.#stand(), ASK_MS); // wait in line to get it back when the other page closes
  }
}
