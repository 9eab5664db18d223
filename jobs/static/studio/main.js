/** The page begins here. */

import { refreshAccount } from "./account.js";
import { App } from "./views/app.js";
import { useCell } from "./cell.js";
import { html, render } from "./html.js";
import { tidy } from "./pictures/shelf.js";
import { language, preferredLanguage, speak } from "./words.js";

/** All is made anew in another language; what matters is in cells. */
function Studio() {
  const code = useCell(language);
  return html`<${App} key=${code} />`;
}

await speak(preferredLanguage());
const root = document.getElementById("studio");
root.replaceChildren();
render(html`<${Studio} />`, root);
refreshAccount();
tidy();
