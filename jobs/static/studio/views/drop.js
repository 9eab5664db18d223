/** Taking photos: dropped anywhere on the page, picked one by one, or as a folder. */

import { html, useEffect, useRef, useState } from "../html.js";
import { fromDrop, fromFiles } from "../pictures/intake.js";
import { go, place } from "../routes.js";
import { addPhotos } from "../sets/draft.js";
import { count, say } from "../words.js";
import { Icon } from "./icons.js";
import { tell } from "./toasts.js";

const ACCEPT = "image/*,.heic,.heif,.avif";

function take({ photos, others }) {
  if (others > 0) tell(() => count("drop.others", others), "warn");
  if (photos.length > 0) addPhotos(photos);
  else if (others === 0) tell(() => say("drop.none"), "warn");
}

/** In every place, where the browser would leave the page for the photo; it is seen in the new set. */
function takeFromAnywhere(found) {
  take(found);
  if (found.photos.length > 0 && place.value.page !== "") go();
}

/** The whole window takes what is dropped, and says so while something is dragged over it. */
export function DropAnywhere() {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    const enter = (event) => {
      if (!hasFiles(event)) return;
      depth += 1;
      setOver(true);
    };
    const leave = (event) => {
      if (!hasFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const over = (event) => hasFiles(event) && event.preventDefault();
    const drop = async (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      takeFromAnywhere(await fromDrop(event.dataTransfer));
    };
    const paste = (event) => {
      const files = [...event.clipboardData.files];
      if (files.length > 0) takeFromAnywhere(fromFiles(files));
    };
    const all = { dragenter: enter, dragleave: leave, dragover: over, drop, paste };
    for (const [name, listener] of Object.entries(all)) window.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of Object.entries(all)) window.removeEventListener(name, listener);
    };
  }, []);
  return isOver && html`<div class="drop-here" aria-hidden="true"><${Icon} name="photo" size=${40} /><p>${say("drop.here")}</p></div>`;
}

/** A button that opens the browser's own picker. */
export function Picker({ kind = "", folder = false, children }) {
  const input = useRef(null);
  useEffect(() => {
    input.current.webkitdirectory = folder;
  }, [folder]);
  const onChange = () => {
    take(fromFiles(input.current.files));
    input.current.value = "";
  };
  return html`<button type="button" class=${kind} onClick=${() => input.current.click()}>${children}</button>
    <input ref=${input} class="hidden" type="file" multiple tabindex="-1" aria-hidden="true"
      accept=${folder ? undefined : ACCEPT} onChange=${onChange} />`;
}
