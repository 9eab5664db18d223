/** Lists that come in pages, and what they share. */

import { call } from "../api.js";
import { sentence } from "../errors.js";
import { html, useEffect, useState } from "../html.js";
import { isKnown } from "../session.js";
import { tell, tellError } from "../views/toasts.js";
import { say } from "../words.js";

/** `{ rows, error, isMore, more, reload }` of a list of the API; `rows` is null until it is there. */
export function useList(path, limit = 50) {
  const [state, setState] = useState({ rows: null, cursor: null, error: null });
  const read = async (before, cursor) => {
    try {
      const query = new URLSearchParams({ limit, ...(cursor && { cursor }) });
      const { data, meta } = await call("GET", `${path}${path.includes("?") ? "&" : "?"}${query}`);
      setState({ rows: [...before, ...data], cursor: meta.next_cursor ?? null, error: null });
    } catch (error) {
      setState((state) => ({ ...state, error }));
    }
  };
  useEffect(() => {
    // Looking at a list makes no account; nobody has nothing.
    const rows = isKnown() ? null : [];
    setState({ rows, cursor: null, error: null });
    if (rows === null) read([], null);
  }, [path]);
  return {
    ...state,
    isMore: state.cursor !== null,
    more: () => read(state.rows, state.cursor),
    reload: () => read([], null),
  };
}

/** The frame of such a page. */
export function Sheet({ title, lead, children }) {
  return html`<div class="sheet">
    <header class="sheet-head"><h1>${title}</h1>${lead && html`<p class="lead">${lead}</p>`}</header>
    ${children}
  </div>`;
}

/** What stands in place of rows, and what is below them. */
export function Rest({ list, empty }) {
  if (list.error) return html`<p class="problem" role="alert">${sentence(list.error)} <button class="link" onClick=${list.reload}>${say("again")}</button></p>`;
  if (list.rows === null) return html`<p class="quiet" role="status">${say("loading")}</p>`;
  if (list.rows.length === 0) return html`<p class="empty">${empty}</p>`;
  return list.isMore && html`<button onClick=${list.more}>${say("more")}</button>`;
}

/** Something that is shown once; `children` say what to do with it. */
export function Secret({ text, value, children }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      tell(() => say("copied"));
    } catch {
      // Without a secure address there is no clipboard: the text is selected by a click.
    }
  };
  return html`<div class="secret" role="status"><p>${text}</p><code>${value}</code><p><button class="small" onClick=${copy}>${say("copy")}</button></p>${children}</div>`;
}

/** Does something and tells what went wrong; whether it went well. */
export async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    tellError(error);
    return false;
  }
}
