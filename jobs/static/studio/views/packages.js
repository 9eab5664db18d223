/** Boards, cards and a ZIP of a finished set. Hidden where the server makes none. */

import { call, intention } from "../api.js";
import { html } from "../html.js";
import { download } from "../sets/download.js";
import { bytes, count, labelled, say } from "../words.js";
import { Icon } from "./icons.js";
import { tellError } from "./toasts.js";

const ALL = { id: "전체", alias: "all", label: null };

export function Packages({ job, preset, onChange }) {
  const made = job.packages;
  if (!made) return null;
  const order = async (template) => {
    try {
      await call("POST", `/jobs/${job.job_id}/packages`, { body: { template: template.alias }, key: intention() });
      onChange();
    } catch (error) {
      tellError(error);
    }
  };
  const templates = [ALL, ...preset.output_templates.filter(({ alias }) => alias !== ALL.alias)];
  return html`<section class="packages">
    <h2>${say("packages.title")}</h2>
    <ul>${templates.map((template) => html`<${Package} key=${template.id} template=${template} made=${made.find((each) => each.template === template.id || each.template === template.alias)} onOrder=${() => order(template)} />`)}</ul>
  </section>`;
}

function Package({ template, made, onOrder }) {
  const name = template.label ? labelled(template.label, template.alias) : say("packages.all");
  const what = say(`package.${template.alias}`);
  return html`<li class="package">
    ${made?.board_url && made.status === "ready" && html`<img src=${made.board_url} alt="" loading="lazy" />`}
    <span class="package-text"><strong>${name}</strong><span class="quiet">${made?.status === "failed" ? say("packages.failed") : made?.status === "ready" ? facts(made) : what}</span></span>
    ${made?.status === "ready"
      ? html`<button class="small" onClick=${() => download(made.url)}><${Icon} name="download" size=${18} />ZIP</button>`
      : made?.status === "pending"
        ? html`<span class="quiet" role="status">${say("packages.pending")}</span>`
        : html`<button class="small" aria-label=${say("packages.make", { name })} onClick=${onOrder}><${Icon} name="box" size=${18} />${say("packages.order")}</button>`}
  </li>`;
}

function facts({ files, bytes: size }) {
  return [files && count("packages.files", files), size && bytes(size)].filter(Boolean).join(" · ");
}
