// Owns the open row of a call, wherever calls are listed: its course, its recording, and who else was on its line.

import { get, post } from "./api.js";
import { partyName } from "./directory.js";
import { boot, make, write } from "./dom.js";
import { evidence } from "./evidence.js";
import { player } from "./player.js";
import { CALLS } from "./texts.js";
import { DIALLING } from "./texts_phone.js";
import { timelineRows } from "./timeline.js";
import { training } from "./training.js";

/** Fill a place with all that is kept of a call; `parties` is the directory, for the names of outside parties. */
export async function showCall(id, place, parties) {
  const nameOf = (key) => partyName(parties, key);
  try {
    const call = await get(`/api/calls/${encodeURIComponent(id)}`);
    const course = make("ol", { class: "timeline" }, ...timelineRows(call.timeline ?? [], nameOf));
    place.replaceChildren(
      make("section", { class: "course" }, make("h2", {}, CALLS.course), course, ...callAgain(id, call)),
      make("section", { class: "sound" }, make("h2", {}, CALLS.recording), ...recording(id, call, nameOf), ...training(id, call), ...evidence(id, call, nameOf),
        make("p", { class: "call-id" }, make("span", {}, CALLS.id), make("code", {}, id))));
  } catch {
    place.textContent = CALLS.detailFailed;
  }
}

function recording(id, call, nameOf) {
  if (!call.recording) return [make("p", { class: "quiet" }, call.state === "ended" ? CALLS.noRecording : CALLS.later)];
  return [player(id, { nameOf }), make("p", { class: "quiet" }, CALLS.listening)];
}

/** One press that calls the citizen once more, for who may and has a telephone; the talk is at the desk. */
function callAgain(id, call) {
  const { me, acts = [] } = boot();
  const isOurs = call.agent === me.extension || acts.includes("see_full_numbers");
  if (!me.extension || !acts.includes("call_back") || !isOurs || !call.caller || call.state !== "ended") return [];
  const button = make("button", { type: "button", class: "small again" }, DIALLING.again), told = make("span", { role: "status" });
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await post(`/api/callbacks/${encodeURIComponent(id)}/dial`);
      write(told, DIALLING.toDesk);
    } catch (error) {
      write(told, error.message || DIALLING.failed);
    }
    button.disabled = false;
  });
  return [make("p", { class: "call-again" }, button, " ", told)];
}
