// Owns how moments and durations are read: server's clock, Asia/Shanghai, 14:05 today and 5月12日 14:05 before.

const ZONE = "Asia/Shanghai";
const parts = new Intl.DateTimeFormat("zh-CN", {
  timeZone: ZONE, year: "numeric", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const DAY_S = 86400;
const SHANGHAI_OFFSET_S = 8 * 3600; // no daylight saving since 1991

let skewS = 0;

/** Learn the server's clock from a Date header (whole seconds), so that waits are right on a PC whose clock is wrong. */
export function learnClock(dateHeader) {
  const server = Date.parse(dateHeader ?? "");
  if (Number.isNaN(server)) return;
  const skew = (server + 500 - Date.now()) / 1000;
  skewS = Math.abs(skew) > 2 ? skew : 0;
}

export const now = () => Date.now() / 1000 + skewS;

function split(at) {
  return Object.fromEntries(parts.formatToParts(new Date(at * 1000)).map((p) => [p.type, p.value]));
}

export function moment(at, nowS = now()) {
  if (at == null) return "–";
  const p = split(at), today = split(nowS);
  const clock = `${p.hour}:${p.minute}`;
  if (p.year !== today.year) return `${p.year}年${p.month}月${p.day}日 ${clock}`;
  return p.month === today.month && p.day === today.day ? clock : `${p.month}月${p.day}日 ${clock}`;
}

export function clockWithSeconds(at) {
  if (at == null) return "–";
  const p = split(at);
  return `${p.hour}:${p.minute}:${p.second}`;
}

export function duration(seconds) {
  if (seconds == null || Number.isNaN(seconds)) return "–";
  const s = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600), m = Math.floor((s % 3600) / 60);
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** "2026-05-12" -> epoch seconds of its first moment in Shanghai. */
export function dayStart(day) {
  const [y, m, d] = day.split("-").map(Number);
  return Date.UTC(y, m - 1, d) / 1000 - SHANGHAI_OFFSET_S;
}
export const dayEnd = (day) => dayStart(day) + DAY_S;

/** What a field of date and time holds, in Shanghai's time, and back to epoch seconds. */
export const fieldOf = (at) => new Date((at + SHANGHAI_OFFSET_S) * 1000).toISOString().slice(0, 16);
export const momentOf = (field) => Date.parse(`${field}Z`) / 1000 - SHANGHAI_OFFSET_S;

/** Month, day, weekday (0 is Sunday), clock of a moment in Shanghai; a limit in days ends with its day, told as 23:59:59. */
export function calendarDay(at) {
  const p = split(at), s = Math.floor(at + SHANGHAI_OFFSET_S) % DAY_S;
  return { year: p.year, month: Number(p.month), day: Number(p.day), weekday: new Date((at + SHANGHAI_OFFSET_S) * 1000).getUTCDay(), clock: `${p.hour}:${p.minute}`, isEndOfDay: s >= DAY_S - 2 };
}

/** For paper, which outlives the day: year and all. */
export function fullMoment(at) {
  const p = split(at);
  return `${p.year}年${p.month}月${p.day}日 ${p.hour}:${p.minute}`;
}
