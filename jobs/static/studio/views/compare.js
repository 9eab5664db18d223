/** Before and after, one over the other, with a divider to drag, or to move with the arrow keys. */

import { html, useRef, useState } from "../html.js";
import { say } from "../words.js";
import { Icon } from "./icons.js";

const STEP = 2;

/** `before` may be null: then there is nothing to compare with. `at` is the divider, 0 to 100. */
export function Compare({ before, after, width, height, at, onAt, label }) {
  const frame = useRef(null);
  const [isHeld, setHeld] = useState(false);
  const follow = (event) => {
    const { left, width: whole } = frame.current.getBoundingClientRect();
    onAt(Math.min(100, Math.max(0, ((event.clientX - left) / whole) * 100)));
  };
  const onPointerDown = (event) => {
    if (event.button !== 0) return;
    setHeld(true);
    frame.current.setPointerCapture(event.pointerId);
    follow(event);
  };
  const release = () => setHeld(false);
  if (!before) return html`<div class="compare"><img src=${after} alt=${label} width=${width} height=${height} /></div>`;
  return html`<div ref=${frame} class="compare ${isHeld ? "held" : ""}"
    onPointerDown=${onPointerDown} onPointerMove=${(event) => isHeld && follow(event)}
    onPointerUp=${release} onPointerCancel=${release}>
    <img src=${after} alt=${`${label}: ${say("compare.after")}`} width=${width} height=${height} draggable=${false} />
    <img class="before" src=${before} alt=${`${label}: ${say("compare.before")}`} draggable=${false}
      style=${{ clipPath: `inset(0 ${100 - at}% 0 0)` }} />
    <span class="side one" aria-hidden="true" style=${{ opacity: at > 18 ? 1 : 0 }}>${say("compare.before")}</span>
    <span class="side two" aria-hidden="true" style=${{ opacity: at < 82 ? 1 : 0 }}>${say("compare.after")}</span>
    <input type="range" min="0" max="100" step=${STEP} value=${Math.round(at)} aria-label=${say("compare.label")}
      aria-valuetext=${say("compare.value", { n: Math.round(at) })} onInput=${(event) => onAt(Number(event.target.value))} />
    <span class="divider" aria-hidden="true" style=${{ left: `${at}%` }}><span class="grip"><${Icon} name="sides" size=${22} /></span></span>
  </div>`;
}
