// Owns the page on which a ticket is entered that no call brought: a letter, a mailbox, another hotline, a visitor (R38, R88).

import { loadCatalogue } from "./catalogue.js";
import { $, boot, make } from "./dom.js";
import { KEYS } from "./keys.js";
import { LocalDraft } from "./local_draft.js";
import { TicketForm } from "./ticket_form.js";
import "./top.js";

const { me, acts: rights } = boot();
const ONE = "new"; // the record of this page
const text = $("#draft-text"), line = $("#ticket-form").elements.line, source = $("#ticket-form").elements.source;

let form = null;
const draft = new LocalDraft(me.login, (entry) => {
  if (text.value !== entry.text) text.value = entry.text;
  line.value = entry.fields.line ?? "";
  form?.facts({ line: line.value });
  form?.show(ONE, entry);
});
form = new TicketForm(draft, rights);

/** Telephone calls are entered at the desk, where the call is. */
async function learn() {
  const { sources } = await loadCatalogue();
  source.append(...sources.filter(({ key }) => key !== "phone").map(({ key, name }) => make("option", { value: key }, name)));
  draft.tell();
}

const PRESSED = {
  focus_draft: () => text.focus(), focus_class: () => form.focus(), do_answer: () => form.open("answer"), do_refuse: () => form.open("refuse"),
  do_accept: () => form.open("accept"), do_ask_superior: () => form.open("ask_superior"),
};
addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const act = PRESSED[KEYS[event.code]];
  if (!act) return;
  event.preventDefault();
  if (!event.repeat) act();
}, { capture: true });
text.addEventListener("input", () => draft.edit(ONE, { text: text.value }));
line.addEventListener("change", () => form.facts({ line: line.value }));

text.disabled = false;
draft.tell();
source.focus();
learn().catch((error) => error.status === 401 && location.assign("/sign-in"));
