/** Requests to the API: with the token, and again where that is safe. */

import { freshToken, renewedToken } from "./session.js";
import { NoConnection, Refused } from "./errors.js";

const TIMEOUT_MS = 30_000;
const TRIES = 4;
const LONGEST_WAIT_MS = 15_000;
const PASSES = new Set(["RATE_LIMITED", "REQUEST_IN_PROGRESS", "UNAVAILABLE"]);

/**
 * Answers `{ data, meta, etag }`, with `data` undefined for 304. `key` makes a POST safe to repeat;
 * `patient` goes on without a connection until `signal` ends it.
 *
 * Throws Refused with the API's code, or NoConnection.
 */
export async function call(method, path, options = {}) {
  const safe = method === "GET" || options.key !== undefined;
  for (let turn = 1; ; turn += 1) {
    try {
      return await authorized(method, path, options);
    } catch (error) {
      const passes = error instanceof NoConnection || PASSES.has(error.code);
      if (!passes || !safe || (turn >= TRIES && !options.patient)) throw error;
      options.onWait?.(error);
      await pause(error.retryAfter ? error.retryAfter * 1000 : backoff(turn), options.signal);
    }
  }
}

async function authorized(method, path, options) {
  const token = await freshToken();
  try {
    return await once(method, path, { ...options, token });
  } catch (error) {
    if (error.code !== "TOKEN_EXPIRED" && error.code !== "TOKEN_INVALID") throw error;
    return once(method, path, { ...options, token: await renewedToken(token) });
  }
}

/** One request. */
export async function once(method, path, { body, key, etag, token, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key !== undefined) headers["Idempotency-Key"] = key;
  if (etag) headers["If-None-Match"] = etag;
  const ended = new AbortController();
  const end = () => ended.abort();
  const timer = setTimeout(end, TIMEOUT_MS);
  signal?.addEventListener("abort", end);
  try {
    const answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "omit",
      signal: ended.signal,
    });
    if (answer.status === 304) return { etag };
    const envelope = await answer.json();
    if (!envelope.success) throw new Refused(answer, envelope);
    return { data: envelope.data, meta: envelope.meta, etag: answer.headers.get("ETag") };
  } catch (error) {
    if (error instanceof Refused || signal?.aborted) throw error;
    throw new NoConnection();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

/** A key that names one intention, so that it happens once however often it is sent. */
export function intention() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function backoff(turn) {
  return Math.min(LONGEST_WAIT_MS, 1000 * 2 ** (turn - 1)) * (0.75 + Math.random() / 2);
}

/** Ends early when the connection comes back. Throws what `signal` was aborted with. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const over = (end, value) => () => {
      clearTimeout(timer);
      window.removeEventListener("online", go);
      signal?.removeEventListener("abort", stop);
      end(value);
    };
    const go = over(resolve);
    const stop = over(reject, new DOMException("ended", "AbortError"));
    const timer = setTimeout(go, milliseconds);
    window.addEventListener("online", go);
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
  });
}
