/** Which paint of a thing: the one that covers most, another one by number, or all of them. */

import { html } from "../html.js";
import { say } from "../words.js";

/** Numbers of the API, from 0. */
const OTHERS = [1, 2, 3];
const LARGEST = { paint: undefined, instances: undefined };
const EVERY = { paint: "all", instances: undefined };

export function Paints({ name, edit, onChange }) {
  const number = edit.instances?.[0] ?? 0;
  const isEvery = edit.paint === "all";
  const pill = (key, text, isOn, which) => html`<label key=${key} class="pill">
    <input type="radio" name=${`paint-${name}`} checked=${isOn} onChange=${() => onChange(which)} /><span>${text}</span>
  </label>`;
  return html`<fieldset class="instances">
    <legend>${say("paint.which", { name })}</legend>
    ${pill("largest", say("paint.largest"), !isEvery && number === 0, LARGEST)}
    ${OTHERS.map((each) => pill(each, say("paint.n", { n: each + 1 }), !isEvery && number === each, { paint: undefined, instances: [each] }))}
    ${pill("every", say("paint.every"), isEvery, EVERY)}
    <p class="quiet">${say("paint.why")}</p>
  </fieldset>`;
}
