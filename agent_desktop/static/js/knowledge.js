// Owns the page of knowledge: what is found, one article with all its versions, and the form of those who write them.

import { get, post, put } from "./api.js";
import { $, boot, fill, make, mark, write } from "./dom.js";
import { articleBody, articleRow, stateMark, untilWords } from "./knowledge_view.js";
import { KNOWLEDGE } from "./texts_pages.js";
import { dayEnd, fieldOf, moment } from "./times.js";
import { reachable } from "./scrolling.js";
import { twice } from "./twice.js";
import "./top.js";

const PAUSE_MS = 200;

const mayChange = boot().acts.includes("manage_knowledge");
const form = $("#edit-form");
let articles = [];
let chosen = Number(new URLSearchParams(location.search).get("article")) || 0;
let open = null; // the article at the right
let edited = null; // the version that the form began with; 0 is a new article
let laidOut = "";
let asking = 0;
let timer = 0;

const query = () => $("#page-q").value.trim();
const isEditing = () => Boolean(form) && !form.hidden;

async function load() {
  const mine = ++asking;
  const { line, kept } = Object.fromEntries(new FormData($("#filters")));
  try {
    const found = await get(`/api/knowledge?${new URLSearchParams({ q: query(), line, kept })}`);
    if (mine !== asking) return undefined;
    articles = found.articles;
    tell(found.is_near && articles.length ? KNOWLEDGE.near : "");
    write($("#page-count"), KNOWLEDGE.found(articles.length));
    if (!articles.some(({ id }) => id === chosen)) chosen = articles[0]?.id ?? 0;
    show();
    if (!isEditing()) await read();
  } catch (error) {
    if (error.status === 401) return location.assign("/sign-in");
    if (mine === asking) tell(error.isNetwork ? KNOWLEDGE.failed : error.message, "trouble");
  }
  return undefined;
}

function show() {
  const nothing = query() ? KNOWLEDGE.noMatch(query()) : KNOWLEDGE.none;
  fill($("#page-rows"), [articles, chosen, query()], () => (articles.length
    ? articles.map((article) => articleRow(article, query(), article.id === chosen))
    : [make("li", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, nothing)]));
  $("#page-q").setAttribute("aria-activedescendant", chosen ? `article-${chosen}` : "");
  $('#page-rows [aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
}

async function read() {
  const id = chosen;
  if (!id) {
    open = null;
    fill($("#page-article"), 0, () => [make("p", { class: "quiet" }, KNOWLEDGE.noArticle)]);
  } else {
    const [found, { versions }] = await Promise.all([get(`/api/knowledge/${id}`), get(`/api/knowledge/${id}/versions`)]);
    if (id !== chosen) return;
    open = found;
    fill($("#page-article"), [found, query()], () => articleBody(found, query()));
    fill($("#version-rows"), versions, () => versions.map(versionRow));
  }
  $("#versions").hidden = !open;
  $("#article-acts").hidden = !open || !mayChange;
  if (open && mayChange) {
    const words = open.is_withdrawn ? KNOWLEDGE.restore : KNOWLEDGE.withdraw;
    const button = twice(words, () => save({ ...open, is_withdrawn: !open.is_withdrawn, note: words }, open), { id: "btn-withdraw" });
    $("#btn-withdraw").replaceWith(button);
  }
}

const versionRow = (each, at) => make("li", {},
  make("p", { class: "why" }, make("b", {}, at ? KNOWLEDGE.of(each.version, each.changed_by_name, moment(each.changed_at)) : KNOWLEDGE.current), stateMark(each),
    make("span", {}, untilWords(each)), make("span", {}, each.note || KNOWLEDGE.noNote)),
  at ? make("div", { class: "words article" }, each.title, "\n", each.text) : null);

function tell(words, kind = "done") {
  write($("#page-notice"), words);
  mark($("#page-notice"), "kind", kind);
}

// ---- writing --------------------------------------------------------------------------------------------------------

const asWritten = () => {
  const { title, text, keywords, line, until, note } = Object.fromEntries(new FormData(form));
  return { title, text, keywords, line, note, valid_until: until ? dayEnd(until) : null };
};
const isTyped = () => isEditing() && JSON.stringify(asWritten()) !== laidOut;

function edit(article) {
  if (isTyped() && !confirm(KNOWLEDGE.sureLeave)) return;
  edited = article ?? { version: 0, is_withdrawn: false };
  write($("#edit-title"), article ? KNOWLEDGE.editTitle(article.title) : KNOWLEDGE.newTitle);
  for (const name of ["title", "text", "keywords", "line"]) form.elements[name].value = article?.[name] ?? "";
  form.elements.until.value = article?.valid_until ? fieldOf(article.valid_until - 1).slice(0, 10) : "";
  form.elements.note.value = "";
  laidOut = JSON.stringify(asWritten());
  write($("#edit-error"), "");
  $("#edit-other").hidden = true;
  edits(true);
  form.elements.title.focus();
}

function edits(is) {
  form.hidden = !is;
  $("#page-article").hidden = is;
  $("#article-acts").hidden = is || !open;
  $("#versions").hidden = is || !open;
}

async function save(wording, before) {
  const { title, text, keywords, line, valid_until, is_withdrawn, note } = wording;
  const body = { title, text, keywords, line, valid_until, is_withdrawn: is_withdrawn ?? before.is_withdrawn, note, version: before.version };
  try {
    const kept = await (before.id ? put(`/api/knowledge/${before.id}`, body) : post("/api/knowledge", body));
    chosen = kept.id;
    if (isEditing()) edits(false);
    await load();
    tell(KNOWLEDGE.saved);
    $("#page-q").focus();
  } catch (error) {
    if (error.status === 409) return conflict(error, before);
    const words = error.isNetwork ? KNOWLEDGE.away : error.message;
    if (!isEditing()) return tell(words, "trouble");
    write($("#edit-error"), words);
    form.elements[error.facts.field]?.focus();
  }
  return undefined;
}

/** Nobody is overwritten unseen: what somebody else saved meanwhile is shown, and only a second press replaces it. */
async function conflict(error, before) {
  const other = await get(`/api/knowledge/${before.id}`).catch(() => null);
  if (!isEditing() || !other) return tell(error.message, "trouble");
  write($("#edit-error"), KNOWLEDGE.conflict(error.message));
  $("#edit-other").replaceChildren(...articleBody(other));
  $("#edit-other").hidden = false;
  edited = { ...edited, version: other.version };
  return undefined;
}

function cancel() {
  if (isTyped() && !confirm(KNOWLEDGE.sureLeave)) return;
  edits(false);
  read();
  $("#page-q").focus();
}

// ---- hands ----------------------------------------------------------------------------------------------------------

function choose(id) {
  chosen = id;
  show();
  if (!isEditing()) read().catch((error) => tell(error.isNetwork ? KNOWLEDGE.failed : error.message, "trouble"));
}

function pressed(event) {
  if (event.isComposing || event.altKey) return;
  const isTypingNow = event.target.matches("input, textarea, select");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && isEditing()) form.requestSubmit();
  else if (event.ctrlKey || event.metaKey) return;
  else if (event.key === "Escape" && isEditing()) cancel();
  else if (event.key === "Escape") $("#page-q").focus();
  else if (step && !isEditing() && (event.target === $("#page-q") || !isTypingNow)) {
    const at = articles.findIndex(({ id }) => id === chosen);
    if (articles.length) choose(articles[Math.max(0, Math.min(articles.length - 1, at + step))].id);
  } else if (!isTypingNow && mayChange && event.key.toLowerCase() === "n") edit(null);
  else if (!isTypingNow && mayChange && open && !isEditing() && event.key.toLowerCase() === "e") edit(open);
  else return;
  event.preventDefault();
}

addEventListener("keydown", pressed);
addEventListener("beforeunload", (event) => isTyped() && event.preventDefault());
$("#page-rows").addEventListener("click", (event) => {
  const row = event.target.closest("li[data-id]");
  if (row) choose(Number(row.dataset.id));
});
$("#filters").addEventListener("submit", (event) => event.preventDefault());
$("#filters").addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(load, PAUSE_MS);
});
if (mayChange) {
  $("#btn-new").addEventListener("click", () => edit(null));
  $("#btn-edit").addEventListener("click", () => edit(open));
  $("#btn-cancel").addEventListener("click", cancel);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(asWritten(), edited);
  });
}
reachable($(".found"), $(".whole"));
load();
