/** What may go wrong, and how it is told. */

import { bytes, knows, say } from "./words.js";

/** The API said no: `code` to decide by, `details` with the facts. */
export class Refused extends Error {
  constructor(answer, envelope) {
    const error = envelope?.error ?? {};
    super(error.message ?? `HTTP ${answer.status}`);
    this.status = answer.status;
    this.code = error.code ?? "INTERNAL_ERROR";
    this.details = error.details ?? {};
    this.requestId = envelope?.meta?.request_id ?? null;
    const after = Number(answer.headers.get("Retry-After"));
    this.retryAfter = Number.isFinite(after) && after > 0 ? after : null;
  }
}

/** Nothing came back: no network, or a server that is away. */
export class NoConnection extends Error {
  code = "NO_CONNECTION";
}

/** In the reader's language by its code; a code that is not known here in the API's own words. */
export function sentence(error) {
  const key = `error.${error.code}`;
  if (!error.code) return say("error.unexpected");
  if (error.code === "VALIDATION_ERROR" || !knows(key)) return error.message;
  const facts = { ...error.details };
  if (error.code === "STORAGE_QUOTA") {
    facts.used = bytes(facts.used_mib * 1_048_576);
    facts.limit = bytes(facts.limit_mib * 1_048_576);
  }
  if (error.code === "INTERNAL_ERROR") facts.request = error.requestId ?? "?";
  return say(key, facts);
}
