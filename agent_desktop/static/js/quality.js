// Owns how good the sound of a call is: measured every two seconds from the call's own statistics, judged, and warned of before it hurts.

const EVERY_MS = 2000;
const BAD_LOSS = 0.08, SOME_LOSS = 0.02; // shares of packets; beyond the first words are missing, beyond the second they sound rough
const BAD_DELAY_MS = 600, SOME_DELAY_MS = 250, SOME_JITTER_MS = 60;
const DEAD_S = 12; // who has answered and in so long not given the slightest sound has a switched-off microphone
const WORSE = 2, BETTER = 3; // measurements in a row before it is said, and before it is no more: a warning that flickers is not read

/** Totals of two moments -> {quality: good|fair|poor, who: agent|citizen|both|delay, lossIn, lossOut, jitterMs, delayMs}: `who` hears worse, or that
 *  words come late; shares are 0..1, null where nobody told. Pure. */
export function judged(before, now) {
  const got = now.packetsIn - before.packetsIn, lost = Math.max(0, now.lost - before.lost);
  const lossIn = got + lost > 0 ? lost / (got + lost) : 1; // nothing came at all
  const lossOut = now.lossOut ?? null;
  const delayMs = now.roundTripMs ?? null;
  const loss = Math.max(lossIn, lossOut ?? 0);
  const quality = loss > BAD_LOSS || (delayMs ?? 0) > BAD_DELAY_MS ? "poor"
    : loss > SOME_LOSS || (delayMs ?? 0) > SOME_DELAY_MS || now.jitterMs > SOME_JITTER_MS ? "fair" : "good";
  const limit = quality === "poor" ? BAD_LOSS : SOME_LOSS;
  const agent = lossIn > limit || now.jitterMs > SOME_JITTER_MS, citizen = (lossOut ?? 0) > limit;
  const who = agent && citizen ? "both" : agent ? "agent" : citizen ? "citizen" : "delay";
  return { quality, who, lossIn, lossOut, jitterMs: now.jitterMs, delayMs };
}

/** What is warned of after one more measurement: {worse, better, warning}; the warning is the last bad figures, or null. Pure. */
export function warned({ worse, better, warning }, figures) {
  if (figures.quality === "good") return { worse: 0, better: better + 1, warning: better + 1 < BETTER ? warning : null };
  return { worse: worse + 1, better: 0, warning: warning || worse + 1 >= WORSE ? figures : null };
}

const NONE = { packetsIn: 0, lost: 0 };
const CALM = { worse: 0, better: 0, warning: null };

export class Quality {
  #store;
  #sound;
  #last = NONE;
  #callId = null;
  #told = CALM;
  #begunAt = 0; // epoch s
  #isHeard = false; // the microphone gave a sound in this call; afterwards silence is a listener's, cleaned of the room's noise

  constructor(store, sound) {
    this.#store = store;
    this.#sound = sound;
    setInterval(() => this.#measure(), EVERY_MS);
  }

  async #measure() {
    const { session } = this.#store.value;
    if (!session?.answeredAt) return this.#forget();
    if (session.state !== "talking") return undefined; // on hold Asterisk sends nothing
    const now = await this.#sound.transport().catch(() => null);
    if (!now || this.#store.value.session?.callId !== session.callId) return undefined;
    if (session.callId !== this.#callId) this.#begin(session.callId);
    const figures = judged(this.#last, now);
    this.#last = now;
    this.#told = warned(this.#told, figures);
    this.#isHeard ||= now.local > 0 || session.muted;
    const isDead = now.isMicMuted || (!this.#isHeard && Date.now() / 1000 - this.#begunAt >= DEAD_S);
    this.#store.set({ quality: figures.quality, sound: { ...figures, warning: this.#told.warning, isDead } });
    return undefined;
  }

  #begin(callId) {
    this.#callId = callId;
    this.#last = NONE;
    this.#told = CALM;
    this.#begunAt = Date.now() / 1000;
    this.#isHeard = false;
  }

  #forget() {
    if (this.#callId === null) return;
    this.#callId = null;
    this.#store.set({ quality: "none", sound: null });
  }
}
