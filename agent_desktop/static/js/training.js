// Owns taking a call as training material, and ending that, under its player: who, since when, why; for who leads with a reason.

import { post } from "./api.js";
import { boot, make, write } from "./dom.js";
import { TRAINING } from "./texts_recordings.js";
import { fullMoment } from "./times.js";

/** What stands under the recording of a call: nothing for who may not change it and where there is nothing to tell. */
export function training(id, call) {
  const may = (boot().acts ?? []).includes("manage_training");
  if (!call.recording || (!may && !call.training)) return [];
  const place = make("section", { class: "training" });
  show(place, id, call.training, may);
  return [place];
}

function show(place, id, taken, may, isFresh = false) {
  const told = taken ? TRAINING.taken(fullMoment(taken.taken_at).split(" ")[0], taken.by, taken.reason) : "";
  const words = make("p", { class: "quiet", role: "status" }, told && isFresh ? `${told}${TRAINING.tonight}` : told || (isFresh ? TRAINING.ended : ""));
  place.dataset.taken = String(Boolean(taken));
  place.replaceChildren(words);
  if (!may) return;
  const reason = make("input", { name: "reason", maxlength: "500", autocomplete: "off", "aria-label": taken ? TRAINING.whyEnd : TRAINING.whyTake, placeholder: taken ? TRAINING.whyEnd : TRAINING.whyTake });
  const trouble = make("p", { class: "trouble", role: "alert" });
  const form = make("form", { novalidate: true }, reason, " ", make("button", { type: "submit", class: "small" }, taken ? TRAINING.end : TRAINING.take));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await post(`/api/calls/${encodeURIComponent(id)}/training${taken ? "/end" : ""}`, { reason: reason.value });
      show(place, id, answer.training, may, true);
    } catch (error) {
      write(trouble, error.isNetwork ? TRAINING.away : error.message);
      reason.focus();
    }
  });
  place.append(form, trouble);
}
