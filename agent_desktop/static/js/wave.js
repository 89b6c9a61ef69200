// Owns the picture of a recording: two lanes of peaks, what is played, pauses hatched, events as ticks. Knows nothing of sound.

const LANES = 2;
const FULL = 255;
const QUIET = 20; // of 255, square-root scaled: room noise of a telephone line
const SHORTEST_SILENCE_S = 1.5;
const LEAD_S = 0.25; // kept before somebody speaks again

export class Wave {
  #canvas;
  #peaks = null; // Uint8Array, pairs left and right
  #length = 0;
  #pauses = [];
  #marks = [];

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.draw(this.at)).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(this.at));
    this.at = 0;
  }

  set({ peaks, length_s: length, pauses, marks }) {
    this.#peaks = peaks ? Uint8Array.from(atob(peaks), (sign) => sign.charCodeAt(0)) : null;
    this.#length = length ?? 0;
    this.#pauses = pauses;
    this.#marks = marks;
    this.draw(0);
  }

  get hasPicture() {
    return Boolean(this.#peaks);
  }

  /** Where both are silent from `at` on: the second to go on at, or null. */
  silenceEnd(at) {
    const n = (this.#peaks?.length ?? 0) / LANES;
    if (!n || !this.#length) return null;
    const from = Math.floor((at / this.#length) * n);
    let to = from;
    while (to < n && this.#peaks[to * LANES] < QUIET && this.#peaks[to * LANES + 1] < QUIET) to += 1;
    const end = (to / n) * this.#length;
    return end - at >= SHORTEST_SILENCE_S ? Math.min(end - LEAD_S, this.#length) : null;
  }

  draw(at) {
    this.at = at;
    const canvas = this.#canvas, scale = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * scale), height = Math.round(canvas.clientHeight * scale);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const paint = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    const [played, rest, edge, soon] = ["--played", "--rest", "--edge-strong", "--soon-mark"].map((name) => style.getPropertyValue(name).trim() || style.color);
    const x = (second) => (this.#length ? (second / this.#length) * width : 0);
    paint.clearRect(0, 0, width, height);
    this.#hatch(paint, soon, x, height, scale);
    this.#bars(paint, width, height, scale, x(at), played, rest);
    paint.fillStyle = edge;
    for (const { at_s: second } of this.#marks) paint.fillRect(Math.round(x(second)), 0, scale, height);
    paint.fillStyle = played;
    paint.fillRect(Math.max(0, Math.round(x(at)) - scale), 0, 2 * scale, height);
  }

  #bars(paint, width, height, scale, until, played, rest) {
    const lane = height / LANES, n = (this.#peaks?.length ?? 0) / LANES;
    const step = 3 * scale, bar = 2 * scale;
    for (let left = 0; left < width; left += step) {
      paint.fillStyle = left < until ? played : rest;
      for (let side = 0; side < LANES; side += 1) {
        let loudest = 0;
        for (let i = Math.floor((left / width) * n); i < Math.max(((left + step) / width) * n, (left / width) * n + 1) && i < n; i += 1) loudest = Math.max(loudest, this.#peaks[i * LANES + side]);
        const tall = Math.max(scale, (loudest / FULL) * (lane - 4 * scale));
        paint.fillRect(left, lane * side + (lane - tall) / 2, bar, tall);
      }
    }
  }

  #hatch(paint, colour, x, height, scale) {
    paint.save();
    paint.strokeStyle = colour;
    paint.lineWidth = scale;
    for (const { from_s: from, to_s: to } of this.#pauses) {
      const left = x(from), right = Math.max(x(to), left + 2 * scale);
      paint.save();
      paint.beginPath();
      paint.rect(left, 0, right - left, height);
      paint.clip();
      paint.beginPath();
      for (let start = left - height; start < right; start += 6 * scale) {
        paint.moveTo(start, height);
        paint.lineTo(start + height, 0);
      }
      paint.stroke();
      paint.restore();
      paint.strokeRect(left, 0, right - left, height);
    }
    paint.restore();
  }
}
