/** What was ordered, and keeping it as a rule. */

import { refreshAccount } from "../account.js";
import { call, intention } from "../api.js";
import { html, useState } from "../html.js";
import { labelled, say } from "../words.js";
import { Dialog } from "./dialog.js";
import { Chip, summary } from "./parts.js";
import { tell, tellError } from "./toasts.js";

export function Ordered({ job, preset, vocabulary }) {
  const [isSaving, setSaving] = useState(false);
  const edits = Object.entries(job.concepts);
  if (edits.length === 0) return null;
  // What the preset protects by itself, and this server's model does not find, is not protected.
  const kept = job.protect.filter((name) => preset.details.some((part) => part.name === name && part.supported));
  const label = (name) => labelled(preset.details.find((part) => part.name === name)?.label, name);
  return html`<section class="ordered">
    <h2>${say("ordered.title")}</h2>
    <ul>
      ${edits.map(([name, edit]) => html`<li key=${name}><${Chip} edit=${edit} vocabulary=${vocabulary} /><span><strong>${label(name)}</strong> <span class="quiet">${summary(edit, vocabulary)}</span></span></li>`)}
      ${kept.map((name) => html`<li key=${`keep ${name}`}><${Chip} isKept vocabulary=${vocabulary} /><span><strong>${label(name)}</strong> <span class="quiet">${say("parts.kept")}</span></span></li>`)}
    </ul>
    <button class="link" onClick=${() => setSaving(true)}>${say("ordered.save")}</button>
    ${isSaving && html`<${SaveRule} job=${job} onClose=${() => setSaving(false)} />`}
  </section>`;
}

function SaveRule({ job, onClose }) {
  const [name, setName] = useState("");
  const save = async (event) => {
    event.preventDefault();
    const body = { name, preset_id: job.preset, concepts: job.concepts, protect: job.protect };
    try {
      await call("POST", "/rules", { body, key: intention() });
      tell(() => say("ordered.saved", { name }));
      refreshAccount();
      onClose();
    } catch (error) {
      tellError(error);
    }
  };
  return html`<${Dialog} title=${say("ordered.save")} onClose=${onClose}>
    <form onSubmit=${save}>
      <label class="field">${say("rules.name")}<input value=${name} required maxlength="100" onInput=${(event) => setName(event.target.value)} /></label>
      <div class="actions"><button type="button" onClick=${onClose}>${say("dialog.close")}</button><button class="primary">${say("rules.save")}</button></div>
    </form>
  <//>`;
}

