/** A question in front of the page. */

import { html, useEffect, useRef } from "../html.js";
import { say } from "../words.js";

export function Dialog({ title, children, onClose }) {
  const dialog = useRef(null);
  useEffect(() => {
    dialog.current.showModal();
  }, []);
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby="dialog-title" onClose=${onClose}
    onClick=${(event) => event.target === dialog.current && dialog.current.close()}>
    <div class="dialog-body">
      <h2 id="dialog-title">${title}</h2>
      ${children}
    </div>
  </dialog>`;
}

/** Whether somebody really means it. */
export function Confirm({ title, text, action, onYes, onClose }) {
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <p>${text}</p>
    <div class="actions">
      <button onClick=${onClose}>${say("dialog.no")}</button>
      <button class="danger" onClick=${() => {
        onYes();
        onClose();
      }}>${action}</button>
    </div>
  <//>`;
}
