/**
 * What this browser keeps beyond the page: small copies of the photos of a set, to compare with, and
 * uploads that are not finished. Where it keeps nothing (a private window) the page works without.
 */

const NAME = "s3-studio";
const VERSION = 1;
export const BEFORE = "before";
export const UPLOADS = "uploads";
const KEPT_MS = 31 * 86_400_000;

let opening = null;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(BEFORE);
      request.result.createObjectStore(UPLOADS);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

async function within(store, mode, work) {
  try {
    const database = await open();
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode);
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } catch {
    return undefined;
  }
}

/** Whether it is kept. */
export async function put(store, name, value) {
  const entry = { value, at: Date.now() };
  return (await within(store, "readwrite", (shelf) => shelf.put(entry, name))) !== undefined;
}

export async function get(store, name) {
  const entry = await within(store, "readonly", (shelf) => shelf.get(name));
  return entry?.value ?? null;
}

export function remove(store, name) {
  return within(store, "readwrite", (shelf) => shelf.delete(name));
}

/** Throws away what is older than results are kept. */
export async function tidy() {
  const oldest = Date.now() - KEPT_MS;
  for (const store of [BEFORE, UPLOADS]) {
    await within(store, "readwrite", (shelf) => {
      const request = shelf.openCursor();
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return;
        if (cursor.value.at < oldest) cursor.delete();
        cursor.continue();
      };
      return request;
    });
  }
}

export async function clear() {
  for (const store of [BEFORE, UPLOADS]) {
    await within(store, "readwrite", (shelf) => shelf.clear());
  }
}
