// Owns how articles are shown, in the page of knowledge and in the sheet beside a call: rows, the whole article, its state and end.

import { lineBadge, make } from "./dom.js";
import { KNOWLEDGE } from "./texts_pages.js";
import { calendarDay, moment } from "./times.js";

/** A day that is excluded is told as the day before it: until the end of 5月12日. */
export function untilWords({ valid_until: until }) {
  if (until == null) return KNOWLEDGE.always;
  const { year, month, day } = calendarDay(until - 1);
  return KNOWLEDGE.until(`${year}年${month}月${day}日`);
}

export const stateMark = (article) => (KNOWLEDGE.states[article.state] ? make("mark", { "data-state": article.state }, KNOWLEDGE.states[article.state]) : null);

/** The text with the typed words set off; folded as the search folds them, as far as that keeps their length. */
export function marked(text, query) {
  const words = query.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
  const low = text.normalize("NFKC").toLowerCase();
  if (!words.length || low.length !== text.length) return [text];
  const parts = [];
  for (let at = 0; at < text.length; ) {
    const hits = words.map((word) => [low.indexOf(word, at), word.length]).filter(([place]) => place >= 0).sort((a, b) => a[0] - b[0]);
    const [place, length] = hits[0] ?? [text.length, 0];
    if (place > at) parts.push(text.slice(at, place));
    if (length) parts.push(make("b", { class: "hit" }, text.slice(place, place + length)));
    at = place + Math.max(length, 1);
  }
  return parts;
}

/** A row of the list: title, line, a few words around the hit, the end. */
export function articleRow(article, query, isChosen) {
  return make("li", { role: "option", id: `article-${article.id}`, "data-id": article.id, "data-state": article.state, "aria-selected": String(isChosen) },
    make("p", { class: "title" }, make("b", {}, ...marked(article.title, query)), article.line ? lineBadge(article.line) : null),
    make("p", { class: "snippet" }, ...marked(article.snippet, query)),
    make("p", { class: "end" }, stateMark(article), untilWords(article)));
}

/** The article as it is read out; `hits` are the words to be set off. */
export function articleBody(article, query = "") {
  return [
    make("h2", {}, article.title),
    make("p", { class: "facts" }, article.line ? lineBadge(article.line) : make("span", {}, KNOWLEDGE.allLines), stateMark(article), make("span", {}, untilWords(article)),
      make("span", { class: "quiet" }, KNOWLEDGE.of(article.version, article.changed_by_name, moment(article.changed_at)))),
    make("div", { class: "words" }, ...marked(article.text, query)),
    article.keywords ? make("p", { class: "quiet" }, article.keywords) : null,
  ].filter(Boolean);
}
