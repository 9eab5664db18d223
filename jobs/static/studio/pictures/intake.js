/** Photos out of what somebody drops or picks: files, and folders with all that is in them. */

/** What the API takes of one photo (contract §3.2). */
export const MAX_BYTES = 25 * 1024 * 1024;
const NAMES = /\.(jpe?g|png|webp|avif|hei[cf])$/i;
const HIDDEN = /(^|\/)[._]/;

let counter = 0;

/** `{ id, file, name, size, problem }`; `problem` is null, "empty" or "large". */
function photo(file) {
  counter += 1;
  const problem = file.size === 0 ? "empty" : file.size > MAX_BYTES ? "large" : null;
  return { id: `photo-${counter}`, file, name: file.name, size: file.size, problem };
}

/** `{ photos, others }`: the photos in order of their names, and how many files are none. */
export function fromFiles(files) {
  const visible = [...files].filter((file) => !HIDDEN.test(file.webkitRelativePath || file.name));
  const photos = visible.filter((file) => file.type.startsWith("image/") || NAMES.test(file.name));
  photos.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
  return { photos: photos.map(photo), others: visible.length - photos.length };
}

export async function fromDrop(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  // Entries are read later, the files of the event are gone by then.
  const plain = [...transfer.files];
  if (!entries.some((entry) => entry.isDirectory)) return fromFiles(plain);
  const found = await Promise.all(entries.map(filesOf));
  return fromFiles(found.flat());
}

async function filesOf(entry) {
  if (HIDDEN.test(entry.name)) return [];
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  // A reader gives a hundred at a time, and nothing at the end.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    found.push(...(await Promise.all(some.map(filesOf))).flat());
  }
}
