"use strict";
/* Where a list has no room for its filters beside it, they are behind a button above it.

Without this they stand below the list. The width is the one at which admin.css puts them there. */

(() => {
  const filters = document.getElementById("changelist-filter");
  const list = document.getElementById("changelist-form");
  if (!filters || !list) return;

  const narrow = window.matchMedia("(max-width: 1024px)");
  const beside = document.createComment("filters");
  filters.before(beside);
  // The first of each filter is "All".
  const chosen = filters.querySelectorAll("li.selected:not(:first-child)").length;
  const bar = document.createElement("div");
  bar.className = "filters-bar";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = chosen ? `Filters (${chosen})` : "Filters";
  button.setAttribute("aria-controls", filters.id);
  bar.append(button);

  const show = (isShown) => {
    button.setAttribute("aria-expanded", String(isShown));
    filters.hidden = !isShown;
  };
  button.addEventListener("click", () => show(filters.hidden));
  const place = () => {
    if (narrow.matches) {
      list.before(bar, filters);
      show(false);
    } else {
      bar.remove();
      beside.after(filters);
      filters.hidden = false;
    }
  };
  narrow.addEventListener("change", place);
  place();
})();
