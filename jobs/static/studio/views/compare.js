/** Before and after, one over the other, with a divider to drag, or to move with the arrow keys. */

import { html, useRef, useState } from "../html.js";
import { say } from "../words.js";
import { Icon } from "./icons.js";

const STEP = 2;
/** Pixels that a finger moves without meaning to. */
const STILL = 6;

/**
 * `before` may be null: then there is nothing to compare with. `at` is the divider, 0 to 100.
 * `onTap` and `onPoint` are told `{ x, y }`, 0 to 1; with `onTap` the divider follows a drag only.
 */
export function Compare({ before, after, width, height, at, onAt, label, onTap, onPoint, children }) {
  const frame = useRef(null);
  const began = useRef(null);
  const [isHeld, setHeld] = useState(false);
  const pointOf = (event) => {
    const { left, top, width: whole, height: high } = frame.current.getBoundingClientRect();
    return { x: within((event.clientX - left) / whole), y: within((event.clientY - top) / high) };
  };
  const follow = (event) => before && onAt(pointOf(event).x * 100);
  const onPointerDown = (event) => {
    if (event.button !== 0) return;
    began.current = { x: event.clientX, y: event.clientY };
    frame.current.setPointerCapture(event.pointerId);
    if (onTap) return;
    setHeld(true);
    follow(event);
  };
  const onPointerMove = (event) => {
    const start = began.current;
    if (!start) onPoint?.(event.pointerType === "mouse" ? pointOf(event) : null);
    else if (isHeld) follow(event);
    else if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > STILL) setHeld(true);
  };
  const release = () => {
    began.current = null;
    setHeld(false);
  };
  const onPointerUp = (event) => {
    const isTap = onTap && began.current && !isHeld;
    release();
    if (isTap) onTap(pointOf(event));
  };
  const hands = {
    onPointerDown,
    onPointerMove,
    onPointerUp,
    onPointerCancel: release,
    onPointerLeave: () => onPoint?.(null),
  };
  return html`<div ref=${frame} class="compare ${before ? "" : "alone"} ${onTap ? "pointable" : ""} ${isHeld ? "held" : ""}" ...${before || onTap ? hands : {}}>
    <img src=${after} alt=${before ? `${label}: ${say("compare.after")}` : label} width=${width} height=${height} draggable=${false} />
    ${before &&
    html`<img class="before" src=${before} alt=${`${label}: ${say("compare.before")}`} draggable=${false}
        style=${{ clipPath: `inset(0 ${100 - at}% 0 0)` }} />
      <span class="side one" aria-hidden="true" style=${{ opacity: at > 18 ? 1 : 0 }}>${say("compare.before")}</span>
      <span class="side two" aria-hidden="true" style=${{ opacity: at < 82 ? 1 : 0 }}>${say("compare.after")}</span>
      <input type="range" min="0" max="100" step=${STEP} value=${Math.round(at)} aria-label=${say("compare.label")}
        aria-valuetext=${say("compare.value", { n: Math.round(at) })} onInput=${(event) => onAt(Number(event.target.value))} />
      <span class="divider" aria-hidden="true" style=${{ left: `${at}%` }}><span class="grip"><${Icon} name="sides" size=${22} /></span></span>`}
    ${children}
  </div>`;
}

function within(share) {
  return Math.min(1, Math.max(0, share));
}
