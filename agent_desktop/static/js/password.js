// Owns the form that changes one's own password.

import { post } from "./api.js";
import { $, mark, write } from "./dom.js";
import { PASSWORD } from "./texts.js";

const [old, fresh, again] = ["#old", "#new", "#again"].map($);
const button = $("#btn-change");

function tell(text, field) {
  write($("#sign-in-error"), text);
  mark($("#sign-in-error"), "kind", field ? "trouble" : "done");
  for (const input of [old, fresh, again]) input.setAttribute("aria-invalid", String(input === field));
  field?.focus();
}

$("#own-password").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  if (!old.value) return tell(PASSWORD.empty, old);
  if (fresh.value !== again.value) return tell(PASSWORD.differ, again);
  button.disabled = true;
  try {
    await post("/api/password", { old: old.value, new: fresh.value });
    event.target.reset();
    tell(PASSWORD.done);
  } catch (error) {
    if (error.code === "not_signed_in") return location.assign("/sign-in");
    const isOld = error.code === "sign_in_refused" || error.code === "locked";
    if (error.isNetwork) return tell(PASSWORD.down, old);
    tell(error.code === "sign_in_refused" ? PASSWORD.wrong : error.message, isOld ? old : fresh);
  } finally {
    button.disabled = false;
  }
});
