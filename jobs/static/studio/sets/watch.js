/** A job as it changes: by events where it has an address for them, by asking every three seconds else. */

import { call } from "../api.js";

const EVERY_MS = 3000;
const HIDDEN_MS = 15_000;
const COALESCE_MS = 400;
const FINISHED = new Set(["done", "failed", "canceled"]);

/** Whether nothing will change any more by itself. */
export function isFinished(job) {
  return FINISHED.has(job.status) && !(job.packages ?? []).some(({ status }) => status === "pending");
}

/** Calls `onJob` with the job now and whenever it changes, `onError` with what went wrong (null when
 * it is over). Returns what ends it. */
export function watch(id, onJob, onError) {
  const ended = new AbortController();
  const { signal } = ended;
  let etag = null;
  let timer = 0;
  let due = 0;
  let stream = null;
  let isDeaf = false;
  let last = null;

  const read = async () => {
    clearTimeout(timer);
    timer = 0;
    try {
      const answer = await call("GET", `/jobs/${id}`, { etag, signal });
      etag = answer.etag;
      onError(null);
      if (answer.data) take(answer.data);
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
      if (error.status === 404) return;
    }
    if (!last || !isFinished(last)) plan(stream ? HIDDEN_MS : document.hidden ? HIDDEN_MS : EVERY_MS);
  };
  // The sooner of two plans holds, so that many hints do not put off the reading.
  const plan = (wait) => {
    const at = Date.now() + wait;
    if (signal.aborted || (timer && due <= at)) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(read, wait);
  };
  const take = (job) => {
    last = job;
    onJob(job);
    if (isFinished(job)) close();
    else if (job.events_url && !stream && !isDeaf) listen(job.events_url);
  };
  const close = () => {
    stream?.close();
    stream = null;
  };
  const listen = (url) => {
    stream = new EventSource(url);
    let opened = false;
    stream.addEventListener("open", () => {
      opened = true;
    });
    for (const name of ["snapshot", "item", "job", "package", "end"]) {
      // What an event says is a hint; the job itself is read, once for several.
      stream.addEventListener(name, () => plan(COALESCE_MS));
    }
    stream.onerror = () => {
      // A ticket lasts an hour; the next one comes with the job. Asking goes on meanwhile.
      // An address that never answered is not tried again: there may be nobody behind it.
      isDeaf ||= !opened;
      if (!opened || stream?.readyState === EventSource.CLOSED) close();
      plan(EVERY_MS);
    };
  };
  const wake = () => {
    if (!document.hidden && (!last || !isFinished(last))) read();
  };

  document.addEventListener("visibilitychange", wake);
  window.addEventListener("online", wake);
  read();
  return {
    refresh: read,
    end() {
      ended.abort();
      clearTimeout(timer);
      close();
      document.removeEventListener("visibilitychange", wake);
      window.removeEventListener("online", wake);
    },
  };
}
