/** The palette of the vocabulary, and any other colour. */

import { hexOf, materialOf, valueName } from "../catalogue.js";
import { html } from "../html.js";
import { say, word } from "../words.js";

export function Colours({ name, value, vocabulary, onValue }) {
  const families = [...new Set(vocabulary.materials.map(({ family }) => family))];
  const material = materialOf(vocabulary, value);
  const own = /^#/.test(value);
  return html`<div class="colours">
    <div class="chosen">
      <span class="chip" style=${{ backgroundColor: hexOf(vocabulary, value) ?? "transparent" }}></span>
      <strong aria-live="polite">${valueName(vocabulary, "recolor", value)}</strong>
      <label class="own ${own ? "on" : ""}">
        <input type="color" value=${hexOf(vocabulary, value) ?? "#9db4a0"} onInput=${(event) => onValue(event.target.value)} />
        <span>${say("colours.own")}</span>
      </label>
    </div>
    ${material &&
    html`<fieldset class="swatches grades">
      <legend>${say("colours.grades", { name: word("material", material.name) })}</legend>
      ${[{ name: material.name, hex: material.hex }, ...material.grades.slice(1)].map(
        (grade) => html`<${Swatch} key=${grade.name} group=${`grade-${name}`} hex=${grade.hex} text=${valueName(vocabulary, "recolor", grade.name)}
          checked=${grade.name === value || (grade.name === material.name && value === material.grades[0].name)} onChoose=${() => onValue(grade.name)} />`,
      )}
    </fieldset>`}
    ${families.map(
      (family) => html`<fieldset key=${family} class="swatches">
        <legend>${word("family", family)}</legend>
        ${vocabulary.materials
          .filter((each) => each.family === family)
          .map(
            (each) => html`<${Swatch} key=${each.name} group=${`colour-${name}`} hex=${each.hex} text=${word("material", each.name)}
              checked=${each === material} onChoose=${() => onValue(each.name)} />`,
          )}
      </fieldset>`,
    )}
  </div>`;
}

function Swatch({ group, hex, text, checked, onChoose }) {
  return html`<label class="swatch" title=${text}>
    <input type="radio" name=${group} checked=${checked} aria-label=${text} onChange=${onChoose} />
    <span style=${{ backgroundColor: hex }}></span>
  </label>`;
}
