/** A few named things to choose one of, each with a picture of itself (style/paint.css). */

import { html } from "../html.js";
import { word } from "../words.js";

export function Choices({ kind, label, names, value, onValue }) {
  return html`<fieldset class="choices">
    <legend class="hidden">${label}</legend>
    ${names.map(
      (name) => html`<label key=${name}>
        <input type="radio" name=${label} checked=${name === value} onChange=${() => onValue(name)} />
        <span class="sample ${kind}-${name}" aria-hidden="true"></span>
        <span class="choice-name">${word(kind, name)}</span>
      </label>`,
    )}
  </fieldset>`;
}
