/** Which of several: all of them, or some by number, counted as the engine counts. */

import { html } from "../html.js";
import { edit as change } from "../sets/draft.js";
import { labelled, say } from "../words.js";

const OFFERED = 8;

export function Instances({ part, edit, preset }) {
  const name = labelled(part.label, part.name);
  const chosen = edit.instances ?? [];
  const set = (instances) => change(preset, part.name, { instances: instances.length > 0 ? instances : undefined });
  const toggle = (number) => set(chosen.includes(number) ? chosen.filter((each) => each !== number) : [...chosen, number].sort((a, b) => a - b));
  return html`<fieldset class="instances">
    <legend>${say("instances.which", { name })}</legend>
    <label class="pill"><input type="checkbox" checked=${chosen.length === 0} disabled=${chosen.length === 0} onChange=${() => set([])} /><span>${say("instances.all")}</span></label>
    ${Array.from({ length: OFFERED }, (_, number) => html`<label key=${number} class="pill">
      <input type="checkbox" checked=${chosen.includes(number)} aria-label=${say("instances.n", { n: number + 1 })} onChange=${() => toggle(number)} /><span>${number + 1}</span>
    </label>`)}
    <p class="quiet">${say("instances.how")}</p>
  </fieldset>`;
}
