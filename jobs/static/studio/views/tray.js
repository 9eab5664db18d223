/** The photos of the draft: one large, all of them below it. */

import { useCell } from "../cell.js";
import { html, useEffect, useState } from "../html.js";
import { nameOf, pictures, recall } from "../pictures/pictures.js";
import { draft, removePhoto, startOver } from "../sets/draft.js";
import { bytes, count, say } from "../words.js";
import { Picker } from "./drop.js";
import { Icon } from "./icons.js";

export function Tray() {
  const { photos, source } = useCell(draft);
  return source ? html`<${Again} source=${source} />` : html`<${Chosen} photos=${photos} />`;
}

function Chosen({ photos }) {
  const shown = useCell(pictures);
  const [id, setId] = useState(null);
  const at = Math.max(0, photos.findIndex((photo) => photo.id === id));
  const photo = photos[at];
  return html`<section class="tray" aria-label=${say("tray.label")}>
    <div class="tray-head">
      <h2>${count("photos", photos.length)}</h2>
      <div class="actions">
        <button class="link" onClick=${startOver}>${say("tray.clear")}</button>
        <${Picker} kind="small"><${Icon} name="plus" />${say("tray.add")}<//>
      </div>
    </div>
    <${Stage} url=${shown[photo.id]} name=${photo.name} note=${note(photo, shown[photo.id])} />
    <ul class="strip">
      ${photos.map(
        (each) => html`<li key=${each.id} class=${each.problem ? "bad" : ""}>
          <button class="thumb" aria-pressed=${String(each.id === photo.id)} aria-label=${label(each)} title=${each.name} onClick=${() => setId(each.id)}>
            <${Thumb} url=${shown[each.id]} />
            ${each.problem && html`<span class="badge bad"><${Icon} name="alert" size=${16} /></span>`}
          </button>
          <button class="remove" aria-label=${say("tray.remove", { name: each.name })} onClick=${() => removePhoto(each.id)}><${Icon} name="close" size=${14} /></button>
        </li>`,
      )}
    </ul>
  </section>`;
}

/** Photos of an earlier set. */
function Again({ source }) {
  const shown = useCell(pictures);
  const { job } = source;
  const items = job.items.filter(({ idx }) => source.items === null || source.items.includes(idx));
  const [idx, setIdx] = useState(items[0].idx);
  const before = (item) => nameOf(item.source?.job_id ?? job.job_id, item.source?.idx ?? item.idx);
  useEffect(() => {
    for (const item of items) recall(before(item));
  }, [job.job_id]);
  const url = (item) => shown[before(item)] || job.outputs_ready.find((each) => each.idx === item.idx)?.preview_url;
  const item = items.find((each) => each.idx === idx) ?? items[0];
  return html`<section class="tray" aria-label=${say("tray.label")}>
    <div class="tray-head">
      <h2>${count("photos.again", items.length)}</h2>
      <div class="actions"><button class="link" onClick=${startOver}>${say("tray.other")}</button></div>
    </div>
    <${Stage} url=${url(item)} name=${item.name ?? ""} note=${say("tray.again")} />
    <ul class="strip">
      ${items.map(
        (each) => html`<li key=${each.idx}>
          <button class="thumb" aria-pressed=${String(each === item)} aria-label=${each.name ?? say("photo.n", { n: each.idx + 1 })} onClick=${() => setIdx(each.idx)}>
            <${Thumb} url=${url(each)} />
          </button>
        </li>`,
      )}
    </ul>
  </section>`;
}

function Stage({ url, name, note: text }) {
  return html`<figure class="stage">
    <div class="frame">
      ${url ? html`<img src=${url} alt=${name} />` : html`<div class="unseen"><${Icon} name="photo" size=${40} /></div>`}
    </div>
    <figcaption><span class="name">${name}</span> <span class="quiet">${text}</span></figcaption>
  </figure>`;
}

export function Thumb({ url }) {
  if (url) return html`<img src=${url} alt="" loading="lazy" />`;
  return html`<span class="unseen"><${Icon} name="photo" size=${24} /></span>`;
}

function note({ problem, size }, url) {
  if (problem) return say(`photo.${problem}`);
  return url === "" ? `${bytes(size)} · ${say("photo.unseen")}` : bytes(size);
}

function label({ name, problem }) {
  return problem ? `${name}: ${say(`photo.${problem}`)}` : name;
}
