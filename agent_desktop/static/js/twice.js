// Owns the button that asks once more before it acts.

import { make, mark, write } from "./dom.js";
import { PEOPLE } from "./texts.js";

const SURE_MS = 4000;

/** Pressed again within four seconds it acts. */
export function twice(words, press, attributes = {}) {
  let timer = 0;
  const node = make("button", { type: "button", class: "small", ...attributes }, words);
  const calm = () => (mark(node, "sure", ""), write(node, words));
  node.addEventListener("click", () => {
    clearTimeout(timer);
    if (node.dataset.sure === "asked") {
      calm();
      return press();
    }
    mark(node, "sure", "asked");
    write(node, PEOPLE.sure(words));
    timer = setTimeout(calm, SURE_MS);
    return undefined;
  });
  return node;
}
