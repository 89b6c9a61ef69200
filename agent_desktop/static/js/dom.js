// Owns the few ways in which the scripts touch the page: make, find, write only what changed.

export const $ = (selector) => document.querySelector(selector);

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null || value === false) continue;
    if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function mark(node, name, value) {
  if (node.dataset[name] !== String(value)) node.dataset[name] = value;
}

/** A line as text, shape and colour: a square for 12328, a circle for 12345, a diamond for any other. */
export function lineBadge(line, name) {
  return make("span", { class: "line", "data-line": line || "unknown" }, make("b", {}, line || "–"), name ? make("span", {}, name) : null);
}

/** Digits in readable groups; the text itself stays unbroken, so that copying and tests see the number. */
export function numberGroups(number) {
  const cuts = /^1.{10}$/.test(number) || /^0(10|2\d)/.test(number) ? [3, 7] : /^0/.test(number) ? [4, number.length - 4] : [];
  const groups = [0, ...cuts].map((start, i, all) => number.slice(start, all[i + 1])).filter(Boolean);
  return groups.map((group) => make("span", { class: "digits" }, group));
}

/** Replace the children of a list only when its content differs, so that nothing flickers or loses the focus. */
export function fill(node, signature, build) {
  const text = JSON.stringify(signature);
  if (node.dataset.signature === text) return;
  node.replaceChildren(...build());
  node.dataset.signature = text; // only now: what could not be built is tried again
}

export const boot = () => JSON.parse($("#boot").textContent);
