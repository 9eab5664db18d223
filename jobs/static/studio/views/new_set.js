/** Making up a set: the photos, what is to happen to them, what it costs. */

import { catalogue } from "../catalogue.js";
import { useCell } from "../cell.js";
import { sentence } from "../errors.js";
import { html, useEffect, useState } from "../html.js";
import { draft } from "../sets/draft.js";
import { say } from "../words.js";
import { Costs } from "./costs.js";
import { Landing } from "./landing.js";
import { Parts } from "./parts.js";
import { Presets } from "./presets.js";
import { Tray } from "./tray.js";

export function NewSet() {
  const { photos, source } = useCell(draft);
  const isEmpty = photos.length === 0 && !source;
  return isEmpty ? html`<${Landing} />` : html`<${Editor} />`;
}

function Editor() {
  const { preset: id } = useCell(draft);
  const [known, setKnown] = useState(null);
  const [error, setError] = useState(null);
  const load = () => {
    setError(null);
    catalogue().then(setKnown, setError);
  };
  useEffect(load, []);
  const preset = known?.presets.find((each) => each.id === id);
  return html`<div class="editor">
    <h1 class="hidden">${say("page.new")}</h1>
    <${Tray} preset=${preset ?? null} />
    <section class="panel" aria-label=${say("panel.label")}>
      ${error && html`<p class="problem" role="alert">${sentence(error)} <button class="link" onClick=${load}>${say("again")}</button></p>`}
      ${!known && !error && html`<p class="quiet" role="status">${say("loading")}</p>`}
      ${preset &&
      html`<div class="panel-body">
          <${Presets} presets=${known.presets} />
          <${Parts} preset=${preset} vocabulary=${known.vocabulary} />
        </div>
        <${Costs} preset=${preset} vocabulary=${known.vocabulary} />`}
    </section>
  </div>`;
}
