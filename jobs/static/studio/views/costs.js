/** What it costs and what of it would not happen, before the button that does it. */

import { refreshAccount } from "../account.js";
import { call } from "../api.js";
import { useCell } from "../cell.js";
import { sentence } from "../errors.js";
import { html, useEffect, useState } from "../html.js";
import { go, to } from "../routes.js";
import { begin } from "../sets/begin.js";
import { account } from "../session.js";
import { draft, order, sizeOfSet } from "../sets/draft.js";
import { count, duration, say } from "../words.js";
import { Icon } from "./icons.js";
import { tellError } from "./toasts.js";
import { warningText } from "./warnings.js";

const AFTER_MS = 250;

export function Costs({ preset, vocabulary }) {
  const now = useCell(draft);
  const me = useCell(account);
  const number = sizeOfSet();
  const [checked, setChecked] = useState(null);
  const [error, setError] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const asking = JSON.stringify([now.preset, number, order()]);
  useEffect(() => {
    if (number === 0) return undefined;
    const ended = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const body = { preset: now.preset, item_count: number, ...order() };
        const { data } = await call("POST", "/jobs/check", { body, signal: ended.signal });
        setChecked(data);
        setError(null);
        if (!account.value) refreshAccount();
      } catch (refused) {
        if (!ended.signal.aborted) setError(refused);
      }
    }, AFTER_MS);
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [asking, me?.user_id]);
  const start = async () => {
    setBusy(true);
    try {
      go("sets", await begin());
    } catch (refused) {
      tellError(refused);
      setBusy(false);
    }
  };
  const hasEdits = Object.keys(now.edits).length > 0;
  const refusal = checked?.refusal ?? null;
  const isReady = hasEdits && number > 0 && checked?.admitted && !isBusy;
  return html`<div class="costs">
    <${Warnings} warnings=${checked?.warnings ?? []} preset=${preset} vocabulary=${vocabulary} />
    ${refusal && html`<div class="problem" role="alert"><${Icon} name="alert" /><p>${sentence(refusal)} <${WayOut} refusal=${refusal} /></p></div>`}
    ${error && html`<div class="problem" role="alert"><${Icon} name="alert" /><p>${sentence(error)}</p></div>`}
    <div class="costs-row">
      <p class="price" aria-live="polite">
        <strong>${count("credits", checked?.credits ?? number)}</strong>
        <span class="quiet">${note(checked, hasEdits)}</span>
      </p>
      <button class="primary big" disabled=${!isReady} aria-describedby="why-not" onClick=${start}>
        ${isBusy ? say("costs.busy") : count("costs.start", number)}
      </button>
    </div>
    <p id="why-not" class="quiet why">${!hasEdits ? say("costs.nothing") : ""}</p>
  </div>`;
}

function note(checked, hasEdits) {
  if (!checked || checked.balance_after === null) return "";
  const left = count("costs.left", checked.balance_after);
  return checked.eta_seconds !== null && hasEdits ? `${left} · ${say("costs.eta", { time: duration(checked.eta_seconds) })}` : left;
}

function Warnings({ warnings, preset, vocabulary }) {
  if (warnings.length === 0) return null;
  return html`<ul class="warnings" aria-label=${say("warnings.label")}>
    ${warnings.map((warning) => html`<li key=${warning.message}><${Icon} name="alert" size=${16} />${warningText(warning, preset, vocabulary)}</li>`)}
  </ul>`;
}

/** What can be done about it. */
function WayOut({ refusal }) {
  if (refusal.code !== "CONCURRENCY_LIMIT") return null;
  return refusal.details.open_jobs.map((job) => html`<a key=${job} href=${to("sets", job)}>${say("costs.open")}</a> `);
}
