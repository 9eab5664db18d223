/** The photos of a set: one large, to compare, and all of them below it. */

import { useCell } from "../cell.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { bring, nameOf, pictures, recall } from "../pictures/pictures.js";
import { colourAt } from "../pictures/pixel.js";
import { go } from "../routes.js";
import { lookCloser } from "../sets/draft.js";
import { placeAt, placesOf, pointed } from "../sets/places.js";
import { count, say } from "../words.js";
import { Compare } from "./compare.js";
import { Icon } from "./icons.js";
import { Outlines, PlaceList } from "./outlines.js";
import { Thumb } from "./tray.js";
import { failure, remark } from "./warnings.js";

/** Where pictures are paid by the byte the small one has to do. */
const SAVES = navigator.connection?.saveData || /2g|3g/.test(navigator.connection?.effectiveType ?? "");

export function Gallery({ job, sending, preset }) {
  const shown = useCell(pictures);
  const [chosen, setChosen] = useState(null);
  const [at, setAt] = useState(50);
  const views = job.items.map((item) => viewOf(item, job, sending, shown));
  useEffect(() => {
    for (const view of views) recall(view.key);
  }, [job.job_id]);
  const first = views.find(({ state }) => state === "done") ?? views[0];
  const view = views.find(({ idx }) => idx === chosen) ?? first;
  const step = (by) => setChosen(views[(views.indexOf(view) + by + views.length) % views.length].idx);
  return html`<section class="gallery" aria-label=${say("gallery.label")}>
    <${Large} key=${view.idx} view=${view} at=${at} onAt=${setAt} preset=${preset} job=${job} />
    ${views.length > 1 &&
    html`<div class="strip-row">
      <button class="plain step" aria-label=${say("gallery.previous")} onClick=${() => step(-1)}><${Icon} name="back" /></button>
      <ul class="strip">${views.map((each) => html`<${Tile} key=${each.idx} view=${each} isChosen=${each === view} onChoose=${() => setChosen(each.idx)} />`)}</ul>
      <button class="plain step next" aria-label=${say("gallery.next")} onClick=${() => step(1)}><${Icon} name="back" /></button>
    </div>`}
  </section>`;
}

/** What is known of a photo from the job, from its upload and from this browser. */
function viewOf(item, job, sending, shown) {
  const key = item.source ? nameOf(item.source.job_id, item.source.idx) : nameOf(job.job_id, item.idx);
  const upload = sending && sending.phase !== "ordered" ? sending.photos[item.idx] : null;
  const output = job.outputs_ready.find(({ idx }) => idx === item.idx) ?? null;
  const started = job.status === "running" || job.status === "queued";
  const state = upload && item.status === "pending" ? upload.state : item.status === "pending" && started ? "working" : item.status;
  return {
    key,
    idx: item.idx,
    name: item.name || say("photo.n", { n: item.idx + 1 }),
    state,
    part: upload ? upload.loaded / Math.max(1, upload.size) : 0,
    before: shown[key] || null,
    isRecalled: key in shown,
    output,
    error: item.error ?? null,
    warnings: item.warnings ?? [],
    instances: item.instances,
  };
}

function Large({ view, at, onAt, preset, job }) {
  const { output, before, name, state, key } = view;
  const url = useBest(output);
  const frame = useRef(null);
  const [chosen, setChosen] = useState([]);
  const places = output && preset && job.status === "done" ? placesOf(view, preset) : [];
  const toggle = ({ id }) => setChosen(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  const find = (spot) => placeAt(places, spot, colourAt(frame.current.querySelector(".before"), spot));
  const onTap = (spot) => {
    const place = find(spot);
    if (place) toggle(place);
  };
  useEffect(() => {
    if (output && !before && view.isRecalled && !SAVES) bring(key, output.input_url);
  }, [key, output !== null, before !== null, view.isRecalled]);
  useEffect(() => () => pointed.set(null), []);
  return html`<figure class="stage">
    <div class="frame" ref=${frame}>
      ${output
        ? html`<${Compare} before=${before} after=${url} at=${at} onAt=${onAt} label=${name}
            onTap=${places.length > 0 ? onTap : undefined} onPoint=${(spot) => pointed.set(spot && (find(spot)?.id ?? null))}>
            <${Outlines} places=${places} chosen=${chosen} preset=${preset} />
          <//>`
        : html`<div class="pending ${state}">${before ? html`<img src=${before} alt=${name} />` : html`<div class="unseen"><${Icon} name="photo" size=${40} /></div>`}<span class="veil">${stateText(view)}</span></div>`}
    </div>
    <figcaption>
      <span class="name">${name}</span>
      ${output &&
      html`<span class="actions">
        ${document.fullscreenEnabled && html`<button class="link" onClick=${() => frame.current.requestFullscreen().catch(() => {})}>${say("gallery.large")}</button>`}
        <a class="get" href=${output.result_url} download=""><${Icon} name="download" size=${18} />${say("gallery.get")}</a>
      </span>`}
    </figcaption>
    ${places.length > 0 && html`<${Closer} places=${places} chosen=${chosen} preset=${preset} onToggle=${toggle}
      onGo=${() => {
        lookCloser(job, view.idx, preset, places.filter(({ id }) => chosen.includes(id)));
        go();
      }} />`}
    ${output && !before && html`<p class="quiet">${say("gallery.no_before")}</p>`}
    ${view.error && html`<${Failed} error=${view.error} />`}
    ${view.warnings.length > 0 &&
    html`<ul class="warnings">${view.warnings.map((text) => {
      const said = remark(text, preset);
      return html`<li key=${text} lang=${said.lang}><${Icon} name="alert" size=${16} />${said.text}</li>`;
    })}</ul>`}
  </figure>`;
}

/** What is in the photo, and a second look at some of it. */
function Closer({ places, chosen, preset, onToggle, onGo }) {
  return html`<div class="closer">
    <${PlaceList} places=${places} chosen=${chosen} preset=${preset} legend=${say("point.title")} onToggle=${onToggle} />
    ${chosen.length > 0 && html`<button class="primary" onClick=${onGo}><${Icon} name="again" />${count("point.go", chosen.length)}</button>`}
  </div>`;
}

function Failed({ error }) {
  const { text, detail } = failure(error);
  return html`<div class="problem"><${Icon} name="alert" /><p>${text} ${say("failure.refunded")} <small class="quiet" lang="en">${detail}</small></p></div>`;
}

/** The small picture at once, the whole one when it is there. */
function useBest(output) {
  const [whole, setWhole] = useState(null);
  useEffect(() => {
    if (!output || SAVES) return undefined;
    const image = new Image();
    image.onload = () => setWhole(output.result_url);
    image.src = output.result_url;
    return () => {
      image.onload = null;
    };
  }, [output?.result_url]);
  return whole ?? output?.preview_url;
}

function Tile({ view, isChosen, onChoose }) {
  const { state, part, before, output, name } = view;
  return html`<li class=${state}>
    <button class="thumb" aria-pressed=${String(isChosen)} aria-label=${`${name}: ${stateText(view)}`} title=${name} onClick=${onChoose}>
      <${Thumb} url=${output?.preview_url ?? before} />
      ${state === "sending" && html`<span class="meter" style=${{ transform: `scaleX(${part})` }}></span>`}
      ${state === "working" && html`<span class="pulse"></span>`}
      ${(state === "failed" || state === "refused") && html`<span class="badge bad"><${Icon} name="alert" size=${16} /></span>`}
      ${state === "lost" && html`<span class="badge"><${Icon} name="cloud" size=${16} /></span>`}
      ${state === "done" && html`<span class="badge good"><${Icon} name="check" size=${16} /></span>`}
    </button>
  </li>`;
}

function stateText({ state, part }) {
  return state === "sending" ? say("photo.sending", { n: Math.round(part * 100) }) : say(`photo.${state}`);
}
