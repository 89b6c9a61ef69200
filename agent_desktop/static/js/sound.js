// Owns the sound of this page: asking for the microphone, playing the citizen, measuring both, and the AudioContext of the ring.

const FILL_MS = 250; // a new analyser is empty until its window has passed once
const TRY_MS = 1500;
const DEAD = 1e-5; // below this a microphone gives digital silence: its switch is off

export class Sound {
  #audio;
  #headset;
  #context = null;
  #ringer = null;
  #remote = null; // {track, analyser}
  #pc = null;

  constructor(audio, headset) {
    this.#audio = audio;
    this.#headset = headset;
  }

  get constraints() {
    return this.#headset.constraints;
  }

  /**
   * granted | refused | missing | insecure. The microphone is then listened to for a moment and closed again (it is opened anew for
   * each call); `tried(isHeard)` tells whether it gave any sound at all, and is not called where nobody can tell.
   */
  async askForMicrophone(tried = () => {}) {
    if (!navigator.mediaDevices?.getUserMedia) return "insecure";
    try {
      // as it is: cleaned of the room's noise a quiet room is as silent as a microphone that is switched off
      const stream = await navigator.mediaDevices.getUserMedia(this.#headset.unprocessed);
      this.#listenTo(stream, tried).finally(() => stream.getTracks().forEach((track) => track.stop()));
      return "granted";
    } catch (error) {
      return error.name === "NotAllowedError" || error.name === "SecurityError" ? "refused" : "missing";
    }
  }

  async #listenTo(stream, tried) {
    const meter = this.#meterOf(stream.getAudioTracks()[0]);
    const until = Date.now() + TRY_MS;
    let loudest = 0;
    while (Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      loudest = Math.max(loudest, meter.read());
    }
    const isAwake = this.context().state === "running"; // a context that the browser still holds back hears nothing
    meter.close();
    if (isAwake) tried(loudest > DEAD);
  }

  /** The context for the meter and short tones; it sleeps while the browser does not allow sound yet. */
  context() {
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") this.#context.resume().catch(() => {});
    return this.#context;
  }

  /** The context of the ring, which may sound from another device than the talk. */
  ringer() {
    this.#ringer ??= new AudioContext();
    if (this.#ringer.state === "suspended") this.#ringer.resume().catch(() => {});
    return this.#ringer;
  }

  /** Use what is chosen of what is plugged in, also in a running talk. */
  async useChosen() {
    const plugged = await this.#headset.list();
    const speaker = this.#headset.pick("speaker", plugged.speaker), ringer = this.#headset.pick("ringer", plugged.ringer);
    await this.#audio.setSinkId?.(speaker).catch((error) => console.warn("earpiece not changed", error.name));
    await this.context().setSinkId?.(speaker).catch((error) => console.warn("tones not changed", error.name));
    await this.ringer().setSinkId?.(ringer).catch((error) => console.warn("ringer not changed", error.name));
  }

  /** Put another microphone into the running talk, if there is one; muted it stays muted. */
  async changeMicrophone() {
    const sender = this.#sender();
    if (!sender) return;
    const stream = await navigator.mediaDevices.getUserMedia(this.constraints);
    const [track] = stream.getAudioTracks(), before = sender.track;
    track.enabled = before?.enabled ?? true;
    await sender.replaceTrack(track);
    this.#keepMicrophone();
    before?.stop();
  }

  /** Listen to a peer connection for the whole call: after a hold the track comes anew. */
  follow(pc) {
    this.#pc = pc;
    pc.addEventListener("track", (event) => this.#play(event.track));
    pc.addEventListener("connectionstatechange", () => pc.connectionState === "connected" && this.#keepMicrophone());
  }

  /** A headset that is pulled out in a talk is replaced by what is left, so that the citizen goes on hearing somebody. */
  #keepMicrophone() {
    const track = this.#sender()?.track;
    if (track) track.onended = () => this.changeMicrophone().catch((error) => console.warn("no microphone left", error.name));
  }

  #sender() {
    return this.#pc?.connectionState === "connected" ? this.#pc.getSenders().find((sender) => sender.track?.kind === "audio") : undefined;
  }

  #play(track) {
    if (track.kind !== "audio") return;
    this.#audio.srcObject = new MediaStream([track]);
    this.#audio.play().catch((error) => console.warn("remote sound did not start", error.name));
    this.#remote = { track, analyser: null };
  }

  stop() {
    this.#audio.srcObject = null;
    this.#remote = null;
    this.#pc = null;
  }

  /** A meter of what the microphone hears, muted or not: {read() -> 0..1, close()}; rejects without a microphone. */
  async meter() {
    const own = this.#sender()?.track;
    if (own) {
      const track = own.clone(); // the call's own is silent while muted
      track.enabled = true;
      return this.#meterOf(track, () => track.stop());
    }
    const stream = await navigator.mediaDevices.getUserMedia(this.constraints);
    return this.#meterOf(stream.getAudioTracks()[0], () => stream.getTracks().forEach((track) => track.stop()));
  }

  #meterOf(track, over = () => {}) {
    const context = this.context(), analyser = context.createAnalyser();
    analyser.fftSize = 2048;
    const source = context.createMediaStreamSource(new MediaStream([track]));
    source.connect(analyser);
    return { read: () => measure(analyser, false).rms, close: () => (source.disconnect(), over()) };
  }

  /** Short notes in the agent's ear: [seconds from now, hertz] each. */
  tone(notes, loud = 0.08) {
    const context = this.context();
    if (context.state === "running") chime(context, context.destination, context.currentTime + 0.02, notes, { loud });
  }

  #analyser() {
    if (!this.#remote) return null;
    if (!this.#remote.analyser) {
      const context = this.context();
      const analyser = context.createAnalyser();
      analyser.fftSize = 8192;
      analyser.smoothingTimeConstant = 0;
      context.createMediaStreamSource(new MediaStream([this.#remote.track])).connect(analyser);
      this.#remote.analyser = analyser;
    }
    return this.#remote.analyser;
  }

  /** What is heard and sent now: loudness 0..1, loudest frequency, packets so far, loss and delay. */
  async levels() {
    const isNew = this.#remote && !this.#remote.analyser;
    const analyser = this.#analyser();
    if (isNew) await new Promise((resolve) => setTimeout(resolve, FILL_MS));
    const heard = measure(analyser);
    return { remote: heard.rms, remoteHz: heard.hz, ...(await this.transport()) };
  }

  /** Totals of the call's own statistics: packets, loss, jitter and delay in ms, loss that the other side reports (0..1). */
  transport() {
    return transport(this.#pc).then((totals) => ({ ...totals, isMicMuted: this.#sender()?.track.muted ?? false })); // by the system
  }
}

function measure(analyser, wantsHz = true) {
  if (!analyser) return { rms: 0, hz: 0 };
  const wave = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(wave);
  const rms = Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
  if (!wantsHz) return { rms };
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const loudest = bins.reduce((best, level, i) => (level > bins[best] ? i : best), 1);
  return { rms, hz: rms > 0.0005 ? (loudest * analyser.context.sampleRate) / analyser.fftSize : 0 };
}

async function transport(pc) {
  const out = { local: 0, packetsIn: 0, packetsOut: 0, lost: 0, jitterMs: 0, roundTripMs: null, lossOut: null };
  if (!pc || pc.connectionState === "closed") return out;
  for (const report of (await pc.getStats()).values()) {
    if (report.type === "inbound-rtp" && report.kind === "audio") {
      out.packetsIn += report.packetsReceived ?? 0;
      out.lost += report.packetsLost ?? 0;
      out.jitterMs = (report.jitter ?? 0) * 1000;
    } else if (report.type === "remote-inbound-rtp" && report.kind === "audio") {
      out.lossOut = report.fractionLost ?? null;
    } else if (report.type === "outbound-rtp" && report.kind === "audio") {
      out.packetsOut += report.packetsSent ?? 0;
    } else if (report.type === "media-source" && report.kind === "audio") {
      out.local = report.audioLevel ?? 0;
    } else if (report.type === "candidate-pair" && report.nominated && report.currentRoundTripTime != null) {
      out.roundTripMs = report.currentRoundTripTime * 1000;
    }
  }
  return out;
}

/** Short swelling notes, [seconds from `at`, hertz] each, laid into the audio clock at once: the timers of a hidden tab come late. */
export function chime(context, out, at, notes, { type = "sine", loud = 0.16 } = {}) {
  for (const [delay, hz] of notes) {
    const start = at + delay;
    const tone = new OscillatorNode(context, { type, frequency: hz });
    const swell = new GainNode(context, { gain: 0 });
    swell.gain.setValueAtTime(0, start);
    swell.gain.linearRampToValueAtTime(loud, start + 0.03);
    swell.gain.exponentialRampToValueAtTime(0.001, start + 0.3);
    tone.connect(swell).connect(out);
    tone.start(start);
    tone.stop(start + 0.32);
  }
}
