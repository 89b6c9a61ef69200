// Owns the page of topics: what each line's waiting callers hear, and the recordings that can be chosen.

import { get, put, putSound } from "./api.js";
import { $, fill, lineBadge, make, mark, write } from "./dom.js";
import { TOPICS } from "./texts.js";
import { duration, fieldOf, moment, momentOf } from "./times.js";
import "./top.js";

const REFRESH_MS = 5000;
const boot = JSON.parse($("#boot").textContent);
let timer = 0;

async function load() {
  clearTimeout(timer);
  try {
    show(await get("/api/topics"));
    if ($("#topics-notice").dataset.kind === "away") tell("");
  } catch (error) {
    if (error.status === 401) return location.assign("/sign-in");
    tell(error.isNetwork ? TOPICS.away : error.message, "away");
  }
  timer = setTimeout(load, REFRESH_MS);
}

function tell(text, kind = "") {
  write($("#topics-notice"), text);
  mark($("#topics-notice"), "kind", kind);
}

function show({ lines, recordings }) {
  const fit = recordings.filter((each) => !each.fault);
  const place = $("#topics");
  place.querySelector("tr.none")?.remove();
  for (const topic of lines) {
    const id = `topic-${topic.line}`;
    const row = document.getElementById(id) ?? place.appendChild(make("tr", { id, "data-line": topic.line }));
    fill(row, [topic, fit], () => cells(topic, fit));
  }
  const none = make("tr", { class: "none" }, make("td", { colspan: 3 }, TOPICS.noRecordings));
  fill($("#recordings"), recordings, () => (recordings.length ? recordings.map(recordingRow) : [none]));
}

function cells(topic, fit) {
  const names = topic.recording && !fit.some((each) => each.name === topic.recording) ? [...fit, { name: topic.recording }] : fit;
  const choice = make("select", { "aria-label": TOPICS.choose(topic.line), disabled: topic.on || !names.length },
    ...names.map((each) => make("option", { selected: each.name === topic.recording }, each.name)));
  const until = make("input", { type: "datetime-local", "aria-label": TOPICS.until(topic.line), disabled: topic.on, value: topic.on && topic.until ? fieldOf(topic.until) : null });
  const button = make("button", { type: "button", class: "small", "data-act": topic.on ? "stop" : "start", disabled: !topic.on && !names.length }, topic.on ? TOPICS.stop : TOPICS.start);
  button.addEventListener("click", () => turn(topic, button, choice.value, until.value));
  const state = make("span", { class: "topic-state", "data-on": String(topic.on) }, topic.on ? TOPICS.on : TOPICS.off);
  const since = topic.since ? make("small", {}, topic.on ? TOPICS.onSince(topic.by, moment(topic.since)) : TOPICS.offSince(moment(topic.since))) : null;
  return [make("td", {}, lineBadge(topic.line, boot.lines[topic.line])), make("td", {}, state, since), make("td", {}, choice), make("td", {}, until), make("td", {}, button)];
}

function recordingRow(each) {
  const sound = each.fault ? make("span", { class: "trouble" }, each.fault)
    : make("audio", { controls: true, preload: "none", src: `/api/topic-recordings/${encodeURIComponent(each.name)}`, "aria-label": each.name });
  return make("tr", {}, make("td", {}, each.name), make("td", { class: "figure" }, each.fault ? "–" : duration(each.seconds)), make("td", {}, sound));
}

async function turn(topic, button, recording, until) {
  button.disabled = true;
  const wanted = topic.on ? { recording: topic.recording, on: false } : { recording, on: true, until: until ? momentOf(until) : null };
  try {
    show(await put(`/api/topics/${topic.line}`, wanted));
    tell(wanted.on ? TOPICS.started(topic.line) : TOPICS.stopped(topic.line), "done");
    document.getElementById(`topic-${topic.line}`)?.querySelector("button")?.focus();
  } catch (error) {
    button.disabled = false;
    tell(error.message || TOPICS.away);
  }
}

$("#upload-file").addEventListener("change", (event) => {
  const file = event.target.files[0];
  if (file && !$("#upload-name").value) $("#upload-name").value = file.name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 40);
});

$("#upload").addEventListener("submit", async (event) => {
  event.preventDefault();
  const file = $("#upload-file").files[0], name = $("#upload-name").value.trim();
  if (!file || !name) return;
  $("#btn-upload").disabled = true;
  try {
    show(await putSound(`/api/topic-recordings/${encodeURIComponent(name)}`, file));
    tell(TOPICS.uploaded(name), "done");
    event.target.reset();
  } catch (error) {
    tell(error.message || TOPICS.away);
  } finally {
    $("#btn-upload").disabled = false;
  }
});

load();
