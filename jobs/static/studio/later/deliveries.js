/** What was sent to a webhook, and what became of it. */

import { call } from "../api.js";
import { html } from "../html.js";
import { count, moment, say, word } from "../words.js";
import { Rest, attempt, useList } from "./pages.js";

export function Deliveries({ path, isOn }) {
  const list = useList(`${path}/deliveries`, 20);
  const resend = async (id) => {
    if (await attempt(() => call("POST", `${path}/deliveries/${id}/resend`))) list.reload();
  };
  return html`<div class="deliveries">
    <ul class="rows">${(list.rows ?? []).map(
      (delivery) => html`<li key=${delivery.id}>
        <strong>${word("hook", delivery.type)}</strong>
        <span>${word("delivery", delivery.status)}${delivery.response_status ? ` (${delivery.response_status})` : ""}</span>
        <span class="quiet">${moment(delivery.created_at)} · ${count("webhooks.tries", delivery.attempts)}</span>
        ${delivery.error && html`<span class="quiet" lang="en">${delivery.error}</span>`}
        <button class="small" disabled=${!isOn} onClick=${() => resend(delivery.id)}>${say("webhooks.resend")}</button>
      </li>`,
    )}</ul>
    <${Rest} list=${list} empty=${say("webhooks.none")} />
  </div>`;
}
