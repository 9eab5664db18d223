/** The photos of the draft: one large, all of them below it. */

import { useCell } from "../cell.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { nameOf, pictures, recall } from "../pictures/pictures.js";
import { colourAt } from "../pictures/pixel.js";
import { draft, removePhoto, startOver, togglePlace } from "../sets/draft.js";
import { isMeant, placeAt, placesOf, pointed } from "../sets/places.js";
import { bytes, count, say } from "../words.js";
import { Picker } from "./drop.js";
import { Icon } from "./icons.js";
import { Outlines } from "./outlines.js";

/** `preset` may be null, as long as it is not known. */
export function Tray({ preset }) {
  const { photos, source } = useCell(draft);
  return source ? html`<${Again} source=${source} preset=${preset} />` : html`<${Chosen} photos=${photos} />`;
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
function Again({ source, preset }) {
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
    <${Stage} url=${url(item)} name=${item.name ?? ""} note=${say("tray.again")}
      places=${preset && items.length === 1 ? placesOf(item, preset) : []} preset=${preset} />
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

/** Where it is one photo, what is meant in it can be pointed at. */
function Stage({ url, name, note: text, places = [], preset }) {
  return html`<figure class="stage">
    <div class="frame">
      ${url
        ? places.length > 0
          ? html`<${Pointable} url=${url} name=${name} places=${places} preset=${preset} />`
          : html`<img src=${url} alt=${name} />`
        : html`<div class="unseen"><${Icon} name="photo" size=${40} /></div>`}
    </div>
    <figcaption><span class="name">${name}</span> <span class="quiet">${text}</span></figcaption>
  </figure>`;
}

function Pointable({ url, name, places, preset }) {
  const { edits } = useCell(draft);
  const image = useRef(null);
  const frame = useRef(null);
  const chosen = places.filter((place) => isMeant(place, edits[place.concept])).map(({ id }) => id);
  const find = ({ clientX, clientY }) => {
    const { left, top, width, height } = frame.current.getBoundingClientRect();
    const spot = { x: (clientX - left) / width, y: (clientY - top) / height };
    return placeAt(places, spot, colourAt(image.current, spot));
  };
  return html`<div ref=${frame} class="pointable" onPointerMove=${(event) => pointed.set(find(event)?.id ?? null)}
    onPointerLeave=${() => pointed.set(null)} onClick=${(event) => togglePlace(preset, places, find(event))}>
    <img ref=${image} src=${url} alt=${name} />
    <${Outlines} places=${places} chosen=${chosen} preset=${preset} />
  </div>`;
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
