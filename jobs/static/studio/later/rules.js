/** Orders that were saved under a name. */

import { refreshAccount } from "../account.js";
import { call, intention } from "../api.js";
import { catalogue, presetName } from "../catalogue.js";
import { useCell } from "../cell.js";
import { html, useEffect, useState } from "../html.js";
import { go } from "../routes.js";
import { account } from "../session.js";
import { useRule } from "../sets/draft.js";
import { Confirm } from "../views/dialog.js";
import { Chip, summary } from "../views/parts.js";
import { partName } from "../views/warnings.js";
import { say } from "../words.js";
import { Rest, Sheet, attempt, useList } from "./pages.js";

export default function Rules() {
  const list = useList("/rules");
  const me = useCell(account);
  const [known, setKnown] = useState(null);
  const [going, setGoing] = useState(null);
  useEffect(() => {
    catalogue().then(setKnown, () => {});
  }, []);
  const remove = async ({ id }) => {
    if (await attempt(() => call("DELETE", `/rules/${id}`, { key: intention() }))) list.reload();
    refreshAccount();
  };
  return html`<${Sheet} title=${say("rules.title")} lead=${say("rules.lead")}>
    ${me && html`<p class="quiet">${say("rules.slots", me.rule_slots)}</p>`}
    <div class="rows">${(list.rows ?? []).map((rule) => html`<${Rule} key=${rule.id} rule=${rule} known=${known} onDelete=${() => setGoing(rule)} onChange=${list.reload} />`)}</div>
    <${Rest} list=${list} empty=${say("rules.empty")} />
    ${going && html`<${Confirm} title=${say("rules.delete.title", { name: going.name })} text=${say("rules.delete.text")} action=${say("rules.delete")} onYes=${() => remove(going)} onClose=${() => setGoing(null)} />`}
  <//>`;
}

function Rule({ rule, known, onDelete, onChange }) {
  const [name, setName] = useState(null);
  const preset = known?.presets.find(({ id }) => id === rule.preset_id);
  const rename = async (event) => {
    event.preventDefault();
    if (await attempt(() => call("PUT", `/rules/${rule.id}`, { body: { name }, key: intention() }))) {
      setName(null);
      onChange();
    }
  };
  const use = () => {
    useRule(rule);
    go();
  };
  return html`<div class="row">
    <span class="chips">${known && Object.entries(rule.concepts).slice(0, 4).map(([concept, edit]) => html`<${Chip} key=${concept} edit=${edit} vocabulary=${known.vocabulary} />`)}</span>
    ${name === null
      ? html`<span class="row-text"><strong>${rule.name}</strong><span class="quiet">${presetName(rule.preset_id)} · ${
          preset ? Object.entries(rule.concepts).map(([concept, edit]) => `${partName(concept, preset)} ${summary(edit, known.vocabulary)}`).join(", ") : ""
        }</span></span>
        <span class="actions">
          <button class="small" onClick=${use}>${say("rules.apply")}</button>
          <button class="small" onClick=${() => setName(rule.name)}>${say("rules.rename")}</button>
          <button class="small danger" onClick=${onDelete}>${say("rules.delete")}</button>
        </span>`
      : html`<form class="form" onSubmit=${rename}>
          <label class="field">${say("rules.name")}<input value=${name} required maxlength="100" onInput=${(event) => setName(event.target.value)} /></label>
          <button class="primary">${say("rules.save")}</button>
          <button type="button" onClick=${() => setName(null)}>${say("dialog.close")}</button>
        </form>`}
  </div>`;
}
