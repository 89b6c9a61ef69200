// Owns what is not as it should be, in order of weight: the page's one quiet line of notices.

import { isTelephoneGone } from "./state.js";
import { ACKS, NOTICES } from "./texts.js";
import { DIAL } from "./texts_dial.js";
import { ALARM } from "./texts_line.js";
import { HEADSET, SOUND } from "./texts_phone.js";

const isDown = (parts, ...names) => names.some((name) => parts[name] && parts[name].state !== "up");

/** -> [{key, weight: info|warn|loss, text}], the heaviest first. Pure. */
export function notices(desk) {
  const { link, phone, parts } = desk;
  const found = [];
  const add = (key, weight) => found.push({ key, weight, text: NOTICES[key] });
  if (link.expired) add("expired", "warn");
  const alarm = alarms(desk).find(({ agent }) => !agent || agent !== desk.me?.extension); // one's own stands in the strip
  if (alarm) found.push({ key: "alarm", weight: "loss", text: ALARM.notice(alarm) });
  const dead = desk.dialTests?.state === "known" ? desk.dialTests.tests.filter((test) => test.failed) : [];
  if (dead.length) found.push({ key: "dial", weight: "warn", text: DIAL.alarm(dead) });
  if (desk.told) found.push({ key: "told", weight: "warn", text: ACKS[desk.told] ?? desk.told });
  if (desk.lead) found.push({ key: "lead", weight: "warn", text: desk.lead.text });
  if (phone.state === "elsewhere") add("elsewhere", "info");
  if (phone.state === "forbidden") add("forbidden", "warn");
  if (phone.state === "displaced") add("displaced", "warn");
  if (phone.state === "preparing") add("preparing", "warn");
  if (["refused", "missing", "insecure"].includes(phone.mic)) add(`mic_${phone.mic}`, "warn");
  const sound = (key, text) => found.push({ key, weight: "warn", text });
  if (desk.speaksMuted) sound("speaks_muted", SOUND.speaksMuted);
  if (desk.sound?.isDead) sound("mic_dead", SOUND.dead);
  else if (phone.isMicSilent && phone.mic === "granted" && !desk.session) sound("mic_silent", SOUND.silent);
  const warning = desk.sound?.warning;
  if (warning) sound("quality", SOUND[warning.quality](HEADSET.figures(warning), warning.who));
  if (phone.mic === "asking" && phone.state === "registered") add("mic_asking", "info");
  const isBridgeDown = isDown(parts, "bridge"); // then nobody can tell about the parts that only the bridge sees
  if (isDown(parts, "asterisk") && !isBridgeDown) add("asterisk", "warn");
  if (phone.state === "unregistered" && !desk.session) add("phone", "warn");
  if (isTelephoneGone(desk)) add("hardware_gone", "warn");
  if (link.state === "down" && !link.expired) add("link", "info");
  else if (isDown(parts, "bridge", "redis", "live")) add("live", "info");
  if (isDown(parts, "tickets_database")) add("tickets", "info");
  if (isDown(parts, "relay") && !["unregistered", "hardware"].includes(phone.state)) add("relay", "info");
  if (isDown(parts, "ledger") && !isBridgeDown) add("ledger", "info");
  if (isDown(parts, "calls_database", "worker")) add("records", "info");
  if (isDown(parts, "recordings") && !isDown(parts, "worker", "redis")) add("recordings", "info");
  if (isDown(parts, "watchdog") && !isBridgeDown) add("watchdog", "info");
  if (!phone.sound && desk.session?.state === "ringing") add("sound", "info");
  return found;
}

/** Whether the live view may be believed now. */
export const isLiveSure = (desk) => desk.link.state === "connected" && !isDown(desk.parts, "bridge", "redis", "live", "asterisk");

/** Emergencies that nobody may overlook: unanswered first, else the newest; the server tells who may see them. */
export function alarms(desk) {
  const rank = ["failed", "calling", "answered"];
  return [...desk.alarms].sort((a, b) => rank.indexOf(a.state) - rank.indexOf(b.state) || b.since - a.since);
}
