// Owns when a websocket that says nothing is given up: a network that vanished tells nobody, and the browser waits for minutes.

const QUIET_MS = 15000; // the hub says something every 8 s at least (socket.py), Asterisk asks each telephone every 10 s
const ANSWER_MS = 10000; // 25 s together
const LOOK_MS = 1000;

/** What to do at a moment, in ms of a clock that never jumps: "" | "ask" | "dead". A tab that slept hears first what waits for it. */
export class Silence {
  #heardAt;
  #askedAt = null;

  constructor(at) {
    this.#heardAt = at;
  }
  heard(at) {
    this.#heardAt = at;
    this.#askedAt = null;
  }
  look(at) {
    if (this.#askedAt !== null) return at - this.#askedAt < ANSWER_MS ? "" : "dead";
    if (at - this.#heardAt < QUIET_MS) return "";
    this.#askedAt = at;
    return "ask";
  }
}

/** Look every second until `end`, or until it is dead. */
export function watchSilence({ ask = () => {}, dead }) {
  const silence = new Silence(performance.now());
  const timer = setInterval(() => {
    const what = silence.look(performance.now());
    if (what === "ask") ask();
    if (what !== "dead") return;
    clearInterval(timer);
    dead();
  }, LOOK_MS);
  return { heard: () => silence.heard(performance.now()), end: () => clearInterval(timer) };
}
