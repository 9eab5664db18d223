/** The parts of a photo: for each what happens to it, or that nothing may. */

import { hexOf, valueName } from "../catalogue.js";
import { useCell } from "../cell.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { draft, protectedOf, setProtected, sizeOfSet } from "../sets/draft.js";
import { placesOf } from "../sets/places.js";
import { labelled, say } from "../words.js";
import { EditPart } from "./edit_part.js";
import { Icon } from "./icons.js";

export function Parts({ preset, vocabulary }) {
  const { edits, focus, source } = useCell(draft);
  const [open, setOpen] = useState(focus);
  const kept = protectedOf(preset);
  const found = preset.details.filter(({ supported }) => supported);
  const others = preset.details.filter(({ supported }) => !supported);
  const photo = source && sizeOfSet() === 1 ? source.job.items[source.items?.[0] ?? 0] : null;
  const places = photo ? placesOf(photo, preset) : [];
  return html`<h2 class="panel-title">${say("parts.title")}</h2>
    <ul class="parts">
      ${found.map(
        (part) => html`<${Part} key=${`${preset.id} ${part.name}`} part=${part} edit=${edits[part.name]} isKept=${kept.includes(part.name)}
          isOpen=${open === part.name} onOpen=${() => setOpen(open === part.name ? null : part.name)}
          preset=${preset} vocabulary=${vocabulary} places=${places.filter(({ concept }) => concept === part.name)} />`,
      )}
    </ul>
    ${others.length > 0 &&
    html`<div class="absent">
      <h3>${say("parts.absent")}</h3>
      <p class="quiet">${say("parts.absent.why")}</p>
      <ul>${others.map((part) => html`<li key=${part.name}>${labelled(part.label, part.name)}</li>`)}</ul>
    </div>`}`;
}

function Part({ part, edit, isKept, isOpen, onOpen, preset, vocabulary, places }) {
  const name = labelled(part.label, part.name);
  const id = `part-${part.name}`;
  const row = useRef(null);
  useEffect(() => {
    // Whatever was open above it has closed, and moved it.
    if (isOpen) row.current.scrollIntoView({ block: "nearest" });
  }, [isOpen]);
  return html`<li ref=${row} class="part ${isOpen ? "open" : ""}">
    <div class="part-row">
      <button class="part-name" aria-expanded=${String(isOpen)} aria-controls=${id} onClick=${onOpen}>
        <${Chip} edit=${edit} isKept=${isKept} vocabulary=${vocabulary} />
        <span class="part-text"><strong>${name}</strong>
          <span class="quiet">${isKept ? say("parts.kept") : edit ? summary(edit, vocabulary) : say("parts.untouched")}</span>
        </span>
        <${Icon} name="chevron" />
      </button>
      <button class="keep" aria-pressed=${String(isKept)} aria-label=${say("parts.protect", { name })} title=${say("parts.protect", { name })}
        onClick=${() => setProtected(preset, part.name, !isKept)}>
        <${Icon} name=${isKept ? "lock" : "unlock"} />
      </button>
    </div>
    <div id=${id} hidden=${!isOpen}>${isOpen && html`<${EditPart} part=${part} edit=${edit} preset=${preset} vocabulary=${vocabulary} places=${places} />`}</div>
  </li>`;
}

export function summary(edit, vocabulary) {
  const parts = [edit.action === "recolor" ? "" : say(`action.${edit.action}`), edit.action === "remove" ? "" : valueName(vocabulary, edit.action, edit.value)];
  if (edit.instances) parts.push(say("parts.only", { list: edit.instances.map((number) => number + 1).join(", ") }));
  if (edit.paint) parts.push(say("paint.all"));
  return parts.filter(Boolean).join(" · ");
}

/** What it will look like, in one spot. */
export function Chip({ edit, isKept = false, vocabulary }) {
  if (isKept) return html`<span class="chip kept"><${Icon} name="lock" size=${16} /></span>`;
  if (!edit) return html`<span class="chip none"></span>`;
  if (edit.action === "recolor") {
    return html`<span class="chip" style=${{ backgroundColor: hexOf(vocabulary, edit.value) ?? "transparent" }}></span>`;
  }
  if (edit.action === "remove") return html`<span class="chip none"><${Icon} name="close" size=${16} /></span>`;
  return html`<span class="chip ${edit.action}-${edit.value.split(":")[0]}"></span>`;
}
