/** Addresses that are told of events. */

import { call } from "../api.js";
import { html, useState } from "../html.js";
import { Confirm } from "../views/dialog.js";
import { tell } from "../views/toasts.js";
import { say, word } from "../words.js";
import { Deliveries } from "./deliveries.js";
import { Rest, Secret, Sheet, attempt, useList } from "./pages.js";

const EVENTS = [
  "job.done", "job.failed", "job.canceled", "package.ready", "package.failed",
  "item.done", "item.failed",
];
const USUAL = new Set(EVENTS.slice(0, 5));

export default function Webhooks() {
  const list = useList("/webhooks");
  const [secret, setSecret] = useState(null);
  return html`<${Sheet} title=${say("page.webhooks")} lead=${say("webhooks.lead")}>
    <${Add} onMade=${(made) => {
      setSecret(made);
      list.reload();
    }} />
    ${secret && html`<${Secret} text=${say("webhooks.once")} value=${secret} />`}
    <div class="rows">${(list.rows ?? []).map((webhook) => html`<${Webhook} key=${webhook.id} webhook=${webhook} onSecret=${setSecret} onChange=${list.reload} />`)}</div>
    <${Rest} list=${list} empty=${say("webhooks.empty")} />
  <//>`;
}

function Add({ onMade }) {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState(USUAL);
  const toggle = (name) => setEvents((now) => new Set(now.has(name) ? [...now].filter((each) => each !== name) : [...now, name]));
  const add = async (event) => {
    event.preventDefault();
    const isAdded = await attempt(async () => {
      const { data } = await call("POST", "/webhooks", { body: { url, events: [...events] } });
      onMade(data.secret);
    });
    if (isAdded) setUrl("");
  };
  return html`<form class="form" onSubmit=${add}>
    <label class="field">${say("webhooks.url")}<input type="url" value=${url} required maxlength="2000" placeholder="https://…" onInput=${(event) => setUrl(event.target.value)} /></label>
    <fieldset><legend>${say("webhooks.events")}</legend>${EVENTS.map(
      (name) => html`<label key=${name} class="check"><input type="checkbox" checked=${events.has(name)} onChange=${() => toggle(name)} /><span>${word("hook", name)}</span></label>`,
    )}</fieldset>
    <button class="primary" disabled=${events.size === 0}>${say("webhooks.make")}</button>
  </form>`;
}

function Webhook({ webhook, onSecret, onChange }) {
  const [asking, setAsking] = useState(null);
  const [isOpen, setOpen] = useState(false);
  const path = `/webhooks/${webhook.id}`;
  const toggle = async () => {
    if (await attempt(() => call("PATCH", path, { body: { enabled: !webhook.enabled } }))) onChange();
  };
  const test = async () => {
    if (await attempt(() => call("POST", `${path}/test`))) tell(() => say("webhooks.tested"));
  };
  const rotate = () =>
    attempt(async () => {
      const { data } = await call("POST", `${path}/rotate`);
      onSecret(data.secret);
      onChange();
    });
  const remove = async () => {
    if (await attempt(() => call("DELETE", path))) onChange();
  };
  const close = () => setAsking(null);
  return html`<div class="row">
    <span class="row-text"><strong>${webhook.url}</strong><span class="quiet">${webhook.events.map((name) => word("hook", name)).join(" · ")}</span></span>
    <span class="status ${webhook.enabled ? "done" : "failed"}"><span class="dot"></span>${say(webhook.enabled ? "webhooks.on" : "webhooks.off")}</span>
    <span class="actions">
      <button class="small" disabled=${!webhook.enabled} onClick=${test}>${say("webhooks.test")}</button>
      <button class="small" onClick=${toggle}>${say(webhook.enabled ? "webhooks.switch_off" : "webhooks.switch_on")}</button>
      <button class="small" onClick=${() => setAsking("rotate")}>${say("webhooks.rotate")}</button>
      <button class="small danger" onClick=${() => setAsking("delete")}>${say("webhooks.delete")}</button>
      <button class="small" aria-expanded=${String(isOpen)} onClick=${() => setOpen(!isOpen)}>${say("webhooks.deliveries")}</button>
    </span>
    ${isOpen && html`<${Deliveries} path=${path} isOn=${webhook.enabled} />`}
    ${asking === "rotate" && html`<${Confirm} title=${say("webhooks.rotate.title")} text=${say("webhooks.rotate.text")} action=${say("webhooks.rotate")} onYes=${rotate} onClose=${close} />`}
    ${asking === "delete" && html`<${Confirm} title=${say("webhooks.delete.title")} text=${say("webhooks.delete.text")} action=${say("webhooks.delete")} onYes=${remove} onClose=${close} />`}
  </div>`;
}
