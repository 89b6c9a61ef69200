// Owns what the top of every page but the desk has: the list of keys on ?, the way to the search on /, and signing out.

import { post } from "./api.js";
import { $ } from "./dom.js";
import { forgetSheets } from "./sheet_memory.js";

/** The list is never modal: what goes on beneath it is seen. */
export function toggleHelp(open = !$("#help").open) {
  if (open === $("#help").open) return;
  if (open) {
    $("#help").show();
    $("#btn-help-close").focus();
  } else {
    $("#help").close();
    $("#btn-help").focus();
  }
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog:modal");
  const search = $("#filters input[type=search]:not(:disabled)");
  if (event.key === "Escape" && $("#help").open) toggleHelp(false);
  else if (!isTyping && ["?", "？"].includes(event.key)) toggleHelp();
  else if (!isTyping && event.key === "/" && search) search.focus();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation(); // an Escape that closes the list closes nothing else
}, { capture: true });
$("#btn-help").addEventListener("click", () => toggleHelp());
$("#btn-help-close").addEventListener("click", () => toggleHelp(false));
$("#btn-sign-out").addEventListener("click", async () => {
  await post("/api/sign-out").catch(() => {});
  forgetSheets();
  location.assign("/sign-in");
});
