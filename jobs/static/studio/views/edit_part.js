/** What happens to one part: a colour, a surface, a mood, or that it goes. */

import { html } from "../html.js";
import { edit as change, leave, togglePlace } from "../sets/draft.js";
import { isMeant } from "../sets/places.js";
import { labelled, say } from "../words.js";
import { Colours } from "./colours.js";
import { Choices } from "./choices.js";
import { Instances } from "./instances.js";
import { PlaceList } from "./outlines.js";
import { Paints } from "./paints.js";

const ACTIONS = ["recolor", "texture", "tone", "remove"];
/** Numbers of paints mean nothing to another action. */
const NO_PAINT = { paint: undefined, instances: undefined };
const STRENGTHS = { least: 0.1, most: 1, step: 0.1, usual: 1 };

/** `places` are those of the part, where the photo is known. */
export function EditPart({ part, edit, preset, vocabulary, places }) {
  const name = labelled(part.label, part.name);
  const isKnown = places.length > 1;
  const choose = (action) => {
    if (action === "") leave(part.name);
    else if (action !== edit?.action) change(preset, part.name, { action, value: part.default[action] ?? "", ...(part.instances ? {} : NO_PAINT) });
  };
  const set = (value) => change(preset, part.name, { action: edit.action, value });
  return html`<div class="edit">
    <fieldset class="segments small">
      <legend class="hidden">${say("edit.action", { name })}</legend>
      ${["", ...ACTIONS].map(
        (action) => html`<label key=${action}>
          <input type="radio" name=${`action-${part.name}`} checked=${(edit?.action ?? "") === action} onChange=${() => choose(action)} />
          <span>${say(`action.${action || "none"}`)}</span>
        </label>`,
      )}
    </fieldset>
    ${edit?.action === "recolor" && html`<${Colours} name=${name} value=${edit.value} vocabulary=${vocabulary} onValue=${set} />`}
    ${edit?.action === "texture" && html`<${Choices} kind="texture" label=${say("edit.texture", { name })} names=${vocabulary.textures} value=${edit.value} onValue=${set} />`}
    ${edit?.action === "tone" && html`<${Tones} name=${name} value=${edit.value} tones=${vocabulary.tones} onValue=${set} />`}
    ${edit?.action === "remove" && html`<p class="quiet">${say("edit.remove", { name })}</p>`}
    ${edit && isKnown && html`<${PlaceList} places=${places} chosen=${places.filter((place) => isMeant(place, edit)).map(({ id }) => id)} preset=${preset}
      legend=${say("instances.which", { name })} onToggle=${(place) => togglePlace(preset, places, place)} />`}
    ${edit && !isKnown && part.instances && html`<${Instances} part=${part} edit=${edit} preset=${preset} />`}
    ${edit?.action === "recolor" && !isKnown && !part.instances && html`<${Paints} name=${name} edit=${edit} onChange=${(which) => change(preset, part.name, which)} />`}
  </div>`;
}

function Tones({ name, value, tones, onValue }) {
  const [tone, strength] = value.split(":");
  const { least, most, step, usual } = STRENGTHS;
  const now = Number(strength ?? usual);
  return html`<${Choices} kind="tone" label=${say("edit.tone", { name })} names=${tones} value=${tone} onValue=${(other) => onValue(strength ? `${other}:${strength}` : other)} />
    <label class="field">${say("edit.strength")} <output>${Math.round(now * 100)} %</output>
      <input type="range" min=${least} max=${most} step=${step} value=${now} onInput=${(event) => onValue(`${tone}:${event.target.value}`)} />
    </label>`;
}
