/** Markup in templates, and what views are made with. */

import htm from "./vendor/htm.mjs";
import { h } from "./vendor/preact.mjs";

export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/hooks.mjs";
export { Fragment, render } from "./vendor/preact.mjs";

export const html = htm.bind(h);

/** The names that are true: `classes({ open: true, off: false })` is "open". */
export function classes(names) {
  return Object.keys(names).filter((name) => names[name]).join(" ");
}
