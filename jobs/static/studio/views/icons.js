/** Line icons, drawn in the colour of the text. */

import { html } from "../html.js";

const PATHS = {
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.500l4.500 4.500L19 7.500",
  chevron: "M8 10l4 4 4-4",
  back: "M14 6l-6 6 6 6",
  menu: "M4 7h16M4 12h16M4 17h16",
  photo: "M4 6.500h16v11H4zM4 15l4.500-4 4 3.500 2.500-2 5 4.500M15.500 9.500h.01",
  folder: "M4 7v10.500h16V8.500h-8.500L10 6H4z",
  lock: "M7 11V8.500a5 5 0 0 1 10 0V11M5.500 11h13v8.500h-13z",
  unlock: "M7 11V8.500a5 5 0 0 1 9.600-2M5.500 11h13v8.500h-13z",
  download: "M12 4.500v10.500M7.500 11l4.500 4.500 4.500-4.500M5 19.500h14",
  again: "M19 12a7 7 0 1 1-2.100-5M19 4v4h-4",
  alert: "M12 8v5M12 16.500h.01M12 3.500l9 16H3z",
  trash: "M5 7h14M10 7V4.500h4V7M7 7l1 12.500h8L17 7",
  globe: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17zM3.500 12h17M12 3.500c3 3 3 14 0 17M12 3.500c-3 3-3 14 0 17",
  sides: "M12 4v16M9 8.500L5.500 12 9 15.500M15 8.500l3.500 3.500-3.500 3.500",
  copy: "M9 9h10.500v10.500H9zM5 15H4.500V4.500H15V5",
  box: "M4 8l8-4 8 4v8.500l-8 4-8-4zM4 8l8 4 8-4M12 12v8.500",
  cloud: "M8 18h9a4 4 0 0 0 .6-7.950A6 6 0 0 0 6.200 11 3.600 3.600 0 0 0 8 18zM4 4l16 16",
};

export function Icon({ name, size = 20 }) {
  return html`<svg class="icon" width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} />
  </svg>`;
}
