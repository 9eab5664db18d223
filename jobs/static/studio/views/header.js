/** The top of every page: where one is, what is left, in which language. */

import { useCell } from "../cell.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { place, to } from "../routes.js";
import { account } from "../session.js";
import { LANGUAGES, choose, count, language, say } from "../words.js";
import { Icon } from "./icons.js";

const PAGES = ["", "sets", "rules", "ledger", "keys", "webhooks", "account"];

export function Header() {
  const { page } = useCell(place);
  const me = useCell(account);
  const [isOpen, setOpen] = useState(false);
  const nav = useRef(null);
  useEffect(() => setOpen(false), [page]);
  const onKeyDown = (event) => {
    if (event.key !== "Escape" || !isOpen) return;
    setOpen(false);
    nav.current.querySelector(".menu").focus();
  };
  return html`<header class="top">
    <a class="skip" href="#main" onClick=${skip}>${say("nav.skip")}</a>
    <a class="brand" href=${to()}><${Mark} />S3 <span>Studio</span></a>
    <nav ref=${nav} aria-label=${say("nav.label")} onKeyDown=${onKeyDown}>
      <button class="menu plain" aria-expanded=${String(isOpen)} aria-controls="pages" onClick=${() => setOpen(!isOpen)}>
        <${Icon} name=${isOpen ? "close" : "menu"} size=${24} /><span class="hidden">${say("nav.menu")}</span>
      </button>
      <ul id="pages" class=${isOpen ? "open" : ""}>
        ${PAGES.map(
          (name) => html`<li key=${name}>
            <a href=${to(name)} aria-current=${name === page ? "page" : undefined}>${say(`page.${name || "new"}`)}</a>
          </li>`,
        )}
        <li class="other"><a href="/docs">${say("nav.docs")}</a></li>
        <li class="languages"><${Languages} /></li>
      </ul>
    </nav>
    ${me && html`<a class="credits" href=${to("ledger")} title=${say("credits.title")}>${count("credits", me.credits)}</a>`}
  </header>`;
}

/** The address of the page names a place of ours, so that the anchor is not followed. */
function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

function Languages() {
  const now = useCell(language);
  return html`<div class="languages" role="group" aria-label=${say("nav.language")}>
    ${Object.entries(LANGUAGES).map(
      ([code, name]) => html`<button key=${code} class="plain" lang=${code} aria-pressed=${String(code === now)} onClick=${() => choose(code)}>
        ${name}
      </button>`,
    )}
  </div>`;
}

function Mark() {
  return html`<svg width="26" height="26" viewBox="0 0 24 24" aria-hidden="true">
    <rect class="mark-ground" x="2" y="2" width="20" height="20" rx="6" />
    <path class="mark-hill" d="M2 15l6-5 5 4 3-2.500 6 4.500v0a6 6 0 0 1-6 6H8a6 6 0 0 1-6-6z" />
    <circle class="mark-sun" cx="16" cy="8" r="2.200" />
  </svg>`;
}
