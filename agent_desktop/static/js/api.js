// Owns HTTP to the desk: JSON, the CSRF header, a deadline for every request, and errors as one class.

import { learnClock } from "./times.js";

const DEADLINE_MS = 8000;
const UPLOAD_MS = 120000;

export class ApiError extends Error {
  /** status 0 = the server was not reached */
  constructor(status, code, message, facts) {
    super(message);
    this.status = status;
    this.code = code;
    this.facts = facts ?? {};
  }
  get isNetwork() {
    return this.status === 0 || this.status >= 500;
  }
}

async function request(method, path, body, { keepalive = false, deadline = DEADLINE_MS, kind = "audio/wav" } = {}) {
  const headers = { Accept: "application/json" };
  const isFile = body instanceof Blob;
  if (method !== "GET") headers["X-Hotline"] = "1";
  if (body !== undefined) headers["Content-Type"] = isFile ? kind : "application/json";
  let response;
  try {
    response = await fetch(path, {
      method, headers, keepalive, credentials: "same-origin", cache: "no-store",
      body: body === undefined || isFile ? body : JSON.stringify(body), signal: AbortSignal.timeout(deadline),
    });
  } catch (error) {
    throw new ApiError(0, "unreachable", String(error), {});
  }
  learnClock(response.headers.get("date"));
  let data = null;
  try {
    data = response.status === 204 ? null : await response.json();
  } catch {
    data = null; // an HTML error page of the front: the status says enough
  }
  if (!response.ok) throw new ApiError(response.status, data?.code ?? "http", data?.message ?? "", { ...data, ...data?.facts });
  return data;
}

export const get = (path) => request("GET", path);
export const put = (path, body, options) => request("PUT", path, body, options);
export const post = (path, body, options) => request("POST", path, body ?? {}, options);
export const patch = (path, body) => request("PATCH", path, body);
export const remove = (path) => request("DELETE", path);
/** A file as it is; what it is the server finds out from its content. */
export const upload = (path, file) => request("POST", path, file, { deadline: UPLOAD_MS, kind: "application/octet-stream" });
export const putSound = (path, file) => request("PUT", path, file);
