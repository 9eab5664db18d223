/** Brief messages that come and go, read out as they come. */

import { Cell, useCell } from "../cell.js";
import { sentence } from "../errors.js";
import { html } from "../html.js";
import { say } from "../words.js";
import { Icon } from "./icons.js";

const SHOWN_MS = 8000;
const toasts = new Cell([]);
let counter = 0;

/** `words` gives the message in the reader's language, which may change while it is shown. */
export function tell(words, kind = "plain") {
  counter += 1;
  const toast = { id: counter, words, kind };
  toasts.set([...toasts.value.filter((each) => each.words() !== words()), toast]);
  setTimeout(() => dismiss(toast.id), SHOWN_MS);
}

export function tellError(error) {
  tell(() => sentence(error), "bad");
}

function dismiss(id) {
  toasts.set(toasts.value.filter((toast) => toast.id !== id));
}

export function Toasts() {
  const shown = useCell(toasts);
  return html`<div class="toasts" role="status" aria-live="polite">
    ${shown.map(
      ({ id, words, kind }) => html`<div key=${id} class="toast ${kind}">
        <p>${words()}</p>
        <button class="plain" aria-label=${say("toast.dismiss")} onClick=${() => dismiss(id)}><${Icon} name="close" /></button>
      </div>`,
    )}
  </div>`;
}
