/** One set: on its way, at work, done. */

import { refreshAccount } from "../account.js";
import { call, intention } from "../api.js";
import { catalogue, presetName } from "../catalogue.js";
import { useCell } from "../cell.js";
import { sentence } from "../errors.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { go, to } from "../routes.js";
import { downloadAll } from "../sets/download.js";
import { lookAgain } from "../sets/draft.js";
import { resume, retry, sendingOf, stop } from "../sets/sending.js";
import { watch } from "../sets/watch.js";
import { count, moment, say } from "../words.js";
import { Confirm } from "./dialog.js";
import { Gallery } from "./gallery.js";
import { Icon } from "./icons.js";
import { Ordered } from "./ordered.js";
import { Packages } from "./packages.js";
import { Progress } from "./progress.js";
import { tell, tellError } from "./toasts.js";

const UNFINISHED = new Set(["created", "uploaded", "queued", "running"]);

export function SetPage({ id }) {
  const [job, setJob] = useState(null);
  const [error, setError] = useState(null);
  const [known, setKnown] = useState(null);
  const [isLost, setLost] = useState(false);
  const sending = useCell(sendingOf(id));
  const watcher = useRef(null);
  useEffect(() => {
    catalogue().then(setKnown, () => {});
    watcher.current = watch(id, setJob, setError);
    return () => watcher.current.end();
  }, [id]);
  useEffect(() => {
    if (!job) return;
    if (job.status === "created" || job.status === "uploaded") {
      resume(id, job.status === "created" ? (job.upload ?? []) : null).then((isHere) => setLost(!isHere));
    } else {
      setLost(false);
      if (!UNFINISHED.has(job.status)) refreshAccount();
    }
  }, [job?.status]);
  useEffect(() => {
    if (job) document.title = `${titleOf(job)} · S3 Studio`;
  }, [job?.status, job?.progress.done]);
  useEffect(() => {
    if (sending === null || sending.phase === "ordered") watcher.current?.refresh();
  }, [sending?.phase]);
  if (!job) {
    return html`<section class="sheet">
      <h1>${say("page.set")}</h1>
      ${error ? html`<p class="problem" role="alert">${sentence(error)}</p><a href=${to("sets")}>${say("page.sets")}</a>` : html`<p role="status">${say("loading")}</p>`}
    </section>`;
  }
  const preset = known?.presets.find((each) => each.id === job.preset) ?? null;
  return html`<article class="set">
    <${Head} job=${job} sending=${sending} />
    ${error && html`<p class="problem" role="status"><${Icon} name="cloud" /><span>${sentence(error)}</span></p>`}
    <${Progress} job=${job} sending=${sending} isLost=${isLost} onRetry=${() => retry(id).catch(tellError)} />
    <${Gallery} job=${job} sending=${sending} preset=${preset} />
    <aside class="side" aria-label=${say("set.side")}>
      <${Actions} job=${job} preset=${preset} onChange=${() => watcher.current.refresh()} />
      ${preset && html`<${Ordered} job=${job} preset=${preset} vocabulary=${known.vocabulary} />`}
      ${preset && job.status === "done" && !job.expired && html`<${Packages} job=${job} preset=${preset} onChange=${() => watcher.current.refresh()} />`}
      <${Facts} job=${job} />
    </aside>
  </article>`;
}

/** For somebody who looks at another tab meanwhile. */
function titleOf(job) {
  const { done, failed, total } = job.progress;
  const isWorking = job.status === "queued" || job.status === "running";
  return isWorking ? count("working.done", done + failed, { total }) : `${say(`status.${job.status}`)} · ${presetName(job.preset)}`;
}

function Head({ job, sending }) {
  const status = sending && sending.phase !== "ordered" ? sending.phase : job.status;
  return html`<header class="set-head">
    <a class="back" href=${to("sets")}><${Icon} name="back" />${say("page.sets")}</a>
    <h1>${presetName(job.preset)} <span class="quiet">${count("photos", job.progress.total)}</span></h1>
    <p class="status ${job.status}"><span class="dot"></span>${say(`status.${job.expired ? "expired" : status}`)}</p>
  </header>`;
}

function Actions({ job, preset, onChange }) {
  const [asking, setAsking] = useState(null);
  const again = (items = null) => {
    lookAgain(job, preset, items);
    go();
  };
  const failed = job.items.filter(({ status }) => status === "failed").map(({ idx }) => idx);
  const finished = job.status === "done" || job.status === "failed";
  const cancel = async () => {
    try {
      const { data } = await call("POST", `/jobs/${job.job_id}/cancel`, { key: intention() });
      await stop(job.job_id);
      tell(() => count("set.refunded", data.refunded));
      refreshAccount();
      onChange();
    } catch (error) {
      tellError(error);
    }
  };
  const remove = async () => {
    try {
      await call("DELETE", `/jobs/${job.job_id}`);
      tell(() => say("set.deleted"));
      go("sets");
    } catch (error) {
      tellError(error);
    }
  };
  return html`<div class="set-actions">
    ${job.outputs_ready.length > 0 && html`<button class="primary" onClick=${() => downloadAll(job)}><${Icon} name="download" />${count("set.download", job.outputs_ready.length)}</button>`}
    ${finished && !job.expired && html`<button onClick=${() => again()}><${Icon} name="again" />${say("set.again")}</button>`}
    ${finished && !job.expired && failed.length > 0 && html`<button onClick=${() => again(failed)}>${count("set.failed_again", failed.length)}</button>`}
    ${UNFINISHED.has(job.status) && html`<button onClick=${() => setAsking("cancel")}>${say("set.cancel")}</button>`}
    ${finished && !job.expired && html`<button class="link danger" onClick=${() => setAsking("delete")}>${say("set.delete")}</button>`}
    ${asking === "cancel" && html`<${Confirm} title=${say("set.cancel.title")} text=${say("set.cancel.text")} action=${say("set.cancel.yes")} onYes=${cancel} onClose=${() => setAsking(null)} />`}
    ${asking === "delete" && html`<${Confirm} title=${say("set.delete.title")} text=${say("set.delete.text")} action=${say("set.delete.yes")} onYes=${remove} onClose=${() => setAsking(null)} />`}
  </div>`;
}

function Facts({ job }) {
  const { reserved, charged, refunded } = job.credits;
  const rows = [
    [say("facts.created"), moment(job.created_at)],
    job.finished_at && [say("facts.finished"), moment(job.finished_at)],
    [say("facts.credits"), charged === null ? count("facts.reserved", reserved) : count("facts.charged", charged, { refunded })],
    job.expires_at && !job.expired && [say("facts.kept"), moment(job.expires_at)],
    job.source_job_id && [say("facts.source"), html`<a href=${to("sets", job.source_job_id)}>${say("facts.source.link")}</a>`],
    [say("facts.id"), html`<code>${job.job_id}</code>`],
  ];
  return html`<dl class="facts">${rows.filter(Boolean).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
