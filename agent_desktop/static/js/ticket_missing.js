// Owns what a ticket's form must hold before an act: the first field that is still empty. Pure.

/** `fields` with the text among them; "" when nothing is missing. A doubt may be about the kind itself: only title and text. */
export function firstMissing(act, fields, catalogue, { wantsSource = false } = {}) {
  const wanted = act === "ask_superior" ? ["title", "text"] : ["klass", "field", "title", "text"];
  if (act !== "ask_superior" && catalogue.topics.find(({ key }) => key === fields.topic)?.wants_real_name) {
    wanted.push("real_name");
    if (fields.real_name === "given") wanted.push("name");
  }
  if (wantsSource) wanted.unshift("source");
  return wanted.find((name) => !fields[name]) ?? "";
}
