// Owns which microphone, earpiece and ringer this browser uses: chosen once, kept, and what is plugged in now.

const KEY = "hotline.headset";
const KINDS = { microphone: "audioinput", speaker: "audiooutput", ringer: "audiooutput" };
const PROCESSING = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const RAW = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

export const ROLES = Object.keys(KINDS);

export class Headset {
  #chosen = {}; // role -> {id, name}; absent: the system's own
  #raw;

  constructor({ raw = false } = {}) {
    this.#raw = raw;
    try {
      this.#chosen = JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      localStorage.removeItem(KEY); // written by something else: the system's own devices are used
    }
  }

  /** -> {microphone, speaker, ringer}: [{id, name}] without the system's own, which is always there. */
  async list() {
    const found = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    const of = (kind) => found.filter((each) => each.kind === kind && each.deviceId && !["default", "communications"].includes(each.deviceId))
      .map(({ deviceId, label }) => ({ id: deviceId, name: label }));
    return Object.fromEntries(ROLES.map((role) => [role, of(KINDS[role])]));
  }

  chosen(role) {
    return this.#chosen[role] ?? null;
  }

  /** `device` {id, name}, or null for the system's own. */
  choose(role, device) {
    this.#chosen = { ...this.#chosen, [role]: device ?? undefined };
    localStorage.setItem(KEY, JSON.stringify(this.#chosen));
  }

  /** The id to use of what is plugged in: the chosen one by id, else by name (a browser may number devices anew); "" is the system's own. */
  pick(role, plugged) {
    const chosen = this.#chosen[role];
    if (!chosen) return "";
    return (plugged.find(({ id }) => id === chosen.id) ?? plugged.find(({ name }) => name && name === chosen.name))?.id ?? "";
  }

  /** Wished, never demanded: with the headset unplugged a call is answered by whatever microphone there is. */
  get constraints() {
    return this.#with(this.#raw ? RAW : PROCESSING);
  }

  /** The same microphone without echo, noise and loudness being worked on. */
  get unprocessed() {
    return this.#with(RAW);
  }

  #with(processing) {
    const id = this.#chosen.microphone?.id;
    return { audio: { ...processing, ...(id ? { deviceId: { ideal: id } } : {}) }, video: false };
  }
}
