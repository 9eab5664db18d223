/** Where this server asks new users for an invite. */

import { refreshAccount } from "../account.js";
import { useCell } from "../cell.js";
import { sentence } from "../errors.js";
import { html, useState } from "../html.js";
import { asked, enterWith } from "../session.js";
import { say } from "../words.js";
import { Dialog } from "./dialog.js";

export function Entrance() {
  const needs = useCell(asked);
  const [code, setCode] = useState("");
  const [error, setError] = useState(null);
  if (!needs) return null;
  const enter = async (event) => {
    event.preventDefault();
    try {
      await enterWith(code.trim());
      refreshAccount();
    } catch (refused) {
      setError(refused);
    }
  };
  return html`<${Dialog} title=${say("invite.title")} onClose=${() => asked.set(null)}>
    <form onSubmit=${enter}>
      <p>${say(needs === "invite" ? "invite.text" : "invite.proof")}</p>
      ${needs === "invite" &&
      html`<label class="field">${say("invite.code")}
        <input value=${code} placeholder="s3i_…" autocomplete="off" required onInput=${(event) => setCode(event.target.value)} />
      </label>`}
      ${error && html`<p class="problem" role="alert">${sentence(error)}</p>`}
      <div class="actions">
        <button type="button" onClick=${() => asked.set(null)}>${say("dialog.close")}</button>
        ${needs === "invite" && html`<button class="primary">${say("invite.enter")}</button>`}
      </div>
    </form>
  <//>`;
}
