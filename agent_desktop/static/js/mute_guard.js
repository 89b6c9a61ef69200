// Owns the reminder of a muted microphone: after a while by a soft tone, and at once when the agent speaks into it.

const LOOK_MS = 200;
const SPEECH = 0.02; // loudness of a voice at a headset, 0..1
const SPOKEN_LOOKS = 3; // of the last five: a cough is no sentence
const OF_LOOKS = 5;
const TONE_EVERY_MS = 30_000;
const TONE = [[0, 520], [0.14, 390]];

export class MuteGuard {
  #store;
  #sound;
  #callId = null;
  #meter = null;
  #timer = 0;
  #looks = [];
  #tonedAt = 0;

  constructor(store, sound) {
    this.#store = store;
    this.#sound = sound;
    store.watch(({ session }) => this.#follow(session?.muted && session.state !== "held" ? session.callId : null));
  }

  #follow(callId) {
    if (callId === this.#callId) return;
    this.#end();
    this.#callId = callId;
    if (callId === null) return;
    this.#tonedAt = Date.now();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#sound.meter().then((meter) => {
      if (this.#callId === callId) this.#meter = meter;
      else meter.close();
    }).catch((error) => console.warn("a muted microphone cannot be listened to", error.name)); // the tone reminds all the same
  }

  #end() {
    clearInterval(this.#timer);
    this.#meter?.close();
    this.#meter = null;
    this.#looks = [];
    this.#tell(false);
  }

  #look() {
    if (this.#meter) {
      this.#looks = [...this.#looks, this.#meter.read() > SPEECH].slice(-OF_LOOKS);
      this.#tell(this.#looks.filter(Boolean).length >= SPOKEN_LOOKS);
    }
    if (Date.now() - this.#tonedAt >= TONE_EVERY_MS) this.#remind();
  }

  #tell(isSpeaking) {
    if (isSpeaking === this.#store.value.speaksMuted) return;
    this.#store.set({ speaksMuted: isSpeaking });
    if (isSpeaking) this.#remind();
  }

  #remind() {
    this.#tonedAt = Date.now();
    this.#sound.tone(TONE);
  }
}
