/** Places of the page: `#/sets/job_…` is `{ page: "sets", id: "job_…" }`. */

import { Cell } from "./cell.js";

function parse() {
  const [page = "", id = null] = location.hash.replace(/^#\/?/, "").split("/");
  return { page, id: id ? decodeURIComponent(id) : null };
}

export const place = new Cell(parse());
window.addEventListener("hashchange", () => place.set(parse()));

export function to(page = "", id = null) {
  return id ? `#/${page}/${encodeURIComponent(id)}` : `#/${page}`;
}

export function go(page, id) {
  location.hash = to(page, id);
}
