// Owns the test call in which the agent hears the own voice come back from Asterisk: microphone, earpiece and line at once.

const LONGEST_MS = 20_000; // Asterisk ends it a moment later
const LOOK_MS = 200;
const SPOKEN = 0.01, HEARD = 0.004; // loudness, 0..1; the echo has been through a codec

export class EchoTest {
  #phone;
  #sound;
  #timer = 0;
  #meter = null;
  #spoke = false;
  state = "idle"; // idle | calling | listening | heard | deaf (spoken, no echo) | silent (nothing spoken) | failed
  onchange = () => {};

  constructor(phone, sound) {
    this.#phone = phone;
    this.#sound = sound;
  }

  get isRunning() {
    return this.#timer !== 0;
  }

  start() {
    const session = this.isRunning ? null : this.#phone.dialEcho();
    if (!session) return;
    this.#spoke = false;
    let isUp = false;
    this.#sound.follow(session.connection);
    session.on("icecandidate", ({ ready }) => ready()); // the first candidate is enough, as for a citizen's call
    session.on("confirmed", () => {
      isUp = true;
      this.#up();
    });
    for (const end of ["ended", "failed"]) session.on(end, () => this.#over(!isUp));
    this.#timer = setTimeout(() => this.stop(), LONGEST_MS);
    this.#tell("calling");
  }

  stop() {
    if (this.isRunning) this.#phone.endTest();
  }

  /** What an earlier test told is not true for ever. */
  forget() {
    if (!this.isRunning) this.#tell("idle");
  }

  async #up() {
    this.#tell("listening");
    this.#meter = await this.#sound.meter().catch(() => null);
    while (this.isRunning) {
      const { remote } = await this.#sound.levels().catch(() => ({ remote: 0 }));
      this.#spoke ||= (this.#meter?.read() ?? 0) > SPOKEN;
      if (remote > HEARD && this.isRunning) this.#tell("heard");
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    this.#meter?.close();
    this.#meter = null;
  }

  #over(isRefused) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (!this.#phone.isBusy) this.#sound.stop();
    this.#tell(isRefused ? "failed" : this.state === "heard" ? "heard" : this.#spoke ? "deaf" : "silent");
  }

  #tell(state) {
    if (state !== this.state) this.state = state;
    this.onchange();
  }
}
