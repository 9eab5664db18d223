/** What photos look like, by a name: `photo-3` of the tray, `job_…/0` of a set. */

import { Cell } from "../cell.js";
import * as shelf from "./shelf.js";
import { shrink } from "./shrink.js";

/** Name → address of a picture; "" for one that cannot be shown here. */
export const pictures = new Cell({});
const blobs = new Map();
const asked = new Set();
const fetched = new Set();

function show(name, blob) {
  if (blob) blobs.set(name, blob);
  pictures.change({ [name]: blob ? URL.createObjectURL(blob) : "" });
}

export async function addPhoto({ id, file, problem }) {
  show(id, problem ? null : await shrink(file));
}

/** The photo of the tray is photo `idx` of a set from now on, also after the page was closed. */
export function keepAs(id, job, idx) {
  const name = nameOf(job, idx);
  const blob = blobs.get(id);
  if (!(id in pictures.value)) {
    const end = pictures.follow((now) => {
      if (!(id in now)) return;
      end();
      keepAs(id, job, idx);
    });
    return;
  }
  asked.add(name);
  show(name, blob ?? null);
  if (blob) shelf.put(shelf.BEFORE, name, blob);
}

export function nameOf(job, idx) {
  return `${job}/${idx}`;
}

/** Asks this browser for what it has kept. */
export async function recall(name) {
  if (asked.has(name)) return;
  asked.add(name);
  show(name, await shelf.get(shelf.BEFORE, name));
}

/** Fetches the photo of a set that this browser has not kept, and keeps a small copy of it. */
export async function bring(name, url) {
  if (fetched.has(name)) return;
  fetched.add(name);
  const answer = await fetch(url, { credentials: "omit" }).catch(() => null);
  const blob = answer?.ok ? await shrink(await answer.blob()) : null;
  if (!blob) return;
  show(name, blob);
  shelf.put(shelf.BEFORE, name, blob);
}

export function drop(name) {
  const url = pictures.value[name];
  if (url) URL.revokeObjectURL(url);
  blobs.delete(name);
  const { [name]: gone, ...rest } = pictures.value;
  pictures.set(rest);
}
