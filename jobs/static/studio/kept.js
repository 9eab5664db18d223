/** Small things that this browser keeps, or for as long as the page lives where it keeps nothing. */

const memory = new Map();

export function read(name) {
  try {
    const text = localStorage.getItem(name);
    return text === null ? (memory.get(name) ?? null) : JSON.parse(text);
  } catch {
    return memory.get(name) ?? null;
  }
}

/** Whether it will be there after the page is closed. */
export function write(name, value) {
  memory.set(name, value);
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
