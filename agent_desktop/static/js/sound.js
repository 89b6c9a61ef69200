// Owns the sound of this page: asking for the microphone, playing the citizen, measuring both, and the ring's AudioContext.

const PROCESSING = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const FILL_MS = 250; // a new analyser is empty until its window has passed once
const RAW = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

export class Sound {
  #audio;
  #context = null;
  #remote = null; // {track, analyser}
  #pc = null;

  constructor(audio, { raw = false } = {}) {
    this.#audio = audio;
    this.constraints = { audio: raw ? RAW : PROCESSING, video: false };
  }

  /** granted | refused | missing | insecure. The stream is closed at once: it is opened again for each call. */
  async askForMicrophone() {
    if (!navigator.mediaDevices?.getUserMedia) return "insecure";
    try {
      const stream = await navigator.mediaDevices.getUserMedia(this.constraints);
      stream.getTracks().forEach((track) => track.stop());
      return "granted";
    } catch (error) {
      return error.name === "NotAllowedError" || error.name === "SecurityError" ? "refused" : "missing";
    }
  }

  /** The context for the ring and the meter, or null while the browser does not allow sound yet. */
  context() {
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") this.#context.resume().catch(() => {});
    return this.#context;
  }

  /** Listen to a peer connection for the whole call: after a hold the track comes anew. */
  follow(pc) {
    this.#pc = pc;
    pc.addEventListener("track", (event) => this.#play(event.track));
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
    const stats = await transport(this.#pc);
    return { remote: heard.rms, remoteHz: heard.hz, ...stats };
  }
}

function measure(analyser) {
  if (!analyser) return { rms: 0, hz: 0 };
  const wave = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(wave);
  const rms = Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const loudest = bins.reduce((best, level, i) => (level > bins[best] ? i : best), 1);
  return { rms, hz: rms > 0.0005 ? (loudest * analyser.context.sampleRate) / analyser.fftSize : 0 };
}

async function transport(pc) {
  const out = { local: 0, packetsIn: 0, packetsOut: 0, lost: 0, jitterMs: 0, roundTripMs: null };
  if (!pc || pc.connectionState === "closed") return out;
  for (const report of (await pc.getStats()).values()) {
    if (report.type === "inbound-rtp" && report.kind === "audio") {
      out.packetsIn += report.packetsReceived ?? 0;
      out.lost += report.packetsLost ?? 0;
      out.jitterMs = (report.jitter ?? 0) * 1000;
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
