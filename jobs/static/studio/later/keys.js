/** Keys for servers. */

import { call } from "../api.js";
import { html, useState } from "../html.js";
import { Confirm } from "../views/dialog.js";
import { moment, say } from "../words.js";
import { Rest, Secret, Sheet, attempt, useList } from "./pages.js";

export default function Keys() {
  const list = useList("/me/keys");
  const [name, setName] = useState("");
  const [made, setMade] = useState(null);
  const [going, setGoing] = useState(null);
  const make = async (event) => {
    event.preventDefault();
    const isMade = await attempt(async () => {
      const { data } = await call("POST", "/me/keys", { body: { name } });
      setMade(data.key);
    });
    if (!isMade) return;
    setName("");
    list.reload();
  };
  const remove = async ({ id, prefix }) => {
    if (!(await attempt(() => call("DELETE", `/me/keys/${id}`)))) return;
    if (made?.startsWith(prefix)) setMade(null);
    list.reload();
  };
  return html`<${Sheet} title=${say("page.keys")} lead=${say("keys.lead")}>
    <form class="form" onSubmit=${make}>
      <label class="field">${say("keys.name")}<input value=${name} required maxlength="100" placeholder=${say("keys.example")} onInput=${(event) => setName(event.target.value)} /></label>
      <button class="primary">${say("keys.make")}</button>
    </form>
    ${made && html`<${Secret} text=${say("keys.once")} value=${made}>
      <p>${say("keys.use")}</p><code>curl -H "Authorization: Bearer ${made}" ${location.origin}/me</code>
    <//>`}
    <div class="rows">${(list.rows ?? []).map(
      (key) => html`<div key=${key.id} class="row">
        <span class="row-text"><strong>${key.name}</strong><span class="quiet"><code>${key.prefix}…</code> · ${
          key.last_used_at ? say("keys.used", { when: moment(key.last_used_at) }) : say("keys.unused")
        }${key.expires_at ? ` · ${say("keys.ends", { when: moment(key.expires_at) })}` : ""}</span></span>
        <button class="small danger" onClick=${() => setGoing(key)}>${say("keys.delete")}</button>
      </div>`,
    )}</div>
    <${Rest} list=${list} empty=${say("keys.empty")} />
    ${going && html`<${Confirm} title=${say("keys.delete.title", { name: going.name })} text=${say("keys.delete.text")} action=${say("keys.delete")} onYes=${() => remove(going)} onClose=${() => setGoing(null)} />`}
  <//>`;
}
