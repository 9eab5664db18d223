/** What kind of photos they are, and orders that were saved. */

import { call } from "../api.js";
import { presetName } from "../catalogue.js";
import { useCell } from "../cell.js";
import { html, useEffect, useState } from "../html.js";
import { choosePreset, draft, useRule } from "../sets/draft.js";
import { say } from "../words.js";

export function Presets({ presets }) {
  const { preset, rule } = useCell(draft);
  const [rules, setRules] = useState([]);
  useEffect(() => {
    // Without rules, or a connection, there is nothing to choose from.
    call("GET", "/rules").then(({ data }) => setRules(data), () => {});
  }, []);
  const choose = (id) => {
    const found = rules.find((each) => each.id === id);
    if (found) useRule(found);
  };
  return html`<fieldset class="segments presets">
      <legend>${say("presets.label")}</legend>
      ${presets.map(
        ({ id }) => html`<label key=${id}>
          <input type="radio" name="preset" value=${id} checked=${id === preset} onChange=${() => choosePreset(id)} />
          <span>${presetName(id)}</span>
        </label>`,
      )}
    </fieldset>
    ${rules.length > 0 &&
    html`<label class="field inline">${say("rules.use")}
      <select value=${rule?.id ?? ""} onChange=${(event) => choose(event.target.value)}>
        <option value="">${say("rules.none")}</option>
        ${rules.map(({ id, name }) => html`<option key=${id} value=${id}>${name}</option>`)}
      </select>
    </label>`}`;
}
