/** All sets, newest first. */

import { presetName } from "../catalogue.js";
import { html, useEffect, useState } from "../html.js";
import { nameOf, pictures, recall } from "../pictures/pictures.js";
import { useCell } from "../cell.js";
import { to } from "../routes.js";
import { count, moment, say } from "../words.js";
import { Thumb } from "../views/tray.js";
import { Rest, Sheet, useList } from "./pages.js";

const FILTERS = { all: "", open: "created,uploaded,queued,running" };
const SHOWN = 3;

export default function History() {
  const [filter, setFilter] = useState("all");
  const list = useList(FILTERS[filter] ? `/jobs?status=${FILTERS[filter]}` : "/jobs", 20);
  return html`<${Sheet} title=${say("page.sets")}>
    <fieldset class="segments">
      <legend class="hidden">${say("history.filter")}</legend>
      ${Object.keys(FILTERS).map((name) => html`<label key=${name}><input type="radio" name="filter" checked=${name === filter} onChange=${() => setFilter(name)} /><span>${say(`history.${name}`)}</span></label>`)}
    </fieldset>
    <div class="rows">${(list.rows ?? []).map((job) => html`<${Row} key=${job.job_id} job=${job} />`)}</div>
    <${Rest} list=${list} empty=${html`${say("history.empty")} <a href=${to()}>${say("history.first")}</a>`} />
  <//>`;
}

function Row({ job }) {
  const shown = useCell(pictures);
  const { done, failed, total } = job.progress;
  const keys = Array.from({ length: Math.min(SHOWN, total) }, (_, idx) => nameOf(job.job_id, idx));
  useEffect(() => keys.forEach(recall), [job.job_id]);
  const seen = keys.filter((key) => shown[key]);
  return html`<a class="row" href=${to("sets", job.job_id)}>
    ${seen.length > 0 && html`<span class="chips">${seen.map((key) => html`<span key=${key} class="thumb small"><${Thumb} url=${shown[key]} /></span>`)}</span>`}
    <span class="row-text"><strong>${presetName(job.preset)} · ${count("photos", total)}</strong><span class="quiet">${moment(job.created_at)}</span></span>
    <span class="quiet count">${say("history.progress", { done, total })}${failed > 0 ? ` · ${say("history.failed", { n: failed })}` : ""}</span>
    <span class="status ${job.status}"><span class="dot"></span>${say(`status.${job.status}`)}</span>
  </a>`;
}
