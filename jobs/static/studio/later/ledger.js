/** Every change of the credits. */

import { html } from "../html.js";
import { to } from "../routes.js";
import { language, moment, say, word } from "../words.js";
import { Rest, Sheet, useList } from "./pages.js";

export default function Ledger() {
  const list = useList("/me/ledger");
  const rows = list.rows ?? [];
  return html`<${Sheet} title=${say("page.ledger")} lead=${say("ledger.lead")}>
    ${rows.length > 0 &&
    html`<div class="table" tabindex="0" role="region" aria-label=${say("page.ledger")}><table>
      <thead><tr>
        <th scope="col">${say("ledger.when")}</th><th scope="col">${say("ledger.what")}</th>
        <th scope="col" class="number">${say("ledger.change")}</th><th scope="col" class="number">${say("ledger.after")}</th>
      </tr></thead>
      <tbody>${rows.map(
        (event) => html`<tr key=${event.id}>
          <td class="when">${moment(event.created_at)}</td>
          <td>${event.ref?.startsWith("job_") ? html`<a href=${to("sets", event.ref)}>${word("event", event.type)}</a>` : word("event", event.type)}</td>
          <td class="number ${event.amount > 0 ? "plus" : ""}">${signed(event.amount)}</td>
          <td class="number">${event.balance_after.toLocaleString(language.value)}</td>
        </tr>`,
      )}</tbody>
    </table></div>`}
    <${Rest} list=${list} empty="" />
  <//>`;
}

function signed(amount) {
  return new Intl.NumberFormat(language.value, { signDisplay: "exceptZero" }).format(amount);
}
