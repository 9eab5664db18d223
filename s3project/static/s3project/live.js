"use strict";
/* Brings the parts of a page that say data-live="SECONDS" up to date, while somebody looks at it.

Nothing else on the page is touched: what is being typed, chosen or scrolled stays. The header says
that nobody asked for it, so that it does not keep a session alive (s3project/admin/middleware.py). */

(() => {
  const FAILURES = 3; // in a row; then whoever looks is told, and asks for the page anew
  const parts = () => document.querySelectorAll("[data-live][id]");
  if (!parts().length) return;

  const seconds = Math.min(...[...parts()].map((part) => Number(part.dataset.live) || 10));
  const bar = document.createElement("p");
  bar.className = "live-bar";
  const button = document.createElement("button");
  button.type = "button";
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  bar.append(said, " ", button);
  parts()[0].before(bar);

  let paused = false;
  let failures = 0;
  let asked = 0;
  const say = () => {
    button.textContent = paused ? "Go on" : "Pause";
    said.textContent = paused ? "Not brought up to date." : `Brought up to date every ${seconds} seconds.`;
  };
  button.addEventListener("click", () => {
    paused = !paused;
    failures = 0;
    say();
    if (!paused) refresh();
  });
  say();

  /* Open <details> stay open, and what was scrolled sideways stays there. */
  function replace(old, fresh) {
    const opened = [...old.querySelectorAll("details")].map((one) => one.open);
    const scrolled = [...old.querySelectorAll(".page-table-scroll")].map((one) => one.scrollLeft);
    fresh.querySelectorAll("details").forEach((one, n) => { if (n in opened) one.open = opened[n]; });
    /* Pictures are kept: their addresses are signed anew, and would be loaded again. */
    const pictures = new Map([...old.querySelectorAll("img")].map((one) => [pathOf(one.src), one]));
    fresh.querySelectorAll("img").forEach((one) => {
      const known = pictures.get(pathOf(one.src));
      if (known) one.replaceWith(known);
    });
    old.replaceChildren(...fresh.childNodes);
    old.querySelectorAll(".page-table-scroll").forEach((one, n) => { one.scrollLeft = scrolled[n] || 0; });
  }
  const pathOf = (address) => address.split("?", 1)[0];

  /* Paused, out of sight, or with a link in it that somebody is about to follow. */
  const isHeld = () => paused || document.hidden || document.activeElement?.closest("[data-live]");

  async function refresh() {
    if (isHeld()) return;
    const mine = ++asked;
    try {
      const answer = await fetch(location.href, {
        headers: { "X-Live": "1" }, credentials: "same-origin", redirect: "manual",
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const text = await answer.text();
      if (mine !== asked || isHeld()) return; // an answer on its way does not count any more either
      const page = new DOMParser().parseFromString(text, "text/html");
      for (const part of parts()) {
        const fresh = page.getElementById(part.id);
        if (!fresh) throw new Error("gone");
        replace(part, fresh);
        if (!fresh.dataset.live) delete part.dataset.live;
      }
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures >= FAILURES) {
        paused = true;
        say();
        said.textContent = "The page could not be brought up to date: load it again.";
      }
    }
    if (!parts().length) { clearInterval(timer); bar.remove(); }
  }
  const timer = setInterval(refresh, 1000 * seconds);
  document.addEventListener("visibilitychange", refresh);
})();
