/** The page before there are photos. */

import { html, useState } from "../html.js";
import { fromFiles } from "../pictures/intake.js";
import { addPhotos } from "../sets/draft.js";
import { say } from "../words.js";
import { Compare } from "./compare.js";
import { Picker } from "./drop.js";
import { Icon } from "./icons.js";
import { tellError } from "./toasts.js";
import { NoConnection } from "../errors.js";

const BEFORE = new URL("../sample/room_before.webp", import.meta.url).href;
const AFTER = new URL("../sample/room_after.webp", import.meta.url).href;
const SAMPLE = new URL("../sample/room.jpg", import.meta.url).href;

export function Landing() {
  const [at, setAt] = useState(50);
  return html`<section class="landing">
    <div class="welcome">
      <h1>${say("landing.title")}</h1>
      <p class="lead">${say("landing.lead")}</p>
      <div class="drop">
        <${Icon} name="photo" size=${32} />
        <p class="drop-title">${say("landing.drop")}</p>
        <div class="actions">
          <${Picker} kind="primary big">${say("landing.pick")}<//>
          <span class="for-mouse"><${Picker} folder><${Icon} name="folder" />${say("landing.folder")}<//></span>
        </div>
        <p class="quiet">${say("landing.formats")}</p>
      </div>
      <p class="quiet">${say("landing.none")} <button class="link" onClick=${trySample}>${say("landing.sample")}</button></p>
    </div>
    <figure class="showcase">
      <${Compare} before=${BEFORE} after=${AFTER} width=${960} height=${540} at=${at} onAt=${setAt} label=${say("landing.compare")} />
      <figcaption>${say("landing.caption")}</figcaption>
    </figure>
    <ol class="steps">
      ${[1, 2, 3].map(
        (step) => html`<li key=${step}><h2>${say(`landing.step${step}`)}</h2><p>${say(`landing.step${step}.text`)}</p></li>`,
      )}
    </ol>
  </section>`;
}

async function trySample() {
  try {
    const answer = await fetch(SAMPLE);
    addPhotos(fromFiles([new File([await answer.blob()], "living room.jpg", { type: "image/jpeg" })]).photos);
  } catch {
    tellError(new NoConnection());
  }
}
