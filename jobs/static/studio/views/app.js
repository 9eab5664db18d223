/** The page: its top, and one of its places. */

import { useCell } from "../cell.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { place, to } from "../routes.js";
import { say } from "../words.js";
import { DropAnywhere } from "./drop.js";
import { Entrance } from "./entrance.js";
import { Header } from "./header.js";
import { NewSet } from "./new_set.js";
import { SetPage } from "./set_page.js";
import { Toasts } from "./toasts.js";

const LATER = {
  sets: () => import("../later/history.js"),
  rules: () => import("../later/rules.js"),
  ledger: () => import("../later/ledger.js"),
  keys: () => import("../later/keys.js"),
  webhooks: () => import("../later/webhooks.js"),
  account: () => import("../later/account_page.js"),
};

export function App() {
  const { page, id } = useCell(place);
  const main = useRef(null);
  const isFirst = useRef(true);
  const name = page === "sets" && id ? "set" : page || "new";
  useEffect(() => {
    document.title = `${say(page === "" || page in LATER ? `page.${name}` : "page.lost")} · S3 Studio`;
    if (!isFirst.current) {
      window.scrollTo(0, 0);
      main.current.focus({ preventScroll: true });
    }
    isFirst.current = false;
  }, [page, id]);
  return html`
    <${Header} />
    <main id="main" ref=${main} tabindex="-1" class="page-${name}"><${Place} page=${page} id=${id} /></main>
    <${DropAnywhere} />
    <${Entrance} />
    <${Toasts} />
  `;
}

function Place({ page, id }) {
  if (page === "") return html`<${NewSet} />`;
  if (page === "sets" && id) return html`<${SetPage} key=${id} id=${id} />`;
  if (page in LATER) return html`<${Later} key=${page} page=${page} id=${id} />`;
  return html`<section class="sheet"><h1>${say("lost.title")}</h1><p><a href=${to()}>${say("lost.back")}</a></p></section>`;
}

function Later({ page, id }) {
  const [View, setView] = useState(null);
  const [isGone, setGone] = useState(false);
  useEffect(() => {
    LATER[page]().then(
      (module) => setView(() => module.default),
      () => setGone(true),
    );
  }, [page]);
  if (isGone) {
    return html`<section class="sheet">
      <h1>${say(`page.${page}`)}</h1>
      <p role="alert">${say("error.NO_CONNECTION")}</p>
      <button onClick=${() => location.reload()}>${say("reload")}</button>
    </section>`;
  }
  if (View) return html`<${View} id=${id} />`;
  return html`<section class="sheet">
    <h1>${say(`page.${page}`)}</h1>
    <p class="waiting" role="status">${say("loading")}</p>
  </section>`;
}
