// Owns the sign-in form: sends it, tells what is wrong in its place, and remembers only the login name.

import { post } from "./api.js";
import { $, write } from "./dom.js";
import { SIGN_IN } from "./texts.js";
import { moment } from "./times.js";

const LOGIN_KEY = "hotline.login";

const form = $("#sign-in");
const { login, password } = form.elements;
const button = $("#btn-sign-in");

function tell(text, field) {
  write($("#sign-in-error"), text);
  for (const input of [login, password]) input.setAttribute("aria-invalid", String(Boolean(text) && (!field || field === input)));
  if (text) (field ?? password).focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  if (!login.value.trim() || !password.value) return tell(SIGN_IN.empty, login.value.trim() ? password : login);
  button.disabled = true;
  write(button, SIGN_IN.busy);
  tell("");
  try {
    await post("/api/sign-in", { login: login.value.trim(), password: password.value });
    localStorage.setItem(LOGIN_KEY, login.value.trim());
    location.assign("/"); // the server knows where one belongs
    return;
  } catch (error) {
    const locked = error.facts.until ? SIGN_IN.locked(moment(error.facts.until)) : SIGN_IN.lockedNoTime;
    password.value = "";
    const words = { 401: SIGN_IN.wrong, 422: SIGN_IN.wrong, 423: locked }[error.status] ?? (error.isNetwork ? SIGN_IN.down : error.message || SIGN_IN.down);
    button.disabled = false;
    write(button, SIGN_IN.idle);
    tell(words);
  }
});

login.value ||= localStorage.getItem(LOGIN_KEY) ?? "";
(login.value ? password : login).focus();
