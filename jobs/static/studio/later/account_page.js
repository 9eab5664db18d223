/** Who this browser is, and how another one becomes the same. */

import { readAccount, refreshAccount } from "../account.js";
import { call } from "../api.js";
import { useCell } from "../cell.js";
import { html, useEffect, useState } from "../html.js";
import { clear } from "../pictures/shelf.js";
import { go } from "../routes.js";
import { account, adopt, forget, isKept, isKnown, secret } from "../session.js";
import { startOver } from "../sets/draft.js";
import { Confirm } from "../views/dialog.js";
import { tell } from "../views/toasts.js";
import { bytes, count, language, moment, say, word } from "../words.js";
import { Secret, Sheet, attempt } from "./pages.js";

export default function AccountPage() {
  const me = useCell(account);
  useEffect(refreshAccount, []);
  return html`<${Sheet} title=${say("page.account")}>
    ${me ? html`<${Facts} me=${me} />` : html`<p>${say("account.none")}</p>`}
    ${isKnown() && html`<${Key} />`}
    <${Move} />
    ${isKnown() && html`<${Leave} />`}
  <//>`;
}

function Facts({ me }) {
  const rows = [
    [say("account.plan"), `${word("account.plan", me.plan)} · ${say("account.limits", { items: me.max_items_per_job.toLocaleString(language.value), jobs: me.max_concurrency })}`],
    [say("facts.credits"), count("credits", me.credits)],
    [say("page.rules"), say("rules.slots", me.rule_slots)],
    [say("account.storage"), kept(me.storage)],
    [say("account.user"), html`<code>${me.user_id}</code>`],
  ];
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** What is kept is counted now and then: nothing is known before the first time. */
function kept({ used_mib: used, limit_mib: limit, counted_at: at }) {
  const size = (mebibytes) => bytes(mebibytes * 1_048_576);
  const amount = at === null ? say("account.storage.uncounted") : say("account.storage.counted", { size: size(used), at: moment(at) });
  return limit === null ? amount : `${amount} · ${say("account.storage.limit", { size: size(limit) })}`;
}

function Key() {
  const [isShown, setShown] = useState(false);
  const kept = useCell(isKept);
  return html`<section>
    <h2>${say("account.key.title")}</h2>
    <p>${say("account.key.text")}</p>
    ${!kept && html`<p class="notice">${say("account.key.forgotten")}</p>`}
    <button aria-expanded=${String(isShown)} onClick=${() => setShown(!isShown)}>${say(isShown ? "account.key.hide" : "account.key.show")}</button>
    ${isShown && html`<${Secret} text=${say("account.key.label")} value=${secret()} />`}
  </section>`;
}

function Move() {
  const [key, setKey] = useState("");
  const enter = async (event) => {
    event.preventDefault();
    await attempt(async () => {
      if (!(await adopt(key.trim()))) {
        tell(() => say("account.move.unknown"), "bad");
        return;
      }
      setKey("");
      startOver();
      await readAccount();
      tell(() => say("account.move.done"));
    });
  };
  return html`<section>
    <h2>${say("account.move.title")}</h2>
    <p>${say("account.move.text")}</p>
    ${isKnown() && html`<p class="quiet">${say("account.move.warn")}</p>`}
    <form class="form" onSubmit=${enter}>
      <label class="field">${say("account.move.label")}<input type="password" value=${key} required minlength="32" maxlength="200" autocomplete="off" onInput=${(event) => setKey(event.target.value)} /></label>
      <button class="primary">${say("account.move.enter")}</button>
    </form>
  </section>`;
}

function Leave() {
  const [asking, setAsking] = useState(null);
  const close = () => setAsking(null);
  const signOut = async () => {
    // The session ends here whether the server hears of it or not.
    await call("POST", "/auth/sign-out").catch(() => {});
    await clear();
    forget();
    startOver();
    go();
  };
  const remove = async () => {
    if (!(await attempt(() => call("DELETE", "/me")))) return;
    await clear();
    forget();
    startOver();
    go();
  };
  return html`<section>
    <h2>${say("account.leave.title")}</h2>
    <div class="actions">
      <button onClick=${() => setAsking("out")}>${say("account.forget")}</button>
      <button class="danger" onClick=${() => setAsking("delete")}>${say("account.delete")}</button>
    </div>
    ${asking === "out" && html`<${Confirm} title=${say("account.forget.title")} text=${say("account.forget.text")} action=${say("account.forget")} onYes=${signOut} onClose=${close} />`}
    ${asking === "delete" && html`<${Confirm} title=${say("account.delete.title")} text=${say("account.delete.text")} action=${say("account.delete")} onYes=${remove} onClose=${close} />`}
  </section>`;
}
