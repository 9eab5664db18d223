/**
 * Sets on their way: every photo to the storage, several at a time and again after a lost connection,
 * then confirmed and executed. What is on its way is also on the shelf, so that a page that was closed
 * goes on where it was.
 */

import { backoff, call, pause } from "../api.js";
import { Cell } from "../cell.js";
import { NoConnection } from "../errors.js";
import { UPLOADS, get, put as keep, remove } from "../pictures/shelf.js";
import { put } from "./put.js";

const AT_ONCE = 3;
const REFUSALS = 3;

const running = new Map();
const states = new Map();

/**
 * A cell of null, or `{ phase, photos, error }`. Phases: "sending", "ordering", "ordered", "stopped".
 * A photo is `{ name, size, loaded, state }`; states: "waiting", "sending", "lost" (the connection
 * is), "sent", "refused".
 */
export function sendingOf(job) {
  if (!states.has(job)) states.set(job, new Cell(null));
  return states.get(job);
}

/** Begins a set that was created: `plan` is `{ files, order, keys }`. */
export async function send(job, plan, upload) {
  await keep(UPLOADS, job, plan);
  start(job, plan, [], upload);
}

/** Goes on with a set that another page began. False where this browser knows nothing of it, or
 * another page is at it. */
export async function resume(job, upload) {
  if (running.has(job)) return true;
  const plan = await get(UPLOADS, job);
  if (!plan || (await isAtWorkElsewhere(job))) return false;
  const sent = (await get(UPLOADS, sentOf(job))) ?? [];
  if (!running.has(job)) start(job, plan, sent, upload);
  return true;
}

export function stop(job) {
  running.get(job)?.ended.abort();
  sendingOf(job).set(null);
  return forget(job);
}

/** Once more what stopped. */
export async function retry(job) {
  const { plan, sent } = running.get(job);
  const { data } = await call("GET", `/jobs/${job}`);
  start(job, plan, sent, data.upload ?? null);
}

function start(job, plan, sent, upload) {
  const photos = plan.files.map((file, idx) => ({
    name: file.name,
    size: file.size,
    loaded: sent.includes(idx) ? file.size : 0,
    state: sent.includes(idx) ? "sent" : "waiting",
  }));
  const run = {
    job,
    plan,
    sent,
    ended: new AbortController(),
    state: sendingOf(job),
    urls: new Map((upload ?? []).map(({ idx, url }) => [idx, url])),
    isUploaded: upload === null,
  };
  run.state.set({ phase: "sending", photos, error: null });
  running.set(job, run);
  if (navigator.locks) navigator.locks.request(lockOf(job), () => follow(run));
  else follow(run);
}

/** Photos are kept once; this small list changes with each one that is through. */
function sentOf(job) {
  return `${job}/sent`;
}

async function forget(job) {
  running.delete(job);
  await remove(UPLOADS, job);
  await remove(UPLOADS, sentOf(job));
}

function lockOf(job) {
  return `s3.sending.${job}`;
}

async function isAtWorkElsewhere(job) {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return held.some(({ name }) => name === lockOf(job));
}

async function follow(run) {
  const { job, plan, ended } = run;
  const { signal } = ended;
  // A phone that falls asleep stops sending.
  const awake = await navigator.wakeLock?.request("screen").catch(() => null);
  try {
    if (!run.isUploaded) {
      await sendAll(run);
      await call("POST", `/jobs/${job}/confirm-upload`, { key: plan.keys.confirm, patient: true, signal });
    }
    run.state.change({ phase: "ordering" });
    await call("POST", `/jobs/${job}/execute`, { key: plan.keys.execute, body: plan.order, patient: true, signal });
    await forget(job);
    run.state.change({ phase: "ordered" });
  } catch (error) {
    if (!signal.aborted) run.state.change({ phase: "stopped", error });
  } finally {
    awake?.release();
  }
}

async function sendAll(run) {
  const left = run.plan.files.map((_, idx) => idx).filter((idx) => !run.sent.includes(idx));
  const lane = async () => {
    for (let idx = left.shift(); idx !== undefined; idx = left.shift()) await sendOne(run, idx);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

async function sendOne(run, idx) {
  const { signal } = run.ended;
  const file = run.plan.files[idx];
  let refusals = 0;
  for (let turn = 1; ; turn += 1) {
    signal.throwIfAborted();
    try {
      if (!run.urls.has(idx)) await freshUrls(run);
      tell(run, idx, { state: "sending", loaded: 0 });
      const status = await put(run.urls.get(idx), file, {
        signal,
        onProgress: (loaded) => tell(run, idx, { loaded: Math.min(loaded, file.size) }),
      });
      if (status < 300) break;
      // Its hour is over, or the storage is ill: another address, a few times.
      refusals += 1;
      run.urls.delete(idx);
      if (refusals >= REFUSALS) {
        tell(run, idx, { state: "refused", loaded: 0 });
        return;
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof NoConnection)) throw error;
      tell(run, idx, { state: "lost", loaded: 0 });
    }
    await pause(backoff(turn), signal);
  }
  tell(run, idx, { state: "sent", loaded: file.size });
  run.sent = [...run.sent, idx];
  await keep(UPLOADS, sentOf(run.job), run.sent);
}

async function freshUrls(run) {
  const { data } = await call("GET", `/jobs/${run.job}`, { signal: run.ended.signal });
  for (const { idx, url } of data.upload ?? []) run.urls.set(idx, url);
}

function tell(run, idx, change) {
  const photos = [...run.state.value.photos];
  photos[idx] = { ...photos[idx], ...change };
  run.state.change({ photos });
}

window.addEventListener("beforeunload", (event) => {
  if ([...running.values()].some(({ state }) => state.value?.phase === "sending")) event.preventDefault();
});
