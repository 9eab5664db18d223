/** Frames about things in a photo, and the same things by name, for whoever has no pointer. */

import { useCell } from "../cell.js";
import { classes, html, useLayoutEffect, useRef } from "../html.js";
import { pointed } from "../sets/places.js";
import { labelled, say } from "../words.js";
import { arrangeLabels } from "./labels.js";

export function placeName({ concept, number, count, colour }, preset) {
  const part = preset.details.find(({ name }) => name === concept);
  const name = labelled(part?.label, concept);
  if (count === 1) return name;
  return say(colour === null ? "point.thing" : "point.paint", { name, n: number + 1 });
}

/** Laid over the picture; only what is chosen or pointed at can be seen. */
export function Outlines({ places, chosen, preset }) {
  const at = useCell(pointed);
  const layer = useRef(null);
  // After each drawing, and when the picture has got another size.
  useLayoutEffect(() => {
    const sizes = new ResizeObserver(() => arrangeLabels(layer.current));
    arrangeLabels(layer.current);
    sizes.observe(layer.current);
    return () => sizes.disconnect();
  });
  return html`<span class="outlines" aria-hidden="true" ref=${layer}>
    ${places
      .filter(({ id }) => id === at || chosen.includes(id))
      .map((place) => {
        const [left, top, right, bottom] = place.box.map((side) => side * 100);
        return html`<span key=${place.id} class=${classes({ outline: true, on: chosen.includes(place.id) })}
          style=${{ left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` }}>
          <span>${placeName(place, preset)}</span>
        </span>`;
      })}
  </span>`;
}

/** A row of them to choose from. */
export function PlaceList({ places, chosen, preset, legend, onToggle }) {
  return html`<fieldset class="instances places">
    <legend>${legend}</legend>
    ${places.map(
      (place) => html`<label key=${place.id} class="pill" onPointerEnter=${() => pointed.set(place.id)} onPointerLeave=${() => pointed.set(null)}>
        <input type="checkbox" checked=${chosen.includes(place.id)} onChange=${() => onToggle(place)}
          onFocus=${() => pointed.set(place.id)} onBlur=${() => pointed.set(null)} />
        <span><${Colour} colour=${place.count > 1 ? place.colour : null} />${placeName(place, preset)}</span>
      </label>`,
    )}
    <p class="quiet">${say("point.how")}</p>
  </fieldset>`;
}

export function Colour({ colour }) {
  return colour && html`<i class="spot" style=${{ backgroundColor: colour }}></i>`;
}
