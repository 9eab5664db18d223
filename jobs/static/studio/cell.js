/** A value that views follow. */

import { useEffect, useState } from "./html.js";

export class Cell {
  #value;
  #followers = new Set();

  constructor(value) {
    this.#value = value;
  }

  get value() {
    return this.#value;
  }

  set(value) {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const follower of [...this.#followers]) follower(value);
  }

  /** Takes some of its fields anew. */
  change(fields) {
    this.set({ ...this.#value, ...fields });
  }

  /** Calls with every new value; returns what ends it. */
  follow(follower) {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }
}

/** The value of a cell, in a view that is drawn again when it changes. */
export function useCell(cell) {
  const [, redraw] = useState(0);
  useEffect(() => {
    const seen = cell.value;
    const end = cell.follow(() => redraw((turn) => turn + 1));
    redraw((turn) => (cell.value === seen ? turn : turn + 1));
    return end;
  }, [cell]);
  return cell.value;
}
